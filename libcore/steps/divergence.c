/* In float64, class by class, so that no answer's place among the others counts. */
#include "steps/divergence.h"
#include <math.h>

double amkd_divergence(const float *probs, size_t stride, size_t n, size_t nclasses)
{
    double total = 0;
    for (size_t c = 0; c < nclasses; c++) {
        double mean = 0;
        for (size_t m = 0; m < n; m++)
            mean += (double)probs[m * stride + c] / (double)n;
        for (size_t m = 0; m < n; m++) {
            const double p = (double)probs[m * stride + c];
            total += p > 0 ? p * log(p / mean) : 0;
        }
    }
    return total / (double)n;
}
