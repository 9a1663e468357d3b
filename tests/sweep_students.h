/* Students, images and the float64 scores of their mixes, for the tests of the sweep. */
#ifndef AMKD_TESTS_SWEEP_STUDENTS_H
#define AMKD_TESTS_SWEEP_STUDENTS_H

#include "base/error.h"
#include "base/random.h"
#include "graph/reference.h"
#include "sweep/sweep.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>

enum { SEED = 11, NIMAGES = 7 };
static const double TOLERANCE = 1e-5;

typedef struct student {
    amkd_model *model;
    amkd_images images;
} student;

static inline void draw_images(amkd_images *images, size_t n, amkd_shape shape)
{
    *images = (amkd_images){
        .n = n, .height = shape.height, .width = shape.width, .channels = shape.channels};
    const size_t npixels = n * amkd_shape_size(shape);
    images->pixels = malloc(npixels);
    ck_assert_ptr_nonnull(images->pixels);
    for (size_t p = 0; p < npixels; p++)
        images->pixels[p] = (uint8_t)amkd_random_u64(SEED, 1, p);
}

/* Weights three times PyTorch's default, so that scores cover their range. */
static inline student new_student(const char *arch_text, amkd_shape in)
{
    student s;
    amkd_graph graph;
    ck_assert_msg(!amkd_graph_parse(&graph, arch_text, in, 0), "%s", amkd_error());
    ck_assert_msg(!amkd_model_init(&s.model, &graph, SEED), "%s", amkd_error());
    amkd_graph_clear(&graph);
    for (size_t p = 0; p < s.model->graph.nparameters; p++)
        s.model->parameters[p] *= 3;
    for (size_t c = 0; c < in.channels; c++) {
        s.model->mean[c] = 0.3F + 0.1F * (float)c;
        s.model->std[c] = 0.5F - 0.1F * (float)c;
    }
    draw_images(&s.images, NIMAGES, in);
    return s;
}

static inline void free_student(student *s)
{
    amkd_model_free(s->model);
    free(s->images.pixels);
}

static inline amkd_device *open_device(const char *vector_width)
{
    amkd_device *device;
    if (vector_width) /* each test is a process of its own */
        setenv("AMKD_VECTOR_WIDTH", vector_width, 1);
    ck_assert_msg(!amkd_device_open(&device, NULL), "%s", amkd_error());
    return device;
}

static inline double measure(const double *p, size_t n, amkd_measure which)
{
    double first = 0, second = 0, entropy = 0;
    for (size_t y = 0; y < n; y++) {
        if (p[y] > first) {
            second = first;
            first = p[y];
        } else if (p[y] > second) {
            second = p[y];
        }
        if (p[y] > 0)
            entropy += p[y] * log(p[y]);
    }
    return which == AMKD_CONFIDENCE ? first
           : which == AMKD_MARGIN   ? first - second
                                    : entropy;
}

/* The float64 score of one mix. */
static inline double expected_score(amkd_reference *reference, const student *s,
                                    amkd_pair pair, double lambda, amkd_measure which)
{
    const amkd_images *images = &s->images;
    const size_t area = images->height * images->width, nchannels = images->channels;
    const size_t nclasses = s->model->graph.nclasses;
    const uint8_t *a = images->pixels + pair.i * area * nchannels;
    const uint8_t *b = images->pixels + pair.j * area * nchannels;
    double input[3 * 32 * 32], p[64];
    for (size_t c = 0; c < nchannels; c++)
        for (size_t at = 0; at < area; at++) {
            const double x =
                lambda * a[at * nchannels + c] + (1 - lambda) * b[at * nchannels + c];
            input[c * area + at] =
                (x / 255 - (double)s->model->mean[c]) / (double)s->model->std[c];
        }
    amkd_reference_forward(reference, p, input);
    amkd_reference_softmax(p, p, nclasses);
    return measure(p, nclasses, which);
}

/* All pairs of the images, in an order that keeps neither i nor j. */
static inline size_t draw_pairs(amkd_pair *pairs)
{
    size_t n = 0;
    for (uint32_t d = NIMAGES - 1; d > 0; d--)
        for (uint32_t i = 0; i + d < NIMAGES; i++)
            pairs[n++] = (amkd_pair){i, i + d};
    return n;
}

static inline void spread_lambdas(float *lambdas, size_t n)
{
    for (size_t l = 0; l < n; l++)
        lambdas[l] = n == 1 ? 0.3F : (float)l / (float)(n - 1);
}

#endif
