/* Calibration by bins of the top probability, and two scores that are proper. */
#include "steps/learn/calibration.h"
#include "base/interval.h"
#include "steps/learn/evaluate.h"
#include <math.h>

/* In float, in which 0.8 is no more than the upper end of the bin that ends there. */
static void add_to_bin(amkd_calibration *calibration, float top, int right)
{
    const float at = ceilf(top * AMKD_NBINS) - 1;
    const size_t b = at < 0 ? 0 : at < AMKD_NBINS ? (size_t)at : AMKD_NBINS - 1;
    calibration->n++;
    calibration->bins[b].n++;
    calibration->bins[b].nright += (size_t)right;
    calibration->bins[b].sum_top += (double)top;
}

static void add_class(amkd_calibration *calibration, double p, double target)
{
    calibration->sum_log -= target > 0 ? target * log(fmax(p, 1e-30)) : 0;
    calibration->sum_squares += (p - target) * (p - target);
}

void amkd_calibration_add(amkd_calibration *calibration, const float *p, size_t truth,
                          size_t nclasses)
{
    const size_t top = amkd_top_class(p, nclasses);
    for (size_t c = 0; c < nclasses; c++)
        add_class(calibration, p[c], c == truth);
    add_to_bin(calibration, p[top], top == truth);
}

void amkd_calibration_add_soft(amkd_calibration *calibration, const float *p,
                               const float *target, size_t nclasses)
{
    const size_t top = amkd_top_class(p, nclasses);
    for (size_t c = 0; c < nclasses; c++)
        add_class(calibration, p[c], target[c]);
    add_to_bin(calibration, p[top], top == amkd_top_class(target, nclasses));
}

static double mean(double sum, size_t n)
{
    return n ? sum / (double)n : 0;
}

double amkd_calibration_error(const amkd_calibration *calibration)
{
    double sum = 0;
    for (size_t b = 0; b < AMKD_NBINS; b++)
        sum += fabs(calibration->bins[b].sum_top - (double)calibration->bins[b].nright);
    return mean(sum, calibration->n);
}

double amkd_calibration_log_loss(const amkd_calibration *calibration)
{
    return mean(calibration->sum_log, calibration->n);
}

double amkd_calibration_brier(const amkd_calibration *calibration)
{
    return mean(calibration->sum_squares, calibration->n);
}

static double low_of(size_t b)
{
    return (double)b / AMKD_NBINS;
}

json_t *amkd_reliability_json(const amkd_calibration *calibration)
{
    json_t *rows = json_array();
    for (size_t b = 0; b < AMKD_NBINS; b++) {
        const amkd_bin *bin = &calibration->bins[b];
        if (!bin->n)
            continue;
        const amkd_interval interval = amkd_interval_share(bin->nright, bin->n);
        json_array_append_new(
            rows, json_pack("{s:f, s:f, s:I, s:f, s:f, s:o}", "low", low_of(b), "high",
                            low_of(b + 1), "count", (json_int_t)bin->n, "confidence",
                            mean(bin->sum_top, bin->n), "right",
                            mean((double)bin->nright, bin->n), "right_interval",
                            amkd_interval_json(interval)));
    }
    return rows;
}

void amkd_reliability_print(FILE *out, const amkd_calibration *calibration)
{
    fprintf(out, "%-15s %6s %9s %9s %15s\n", "top", "n", "mean top", "right",
            "95 % interval");
    for (size_t b = 0; b < AMKD_NBINS; b++) {
        const amkd_bin *bin = &calibration->bins[b];
        if (!bin->n)
            continue;
        const amkd_interval interval = amkd_interval_share(bin->nright, bin->n);
        fprintf(out, "%.4f-%.4f   %6zu %9.4f %9.4f   %.4f-%.4f\n", low_of(b),
                low_of(b + 1), bin->n, mean(bin->sum_top, bin->n),
                mean((double)bin->nright, bin->n), interval.low, interval.high);
    }
}
