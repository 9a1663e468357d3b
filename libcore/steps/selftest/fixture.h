/* Random networks and images, and what is true of them in float64: what the self-test,
 * and the unit tests, hold kernels against. */
#ifndef AMKD_STEPS_SELFTEST_FIXTURE_H
#define AMKD_STEPS_SELFTEST_FIXTURE_H

#include "data/images.h"
#include "net/model.h"
#include "graph/reference.h"
#include "stream/rows.h"
#include "sweep/sweep.h"

typedef struct amkd_fixture {
    amkd_model *model;
    amkd_images
        images; /* of the shape that the model takes; n, shape and pixels are set */
} amkd_fixture;

/* The model of a text and nimages images. Weights are gain times what they begin a
 * training with: above 1 scores cover more of their range. */
int amkd_fixture_new(amkd_fixture *fixture, const char *arch, amkd_shape in,
                     size_t nimages, float gain, uint64_t seed);
void amkd_fixture_clear(amkd_fixture *fixture); /* a zeroed one is fine */

/* Its parts. A model has a mean and a std of its own for each channel; n random bytes are
 * freed with free(). */
int amkd_fixture_model(amkd_model **model, const char *arch, amkd_shape in, float gain,
                       uint64_t seed);
uint8_t *amkd_fixture_pixels(size_t n, uint64_t seed);

/* input[channel][y][x] = what the model sees of pixels[y][x][channel], 0..255. */
void amkd_fixture_normalize(double *input, const amkd_model *model, const double *pixels);

/* The score of probabilities[n]. */
double amkd_fixture_measure(const double *probs, size_t n, amkd_measure which);

/* The score of a pair's mix, unrounded; reference is of the fixture's model. */
int amkd_fixture_score(double *score, const amkd_fixture *fixture,
                       amkd_reference *reference, amkd_pair pair, double lambda,
                       amkd_measure which);

#endif
