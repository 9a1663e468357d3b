/* Learning rates over the steps of a training. */
#include "steps/learn/schedule.h"
#include "base/error.h"
#include <math.h>
#include <string.h>

static const double warmup = 0.3, start_divisor = 25, final_divisor = 25e4;

int amkd_schedule_parse(amkd_schedule *schedule, const char *name)
{
    static const char *const names[] = {"constant", "cosine", "onecycle"};
    for (int s = 0; s < 3; s++)
        if (!strcmp(name, names[s])) {
            *schedule = (amkd_schedule)s;
            return 0;
        }
    return amkd_fail("schedule '%s' is none of constant, cosine, onecycle", name);
}

/* From a to b along half a cosine as t goes from 0 to 1. */
static double anneal(double a, double b, double t)
{
    return b + (a - b) * 0.5 * (1 + cos(acos(-1.0) * t));
}

double amkd_schedule_rate(amkd_schedule schedule, double rate, uint64_t step,
                          uint64_t nsteps)
{
    const double at = (double)step;
    if (schedule == AMKD_CONSTANT)
        return rate;
    if (schedule == AMKD_COSINE)
        return anneal(rate, 0, at / (double)nsteps);
    const double last = (double)nsteps - 1, peak = warmup * (double)nsteps - 1;
    if (at <= peak)
        return anneal(rate / start_divisor, rate, at / peak);
    return anneal(rate, rate / final_divisor, (at - peak) / (last - peak));
}
