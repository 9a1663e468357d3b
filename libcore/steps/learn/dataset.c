/* Datasets: label files and labeled image sets brought to one numbering and checked. */
#include "steps/learn/dataset.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/check.h"
#include "data/images_load.h"
#include "data/images_refs.h"
#include "data/images_rows.h"
#include "stream/keys.h"
#include "stream/stream.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Room for n more rows. */
static int grow(amkd_dataset *dataset, size_t n)
{
    amkd_label_key *keys =
        amkd_realloc(dataset->keys, dataset->n + n, sizeof *dataset->keys);
    if (!keys)
        return -1;
    dataset->keys = keys;
    float *targets = amkd_realloc(dataset->targets, dataset->n + n,
                                  dataset->nclasses * sizeof *dataset->targets);
    if (!targets)
        return -1;
    dataset->targets = targets;
    return 0;
}

static int set_nclasses(amkd_dataset *dataset, const char *name, size_t nclasses)
{
    if (dataset->nclasses && dataset->nclasses != nclasses)
        return amkd_fail("'%s' has %zu classes, but the files before it have %zu", name,
                         nclasses, dataset->nclasses);
    dataset->nclasses = nclasses;
    return 0;
}

static void keep_names(amkd_dataset *dataset, json_t *names)
{
    if (!dataset->class_names && json_array_size(names) == dataset->nclasses)
        dataset->class_names = json_incref(names);
}

static int keep_provenance(amkd_dataset *dataset, const amkd_header *header)
{
    json_t *provenance = amkd_header_provenance(header);
    if (!dataset->provenance && !(dataset->provenance = json_array()))
        return amkd_fail("out of memory");
    if (provenance && json_array_append(dataset->provenance, provenance))
        return amkd_fail("out of memory");
    return 0;
}

/* Where the sets of images lie in the dataset, appending them if they are new.
 * offsets[r] is the row of the dataset's images at which set r starts. images is taken.
 */
static int place_images(amkd_dataset *dataset, size_t **offsets, amkd_images *images)
{
    const size_t nrefs = images->nrefs;
    size_t *at = *offsets = amkd_alloc(nrefs, sizeof **offsets);
    size_t found = 0;
    if (!at) {
        amkd_images_free(images);
        return -1;
    }
    for (size_t r = 0; dataset->images && r < nrefs; r++) {
        size_t start = 0;
        for (size_t d = 0; d < dataset->images->nrefs; d++) {
            if (!strcmp(dataset->images->refs[d].digest, images->refs[r].digest)) {
                at[r] = start;
                found++;
                break;
            }
            start += dataset->images->refs[d].rows;
        }
    }
    if (found == nrefs) {
        amkd_images_free(images);
        return 0;
    }
    size_t start = dataset->images ? dataset->images->n : 0;
    for (size_t r = 0; r < nrefs; r++) {
        at[r] = start;
        start += images->refs[r].rows;
    }
    if (!dataset->images) {
        dataset->images = images;
        return 0;
    }
    const int rc = amkd_images_append(dataset->images, images);
    amkd_images_free(images);
    return rc;
}

/* The dataset's number of image i of a file with these sets. */
static uint32_t renumber(uint32_t i, const amkd_images_ref *refs, const size_t *offsets)
{
    size_t r = 0;
    while (i >= refs[r].rows)
        i -= (uint32_t)refs[r++].rows;
    return (uint32_t)offsets[r] + i;
}

static int add_rows(amkd_dataset *dataset, const uint8_t *rows, size_t n,
                    const amkd_images_ref *refs, const size_t *offsets)
{
    const size_t nclasses = dataset->nclasses;
    const size_t row_nbytes = sizeof(amkd_label_key) + nclasses * sizeof(float);
    if (grow(dataset, n))
        return -1;
    for (size_t row = 0; row < n; row++) {
        amkd_label_key *key = &dataset->keys[dataset->n];
        float *target = &dataset->targets[dataset->n * nclasses];
        memcpy(key, rows + row * row_nbytes, sizeof *key);
        memcpy(target, rows + row * row_nbytes + sizeof *key, nclasses * sizeof *target);
        key->i = renumber(key->i, refs, offsets);
        key->j = renumber(key->j, refs, offsets);
        dataset->n++;
    }
    return 0;
}

