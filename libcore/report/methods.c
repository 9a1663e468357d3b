/* Runs grouped by what they were made with, named by what differs, averaged. */
#include "report/methods.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The parameters that say what is picked and of how many pairs, if not of all. */
#define BY "amkd-score --by"
#define POOL "amkd-pool --pairs"

/* Welford's running mean and variance. */
void amkd_mean_add(amkd_mean *mean, double value)
{
    const double squares =
        mean->n > 1 ? mean->deviation * mean->deviation * (double)(mean->n - 1) : 0;
    const double before = value - mean->mean;
    mean->low = mean->n && mean->low < value ? mean->low : value;
    mean->high = mean->n && mean->high > value ? mean->high : value;
    mean->n++;
    mean->mean += before / (double)mean->n;
    mean->deviation =
        mean->n > 1
            ? sqrt((squares + before * (value - mean->mean)) / (double)(mean->n - 1))
            : 0;
}

/* ------------------------------------------------------------------------- groups */

static int is_size(const char *key)
{
    return !strncmp(key, AMKD_SIZES, strlen(AMKD_SIZES));
}

/* Whether all parameters of a are b's, but for sizes, and for the pool unless with_pool.
 */
static int has_all(const json_t *a, const json_t *b, int with_pool)
{
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)a, key, value) {
        if (!is_size(key) && (with_pool || strcmp(key, POOL)) &&
            !json_equal(value, json_object_get(b, key)))
            return 0;
    }
    return 1;
}

/* A pool is of all pairs where there are no more: with fewer images the same run has one.
 */
static int same_family(const amkd_run *a, const amkd_run *b, int with_pool)
{
    const json_t *pool_a = json_object_get(a->parameters, POOL);
    const json_t *pool_b = json_object_get(b->parameters, POOL);
    if (!with_pool && (a->nimages == b->nimages || (pool_a && pool_b)))
        return 0;
    return has_all(a->parameters, b->parameters, with_pool) &&
           has_all(b->parameters, a->parameters, with_pool);
}

static int same_method(const amkd_run *a, const amkd_run *b)
{
    return json_equal(a->parameters, b->parameters);
}

static int add_run(amkd_methods *methods, const amkd_run *run)
{
    size_t m = 0, family = methods->nfamilies;
    while (m < methods->n && !same_method(methods->methods[m].runs[0], run))
        m++;
    if (m == methods->n) {
        amkd_method *grown = amkd_realloc(methods->methods, m + 1, sizeof *grown);
        if (!grown)
            return -1;
        methods->methods = grown;
        for (size_t k = 0; k < 2 * m; k++)
            if (family == methods->nfamilies &&
                same_family(grown[k % m].runs[0], run, k < m))
                family = grown[k % m].family;
        methods->nfamilies += family == methods->nfamilies;
        grown[m] = (amkd_method){.family = family};
        methods->n++;
    }
    amkd_method *method = &methods->methods[m];
    const amkd_run **runs = amkd_realloc(method->runs, method->nruns + 1, sizeof *runs);
    if (!runs)
        return -1;
    method->runs = runs;
    runs[method->nruns++] = run;
    return 0;
}

size_t amkd_methods_of(const amkd_methods *methods, const amkd_run *run)
{
    for (size_t m = 0; m < methods->n; m++)
        for (size_t r = 0; r < methods->methods[m].nruns; r++)
            if (methods->methods[m].runs[r] == run)
                return m;
    return 0;
}

/* -------------------------------------------------------------------------- names */

static const json_t *value_of(const amkd_methods *methods, size_t m, const char *key)
{
    return json_object_get(methods->methods[m].runs[0]->parameters, key);
}

static int same_value(const json_t *a, const json_t *b)
{
    return a == b || (a && b && json_equal(a, b));
}

/* Whether key tells two methods apart that none of the keys before does. */
static int tells_apart(const amkd_methods *methods, const json_t *before, const char *key)
{
    for (size_t a = 0; a < methods->n; a++)
        for (size_t b = 0; b < a; b++) {
            size_t k = 0;
            const size_t n = json_array_size(before);
            for (; k < n; k++) {
                const char *other = json_string_value(json_array_get(before, k));
                if (!same_value(value_of(methods, a, other), value_of(methods, b, other)))
                    break;
            }
            if (k == n &&
                !same_value(value_of(methods, a, key), value_of(methods, b, key)))
                return 1;
        }
    return 0;
}

/* What is picked by comes first, then who teaches; sizes come last. */
enum { NRANKS = 5 };

static int rank_of(const char *key)
{
    return !strcmp(key, BY)                         ? 0
           : !strcmp(key, AMKD_ASSISTANT " --arch") ? 1
           : !strcmp(key, POOL)                     ? 4
           : is_size(key)                           ? 3
                                                    : 2;
}

/* The fewest keys, in that order, that tell all methods apart. */
static json_t *find_keys(const amkd_methods *methods)
{
    json_t *all = json_object(), *found = json_array(), *value;
    const char *key;
    int failed = !all || !found;
    for (size_t m = 0; !failed && m < methods->n; m++)
        failed = json_object_update(all, methods->methods[m].runs[0]->parameters);
    for (int rank = 0; !failed && rank < NRANKS; rank++)
        json_object_foreach (all, key, value) {
            if (rank_of(key) == rank && tells_apart(methods, found, key))
                failed |= json_array_append_new(found, json_string(key));
        }
    json_decref(all);
    if (!failed)
        return found;
    json_decref(found);
    amkd_fail("out of memory");
    return NULL;
}

