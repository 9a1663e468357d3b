/* The features of the candidates, a chunk of their pixels at a time, and the farthest of
 * them. */
#include "steps/select/diverse.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/progress.h"
#include "data/images_rows.h"
#include "net/predict_device.h"
#include "ops/farthest.h"
#include <stdlib.h>

/* The most candidates mixed at once: whole lane blocks on any device. */
enum { CHUNK = 4096 };

struct amkd_diverse {
    amkd_device *device;
    amkd_model *student;
    const amkd_images *images;
    int quiet;
};

int amkd_diverse_new(amkd_diverse **out, amkd_device *device, const char *student,
                     const amkd_images *images, int quiet)
{
    const amkd_shape shape = {images->channels, images->height, images->width};
    amkd_diverse *diverse = amkd_alloc(1, sizeof *diverse);
    if (!diverse)
        return -1;
    *diverse = (amkd_diverse){.device = device, .images = images, .quiet = quiet};
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

static int fill_features(const amkd_images *images, cl_mem features,
                         amkd_predictor *student, const amkd_pick *candidates, size_t n)
{
    const size_t chunk = amkd_images_chunk(images, CHUNK);
    uint8_t *pixels = amkd_alloc(chunk, amkd_images_npixels(images));
    amkd_label_key *keys = amkd_alloc(chunk, sizeof *keys);
    int rc = pixels && keys ? 0 : -1;
    for (size_t done = 0; !rc && done < n; done += chunk) {
        const size_t count = n - done < chunk ? n - done : chunk;
        rc = mix(pixels, keys, images, candidates + done, count) ||
                     amkd_predictor_features(student, features, done, pixels, count)
                 ? -1
                 : 0;
    }
    free(pixels);
    free(keys);
    return rc;
}

/* centres[k]: numbers of candidates. */
static int find_centres(const amkd_diverse *diverse, uint32_t *centres, size_t k,
                        const amkd_pick *candidates, size_t n, size_t nfirst)
{
    amkd_device *device = diverse->device;
    amkd_predictor *student = NULL;
    cl_mem features = NULL;
    const size_t nlanes = device->nlanes, npadded = (n + nlanes - 1) / nlanes * nlanes;
    if (!diverse->quiet)
        amkd_device_watch(device, "amkd-score, compiling");
    int rc = amkd_predictor_new(&student, device, diverse->student);
    amkd_device_unwatch(device);
    const size_t nfeatures = rc ? 0 : amkd_predictor_nfeatures(student);
    if (!rc)
        rc = amkd_buffer_new(&features, device, CL_MEM_READ_WRITE,
                             npadded * nfeatures * sizeof(float), NULL);
    if (!rc)
        rc = fill_features(diverse->images, features, student, candidates, n);
    amkd_predictor_free(student);
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
