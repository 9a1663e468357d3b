/* How far probabilities are what they say they are: of all answers whose top probability
 * is 0.8, eight of ten should be right. */
#ifndef AMKD_STEPS_LEARN_CALIBRATION_H
#define AMKD_STEPS_LEARN_CALIBRATION_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* As many bins of equal width as Guo et al. take (C. Guo, G. Pleiss, Y. Sun,
 * K. Q. Weinberger, "On calibration of modern neural networks", ICML 2017). */
enum { AMKD_NBINS = 15 };

/* Of the answers whose top probability is above low and at most high. */
typedef struct amkd_bin {
    size_t n, nright;
    double sum_top; /* of the top probabilities */
} amkd_bin;

typedef struct amkd_calibration {
    size_t n;
    double sum_log, sum_squares; /* of the answers' log losses, and Brier scores */
    amkd_bin
        bins[AMKD_NBINS]; /* bin b: above b / AMKD_NBINS, up to (b + 1) / AMKD_NBINS */
} amkd_calibration;       /* begins zeroed */

/* Adds p[nclasses], an answer about what is of class truth. Of equal top probabilities
 * the first class counts. */
void amkd_calibration_add(amkd_calibration *calibration, const float *p, size_t truth,
                          size_t nclasses);

/* The same about what another said target[nclasses] of, probabilities that sum to one:
 * right is who has the same top class. */
void amkd_calibration_add_soft(amkd_calibration *calibration, const float *p,
                               const float *target, size_t nclasses);

/* Expected calibration error: sum over bins of n_b / n |mean top_b - share right_b|, 0 to
 * 1 (Guo et al., Eq. 3). This and the following are 0 where nothing was added. */
double amkd_calibration_error(const amkd_calibration *calibration);

/* Mean of - sum target log p, in nats, p at least 1e-30. */
double amkd_calibration_log_loss(const amkd_calibration *calibration);

/* Mean of sum (p - target)^2, 0 to 2 (G. W. Brier, Monthly Weather Review 78, 1950, 1-3).
 */
double amkd_calibration_brier(const amkd_calibration *calibration);

/* The bins that have answers: [{"low", "high", "count", "confidence": the mean of their
 * top probabilities, "right": their share, "right_interval": [low, high] of 95 %}]. */
json_t *amkd_reliability_json(const amkd_calibration *calibration);

/* The same as a table for people. */
void amkd_reliability_print(FILE *out, const amkd_calibration *calibration);

#endif
