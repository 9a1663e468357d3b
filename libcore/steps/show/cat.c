/* Streams as text or NPY, and checked. */
#include "steps/show/cat.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "data/check.h"
#include "data/fields.h"
#include "data/npy.h"
#include "stream/keys.h"
#include "stream/stream.h"
#include "teacher/journal.h"
#include <stdlib.h>
#include <string.h>

enum { CHUNK_NBYTES = 1 << 20 };

/* Where rows come from: the reader, or a block that holds all of them. */
typedef struct feed {
    amkd_reader *reader;
    const amkd_header *header;
    void *chunk; /* room for max_rows */
    size_t max_rows;
    uint64_t left; /* rows still wanted */
    char *all;     /* or NULL */
    size_t nall, at;
} feed;

static int refuse_journal(const char *path)
{
    if (!path || !amkd_journal_exists(path))
        return 0;
    return amkd_fail("'%s': a journal: --check says what is in it; its streams are "
                     "'%s/answers.amkd' and '%s/sent.amkd'",
                     path, path, path);
}

static int feed_open(feed *f, const amkd_cat_options *options)
{
    *f = (feed){.left = options->head};
    if (refuse_journal(options->path) ||
        amkd_reader_open(&f->reader, options->path, NULL, options->nthreads))
        return -1;
    f->header = amkd_reader_header(f->reader);
    f->max_rows = 1 + CHUNK_NBYTES / f->header->row_nbytes;
    f->chunk = amkd_alloc(f->max_rows, f->header->row_nbytes);
    if (f->chunk)
        return 0;
    amkd_reader_close(f->reader);
    return -1;
}

static void feed_close(feed *f)
{
    amkd_reader_close(f->reader);
    free(f->chunk);
    free(f->all);
}

/* The next rows that are wanted; as amkd_reader_read. */
static ssize_t feed_next(const void **rows, feed *f)
{
    size_t n = f->left < f->max_rows ? (size_t)f->left : f->max_rows;
    ssize_t got = 0;
    if (!n)
        return 0;
    if (f->all) {
        got = (ssize_t)(f->nall - f->at < n ? f->nall - f->at : n);
        *rows = f->all + f->at * f->header->row_nbytes;
        f->at += (size_t)got;
    } else {
        got = amkd_reader_read(f->reader, f->chunk, n);
        *rows = f->chunk;
    }
    if (got > 0 && f->left != UINT64_MAX)
        f->left -= (uint64_t)got;
    return got;
}

/* How many rows there will be, which NPY must know first: as the header says, or by
 * reading all of them. */
static int feed_count(uint64_t *nrows, feed *f)
{
    *nrows = amkd_header_rows(f->header);
    if (*nrows == UINT64_MAX) {
        void *all;
        if (amkd_reader_read_all(f->reader, &all, &f->nall))
            return -1;
        f->all = all;
        *nrows = f->nall;
    }
    if (*nrows > f->left)
        *nrows = f->left;
    return 0;
}

typedef int print_row(amkd_text *text, const amkd_fields *fields, const void *row);

static int write_text(amkd_output *output, feed *f, const amkd_fields *fields,
                      const amkd_cat_options *options)
{
    int is_tsv = !strcmp(options->format, "tsv");
    print_row *print = is_tsv ? amkd_fields_tsv : amkd_fields_json;
    amkd_text text = {0};
    const void *rows;
    ssize_t n = 0;
    int failed = is_tsv && !options->no_names && amkd_fields_tsv_names(&text, fields);
    while (!failed && (n = feed_next(&rows, f)) > 0) {
        for (ssize_t r = 0; !failed && r < n; r++) {
            const char *row = (const char *)rows + (size_t)r * f->header->row_nbytes;
            failed = print(&text, fields, row);
            if (!failed && text.nbytes > CHUNK_NBYTES) {
                failed = amkd_output_write(output, text.bytes, text.nbytes);
                text.nbytes = 0;
            }
        }
    }
    if (!failed && n == 0)
        failed = amkd_output_write(output, text.bytes, text.nbytes);
    amkd_text_clear(&text);
    return failed || n < 0 ? -1 : 0;
}

