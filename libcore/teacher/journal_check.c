/* Verifies a journal's streams. */
#include "teacher/journal_check.h"
#include "base/error.h"
#include "base/memory.h"
#include "stream/keys.h"
#include "teacher/journal_internal.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_NBYTES = 1 << 20 };

static int check_row(amkd_journal_part *part, const char *row, int sent)
{
    row_head head;
    memcpy(&head, row, sizeof head);
    if (!isfinite(head.time))
        return amkd_fail("time %g, expected a finite number", head.time);
    if (!sent)
        return 0; /* values are as the teacher gave them, whatever they are */
    const unsigned char event = (unsigned char)row[sizeof head];
    if (event != AMKD_SENT && event != AMKD_RETURNED)
        return amkd_fail("event %u, expected %d or %d", event, AMKD_RETURNED, AMKD_SENT);
    part->nreturned += event == AMKD_RETURNED;
    return 0;
}

/* The whole rows alone are read: what is behind them would be an error. */
static int check_rows(amkd_journal_part *part, amkd_reader *reader, int sent)
{
    const size_t row_nbytes = part->row_nbytes, room = 1 + CHUNK_NBYTES / row_nbytes;
    char *rows = amkd_alloc(room, row_nbytes);
    int rc = rows ? 0 : -1;
    for (uint64_t at = 0; !rc && at < part->extent.nrows;) {
        const uint64_t left = part->extent.nrows - at;
        const ssize_t n =
            amkd_reader_read(reader, rows, left < room ? (size_t)left : room);
        if (n <= 0)
            rc = n < 0 ? -1
                       : amkd_fail("'%s': changed while it was read",
                                   amkd_reader_name(reader));
        for (ssize_t r = 0; !rc && r < n; r++, at++)
            if (check_row(part, rows + (size_t)r * row_nbytes, sent))
                rc = amkd_fail_in("'%s': row %llu", amkd_reader_name(reader),
                                  (unsigned long long)at);
    }
    free(rows);
    return rc;
}

static int check_header(amkd_journal_part *part, const amkd_header *header, int sent)
{
    const amkd_field *last;
    const char *teacher = amkd_header_teacher(header);
    if (sent ? amkd_header_expect(&last, header, "event", "|u1", 0)
             : amkd_header_expect(&last, header, "values", "<f4", 1))
        return -1;
    if (header->nfields != 3 || last->offset != sizeof(row_head))
        return amkd_fail("its fields are not those of a journal");
    if (!teacher)
        return amkd_fail("the header does not say which teacher it is of");
    part->row_nbytes = header->row_nbytes;
    part->teacher = amkd_strdup(teacher);
    return part->teacher ? 0 : -1;
}

int amkd_journal_check(amkd_journal_part *part, const char *path, const char *kind)
{
    const int sent = !strcmp(kind, "sent");
    amkd_reader *reader;
    *part = (amkd_journal_part){0};
    if (amkd_stream_measure(&part->extent, path))
        return -1;
    if (!part->extent.begun)
        return 0;
    if (amkd_reader_open(&reader, path, kind, 0))
        return -1;
    int rc = check_header(part, amkd_reader_header(reader), sent)
                 ? amkd_fail_in("'%s'", path)
                 : check_rows(part, reader, sent);
    amkd_reader_close(reader);
    if (!rc && 2 * part->nreturned > part->extent.nrows)
        rc = amkd_fail("'%s': more images came back than were sent", path);
    if (rc)
        amkd_journal_part_clear(part);
    return rc;
}

void amkd_journal_part_clear(amkd_journal_part *part)
{
    free(part->teacher);
    part->teacher = NULL;
}
