/* The self-test: its parts in turn, and the count of what failed. */
#include "steps/selftest/selftest.h"
#include "base/error.h"
#include "base/random.h"
#include "steps/selftest/selftest_internal.h"
#include <math.h>

void amkd_selftest_check(amkd_selftest_run *run, const char *what, double error,
                         double tolerance)
{
    run->nchecks++;
    if (!(error <= tolerance)) /* NaN fails too */
        run->nfailed++;
    run->report(run->context, what, error, tolerance);
}

double amkd_selftest_error(double error, double value, double reference)
{
    double here = fabs(value - reference) / (1 + fabs(reference));
    return isnan(error) || error > here ? error : here;
}

float amkd_selftest_draw(uint64_t stream, size_t index)
{
    return (float)(2 * amkd_random_uniform(1, stream, index) - 1);
}

uint8_t *amkd_selftest_pixels(size_t n)
{
    return amkd_fixture_pixels(n, AMKD_SELFTEST_SEED);
}

int amkd_selftest_model(amkd_model **model, const char *text, amkd_shape in)
{
    return amkd_fixture_model(model, text, in, AMKD_SELFTEST_GAIN, AMKD_SELFTEST_SEED);
}

int amkd_selftest(amkd_device *device, amkd_selftest_report *report, void *context)
{
    amkd_selftest_run run = {.device = device, .report = report, .context = context};
    if (amkd_selftest_images(&run) || amkd_selftest_mixup(&run) ||
        amkd_selftest_networks(&run) || amkd_selftest_optimizers(&run) ||
        amkd_selftest_sweeps(&run) || amkd_selftest_farthest(&run))
        return -1;
    if (run.nfailed)
        return amkd_fail("device '%s': %zu of %zu checks are beyond their tolerance",
                         device->name, run.nfailed, run.nchecks);
    return 0;
}