static int read_rows(void **rows, size_t *n, amkd_reader *reader)
{
    amkd_check check;
    if (amkd_reader_read_all(reader, rows, n))
        return -1;
    if (amkd_check_init(&check, amkd_reader_header(reader)) ||
        amkd_check_rows(&check, *rows, *n, 0))
        return amkd_fail_in("'%s'", amkd_reader_name(reader));
    return 0;
}

static int add_labels(amkd_dataset *dataset, amkd_reader *reader, const char *path,
                      const char *const *override, size_t noverride, size_t nthreads)
{
    const amkd_header *header = amkd_reader_header(reader);
    const char *name = amkd_reader_name(reader);
    size_t nclasses, nrows = 0, nrefs = 0, *offsets = NULL;
    amkd_images *images = NULL;
    amkd_images_ref *refs = NULL;
    void *rows = NULL;
    if (amkd_labels_check(header, &nclasses))
        return amkd_fail_in("'%s'", name);
    if (set_nclasses(dataset, name, nclasses) ||
        amkd_images_load_refs(&images, header, path, override, noverride, nthreads))
        return -1;
    nrefs = images->nrefs;
    refs = amkd_alloc(nrefs, sizeof *refs);
    if (!refs) {
        amkd_images_free(images);
        return -1;
    }
    memcpy(refs, images->refs, nrefs * sizeof *refs);
    int rc = place_images(dataset, &offsets, images) ||
             read_rows(&rows, &nrows, reader) ||
             add_rows(dataset, rows, nrows, refs, offsets);
    dataset->nanswers += nrows;
    free(rows);
    free(refs);
    free(offsets);
    keep_names(dataset, amkd_header_class_names(header));
    return rc ? -1 : 0;
}

static int add_labeled_images(amkd_dataset *dataset, amkd_reader *reader,
                              const char *path)
{
    const char *name = amkd_reader_name(reader);
    amkd_images *images;
    size_t *offsets = NULL;
    if (amkd_images_read(&images, reader, path))
        return -1;
    const size_t n = images->n;
    int32_t *labels = images->labels;
    images->labels = NULL;
    int rc = 0;
    if (!labels)
        rc = amkd_fail("'%s' has no labels to train or measure by", name);
    if (!rc)
        rc = set_nclasses(dataset, name, images->nclasses);
    if (rc) {
        amkd_images_free(images);
        goto done;
    }
    keep_names(dataset, images->class_names);
    rc = place_images(dataset, &offsets, images) || grow(dataset, n) ? -1 : 0;
    for (size_t r = 0; !rc && r < n; r++) {
        const uint32_t i = (uint32_t)(offsets[0] + r);
        float *target = &dataset->targets[dataset->n * dataset->nclasses];
        memset(target, 0, dataset->nclasses * sizeof *target);
        target[labels[r]] = 1;
        dataset->keys[dataset->n++] = (amkd_label_key){i, i, 1};
    }
done:
    free(offsets);
    free(labels);
    return rc;
}

/* Of a reader whose rows are all to be read. */
static int add_images(amkd_dataset *dataset, amkd_reader *reader, const char *path)
{
    const amkd_header *header = amkd_reader_header(reader);
    amkd_images *images;
    size_t *offsets = NULL;
    if (strcmp(header->kind, "images"))
        return amkd_fail("'%s' is a stream of %s, expected images",
                         amkd_reader_name(reader), header->kind);
    if (keep_provenance(dataset, header) || amkd_images_read(&images, reader, path))
        return -1;
    free(images->labels);
    images->labels = NULL;
    const int rc = place_images(dataset, &offsets, images);
    if (!rc)
        dataset->n = dataset->images->n;
    free(offsets);
    return rc;
}

