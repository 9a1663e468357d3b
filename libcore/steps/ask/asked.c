/* A sorted array of pair keys: a few ten thousand, looked up for millions of pairs. */
#include "steps/ask/asked.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/check.h"
#include "data/images_refs.h"
#include "stream/stream.h"
#include <stdlib.h>
#include <string.h>

static uint64_t key_of(uint32_t i, uint32_t j)
{
    return (uint64_t)i << 32 | j;
}

static int compare(const void *a, const void *b)
{
    const uint64_t p = *(const uint64_t *)a, q = *(const uint64_t *)b;
    return (p > q) - (p < q);
}

static int add_rows(amkd_asked *asked, const char *rows, size_t nrows, size_t row_nbytes)
{
    uint64_t *pairs = amkd_realloc(asked->pairs, asked->n + nrows + 1, sizeof *pairs);
    if (!pairs)
        return -1;
    asked->pairs = pairs;
    for (size_t r = 0; r < nrows; r++) {
        amkd_label_key key;
        memcpy(&key, rows + r * row_nbytes, sizeof key);
        pairs[asked->n++] = key_of(key.i, key.j);
    }
    return 0;
}

static int add_stream(amkd_asked *asked, const char *path, const amkd_header *header,
                      size_t nthreads)
{
    amkd_reader *reader;
    if (amkd_reader_open(&reader, path, "labels", nthreads))
        return -1;
    const amkd_header *labels = amkd_reader_header(reader);
    size_t nclasses, nrows;
    amkd_check check;
    void *rows = NULL;
    int rc = amkd_labels_check(labels, &nclasses);
    if (!rc)
        rc = amkd_images_same_refs(header, labels);
    if (rc)
        amkd_fail_in("'%s'", amkd_reader_name(reader));
    if (!rc)
        rc = amkd_reader_read_all(reader, &rows, &nrows);
    if (!rc &&
        (amkd_check_init(&check, labels) || amkd_check_rows(&check, rows, nrows, 0)))
        rc = amkd_fail_in("'%s'", amkd_reader_name(reader));
    if (!rc)
        rc = add_rows(asked, rows, nrows, labels->row_nbytes);
    free(rows);
    amkd_reader_close(reader);
    return rc;
}

int amkd_asked_load(amkd_asked *asked, const char *const *paths, size_t npaths,
                    const amkd_header *header, size_t nthreads)
{
    for (size_t p = 0; p < npaths; p++)
        if (add_stream(asked, paths[p], header, nthreads))
            return -1;
    if (!asked->n)
        return 0;
    qsort(asked->pairs, asked->n, sizeof *asked->pairs, compare);
    size_t n = 0;
    for (size_t p = 0; p < asked->n; p++)
        if (n == 0 || asked->pairs[n - 1] != asked->pairs[p])
            asked->pairs[n++] = asked->pairs[p];
    asked->n = n;
    return 0;
}

int amkd_asked_has(const amkd_asked *asked, amkd_pair pair)
{
    const uint64_t key = key_of(pair.i, pair.j);
    return asked->n && bsearch(&key, asked->pairs, asked->n, sizeof key, compare);
}

size_t amkd_asked_drop(const amkd_asked *asked, amkd_pair *pairs, size_t n)
{
    size_t left = 0;
    for (size_t p = 0; p < n; p++)
        if (!amkd_asked_has(asked, pairs[p]))
            pairs[left++] = pairs[p];
    return left;
}

void amkd_asked_clear(amkd_asked *asked)
{
    free(asked->pairs);
    *asked = (amkd_asked){0};
}
