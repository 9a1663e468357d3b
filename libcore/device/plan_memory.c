/* Plans in the cache, one a work, as JSON:
 *
 *     [{"name": "own, 4 a group", "fate": 1, "seconds": 0.0012, "error": 3e-7,
 *       "when": 1789000000}, ...]   */
#include "device/plan_memory.h"
#include "base/memory.h"
#include "base/version.h"
#include "device/cache.h"
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xxhash.h>

/* For so long a way that failed is left alone: what it lacked, memory often, may be there
 * again, but a library that never works must not delay every start. */
static const double retry_seconds = 24 * 60 * 60;

static XXH64_hash_t digest(const char *source, XXH64_hash_t before)
{
    return XXH3_64bits_withSeed(source, strlen(source), before);
}

static char *plan_key(const amkd_plan *plan, const amkd_device *device)
{
    XXH64_hash_t sources = 0;
    for (size_t s = 0; s < sizeof plan->sources / sizeof *plan->sources; s++)
        if (plan->sources[s])
            sources = digest(plan->sources[s], sources);
    for (const char *const *other = plan->others; other && *other; other++)
        sources = digest(*other, sources);
    return amkd_format("%s\n%s\n%s\n%s\n%s\n%016llx\n%s\n", device->name, device->driver,
                       device->version, device->platform_name, AMKD_VERSION,
                       (unsigned long long)sources, plan->work);
}

/* The JSON array of a plan, NULL when there is none. */
static json_t *load(const amkd_plan *plan, const amkd_device *device)
{
    unsigned char *text;
    size_t nbytes;
    char *key = plan_key(plan, device);
    json_t *ways = NULL;
    if (key && !amkd_cache_load(&text, &nbytes, AMKD_CACHE_PLANS, key)) {
        ways = json_loadb((const char *)text, nbytes, 0, NULL);
        free(text);
    }
    free(key);
    return ways;
}

static void recall_way(amkd_way *way, json_t *ways)
{
    size_t w;
    json_t *kept;
    json_array_foreach (ways, w, kept) {
        const char *name;
        int fate;
        double seconds, error, when;
        if (!json_unpack(kept, "{s:s, s:i, s:F, s:F, s:F}", "name", &name, "fate", &fate,
                         "seconds", &seconds, "error", &error, "when", &when) &&
            !strcmp(name, way->name) && fate >= AMKD_FATE_UNKNOWN &&
            fate <= AMKD_FATE_PASSED &&
            (fate != AMKD_FATE_FAILED ||
             fabs((double)time(NULL) - when) < retry_seconds)) {
            way->fate = (amkd_fate)fate;
            way->seconds = seconds;
            way->error = error;
        }
    }
}

int amkd_plan_recall(amkd_plan *plan, const amkd_device *device)
{
    json_t *ways = load(plan, device);
    size_t nknown = 0, nchosen = 0;
    for (size_t w = 0; w < plan->nways; w++) {
        plan->ways[w].fate = plan->ways[w].run ? AMKD_FATE_UNKNOWN : AMKD_FATE_UNFIT;
        recall_way(&plan->ways[w], ways);
        nknown += plan->ways[w].fate != AMKD_FATE_UNKNOWN;
        if (plan->ways[w].fate == AMKD_FATE_CHOSEN) {
            plan->chosen = w;
            nchosen++;
        }
    }
    json_decref(ways);
    plan->recalled = nchosen == 1;
    if (nchosen != 1 || plan->reckoned)
        plan->chosen = 0;
    return nchosen == 1 && nknown == plan->nways &&
           plan->ways[plan->chosen].fate == AMKD_FATE_CHOSEN;
}

void amkd_plan_remember(const amkd_plan *plan, const amkd_device *device)
{
    json_t *ways = json_array();
    for (size_t w = 0; ways && w < plan->nways; w++)
        json_array_append_new(
            ways,
            json_pack("{s:s, s:i, s:f, s:f, s:f}", "name", plan->ways[w].name, "fate",
                      (int)plan->ways[w].fate, "seconds", plan->ways[w].seconds, "error",
                      plan->ways[w].error, "when", (double)time(NULL)));
    char *text = json_dumps(ways, JSON_COMPACT), *key = plan_key(plan, device);
    if (text && key)
        amkd_cache_store(AMKD_CACHE_PLANS, key, text, strlen(text));
    free(key);
    free(text);
    json_decref(ways);
}
