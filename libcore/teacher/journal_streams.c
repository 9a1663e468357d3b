/* The journal's two streams: their form, and what is in them when a run begins. */
#include "base/error.h"
#include "base/memory.h"
#include "stream/keys.h"
#include "teacher/journal_answers.h"
#include "teacher/journal_internal.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ------------------------------------------------------------------- the streams' form
 * --
 */

static int make_header(amkd_header *header, const char *kind, const char *identity)
{
    if (amkd_header_init(header, kind) ||
        amkd_header_add(header, "time", "<f8", NULL, 0) ||
        amkd_header_add(header, "key", "<u8", (size_t[]){2}, 1))
        return -1;
    return amkd_header_put_teacher(header, identity);
}

static int sent_header(amkd_header *header, const char *identity)
{
    return make_header(header, "sent", identity) ||
                   amkd_header_add(header, "event", "|u1", NULL, 0)
               ? -1
               : 0;
}

static int answers_header(amkd_header *header, const char *identity, size_t nvalues)
{
    return make_header(header, "answers", identity) ||
                   amkd_header_add(header, "values", "<f4", &nvalues, 1)
               ? -1
               : 0;
}

static int check_identity(const amkd_header *header, const char *identity,
                          const char *path)
{
    const char *other = amkd_header_teacher(header);
    if (other && !strcmp(other, identity))
        return 0;
    return amkd_fail("'%s': is of the teacher %s, this one is %s", path,
                     other ? other : "?", identity);
}

/* --------------------------------------------------------------------- what is there --
 */

static void take_sent(amkd_journal *journal, const void *rows, size_t n)
{
    for (size_t r = 0; r < n; r++) {
        const char event = ((const char *)rows)[(r + 1) * SENT_NBYTES - 1];
        journal->nsent += event == AMKD_SENT;
        journal->nreturned += event == AMKD_RETURNED;
    }
}

static int take_answers(amkd_answer_map *map, const void *rows, size_t n, size_t nvalues)
{
    const size_t row_nbytes = sizeof(row_head) + nvalues * sizeof(float);
    float *values = amkd_alloc(nvalues, sizeof *values);
    int rc = values ? amkd_answer_map_reserve(map, n) : -1;
    for (size_t r = n; !rc && r-- > 0;) { /* the last of a question first: it stays */
        row_head head;
        const char *row = (const char *)rows + r * row_nbytes;
        memcpy(&head, row, sizeof head);
        memcpy(values, row + sizeof head, nvalues * sizeof *values);
        rc = amkd_answer_map_add(map, head.question, values, nvalues);
    }
    free(values);
    return rc;
}

int amkd_journal_read_answers(amkd_answer_map *map, amkd_reader *reader)
{
    const amkd_field *values;
    amkd_header form = {0};
    void *rows = NULL;
    size_t n;
    const amkd_header *header = amkd_reader_header(reader);
    int rc = amkd_header_expect(&values, header, "values", "<f4", 1);
    if (!rc)
        rc = answers_header(&form, "", values->nitems);
    if (!rc)
        rc = amkd_header_expect_same(header, &form);
    if (rc)
        amkd_fail_in("'%s'", amkd_reader_name(reader));
    else
        rc = amkd_reader_read_all(reader, &rows, &n);
    if (!rc)
        rc = take_answers(map, rows, n, values->nitems);
    amkd_header_clear(&form);
    free(rows);
    return rc;
}

/* Reads the rows of a file made whole before. */
static int read_rows(amkd_journal *journal, const char *path, const char *kind)
{
    const size_t nbefore = journal->map.nanswers;
    amkd_reader *reader;
    void *rows = NULL;
    size_t n;
    if (amkd_reader_open(&reader, path, kind, 0))
        return -1;
    const amkd_header *header = amkd_reader_header(reader);
    int rc = check_identity(header, journal->identity, path);
    if (!rc)
        rc = amkd_reader_read_all(reader, &rows, &n);
    if (!rc && !strcmp(kind, "sent"))
        take_sent(journal, rows, n);
    else if (!rc)
        rc = take_answers(&journal->map, rows, n, header->fields[2].nitems) ||
                     amkd_journal_set_names(journal, amkd_header_class_names(header))
                 ? -1
                 : 0;
    if (!rc && !nbefore && strcmp(kind, "answers") == 0)
        journal->nreplaced = n - journal->map.nanswers;
    free(rows);
    amkd_reader_close(reader);
    return rc;
}

/* Opens a stream to add to, its rows read; one that is not whole, as a crash leaves it,
 * is mended and read again. What a first reading put into the map is then put there
 * again, which changes nothing; events are counted of a whole stream alone. */
static int open_stream(amkd_journal *journal, amkd_writer **out, const char *path,
                       const amkd_header *header)
{
    uint64_t nrows;
    amkd_writer *mended;
    if (read_rows(journal, path, header->kind) &&
        (amkd_writer_append(&mended, path, header, &nrows) || amkd_writer_close(mended) ||
         read_rows(journal, path, header->kind)))
        return -1;
    return amkd_writer_append(out, path, header, &nrows);
}

int amkd_journal_open_sent(amkd_journal *journal)
{
    amkd_header header = {0};
    int rc = sent_header(&header, journal->identity);
    if (!rc)
        rc = open_stream(journal, &journal->sent, journal->sent_path, &header);
    amkd_header_clear(&header);
    return rc;
}

int amkd_journal_count_values(size_t *nvalues, const amkd_journal *journal)
{
    amkd_reader *reader;
    const char *path = journal->answers_path;
    *nvalues = 0;
    if (access(path, F_OK))
        return errno == ENOENT ? 0 : amkd_fail_errno("'%s'", path);
    if (amkd_reader_open(&reader, path, "answers", 0))
        return amkd_stream_remove_unbegun(path);
    const amkd_field *values;
    const int rc =
        amkd_header_expect(&values, amkd_reader_header(reader), "values", "<f4", 1);
    if (!rc)
        *nvalues = values->nitems;
    amkd_reader_close(reader);
    return rc ? amkd_fail_in("'%s'", path) : 0;
}

int amkd_journal_answers_header(amkd_header *header, const amkd_journal *journal,
                                size_t nvalues)
{
    if (answers_header(header, journal->identity, nvalues))
        return -1;
    return journal->class_names
               ? amkd_header_put_class_names(header, journal->class_names)
               : 0;
}

int amkd_journal_open_answers(amkd_journal *journal, size_t nvalues)
{
    amkd_header header = {0};
    int rc = amkd_journal_answers_header(&header, journal, nvalues);
    if (!rc)
        rc = open_stream(journal, &journal->answers, journal->answers_path, &header);
    amkd_header_clear(&header);
    return rc;
}
