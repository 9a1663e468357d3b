/* The features of the candidates, a chunk of their pixels at a time, and the farthest of
 * them. */
#include "steps/select/diverse.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/progress.h"
#include "data/images_rows.h"
#include "net/predictors.h"
#include "ops/farthest.h"
#include <stdlib.h>
#include <string.h>

/* The most candidates mixed at once: whole lane blocks on any device. */
enum { CHUNK = 4096 };

struct amkd_diverse {
    amkd_device *devices[AMKD_MAX_DEVICES];
    size_t ndevices;
    amkd_model *student;
    const amkd_images *images;
    int quiet;
};

int amkd_diverse_new(amkd_diverse **out, amkd_device *const *devices, size_t ndevices,
                     const char *student, const amkd_images *images, int quiet)
{
    const amkd_shape shape = {images->channels, images->height, images->width};
    amkd_diverse *diverse = amkd_alloc(1, sizeof *diverse);
    if (!diverse)
        return -1;
    *diverse = (amkd_diverse){.ndevices = ndevices, .images = images, .quiet = quiet};
    memcpy(diverse->devices, devices, ndevices * sizeof *devices);
    int rc = amkd_model_load(&diverse->student, student);
    if (!rc &&
        amkd_model_expect(diverse->student, shape, diverse->student->graph.nclasses))
        rc = amkd_fail_in("'%s'", student);
    if (rc) {
        amkd_diverse_free(diverse);
        return -1;
    }
    *out = diverse;
    return 0;
}

static int mix(uint8_t *pixels, amkd_label_key *keys, const amkd_images *images,
               const amkd_pick *picks, size_t n)
{
    for (size_t p = 0; p < n; p++)
        keys[p] = (amkd_label_key){picks[p].i, picks[p].j, picks[p].lambda};
    return amkd_images_mix(pixels, images, keys, n);
}

/* What of a chunk of candidates is on its way to the device. */
typedef struct chunk {
    size_t most; /* candidates */
    uint8_t *pixels;
    amkd_label_key *keys;
    float *rows, *blocks; /* [most][nfeatures], and [block][feature][lane] of it */
} chunk;

static int open_chunk(chunk *c, const amkd_diverse *diverse, size_t nfeatures)
{
    const amkd_images *images = diverse->images;
    const size_t nlanes = diverse->devices[0]->nlanes;
    c->most = amkd_images_chunk(images, CHUNK);
    const size_t npadded = (c->most + nlanes - 1) / nlanes * nlanes;
    c->pixels = amkd_alloc(c->most, amkd_images_npixels(images));
    c->keys = amkd_alloc(c->most, sizeof *c->keys);
    c->rows = amkd_alloc(c->most, nfeatures * sizeof *c->rows);
    c->blocks = amkd_alloc(npadded, nfeatures * sizeof *c->blocks);
    return c->pixels && c->keys && c->rows && c->blocks ? 0 : -1;
}

static void close_chunk(chunk *c)
{
    free(c->pixels);
    free(c->keys);
    free(c->rows);
    free(c->blocks);
}

/* Writes the chunk's first n rows of features behind the first samples on the device. */
static int write_rows(const chunk *c, amkd_device *device, cl_mem features,
                      size_t nfeatures, size_t first, size_t n)
{
    const size_t nlanes = device->nlanes, npadded = (n + nlanes - 1) / nlanes * nlanes;
    for (size_t r = 0; r < n; r++) {
        float *lane = c->blocks + r / nlanes * nlanes * nfeatures + r % nlanes;
        for (size_t f = 0; f < nfeatures; f++)
            lane[f * nlanes] = c->rows[r * nfeatures + f];
    }
    return amkd_buffer_write(device, features, c->blocks,
                             first * nfeatures * sizeof(float),
                             npadded * nfeatures * sizeof(float));
}

static int fill_features(const amkd_diverse *diverse, cl_mem features,
                         amkd_predictors *student, const amkd_pick *candidates, size_t n)
{
    const size_t nfeatures = amkd_predictors_nfeatures(student);
    chunk c = {0};
    int rc = open_chunk(&c, diverse, nfeatures);
    for (size_t done = 0; !rc && done < n; done += c.most) {
        const size_t count = n - done < c.most ? n - done : c.most;
        rc = mix(c.pixels, c.keys, diverse->images, candidates + done, count) ||
                     amkd_predictors_features(student, c.rows, c.pixels, count) ||
                     write_rows(&c, diverse->devices[0], features, nfeatures, done, count)
                 ? -1
                 : 0;
    }
    close_chunk(&c);
    return rc;
}

/* centres[k]: numbers of candidates. */
static int find_centres(const amkd_diverse *diverse, uint32_t *centres, size_t k,
                        const amkd_pick *candidates, size_t n, size_t nfirst)
{
    amkd_device *device = diverse->devices[0];
    amkd_predictors *student = NULL;
    cl_mem features = NULL;
    const size_t nlanes = device->nlanes, npadded = (n + nlanes - 1) / nlanes * nlanes;
    if (!diverse->quiet)
        amkd_devices_watch(diverse->devices, diverse->ndevices, "amkd-score, compiling");
    int rc = amkd_predictors_new(&student, diverse->devices, diverse->ndevices,
                                 diverse->student);
    amkd_devices_unwatch(diverse->devices, diverse->ndevices);
    const size_t nfeatures = rc ? 0 : amkd_predictors_nfeatures(student);
    if (!rc)
        rc = amkd_buffer_new(&features, device, CL_MEM_READ_WRITE,
                             npadded * nfeatures * sizeof(float), NULL);
    if (!rc)
        rc = fill_features(diverse, features, student, candidates, n);
    amkd_predictors_free(student);
    if (!rc) {
        amkd_progress *progress =
            amkd_progress_new("amkd-score, diverse", "picks", k, diverse->quiet);
        rc = amkd_farthest(centres, device, features, nfeatures, n, nfirst ? nfirst : 1,
                           k, progress);
        amkd_progress_free(progress);
    }
    amkd_buffer_free(features);
    return rc;
}

static int compare_numbers(const void *a, const void *b)
{
    const uint32_t *p = a, *q = b;
    return (*p > *q) - (*p < *q);
}

int amkd_diverse_choose(const amkd_diverse *diverse, amkd_pick *chosen, size_t k,
                        const amkd_pick *candidates, size_t n, size_t nfirst)
{
    if (k < 1 || k > n)
        return amkd_fail("cannot choose %zu of %zu candidates", k, n);
    uint32_t *centres = amkd_alloc(k, sizeof *centres);
    if (!centres)
        return -1;
    const int rc =
        find_centres(diverse, centres, k, candidates, n, nfirst < k ? nfirst : k);
    if (!rc) {
        qsort(centres, k, sizeof *centres, compare_numbers);
        for (size_t c = 0; c < k; c++)
            chosen[c] = candidates[centres[c]];
    }
    free(centres);
    return rc;
}

void amkd_diverse_free(amkd_diverse *diverse)
{
    if (!diverse)
        return;
    amkd_model_free(diverse->student);
    free(diverse);
}
