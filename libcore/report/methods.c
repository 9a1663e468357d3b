/* Runs grouped by what they were made with, and averaged. */
#include "base/memory.h"
#include "report/methods_internal.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

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

/* The more images there are, the fewer views are made of each; of few there are fewer
 * pairs than a pool would have. */
static int goes_by_images(const char *key)
{
    return !strcmp(key, AMKD_POOL) || !strcmp(key, AMKD_VIEWS);
}

/* Whether all parameters of a are b's, but for sizes, and for those that go by the number
 * of images unless with_all. */
static int has_all(const json_t *a, const json_t *b, int with_all)
{
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)a, key, value) {
        if (!amkd_methods_is_size(key) && (with_all || !goes_by_images(key)) &&
            !json_equal(value, json_object_get(b, key)))
            return 0;
    }
    return 1;
}

static int same_family(const amkd_run *a, const amkd_run *b, int with_all)
{
    if (!with_all && a->nimages == b->nimages)
        return 0;
    return has_all(a->parameters, b->parameters, with_all) &&
           has_all(b->parameters, a->parameters, with_all);
}

static int same_method(const amkd_run *a, const amkd_run *b, int with_arms)
{
    return json_equal(a->parameters, b->parameters) &&
           (!with_arms || amkd_methods_same_arm(a, b));
}

static int add_run(amkd_methods *methods, const amkd_run *run)
{
    size_t m = 0, family = methods->nfamilies;
    while (m < methods->n &&
           !same_method(methods->methods[m].runs[0], run, methods->arms))
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

static void add_results(amkd_level *level, const amkd_test_result *student,
                        const amkd_test_result *assistant)
{
    if (student->known) {
        amkd_mean_add(&level->accuracy, student->network.accuracy);
        amkd_mean_add(&level->success, student->success);
        amkd_mean_add(&level->agreement, student->agreement);
    }
    if (assistant->known) {
        amkd_mean_add(&level->assistant_success, assistant->success);
        amkd_mean_add(&level->assistant_agreement, assistant->agreement);
    }
    if (student->known || assistant->known) {
        const amkd_figures *teacher =
            student->known ? &student->teacher : &assistant->teacher;
        amkd_mean_add(&level->teacher_accuracy, teacher->accuracy);
        amkd_mean_add(&level->teacher_top, teacher->mean_top);
    }
}

static int average(amkd_method *method)
{
    for (size_t r = 0; r < method->nruns; r++)
        for (size_t k = 0; k < method->runs[r]->nrounds; k++) {
            const amkd_round *round = &method->runs[r]->rounds[k];
            const amkd_held_out *held_out = &round->held_out;
            if (!round->student.known && !round->assistant.known && !held_out->n)
                continue;
            amkd_level *level = level_at(method, round->total);
            if (!level)
                return -1;
            add_results(level, &round->student, &round->assistant);
            if (!held_out->n)
                continue;
            amkd_mean_add(&level->held_out, held_out->agreement);
            amkd_mean_add(&level->held_out_low, held_out->low);
            amkd_mean_add(&level->held_out_high, held_out->high);
        }
    return 0;
}

int amkd_methods_find(amkd_methods *methods, const amkd_run *runs, size_t n)
{
    *methods = (amkd_methods){.arms = amkd_methods_have_arms(runs, n)};
    for (size_t r = 0; r < n; r++)
        if (add_run(methods, &runs[r]))
            return -1;
    int rc = amkd_methods_name(methods);
    for (size_t m = 0; !rc && m < methods->n; m++)
        rc = average(&methods->methods[m]);
    return rc;
}

void amkd_methods_clear(amkd_methods *methods)
{
    for (size_t m = 0; m < methods->n; m++) {
        free(methods->methods[m].name);
        free(methods->methods[m].words);
        free(methods->methods[m].runs);
        free(methods->methods[m].levels);
    }
    free(methods->methods);
    *methods = (amkd_methods){0};
}
