/* Sums are double; answers that are probabilities already, and were not rounded, stay as
 * they are, bit for bit. */
#include "teacher/probabilities.h"
#include "base/error.h"
#include <math.h>
#include <string.h>

static const char *const kinds[] = {"probs", "logits", "topk", "top1", "scores"};
static const char *const fills[] = {"zero", "uniform", "student"};

static int find_name(const char *const *names, size_t n, const char *name, int *number)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(names[i], name)) {
            *number = (int)i;
            return 0;
        }
    return -1;
}

int amkd_answer_rule_parse(amkd_answer_rule *rule, const char *kind, const char *fill)
{
    int number;
    if (find_name(kinds, sizeof kinds / sizeof *kinds, kind, &number))
        return amkd_fail("'%s' is not probs, logits, topk, top1 or scores", kind);
    rule->kind = (amkd_answer_kind)number;
    if (find_name(fills, sizeof fills / sizeof *fills, fill, &number))
        return amkd_fail("'%s' is not zero, uniform or student", fill);
    rule->fill = (amkd_fill)number;
    return 0;
}

json_t *amkd_answer_rule_json(const amkd_answer_rule *rule)
{
    json_t *object = json_pack("{s:s}", "kind", kinds[rule->kind]);
    int rc = object ? 0 : -1;
    if (!rc && rule->percent)
        rc = json_object_set_new(object, "percent", json_true());
    if (!rc && rule->kind == AMKD_LOGITS)
        rc = json_object_set_new(object, "temperature", json_real(rule->temperature));
    if (!rc && rule->keep_top)
        rc = json_object_set_new(object, "keep_top",
                                 json_integer((json_int_t)rule->keep_top));
    if (!rc && rule->digits)
        rc = json_object_set_new(object, "digits", json_integer(rule->digits));
    if (!rc && (rule->kind == AMKD_TOPK || rule->keep_top))
        rc = json_object_set_new(object, "fill", json_string(fills[rule->fill]));
    if (!rc && rule->smooth > 0)
        rc = json_object_set_new(object, "smooth", json_real(rule->smooth));
    if (!rc)
        return object;
    json_decref(object);
    amkd_fail("no memory for a header");
    return NULL;
}

static size_t best(const float *values, size_t nclasses)
{
    size_t at = 0;
    for (size_t y = 1; y < nclasses; y++)
        if (isnan(values[at]) || values[y] > values[at])
            at = y;
    return at;
}

static void softmax(float *p, const float *values, double temperature, size_t nclasses)
{
    const double greatest = values[best(values, nclasses)];
    double sum = 0;
    for (size_t y = 0; y < nclasses; y++)
        sum += exp((values[y] - greatest) / temperature);
    for (size_t y = 0; y < nclasses; y++)
        p[y] = (float)(exp((values[y] - greatest) / temperature) / sum);
}

/* Scales what is not NaN to sum to one; where all of it is 0, all classes are equal. */
static void scale(float *p, size_t nclasses)
{
    double sum = 0;
    for (size_t y = 0; y < nclasses; y++)
        sum += isnan(p[y]) ? 0 : p[y];
    for (size_t y = 0; y < nclasses; y++)
        p[y] = sum > 0 ? (float)(p[y] / sum) : 1 / (float)nclasses;
}

/* The weight by which class y shares in what is missing. */
static double weight(const amkd_answer_rule *rule, const float *student, size_t y)
{
    return rule->fill == AMKD_FILL_UNIFORM ? 1 : student[y];
}

/* Gives the classes that are NaN what is missing to one, and scales all to sum to one. */
static void fill_in(float *p, const amkd_answer_rule *rule, const float *student,
                    size_t nclasses)
{
    double known = 0, weights = 0;
    for (size_t y = 0; y < nclasses; y++) {
        if (!isnan(p[y]))
            known += p[y];
        else if (rule->fill != AMKD_FILL_ZERO)
            weights += weight(rule, student, y);
    }
    const double missing = fmax(0, 1 - known);
    const double scale = weights > 0 ? 1 / (known + missing) : 1 / known;
    for (size_t y = 0; y < nclasses; y++) {
        if (!(known + weights > 0))
            p[y] = 1 / (float)nclasses;
        else if (!isnan(p[y]))
            p[y] = (float)(p[y] * scale);
        else
            p[y] = weights > 0
                       ? (float)(missing * scale * weight(rule, student, y) / weights)
                       : 0;
    }
}

/* Whether class y comes before class z: the higher, of equals the first. NaN never does.
 */
static int is_before(const float *p, size_t y, size_t z)
{
    return p[y] > p[z] || (p[y] == p[z] && y < z);
}

/* NaN for all but the nkept best of p. */
static void keep_best(float *p, size_t nkept, size_t nclasses)
{
    size_t last = best(p, nclasses);
    for (size_t k = 1; k < nkept; k++) {
        size_t next = nclasses;
        for (size_t y = 0; y < nclasses; y++)
            if (is_before(p, last, y) && (next == nclasses || is_before(p, y, next)))
                next = y;
        if (next == nclasses)
            return; /* all there are */
        last = next;
    }
    for (size_t y = 0; y < nclasses; y++)
        if (y != last && !is_before(p, y, last))
            p[y] = NAN;
}

static void round_to(float *p, unsigned digits, size_t nclasses)
{
    const double unit = pow(10, digits);
    for (size_t y = 0; y < nclasses; y++)
        p[y] = (float)(round(p[y] * unit) / unit);
}

/* What keep_top and digits make of whole or partial probabilities, with NaN for classes
 * that are not named. */
static void degrade(float *p, const amkd_answer_rule *rule, size_t nclasses)
{
    if (rule->keep_top)
        keep_best(p, rule->keep_top, nclasses);
    if (rule->digits)
        round_to(p, rule->digits, nclasses);
}

/* The values as probabilities that sum to one, but for a list's, which stay what they are
 * or sum to less. */
static void read_probabilities(float *p, const amkd_answer_rule *rule,
                               const float *values, size_t nclasses)
{
    const int scores = rule->kind == AMKD_SCORES;
    const int scaled = scores || amkd_answer_is_rounded(rule, values, nclasses);
    for (size_t y = 0; y < nclasses; y++) {
        p[y] = scores && isnan(values[y]) ? 0 : values[y];
        if (rule->percent)
            p[y] = (float)(p[y] / 100.0);
    }
    if (scaled)
        scale(p, nclasses);
}

void amkd_answer_probabilities(float *p, const amkd_answer_rule *rule,
                               const float *values, const float *student, size_t nclasses)
{
    if (rule->kind == AMKD_TOP1) {
        const size_t top = best(values, nclasses);
        for (size_t y = 0; y < nclasses; y++)
            p[y] = y == top;
    } else if (rule->kind == AMKD_LOGITS) {
        softmax(p, values, rule->temperature, nclasses);
    } else {
        read_probabilities(p, rule, values, nclasses);
    }
    if (rule->kind != AMKD_TOP1)
        degrade(p, rule, nclasses);
    if (rule->kind != AMKD_TOP1 &&
        (rule->kind == AMKD_TOPK || rule->keep_top || rule->digits))
        fill_in(p, rule, student, nclasses);
    if (rule->smooth > 0)
        for (size_t y = 0; y < nclasses; y++)
            p[y] = (float)((1 - rule->smooth) * p[y] + rule->smooth / (double)nclasses);
}
