/* The fused kernel held against the float64 reference before it is trusted: it is written
 * for each student anew, and compilers exist that get it wrong. */
#include "base/error.h"
#include "base/memory.h"
#include "data/images_rows.h"
#include "graph/reference.h"
#include "sweep/sweep_internal.h"
#include <math.h>
#include <stdlib.h>

enum { NCHECKS = 16 }; /* evaluations: as many as the widest vector has lanes */

static const double TOLERANCE = 1e-4;

static double score_of(const double *probs, size_t n, amkd_measure measure)
{
    double first = 0, second = 0, entropy = 0;
    for (size_t y = 0; y < n; y++) {
        second = fmax(second, fmin(first, probs[y]));
        first = fmax(first, probs[y]);
        entropy += probs[y] > 0 ? probs[y] * log(probs[y]) : 0;
    }
    return measure == AMKD_CONFIDENCE ? first
           : measure == AMKD_MARGIN   ? first - second
                                      : entropy;
}

/* input[c][y][x] = the normalized mix of two images. */
static void mix(double *input, const amkd_model *model, const amkd_images *images,
                const uint8_t *a, const uint8_t *b, double lambda)
{
    const size_t npixels = amkd_images_npixels(images), nchannels = images->channels;
    for (size_t p = 0; p < npixels; p++) {
        const size_t c = p % nchannels;
        const double x = (lambda * a[p] + (1 - lambda) * b[p]) / 255;
        input[c * (npixels / nchannels) + p / nchannels] =
            (x - (double)model->mean[c]) / (double)model->std[c];
    }
}

static int compare(const float *scores, const amkd_pair *pairs, const amkd_model *model,
                   const amkd_images *images, const amkd_sweep_options *options)
{
    const size_t nclasses = model->graph.nclasses, npixels = amkd_images_npixels(images);
    uint8_t *pixels = amkd_alloc(2, npixels);
    double *input = amkd_alloc(npixels, sizeof *input);
    double *probs = amkd_alloc(nclasses, sizeof *probs);
    amkd_reference *reference = NULL;
    int rc = pixels && input && probs ? 0 : -1;
    if (!rc)
        rc = amkd_reference_new(&reference, &model->graph, model->parameters, 1);
    for (size_t e = 0; !rc && e < NCHECKS; e++) {
        const amkd_pair pair = pairs[e / options->nlambdas];
        rc = amkd_images_gather(pixels, images, (const uint32_t[]){pair.i, pair.j}, 2);
        if (rc)
            break;
        mix(input, model, images, pixels, pixels + npixels,
            (double)options->lambdas[e % options->nlambdas]);
        amkd_reference_forward(reference, probs, input);
        amkd_reference_softmax(probs, probs, nclasses);
        const double expected = score_of(probs, nclasses, options->measure);
        /* Sums that overflow float32 are no fault of the kernel's. */
        if (isfinite(scores[e]) && fabs((double)scores[e] - expected) > TOLERANCE)
            rc = amkd_fail("the fused kernel scores %g where %g is right: this device's "
                           "compiler fails on it",
                           (double)scores[e], expected);
    }
    amkd_reference_free(reference);
    free(pixels);
    free(input);
    free(probs);
    return rc;
}

int amkd_fused_check(amkd_fused *fused, amkd_device *device, const amkd_model *model,
                     const amkd_images *images, size_t nimages,
                     const amkd_sweep_options *options)
{
    const size_t nlambdas = options->nlambdas;
    const size_t npairs = (NCHECKS + nlambdas - 1) / nlambdas;
    const size_t nlanes = device->nlanes;
    const size_t room = (npairs * nlambdas + nlanes - 1) / nlanes * nlanes;
    amkd_pair pairs[NCHECKS];
    float scores[NCHECKS];
    for (size_t p = 0; p < npairs; p++)
        pairs[p] = (amkd_pair){(uint32_t)(p % nimages), (uint32_t)((p + 1) % nimages)};
    cl_mem on_device = NULL, result = NULL;
    int rc = amkd_buffer_new(&on_device, device, CL_MEM_READ_ONLY, npairs * sizeof *pairs,
                             pairs);
    if (!rc)
        rc = amkd_buffer_new(&result, device, CL_MEM_READ_WRITE, room * sizeof *scores,
                             NULL);
    if (!rc)
        rc = amkd_fused_run(fused, result, on_device, npairs);
    if (!rc)
        rc = amkd_buffer_read(device, scores, result, 0, sizeof scores);
    if (!rc)
        rc = compare(scores, pairs, model, images, options);
    amkd_buffer_free(on_device);
    amkd_buffer_free(result);
    return rc;
}