/* Whether a parameter of the key's tool is there, so that an option was left out. */
static int ran(const json_t *parameters, const char *key)
{
    const size_t n = strcspn(key, " ") + 1;
    const char *other;
    json_t *value;
    json_object_foreach ((json_t *)parameters, other, value) {
        if (!strncmp(other, key, n))
            return 1;
    }
    return 0;
}

static void add_to_name(amkd_bytes *name, const json_t *parameters, const char *key)
{
    const char *value = json_string_value(json_object_get(parameters, key));
    const char *option = key + strcspn(key, " ") + 1;
    option += strspn(option, "-");
    if (!value && (is_size(key) || !ran(parameters, key)))
        return;
    if (name->n)
        amkd_bytes_puts(name, ", ");
    if (!strncmp(key, AMKD_ASSISTANT " ", strlen(AMKD_ASSISTANT " ")))
        amkd_bytes_puts(name, "assistant ");
    if (!value)
        amkd_bytes_format(name, "no %s", option);
    else if (is_size(key))
        amkd_bytes_format(name, "%s %s", value, option);
    else if (!strcmp(key, BY))
        amkd_bytes_puts(name, value);
    else
        amkd_bytes_format(name, *value ? "%s=%s" : "%s", option, value);
}

/* What a method has at these keys, sizes left out or not. */
static char *name_of(const amkd_methods *methods, size_t m, const json_t *keys,
                     int with_sizes)
{
    amkd_bytes name = {0};
    const amkd_run *run = methods->methods[m].runs[0];
    for (size_t k = 0; k < json_array_size(keys); k++) {
        const char *key = json_string_value(json_array_get(keys, k));
        if (with_sizes || !is_size(key))
            add_to_name(&name, run->parameters, key);
    }
    if (!name.n && methods->n > 1 && with_sizes)
        amkd_bytes_puts(&name, run->nrounds < 2 ? "real images only" : "plain");
    amkd_bytes_add(&name, "", 1);
    if (name.failed) {
        amkd_bytes_clear(&name);
        return NULL;
    }
    return name.data;
}

char *amkd_methods_family_name(const amkd_methods *methods, size_t family)
{
    size_t m = 0;
    while (m + 1 < methods->n && methods->methods[m].family != family)
        m++;
    json_t *keys = find_keys(methods);
    char *name = keys ? name_of(methods, m, keys, 0) : NULL;
    json_decref(keys);
    return name;
}

/* ------------------------------------------------------------------------- levels */

static amkd_level *level_at(amkd_method *method, size_t answers)
{
    size_t l = 0;
    while (l < method->nlevels && method->levels[l].answers < answers)
        l++;
    if (l < method->nlevels && method->levels[l].answers == answers)
        return &method->levels[l];
    amkd_level *grown =
        amkd_realloc(method->levels, method->nlevels + 1, sizeof *method->levels);
    if (!grown)
        return NULL;
    method->levels = grown;
    memmove(grown + l + 1, grown + l, (method->nlevels++ - l) * sizeof *grown);
    grown[l] = (amkd_level){.answers = answers};
    return &grown[l];
}

static int average(amkd_method *method)
{
    for (size_t r = 0; r < method->nruns; r++)
        for (size_t k = 0; k < method->runs[r]->nrounds; k++) {
            const amkd_round *round = &method->runs[r]->rounds[k];
            if (!round->measured && isnan(round->held_out))
                continue;
            amkd_level *level = level_at(method, round->total);
            if (!level)
                return -1;
            if (!isnan(round->held_out))
                amkd_mean_add(&level->held_out, round->held_out);
            if (!round->measured)
                continue;
            amkd_mean_add(&level->accuracy, round->student.accuracy);
            amkd_mean_add(&level->success, round->success);
            amkd_mean_add(&level->agreement, round->agreement);
            amkd_mean_add(&level->teacher_accuracy, round->teacher.accuracy);
            amkd_mean_add(&level->teacher_top, round->teacher.mean_top);
        }
    return 0;
}

int amkd_methods_find(amkd_methods *methods, const amkd_run *runs, size_t n)
{
    *methods = (amkd_methods){0};
    for (size_t r = 0; r < n; r++)
        if (add_run(methods, &runs[r]))
            return -1;
    json_t *keys = find_keys(methods);
    int rc = keys ? 0 : -1;
    for (size_t m = 0; !rc && m < methods->n; m++) {
        methods->methods[m].name = name_of(methods, m, keys, 1);
        rc = methods->methods[m].name ? average(&methods->methods[m]) : -1;
    }
    json_decref(keys);
    return rc;
}

void amkd_methods_clear(amkd_methods *methods)
{
    for (size_t m = 0; m < methods->n; m++) {
        free(methods->methods[m].name);
        free(methods->methods[m].runs);
        free(methods->methods[m].levels);
    }
    free(methods->methods);
    *methods = (amkd_methods){0};
}
