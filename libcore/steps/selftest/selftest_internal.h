/* What the parts of the self-test share. */
#ifndef AMKD_STEPS_SELFTEST_SELFTEST_INTERNAL_H
#define AMKD_STEPS_SELFTEST_SELFTEST_INTERNAL_H

#include "steps/selftest/fixture.h"
#include "steps/selftest/selftest.h"

/* Of the fixtures here. */
enum { AMKD_SELFTEST_GAIN = 1, AMKD_SELFTEST_SEED = 1 };

typedef struct amkd_selftest_run {
    amkd_device *device;
    amkd_selftest_report *report;
    void *context;
    size_t nchecks, nfailed;
} amkd_selftest_run;

/* Reports one check and counts it. */
void amkd_selftest_check(amkd_selftest_run *run, const char *what, double error,
                         double tolerance);

/* The greater of error and |value - reference| / (1 + |reference|); NaN once either is.
 */
double amkd_selftest_error(double error, double value, double reference);

/* Uniform in [-1, 1): value index of the numbers named stream. */
float amkd_selftest_draw(uint64_t stream, size_t index);

/* As in fixture.h: n random bytes, and a fresh model of a text. */
uint8_t *amkd_selftest_pixels(size_t n);
int amkd_selftest_model(amkd_model **model, const char *text, amkd_shape in);

/* Each returns -1 when something could not be run; what is computed wrongly is counted.
 */
int amkd_selftest_networks(amkd_selftest_run *run);
int amkd_selftest_images(amkd_selftest_run *run);
int amkd_selftest_mixup(amkd_selftest_run *run);
int amkd_selftest_optimizers(amkd_selftest_run *run);
int amkd_selftest_sweeps(amkd_selftest_run *run);
int amkd_selftest_farthest(amkd_selftest_run *run);

#endif
