/* A fixture made of random numbers; mixes scored by the reference. */
#include "steps/selftest/fixture.h"
#include "base/memory.h"
#include "base/random.h"
#include <math.h>
#include <stdlib.h>

enum { STREAM_PIXELS = 3 };

uint8_t *amkd_fixture_pixels(size_t n, uint64_t seed)
{
    uint8_t *pixels = amkd_alloc(n, 1);
    for (size_t i = 0; pixels && i < n; i++)
        pixels[i] = (uint8_t)amkd_random_u64(seed, STREAM_PIXELS, i);
    return pixels;
}

int amkd_fixture_model(amkd_model **model, const char *text, amkd_shape in, float gain,
                       uint64_t seed)
{
    amkd_graph graph;
    if (amkd_graph_parse(&graph, text, in, 0))
        return -1;
    const int failed = amkd_model_init(model, &graph, seed + 1);
    amkd_graph_clear(&graph);
    if (failed)
        return -1;
    for (size_t p = 0; p < (*model)->graph.nparameters; p++)
        (*model)->parameters[p] *= gain;
    for (size_t c = 0; c < in.channels; c++) {
        (*model)->mean[c] = 0.3F + 0.1F * (float)c;
        (*model)->std[c] = 0.5F - 0.1F * (float)c;
    }
    return 0;
}

int amkd_fixture_new(amkd_fixture *fixture, const char *arch, amkd_shape in,
                     size_t nimages, float gain, uint64_t seed)
{
    *fixture = (amkd_fixture){.images = {.n = nimages,
                                         .height = in.height,
                                         .width = in.width,
                                         .channels = in.channels}};
    fixture->images.pixels = amkd_fixture_pixels(nimages * amkd_shape_size(in), seed);
    if (fixture->images.pixels &&
        !amkd_fixture_model(&fixture->model, arch, in, gain, seed))
        return 0;
    amkd_fixture_clear(fixture);
    return -1;
}

void amkd_fixture_clear(amkd_fixture *fixture)
{
    amkd_model_free(fixture->model);
    free(fixture->images.pixels);
    *fixture = (amkd_fixture){0};
}

void amkd_fixture_normalize(double *input, const amkd_model *model, const double *pixels)
{
    const amkd_shape in = model->graph.in;
    const size_t n = in.height * in.width;
    for (size_t c = 0; c < in.channels; c++)
        for (size_t p = 0; p < n; p++)
            input[c * n + p] =
                (pixels[p * in.channels + c] / 255 - (double)model->mean[c]) /
                (double)model->std[c];
}

double amkd_fixture_measure(const double *probs, size_t n, amkd_measure which)
{
    double first = 0, second = 0, entropy = 0;
    for (size_t y = 0; y < n; y++) {
        if (probs[y] > first) {
            second = first;
            first = probs[y];
        } else if (probs[y] > second) {
            second = probs[y];
        }
        entropy += probs[y] > 0 ? probs[y] * log(probs[y]) : 0;
    }
    return which == AMKD_CONFIDENCE ? first
           : which == AMKD_MARGIN   ? first - second
                                    : entropy;
}

int amkd_fixture_score(double *score, const amkd_fixture *fixture,
                       amkd_reference *reference, amkd_pair pair, double lambda,
                       amkd_measure which)
{
    const amkd_model *model = fixture->model;
    const size_t nin = amkd_shape_size(model->graph.in), nclasses = model->graph.nclasses;
    const uint8_t *a = fixture->images.pixels + pair.i * nin;
    const uint8_t *b = fixture->images.pixels + pair.j * nin;
    double *mixed = amkd_alloc(2 * nin + nclasses, sizeof *mixed);
    if (!mixed)
        return -1;
    double *input = mixed + nin, *probs = input + nin;
    for (size_t p = 0; p < nin; p++)
        mixed[p] = lambda * a[p] + (1 - lambda) * b[p];
    amkd_fixture_normalize(input, model, mixed);
    amkd_reference_forward(reference, probs, input);
    amkd_reference_softmax(probs, probs, nclasses);
    *score = amkd_fixture_measure(probs, nclasses, which);
    free(mixed);
    return 0;
}
