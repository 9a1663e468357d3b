/* Answers found by the images they are about. */
#include "steps/learn/answers.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/check.h"
#include "data/images_refs.h"
#include "stream/rows.h"
#include "stream/stream.h"
#include <stdlib.h>
#include <string.h>

/* Whether the stream speaks of this set, with as many classes. */
static int check_header(const amkd_header *header, const amkd_images *images)
{
    size_t nclasses;
    amkd_header own = {0};
    if (amkd_labels_check(header, &nclasses))
        return -1;
    if (nclasses != images->nclasses)
        return amkd_fail("has %zu classes, the images have %zu", nclasses,
                         images->nclasses);
    int rc = amkd_labels_header(&own, nclasses) || amkd_images_put_refs(&own, images) ||
                     amkd_images_same_refs(header, &own)
                 ? -1
                 : 0;
    amkd_header_clear(&own);
    return rc;
}

static int take_rows(float *probs, const uint8_t *rows, size_t n,
                     const amkd_images *images)
{
    const size_t nbytes = images->nclasses * sizeof *probs;
    const size_t row_nbytes = sizeof(amkd_label_key) + nbytes;
    size_t nseen = 0;
    unsigned char *seen = amkd_alloc(images->n, 1);
    if (!seen)
        return -1;
    for (size_t r = 0; r < n; r++) {
        amkd_label_key key;
        memcpy(&key, rows + r * row_nbytes, sizeof key);
        if (key.i != key.j)
            continue;
        memcpy(probs + key.i * images->nclasses, rows + r * row_nbytes + sizeof key,
               nbytes);
        nseen += !seen[key.i];
        seen[key.i] = 1;
    }
    free(seen);
    if (nseen != images->n)
        return amkd_fail("answers %zu of the %zu images", nseen, images->n);
    return 0;
}

static int read_answers(float *probs, amkd_reader *reader, const amkd_images *images)
{
    void *rows = NULL;
    size_t n;
    amkd_check check;
    const amkd_header *header = amkd_reader_header(reader);
    if (check_header(header, images) || amkd_check_init(&check, header))
        return amkd_fail_in("'%s'", amkd_reader_name(reader));
    if (amkd_reader_read_all(reader, &rows, &n))
        return -1;
    int rc = 0;
    if (amkd_check_rows(&check, rows, n, 0) || take_rows(probs, rows, n, images))
        rc = amkd_fail_in("'%s'", amkd_reader_name(reader));
    free(rows);
    return rc;
}

int amkd_answers_read(float **probs, const char *path, const amkd_images *images,
                      size_t nthreads)
{
    amkd_reader *reader;
    *probs = NULL;
    if (amkd_reader_open(&reader, path, "labels", nthreads))
        return -1;
    float *read = amkd_alloc(images->n, images->nclasses * sizeof *read);
    int rc = read ? read_answers(read, reader, images) : -1;
    amkd_reader_close(reader);
    if (rc) {
        free(read);
        return -1;
    }
    *probs = read;
    return 0;
}