int amkd_dataset_add_images(amkd_dataset *dataset, const char *path, size_t nthreads)
{
    amkd_reader *reader;
    if (amkd_reader_open(&reader, path, NULL, nthreads))
        return -1;
    const int rc = add_images(dataset, reader, path);
    amkd_reader_close(reader);
    return rc;
}

int amkd_dataset_read(amkd_dataset *dataset, amkd_reader *reader, const char *path,
                      const char *const *override, size_t noverride, size_t nthreads)
{
    const amkd_header *header = amkd_reader_header(reader);
    int rc = keep_provenance(dataset, header);
    if (!rc && !strcmp(header->kind, "labels"))
        rc = add_labels(dataset, reader, path, override, noverride, nthreads);
    else if (!rc && !strcmp(header->kind, "images"))
        rc = add_labeled_images(dataset, reader, path);
    else if (!rc)
        rc = amkd_fail("'%s' is a stream of %s, expected labels or labeled images",
                       amkd_reader_name(reader), header->kind);
    return rc;
}

int amkd_dataset_add(amkd_dataset *dataset, const char *path, const char *const *override,
                     size_t noverride, size_t nthreads)
{
    amkd_reader *reader;
    if (amkd_reader_open(&reader, path, NULL, nthreads))
        return -1;
    const int rc =
        amkd_dataset_read(dataset, reader, path, override, noverride, nthreads);
    amkd_reader_close(reader);
    return rc;
}

/* sum and squares [nchannels] with the pixels / 255 of n images added. */
static void add_moments(double *sum, double *squares, size_t nchannels,
                        const uint8_t *pixels, size_t nbytes)
{
    for (size_t c = 0; c < nchannels; c++) {
        double s = sum[c], q = squares[c];
        for (size_t at = c; at < nbytes; at += nchannels) {
            const double x = pixels[at] / 255.0;
            s += x;
            q += x * x;
        }
        sum[c] = s;
        squares[c] = q;
    }
}

int amkd_dataset_moments(const amkd_dataset *dataset, float *mean, float *std)
{
    const amkd_images *images = dataset->images;
    const size_t nchannels = images->channels, npixels = amkd_images_npixels(images);
    amkd_images_walk walk = {.images = images};
    double *sums = amkd_alloc(2 * nchannels, sizeof *sums);
    int rc = sums ? 1 : -1;
    while (rc > 0 && (rc = amkd_images_walk_on(&walk)) > 0)
        add_moments(sums, sums + nchannels, nchannels, walk.pixels, walk.n * npixels);
    for (size_t c = 0; !rc && c < nchannels; c++) {
        const double count = (double)(images->n * npixels / nchannels);
        const double m = sums[c] / count;
        const double variance = sums[nchannels + c] / count - m * m;
        mean[c] = (float)m;
        std[c] = variance > 1e-12 ? (float)sqrt(variance) : 1;
    }
    amkd_images_walk_end(&walk);
    free(sums);
    return rc;
}

int amkd_dataset_pixels(const amkd_dataset *dataset, uint8_t *pixels, size_t first,
                        size_t count)
{
    return amkd_images_mix(pixels, dataset->images, dataset->keys + first, count);
}

void amkd_dataset_clear(amkd_dataset *dataset)
{
    amkd_images_free(dataset->images);
    free(dataset->keys);
    free(dataset->targets);
    json_decref(dataset->class_names);
    json_decref(dataset->provenance);
    *dataset = (amkd_dataset){0};
}

int amkd_dataset_has_mixes(const amkd_dataset *dataset)
{
    for (size_t row = 0; row < dataset->n && dataset->keys; row++)
        if (dataset->keys[row].i != dataset->keys[row].j)
            return 1;
    return 0;
}
