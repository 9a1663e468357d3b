/* Self-test of mixing and views, which must be exact, and of prediction from uint8
 * pixels. */
#include "base/error.h"
#include "base/memory.h"
#include "data/mix.h"
#include "graph/reference.h"
#include "net/predict.h"
#include "ops/augment.h"
#include "ops/batch.h"
#include "steps/selftest/selftest_internal.h"
#include <stdlib.h>

enum { NIMAGES = 5, NMIXES = 70 };

static amkd_label_key mix_key(size_t m)
{
    static const float lambdas[] = {1, 0, 0.5F, 0.3F, 0.7F, 1e-5F, 0.99999F};
    return (amkd_label_key){.i = (uint32_t)(m % NIMAGES),
                            .j = (uint32_t)(m / NIMAGES % NIMAGES),
                            .lambda = lambdas[m % (sizeof lambdas / sizeof *lambdas)]};
}

static int check_mixes(amkd_selftest_run *run)
{
    amkd_images images = {.n = NIMAGES, .height = 7, .width = 5, .channels = 3};
    const size_t npixels = amkd_images_npixels(&images);
    images.pixels = amkd_selftest_pixels(NIMAGES * npixels);
    uint8_t *got = amkd_alloc(NMIXES, npixels), *expected = amkd_alloc(1, npixels);
    amkd_label_key *keys = amkd_alloc(NMIXES, sizeof *keys);
    amkd_batches *batches = NULL;
    int failed = !images.pixels || !got || !expected || !keys;
    for (size_t m = 0; m < NMIXES && !failed; m++)
        keys[m] = mix_key(m);
    failed = failed ||
             amkd_batches_new(&batches, run->device, images.height, images.width,
                              images.channels) ||
             amkd_batches_images(batches, images.pixels, images.n) ||
             amkd_batches_keys(batches, keys, NMIXES) || amkd_batches_mix(batches, got);
    double error = 0;
    for (size_t m = 0; m < NMIXES && !failed; m++) {
        amkd_mix_u8(expected, images.pixels + keys[m].i * npixels,
                    images.pixels + keys[m].j * npixels, amkd_mix_weight(keys[m].lambda),
                    npixels);
        for (size_t p = 0; p < npixels; p++)
            error = amkd_selftest_error(error, got[m * npixels + p], expected[p]);
    }
    amkd_batches_free(batches);
    free(images.pixels);
    free(got);
    free(expected);
    free(keys);
    if (failed)
        return amkd_fail_in("mixing");
    amkd_selftest_check(run, "mixed pixels", error, 0);
    return 0;
}

static int check_views(amkd_selftest_run *run)
{
    enum { H = 7, W = 5, C = 3, NPIXELS = H * W * C };
    const amkd_view_options options = {.ranges = {.flip = 0.5,
                                                  .crop = 1,
                                                  .shift = 0.2,
                                                  .rotate = 180,
                                                  .scale = 0.5,
                                                  .shear = 0.2,
                                                  .contrast = 0.5,
                                                  .brightness = 0.2,
                                                  .saturation = 0.5,
                                                  .erase = 0.5,
                                                  .elastic = 0.2},
                                       .border = AMKD_BORDER_MEAN,
                                       .around_mean = 1};
    amkd_augmenter *augmenter = NULL;
    uint8_t *images = amkd_selftest_pixels((size_t)NIMAGES * NPIXELS);
    uint8_t *got = amkd_alloc(NMIXES, NPIXELS), expected[NPIXELS], means[C];
    amkd_view *views = amkd_alloc(NMIXES, sizeof *views);
    int failed = !images || !got || !views;
    for (size_t v = 0; v < NMIXES && !failed; v++)
        amkd_view_draw(&views[v], &options, H, W, v % NIMAGES, v);
    failed = failed || amkd_augmenter_new(&augmenter, run->device, &options, H, W, C) ||
             amkd_augmenter_run(augmenter, got, images, NIMAGES, views, NMIXES);
    double error = 0;
    for (size_t v = 0; v < NMIXES && !failed; v++) {
        const uint8_t *image = images + (size_t)views[v].image * NPIXELS;
        amkd_view_means(means, image, (size_t)H * W, C);
        amkd_view_apply(expected, &views[v], &options, image, means, H, W, C);
        for (size_t p = 0; p < NPIXELS; p++)
            error = amkd_selftest_error(error, got[v * NPIXELS + p], expected[p]);
    }
    amkd_augmenter_free(augmenter);
    free(images);
    free(got);
    free(views);
    if (failed)
        return amkd_fail_in("views");
    amkd_selftest_check(run, "pixels of views", error, 0);
    return 0;
}

static int compare_predictions(double *error, const amkd_model *model, const float *probs,
                               const uint8_t *pixels, size_t n)
{
    const size_t nin = amkd_shape_size(model->graph.in), nclasses = model->graph.nclasses;
    amkd_reference *reference = NULL;
    double *scratch = amkd_alloc(2 * nin + nclasses, sizeof *scratch);
    const int failed =
        !scratch || amkd_reference_new(&reference, &model->graph, model->parameters, 1);
    for (size_t s = 0; s < n && !failed; s++) {
        double *input = scratch + nin, *expected = input + nin;
        for (size_t i = 0; i < nin; i++)
            scratch[i] = pixels[s * nin + i];
        amkd_fixture_normalize(input, model, scratch);
        amkd_reference_forward(reference, expected, input);
        amkd_reference_softmax(expected, expected, nclasses);
        for (size_t y = 0; y < nclasses; y++)
            *error =
                amkd_selftest_error(*error, (double)probs[s * nclasses + y], expected[y]);
    }
    amkd_reference_free(reference);
    free(scratch);
    return failed ? -1 : 0;
}

static int check_predictions(amkd_selftest_run *run)
{
    enum { N = 37 };
    const amkd_shape in = {3, 11, 9};
    amkd_model *model = NULL;
    amkd_predictor *predictor = NULL;
    double error = 0;
    uint8_t *pixels = amkd_selftest_pixels(N * amkd_shape_size(in));
    float *probs = amkd_alloc(N * 4, sizeof *probs);
    const int failed =
        !pixels || !probs ||
        amkd_selftest_model(&model, "conv 5 k3 | relu | maxpool 2 | fc 4", in) ||
        amkd_predictor_new(&predictor, run->device, model) ||
        amkd_predictor_run(predictor, probs, pixels, N) ||
        compare_predictions(&error, model, probs, pixels, N);
    amkd_predictor_free(predictor);
    amkd_model_free(model);
    free(pixels);
    free(probs);
    if (failed)
        return amkd_fail_in("prediction");
    amkd_selftest_check(run, "probabilities from pixels", error, 1e-5);
    return 0;
}

int amkd_selftest_images(amkd_selftest_run *run)
{
    return check_mixes(run) || check_views(run) || check_predictions(run) ? -1 : 0;
}
