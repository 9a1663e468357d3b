/* The labels stream of a query: what it holds already, its header, and its rows. */
#include "steps/ask/query_output.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/check.h"
#include "data/images_refs.h"
#include "stream/keys.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ------------------------------------------------------- what is answered already -- */

/* *nbytes: what the output holds, 0 also where it is not there. */
static int measure(off_t *nbytes, const char *path)
{
    struct stat status;
    *nbytes = 0;
    if (stat(path, &status))
        return errno == ENOENT ? 0 : amkd_fail_errno("'%s'", path);
    if (!S_ISREG(status.st_mode))
        return amkd_fail("'%s': answers can be added to a regular file only", path);
    *nbytes = status.st_size;
    return 0;
}

static int check_teacher(const amkd_query_output *o, const amkd_header *header,
                         const char *path)
{
    const char *teacher = amkd_header_teacher(header);
    if (!teacher || strcmp(teacher, o->options->teacher) != 0)
        return amkd_fail("'%s': holds answers of teacher '%s', not of '%s'", path,
                         teacher ? teacher : "?", o->options->teacher);
    json_t *rule = amkd_answer_rule_json(&o->options->rule);
    if (!rule)
        return -1;
    const json_t *there = amkd_labels_rule(header);
    const int same = !there || json_equal(there, rule);
    json_decref(rule);
    return same
               ? 0
               : amkd_fail(
                     "'%s': its answers were read by other --labels, "
                     "--percent, --temperature, --keep-top, --digits, --fill or --smooth",
                     path);
}

static int check_answered(amkd_query_output *o, amkd_header *header, const char *path)
{
    if (amkd_labels_check(header, &o->nclasses) ||
        amkd_images_same_refs(header, &o->questions->header))
        return amkd_fail_in("'%s'", path);
    if (check_teacher(o, header, path))
        return -1;
    if (amkd_header_rows(header) != UINT64_MAX)
        return amkd_fail("'%s': its header promises a number of rows, no answers can be "
                         "added to it",
                         path);
    return 0;
}

/* Makes a file that a kill cut short whole again. */
static int mend(const char *path, const amkd_header *header)
{
    amkd_writer *writer;
    uint64_t nrows;
    if (amkd_writer_append(&writer, path, header, &nrows))
        return -1;
    return amkd_writer_close(writer);
}

static int read_keys(amkd_query_output *o, const char *path)
{
    amkd_reader *reader;
    amkd_check check;
    char *rows = NULL;
    size_t n = 0;
    if (amkd_reader_open(&reader, path, "labels", o->options->nthreads))
        return -1;
    size_t row_nbytes = amkd_reader_header(reader)->row_nbytes;
    int rc = amkd_reader_read_all(reader, (void **)&rows, &n);
    if (rc == 0 && (amkd_check_init(&check, amkd_reader_header(reader)) ||
                    amkd_check_rows(&check, rows, n, 0)))
        rc = amkd_fail_in("'%s'", path);
    amkd_reader_close(reader);
    if (rc == 0) {
        o->answered = amkd_alloc(n ? n : 1, sizeof *o->answered);
        rc = o->answered ? 0 : -1;
    }
    for (size_t r = 0; rc == 0 && r < n; r++)
        memcpy(&o->answered[r], rows + r * row_nbytes, sizeof *o->answered);
    o->nanswered = n;
    free(rows);
    return rc;
}

static int fail_added(const char *path)
{
    return amkd_fail("'%s': another process added rows meanwhile", path);
}

/* Locks an output that holds nothing: two processes would ask the same. */
static int lock_empty(amkd_query_output *o)
{
    const char *path = o->options->output;
    off_t nbytes;
    if (o->options->dry_run)
        return 0;
    if (amkd_append_lock(&o->locked, path) || measure(&nbytes, path))
        return -1;
    return nbytes ? fail_added(path) : 0;
}

/* Lets go of an output that was locked and not begun, which is gone then. */
static int unlock_empty(amkd_query_output *o)
{
    const char *path = o->options->output;
    off_t nbytes;
    if (o->locked < 0)
        return 0;
    int rc = measure(&nbytes, path);
    if (rc == 0 && !nbytes && unlink(path) && errno != ENOENT)
        rc = amkd_fail_errno("'%s'", path);
    close(o->locked);
    return rc;
}

