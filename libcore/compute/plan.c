/* Choosing between ways of doing the same work by timing them once. */
#include "compute/plan.h"
#include "base/memory.h"
#include "base/progress.h"
#include "compute/cache.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A way is timed until it has run this often or this long, and its best run counts: the
 * least disturbed one. */
enum { RUNS = 20 };
static const double most_seconds = 0.2;

/* A way takes the place of the one before only when it is faster by this: sums in another
 * order have other last bits, which noise must not choose. */
static const double clear_win = 1.3;

static char *plan_key(const amkd_device *device, const char *work)
{
    return amkd_format("plan\n%s\n%s\n%s\n%s\n", device->name, device->driver,
                       device->version, work);
}

/* The way remembered under key, if it is still one of these. */
static int recall(size_t *way, const char *key, const amkd_plan_way *ways, size_t nways)
{
    unsigned char *name;
    size_t nbytes, w = nways;
    if (amkd_cache_load(&name, &nbytes, AMKD_CACHE_PLANS, key))
        return -1;
    for (w = 0; w < nways; w++)
        if (nbytes == strlen(ways[w].name) && !memcmp(name, ways[w].name, nbytes))
            break;
    free(name);
    *way = w;
    return w < nways ? 0 : -1;
}

static int best_time(double *seconds, amkd_device *device, const amkd_plan_way *way,
                     void *context)
{
    const double start = amkd_now();
    *seconds = INFINITY;
    for (int r = 0; r < RUNS && amkd_now() - start < most_seconds; r++) {
        const double before = amkd_now();
        if (way->run(context) || amkd_device_finish(device))
            return -1;
        *seconds = fmin(*seconds, amkd_now() - before);
    }
    return 0;
}

/* Whether values equal expected but for rounding. */
static int same(const float *values, const float *expected, size_t n)
{
    double greatest = 0, difference = 0;
    for (size_t v = 0; v < n; v++) {
        if (!isfinite(values[v]))
            return 0;
        greatest = fmax(greatest, fabs((double)expected[v]));
        difference = fmax(difference, fabs((double)values[v] - (double)expected[v]));
    }
    return difference <= 1e-3 * greatest;
}

/* Runs a way once, which also compiles whatever it needs, and reads what it leaves. */
static int run_once(float *values, amkd_device *device, const amkd_plan_way *way,
                    cl_mem result, size_t nfloats, void *context)
{
    return way->run(context) ||
                   amkd_buffer_read(device, values, result, 0, nfloats * sizeof *values)
               ? -1
               : 0;
}

static int measure(size_t *fastest, amkd_device *device, const amkd_plan_way *ways,
                   size_t nways, cl_mem result, size_t nfloats, void *context)
{
    float *expected = amkd_alloc(nfloats, sizeof *expected);
    float *values = amkd_alloc(nfloats, sizeof *values);
    double best, seconds;
    int rc = !expected || !values ||
                     run_once(expected, device, &ways[0], result, nfloats, context) ||
                     best_time(&best, device, &ways[0], context)
                 ? -1
                 : 0;
    *fastest = 0;
    for (size_t w = 1; !rc && w < nways; w++)
        if (!run_once(values, device, &ways[w], result, nfloats, context) &&
            same(values, expected, nfloats) &&
            !best_time(&seconds, device, &ways[w], context) &&
            seconds * clear_win < best) {
            best = seconds;
            *fastest = w;
        }
    free(expected);
    free(values);
    return rc;
}

int amkd_plan_choose(size_t *fastest, amkd_device *device, const char *work,
                     const amkd_plan_way *ways, size_t nways, cl_mem result,
                     size_t nfloats, void *context)
{
    char *key = plan_key(device, work);
    if (!key)
        return -1;
    int rc = 0;
    if (recall(fastest, key, ways, nways)) {
        rc = measure(fastest, device, ways, nways, result, nfloats, context);
        if (!rc)
            amkd_cache_store(AMKD_CACHE_PLANS, key, ways[*fastest].name,
                             strlen(ways[*fastest].name));
    }
    free(key);
    return rc;
}
