/* Students, images and the float64 scores of their mixes, for the tests of the sweep. */
#ifndef AMKD_TESTS_SWEEP_STUDENTS_H
#define AMKD_TESTS_SWEEP_STUDENTS_H

#include "base/error.h"
#include "steps/selftest/fixture.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>

enum { SEED = 11, NIMAGES = 7 };
static const double TOLERANCE = 1e-5;

typedef amkd_fixture student;

/* Weights three times PyTorch's default, so that scores cover their range. */
static inline student new_student_of(const char *arch_text, amkd_shape in, size_t nimages)
{
    student s;
    ck_assert_msg(!amkd_fixture_new(&s, arch_text, in, nimages, 3, SEED), "%s",
                  amkd_error());
    return s;
}

static inline student new_student(const char *arch_text, amkd_shape in)
{
    return new_student_of(arch_text, in, NIMAGES);
}

static inline void free_student(student *s)
{
    amkd_fixture_clear(s);
}

static inline amkd_device *open_device(const char *vector_width)
{
    amkd_device *device;
    if (vector_width) /* each test is a process of its own */
        setenv("AMKD_VECTOR_WIDTH", vector_width, 1);
    ck_assert_msg(!amkd_device_open(&device, NULL), "%s", amkd_error());
    return device;
}

/* The float64 score of one mix. */
static inline double expected_score(amkd_reference *reference, const student *s,
                                    amkd_pair pair, double lambda, amkd_measure which)
{
    double score = NAN;
    ck_assert(!amkd_fixture_score(&score, s, reference, pair, lambda, which));
    return score;
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
