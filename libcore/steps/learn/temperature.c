/* The cross entropy is convex in 1 / T, so its slope there is 0 once: Newton's steps, and
 * halves of the bracket where a step would leave it. */
#include "steps/learn/temperature.h"
#include "base/error.h"
#include <math.h>

static const double LOWEST = 0.01, HIGHEST = 100;

typedef struct fit {
    const float *logits, *targets; /* [n][nclasses] */
    size_t n, nclasses;
} fit;

/* Adds a row's slope and curvature of the cross entropy by b = 1 / T. With q = softmax(b
 * z) these are E_q[z] - E_target[z] and the variance of z under q. */
static void add_row(double *slope, double *curvature, const float *z, const float *target,
                    size_t nclasses, double b)
{
    double top = z[0], sum = 0, first = 0, second = 0, total = 0, expected = 0;
    for (size_t c = 1; c < nclasses; c++)
        top = fmax(top, z[c]);
    for (size_t c = 0; c < nclasses; c++) {
        const double below = z[c] - top, q = exp(b * below);
        sum += q;
        first += q * below;
        second += q * below * below;
        total += target[c];
        expected += target[c] * below;
    }
    const double mean = first / sum;
    *slope += total * mean - expected;
    *curvature += total * (second / sum - mean * mean);
}

static double slope_at(double *curvature, const fit *f, double b)
{
    double slope = 0;
    *curvature = 0;
    for (size_t r = 0; r < f->n; r++)
        add_row(&slope, curvature, f->logits + r * f->nclasses,
                f->targets + r * f->nclasses, f->nclasses, b);
    return slope;
}

/* The root of the slope between low and high, where it is below 0 and above it. */
static double find_root(const fit *f, double low, double high)
{
    enum { MOST_STEPS = 200 };
    double b = 1;
    for (int step = 0; step < MOST_STEPS; step++) {
        double curvature;
        const double slope = slope_at(&curvature, f, b);
        if (slope < 0)
            low = b;
        else
            high = b;
        double next = b - slope / curvature;
        if (!(next > low && next < high))
            next = sqrt(low * high);
        if (fabs(next - b) <= 1e-9 * b)
            return next;
        b = next;
    }
    return b;
}

int amkd_temperature_fit(float *temperature, const float *logits, const float *targets,
                         size_t n, size_t nclasses)
{
    const fit f = {logits, targets, n, nclasses};
    double curvature;
    for (size_t i = 0; i < n * nclasses; i++)
        if (!isfinite(logits[i]))
            return amkd_fail("a logit is not finite: the model's sums overflow");
    if (slope_at(&curvature, &f, 1 / HIGHEST) >= 0)
        return amkd_fail(
            "the logits say nothing of the %zu answers: no temperature up to "
            "%g is best",
            n, HIGHEST);
    if (slope_at(&curvature, &f, 1 / LOWEST) <= 0)
        return amkd_fail("the %zu answers are all as sure as can be: no temperature down "
                         "to %g is best",
                         n, LOWEST);
    *temperature = (float)(1 / find_root(&f, 1 / HIGHEST, 1 / LOWEST));
    return 0;
}
