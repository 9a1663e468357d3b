/* Choosing between ways of doing the same work by timing them once. */
#include "device/plan.h"
#include "base/clock.h"
#include "base/memory.h"
#include "device/plan_memory.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A way is timed until it has run this often or this long, and its best run counts: the
 * least disturbed one. */
enum { RUNS = 20 };
static const double most_seconds = 0.1;

/* How much faster a way must be than the one chosen so far. */
static const double win = 1.05, win_with_other_bits = 1.3;

/* Of the greatest value: the difference from the first way's result, and from float64. */
static const double most_difference = 1e-3, most_error = 1e-4;

typedef struct measurement {
    amkd_device *device;
    amkd_result result;
    float *expected, *values; /* [ncopies][nfloats]: what the first way leaves, and
                                 another; the first copy has the sum */
    int chosen_is_same;       /* bit for bit as the first */
} measurement;

const char *amkd_fate_name(amkd_fate fate)
{
    static const char *const names[] = {"not timed",    "chosen", "slower",
                                        "wrong result", "failed", "not for this device",
                                        "faster"};
    return names[fate];
}

static int best_time(amkd_way *way, amkd_device *device)
{
    const double start = amkd_now();
    double best = INFINITY;
    for (int r = 0; r < RUNS && amkd_now() - start < most_seconds; r++) {
        const double before = amkd_now();
        if (way->run(way->context) || amkd_device_finish(device))
            return -1;
        best = fmin(best, amkd_now() - before);
    }
    way->seconds = best;
    return 0;
}

/* Whether the values equal the expected but for rounding. */
static int close_enough(const measurement *m)
{
    double greatest = 0, difference = 0;
    for (size_t v = 0; v < m->result.nfloats; v++) {
        const double expected = (double)m->expected[v];
        if (!isfinite(m->values[v]))
            return 0;
        greatest = fmax(greatest, fabs(expected));
        difference = fmax(difference, fabs((double)m->values[v] - expected));
    }
    return difference <= most_difference * greatest;
}

/* The greatest difference from a sample, relative to the greatest value; the largest
 * number there is where a value is none. */
static double find_error(const measurement *m, const float *values)
{
    double greatest = 0, difference = 0;
    for (size_t v = 0; v < m->result.nfloats; v++) {
        if (!isfinite(values[v]))
            return DBL_MAX;
        greatest = fmax(greatest, fabs((double)values[v]));
    }
    for (size_t s = 0; s < m->result.nsamples; s++) {
        const amkd_sample *sample = &m->result.samples[s];
        difference = fmax(difference, fabs((double)values[sample->at] - sample->value));
    }
    return greatest > 0 ? difference / greatest : difference;
}

/* Runs a way once, which also compiles whatever it needs, and reads what it leaves where
 * nothing was before. */
static int run_once(const measurement *m, float *values, amkd_way *way)
{
    const size_t nbytes = m->result.ncopies * m->result.nfloats * sizeof *values;
    if (amkd_buffer_zero(m->device, m->result.buffer, nbytes) || way->run(way->context) ||
        amkd_buffer_read(m->device, values, m->result.buffer, 0, nbytes))
        return -1;
    for (size_t c = 1; c < m->result.ncopies; c++)
        for (size_t v = 0; v < m->result.nfloats; v++)
            values[v] += values[c * m->result.nfloats + v];
    way->error = find_error(m, values);
    return 0;
}

static int time_first(measurement *m, amkd_plan *plan)
{
    plan->chosen = 0;
    plan->ways[0].fate = AMKD_FATE_CHOSEN;
    m->chosen_is_same = 1;
    return run_once(m, m->expected, &plan->ways[0]) ||
                   best_time(&plan->ways[0], m->device)
               ? -1
               : 0;
}

static void time_other(measurement *m, amkd_plan *plan, size_t w)
{
    amkd_way *way = &plan->ways[w], *chosen = &plan->ways[plan->chosen];
    way->fate = AMKD_FATE_FAILED;
    if (run_once(m, m->values, way))
        return;
    way->fate = AMKD_FATE_WRONG;
    if (!close_enough(m) || way->error > most_error)
        return;
    way->fate = AMKD_FATE_FAILED;
    if (best_time(way, m->device))
        return;
    const int same =
        !memcmp(m->values, m->expected, m->result.nfloats * sizeof *m->values);
    const double factor = same && m->chosen_is_same ? win : win_with_other_bits;
    way->fate = AMKD_FATE_SLOWER;
    if (way->seconds * factor >= chosen->seconds)
        return;
    way->fate = AMKD_FATE_PASSED;
    if (plan->reckoned)
        return;
    chosen->fate = AMKD_FATE_SLOWER;
    way->fate = AMKD_FATE_CHOSEN;
    m->chosen_is_same = same;
    plan->chosen = w;
}

static int measure(measurement *m, amkd_plan *plan, double deadline)
{
    int rc = m->expected && m->values ? time_first(m, plan) : -1;
    for (size_t w = 1; !rc && w < plan->nways; w++) {
        amkd_way *way = &plan->ways[w];
        way->fate = way->run ? AMKD_FATE_UNKNOWN : AMKD_FATE_UNFIT;
        if (way->run && amkd_now() < deadline)
            time_other(m, plan, w);
    }
    return rc;
}

int amkd_plan_measure(amkd_plan *plan, amkd_device *device, const amkd_result *result,
                      double deadline)
{
    measurement m = {.device = device, .result = *result};
    const size_t nfloats = result->ncopies * result->nfloats;
    m.expected = amkd_alloc(nfloats, sizeof *m.expected);
    m.values = amkd_alloc(nfloats, sizeof *m.values);
    const int rc = measure(&m, plan, deadline);
    free(m.expected);
    free(m.values);
    if (!rc)
        amkd_plan_remember(plan, device);
    return rc;
}

void amkd_plan_clear(amkd_plan *plan)
{
    free(plan->work);
    *plan = (amkd_plan){0};
}