static int append(amkd_query_output *o, const amkd_header *header, uint64_t *nrows)
{
    const int fd = o->locked;
    o->locked = -1;
    return fd < 0 ? amkd_writer_append(&o->writer, o->options->output, header, nrows)
                  : amkd_writer_append_locked(&o->writer, o->options->output, fd, header,
                                              nrows);
}

/* Opens the output, which is locked from then on when it is one to add to. */
static int open_file(amkd_query_output *o, const amkd_header *header)
{
    const char *path = o->options->output;
    uint64_t nrows;
    o->row = amkd_alloc(1, header->row_nbytes);
    if (!o->row)
        return -1;
    if (!o->options->append)
        return amkd_writer_open(&o->writer, path, header, o->options->nthreads);
    if (append(o, header, &nrows))
        return -1;
    return nrows == o->nanswered ? 0 : fail_added(path);
}

int amkd_query_output_read(amkd_query_output *o)
{
    const char *path = o->options->output;
    amkd_reader *reader;
    amkd_header header = {0};
    off_t nbytes;
    if (measure(&nbytes, path))
        return -1;
    if (!nbytes)
        return lock_empty(o);
    if (amkd_reader_open(&reader, path, "labels", 0))
        return amkd_stream_remove_unbegun(path) ? -1 : lock_empty(o);
    int rc = amkd_header_copy(&header, amkd_reader_header(reader));
    amkd_reader_close(reader);
    if (rc == 0)
        rc = check_answered(o, &header, path);
    if (rc == 0)
        rc = mend(path, &header);
    if (rc == 0)
        rc = read_keys(o, path);
    if (rc == 0)
        rc = open_file(o, &header);
    amkd_header_clear(&header);
    return rc;
}

/* --------------------------------------------------------------------- the stream -- */

static int put_rule(amkd_header *header, const amkd_answer_rule *rule)
{
    json_t *json = amkd_answer_rule_json(rule);
    const int rc = json ? amkd_labels_put_rule(header, json) : -1;
    json_decref(json);
    return rc;
}

static int make_header(amkd_header *header, const amkd_query_output *o,
                       const amkd_teacher *teacher, size_t nclasses)
{
    const json_t *provenance = amkd_header_provenance(&o->questions->header);
    json_t *names = amkd_teacher_class_names(teacher);
    json_t *origin = amkd_teacher_origin(teacher);
    if (amkd_labels_header(header, nclasses) ||
        amkd_images_copy_refs(header, &o->questions->header) ||
        amkd_header_put_teacher(header, o->options->teacher) ||
        put_rule(header, &o->options->rule) ||
        (origin && amkd_labels_put_origin(header, origin)) ||
        (names && amkd_header_put_class_names(header, names)) ||
        (provenance && amkd_header_put_provenance(header, provenance)))
        return -1;
    return amkd_header_add_provenance(header, "amkd-query", o->options->command, NULL);
}

static int open_stream(amkd_query_output *o, const amkd_teacher *teacher, size_t nclasses)
{
    amkd_header header = {0};
    int rc = make_header(&header, o, teacher, nclasses);
    if (rc == 0)
        rc = open_file(o, &header);
    amkd_header_clear(&header);
    return rc;
}

int amkd_query_output_write(amkd_query_output *o, const amkd_teacher *teacher,
                            const amkd_label_key *key, const float *p, size_t nclasses)
{
    if (!o->writer && open_stream(o, teacher, nclasses))
        return -1;
    memcpy(o->row, key, sizeof *key);
    memcpy(o->row + sizeof *key, p, nclasses * sizeof *p);
    return amkd_writer_write(o->writer, o->row, 1);
}

int amkd_query_output_flush(amkd_query_output *o)
{
    return o->options->append && o->writer ? amkd_writer_flush(o->writer) : 0;
}

int amkd_query_output_close(amkd_query_output *o, int rc)
{
    if (o->writer && (rc == 0 || o->options->append))
        rc = amkd_writer_close(o->writer) ? -1 : rc;
    else
        amkd_writer_discard(o->writer);
    if (unlock_empty(o))
        rc = -1;
    free(o->answered);
    free(o->row);
    *o = (amkd_query_output){.locked = -1};
    return rc;
}