static int write_npy_header(amkd_output *output, uint64_t nrows,
                            const amkd_fields *fields)
{
    size_t shape[1 + AMKD_MAX_FIELD_DIMENSIONS] = {nrows}, ndim = 1;
    if (fields->n == 1) {
        const amkd_field *field = fields->field[0];
        memcpy(shape + 1, field->shape, field->ndim * sizeof *shape);
        ndim += field->ndim;
    }
    char *header, *dtype = amkd_fields_dtype(fields);
    size_t nbytes;
    if (!dtype)
        return -1;
    int failed = amkd_npy_print(&header, &nbytes, dtype, shape, ndim);
    free(dtype);
    if (failed)
        return -1;
    failed = amkd_output_write(output, header, nbytes);
    free(header);
    return failed;
}

static int write_npy(amkd_output *output, feed *f, const amkd_fields *fields)
{
    const void *rows;
    uint64_t nrows;
    ssize_t n = 0;
    if (amkd_output_refuse_terminal(output, "an NPY array") || feed_count(&nrows, f) ||
        write_npy_header(output, nrows, fields))
        return -1;
    char *packed = amkd_alloc(f->max_rows, fields->nbytes);
    int failed = !packed;
    while (!failed && (n = feed_next(&rows, f)) > 0) {
        for (size_t r = 0; r < (size_t)n; r++)
            amkd_fields_pack(packed + r * fields->nbytes, fields,
                             (const char *)rows + r * f->header->row_nbytes);
        failed = amkd_output_write(output, packed, (size_t)n * fields->nbytes);
    }
    free(packed);
    return failed || n < 0 ? -1 : 0;
}

int amkd_cat_rows(const amkd_cat_options *options)
{
    feed f;
    amkd_fields fields;
    amkd_output *output;
    if (feed_open(&f, options))
        return -1;
    if (amkd_fields_choose(&fields, f.header, options->fields, options->nfields)) {
        amkd_fail_in("'%s'", amkd_reader_name(f.reader));
        feed_close(&f);
        return -1;
    }
    if (amkd_output_open(&output, options->output)) {
        feed_close(&f);
        return -1;
    }
    int failed = !strcmp(options->format, "npy")
                     ? write_npy(output, &f, &fields)
                     : write_text(output, &f, &fields, options);
    feed_close(&f);
    if (failed) {
        amkd_output_discard(output);
        return -1;
    }
    return amkd_output_commit(output);
}

int amkd_cat_header(const amkd_cat_options *options)
{
    amkd_reader *reader;
    if (refuse_journal(options->path) ||
        amkd_reader_open(&reader, options->path, NULL, 0))
        return -1;
    char *compact = amkd_header_print(amkd_reader_header(reader));
    amkd_reader_close(reader);
    if (!compact)
        return -1;
    json_t *json = json_loads(compact, 0, NULL);
    free(compact);
    char *indented = json ? json_dumps(json, JSON_INDENT(2) | JSON_SORT_KEYS) : NULL;
    json_decref(json);
    char *text = indented ? amkd_format("%s\n", indented) : NULL;
    free(indented);
    if (!text)
        return amkd_fail("out of memory");
    int failed = amkd_file_write(options->output, text, strlen(text));
    free(text);
    return failed;
}

static int check_rows(feed *f)
{
    amkd_check check;
    const void *rows;
    ssize_t n;
    if (amkd_check_init(&check, f->header))
        return amkd_fail_in("'%s'", amkd_reader_name(f->reader));
    for (;;) {
        uint64_t first = amkd_reader_row(f->reader);
        if ((n = feed_next(&rows, f)) <= 0)
            return n < 0 ? -1 : 0;
        if (amkd_check_rows(&check, rows, (size_t)n, first))
            return amkd_fail_in("'%s'", amkd_reader_name(f->reader));
    }
}

int amkd_cat_check(amkd_cat_found *found, const char *path, size_t nthreads)
{
    amkd_cat_options options = {.path = path, .head = UINT64_MAX, .nthreads = nthreads};
    char kind[sizeof found->kind];
    feed f;
    if (feed_open(&f, &options))
        return -1;
    strcpy(kind, f.header->kind);
    if (strcmp(path, "-") != 0 && (!strcmp(kind, "sent") || !strcmp(kind, "answers"))) {
        feed_close(&f);
        return amkd_cat_check_part(found, path, kind);
    }
    int failed = check_rows(&f);
    *found = (amkd_cat_found){.nrows = amkd_reader_row(f.reader),
                              .row_nbytes = f.header->row_nbytes};
    strcpy(found->kind, kind);
    feed_close(&f);
    return failed;
}
