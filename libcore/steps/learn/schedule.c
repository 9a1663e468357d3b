/* Learning rates over the steps of a training. */
#include "steps/learn/schedule.h"
#include "base/error.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of onecycle. */
static const double rise = 0.3, start_divisor = 25, final_divisor = 25e4;

/* Of multistep. */
static const double milestone_factor = 0.1;

int amkd_schedule_parse(amkd_schedule *schedule, const char *name)
{
    static const char *const names[] = {"constant", "cosine", "onecycle", "multistep"};
    for (int s = 0; s < 4; s++)
        if (!strcmp(name, names[s])) {
            schedule->kind = (amkd_schedule_kind)s;
            return 0;
        }
    return amkd_fail("schedule '%s' is none of constant, cosine, onecycle, multistep",
                     name);
}

int amkd_schedule_parse_milestones(amkd_schedule *schedule, const char *text)
{
    const char *at = text;
    double before = 0;
    schedule->nmilestones = 0;
    for (;;) {
        char *end;
        const double milestone = strtod(at, &end);
        if (end == at || (*end && *end != ',') || !(milestone > before && milestone < 1))
            return amkd_fail("milestones '%s': expected rising numbers between 0 and 1, "
                             "with commas",
                             text);
        if (schedule->nmilestones == AMKD_MAX_MILESTONES)
            return amkd_fail("milestones '%s': more than %d", text, AMKD_MAX_MILESTONES);
        schedule->milestones[schedule->nmilestones++] = before = milestone;
        if (!*end)
            return 0;
        at = end + 1;
    }
}

int amkd_schedule_check(const amkd_schedule *schedule)
{
    if (schedule->warmup > 0 && schedule->kind == AMKD_ONECYCLE)
        return amkd_fail("a warm-up is not for onecycle, which has its own");
    if (schedule->warmup >= 1)
        return amkd_fail("a warm-up of all the steps leaves none at the full rate: "
                         "expected less than 1");
    if (schedule->kind == AMKD_MULTISTEP && schedule->nmilestones &&
        schedule->warmup >= schedule->milestones[0])
        return amkd_fail("the warm-up, %g of the steps, does not end before the first "
                         "milestone, %g",
                         schedule->warmup, schedule->milestones[0]);
    return 0;
}

/* From a to b along half a cosine as t goes from 0 to 1. */
static double anneal(double a, double b, double t)
{
    return b + (a - b) * 0.5 * (1 + cos(acos(-1.0) * t));
}

static double one_cycle(double rate, double step, double nsteps)
{
    const double last = nsteps - 1, peak = rise * nsteps - 1;
    if (step <= peak)
        return anneal(rate / start_divisor, rate, step / peak);
    return anneal(rate, rate / final_divisor, (step - peak) / (last - peak));
}

/* The first step of those behind a share of them. */
static double step_at(double share, double nsteps)
{
    return floor(share * nsteps + 0.5);
}

double amkd_schedule_rate(const amkd_schedule *schedule, uint64_t step, uint64_t nsteps)
{
    const double at = (double)step, n = (double)nsteps;
    if (schedule->kind == AMKD_ONECYCLE)
        return one_cycle(schedule->rate, at, n);
    const double begin = step_at(schedule->warmup, n);
    if (at < begin)
        return schedule->rate * (at + 1) / (begin + 1);
    if (schedule->kind == AMKD_COSINE)
        return anneal(schedule->rate, 0, (at - begin) / (n - begin));
    double rate = schedule->rate;
    for (size_t m = 0; schedule->kind == AMKD_MULTISTEP && m < schedule->nmilestones; m++)
        if (at >= step_at(schedule->milestones[m], n))
            rate *= milestone_factor;
    return rate;
}
