/* Whether values are an answer. Many teachers round: ten classes to two decimals sum to
 * 0.98 or 1.02, and that is no reason to refuse what was paid for. */
#include "base/error.h"
#include "base/memory.h"
#include "teacher/probabilities.h"
#include <math.h>
#include <stdlib.h>

static const double sum_tolerance = 1e-3;

/* Rounding may explain this much of a sum: a hundred classes to two decimals can be off
 * by a half. Beyond it, it would explain anything. */
static const double most_rounding = 0.5;

enum { MOST_DECIMALS = 6 };

static double one_of(const amkd_answer_rule *rule)
{
    return rule->percent ? 100 : 1;
}

static int is_list(const amkd_answer_rule *rule)
{
    return rule->kind == AMKD_TOPK || rule->kind == AMKD_TOP1 ||
           rule->kind == AMKD_SCORES;
}

/* How near to what a teacher wrote the values are, of their size: all of them may have
 * come as float16. */
static double precision_of(const float *values, size_t nclasses)
{
    int exponent;
    for (size_t y = 0; y < nclasses; y++) {
        const double bits = ldexp(frexp(values[y], &exponent), 11);
        if (!isnan(bits) && bits != round(bits))
            return 0x1p-22;
    }
    return 0x1p-11;
}

/* Whether the values that are there are of so many decimals, as near as they tell. */
static int has_decimals(const float *values, double one, unsigned decimals,
                        size_t nclasses)
{
    const double unit = pow(10, decimals) / one;
    const double precision = precision_of(values, nclasses);
    for (size_t y = 0; y < nclasses; y++) {
        const double count = values[y] * unit;
        if (fabs(count - round(count)) > precision * fabs(count))
            return 0;
    }
    return 1;
}

/* By how much rounding explains that values sum to more or less than one. */
typedef struct rounding {
    double more, less;
    unsigned decimals; /* of the probabilities; 0: they are not rounded */
} rounding;

static rounding find_rounding(const amkd_answer_rule *rule, const float *values,
                              size_t nclasses)
{
    rounding r = {.decimals = 1};
    size_t nabove = 0;
    while (r.decimals <= MOST_DECIMALS &&
           !has_decimals(values, one_of(rule), r.decimals, nclasses))
        r.decimals++;
    if (r.decimals > MOST_DECIMALS)
        return (rounding){.more = sum_tolerance, .less = sum_tolerance};
    for (size_t y = 0; y < nclasses; y++)
        nabove += values[y] > 0; /* a 0 was rounded down */
    const double half = 0.5 * pow(10, -(double)r.decimals);
    r.more = fmax(sum_tolerance, fmin(half * (double)nabove, most_rounding) + 1e-6);
    r.less = fmax(sum_tolerance, fmin(half * (double)nclasses, most_rounding) + 1e-6);
    return r;
}

static double sum_of(const amkd_answer_rule *rule, const float *values, size_t nclasses)
{
    double sum = 0;
    for (size_t y = 0; y < nclasses; y++)
        sum += isnan(values[y]) ? 0 : values[y];
    return sum / one_of(rule);
}

static int check_sum(const amkd_answer_rule *rule, const float *values, size_t nclasses)
{
    const double sum = sum_of(rule, values, nclasses);
    const int whole = !is_list(rule);
    if (sum <= 1 + sum_tolerance && (!whole || sum >= 1 - sum_tolerance))
        return 0;
    const rounding r = find_rounding(rule, values, nclasses);
    if (sum <= 1 + r.more && (!whole || sum >= 1 - r.less))
        return 0;
    amkd_fail("the probabilities sum to %g, expected %s%g", sum * one_of(rule),
              whole ? "" : "at most ", one_of(rule));
    return r.decimals
               ? amkd_fail("%s: rounding to %u decimal%s explains no more than %.3g",
                           amkd_error(), r.decimals, r.decimals > 1 ? "s" : "",
                           one_of(rule) * (sum > 1 ? r.more : r.less))
               : -1;
}

int amkd_answer_check(const amkd_answer_rule *rule, const float *values, size_t nclasses)
{
    const int sums = rule->kind == AMKD_TOPK || rule->kind == AMKD_PROBS;
    const char *what = sums ? "probability" : "number";
    double sum = 0;
    size_t nknown = 0;
    for (size_t y = 0; y < nclasses; y++) {
        if (is_list(rule) && isnan(values[y]))
            continue;
        if (!isfinite(values[y]))
            return amkd_fail("class %zu: %g is not a %s", y, values[y], what);
        if ((sums || rule->kind == AMKD_SCORES) && values[y] < 0)
            return amkd_fail("class %zu: %s %g is negative", y, sums ? what : "score",
                             values[y]);
        sum += values[y];
        nknown++;
    }
    if (!nknown || (rule->kind == AMKD_TOPK && !(sum > 0)))
        return amkd_fail("the answer names no class");
    return sums ? check_sum(rule, values, nclasses) : 0;
}

int amkd_answer_check_numbers(const float *values, size_t nclasses, int lists)
{
    for (size_t y = 0; y < nclasses; y++) {
        if (isinf(values[y]))
            return amkd_fail("class %zu: NaN, infinite or null is not a number", y);
        if (isnan(values[y]) && !lists)
            return amkd_fail("class %zu: nan is not a number", y);
    }
    return 0;
}

int amkd_answer_is_rounded(const amkd_answer_rule *rule, const float *values,
                           size_t nclasses)
{
    const double sum = sum_of(rule, values, nclasses);
    return rule->kind == AMKD_PROBS  ? fabs(sum - 1) > sum_tolerance
           : rule->kind == AMKD_TOPK ? sum > 1 + sum_tolerance
                                     : 0;
}

static int passes(amkd_answer_rule rule, const float *values, size_t nclasses)
{
    return !amkd_answer_check(&rule, values, nclasses);
}

static int is_any(const float *values, size_t nclasses, int (*is)(float))
{
    for (size_t y = 0; y < nclasses; y++)
        if (is(values[y]))
            return 1;
    return 0;
}

static int is_above_one(float value)
{
    return value > 1;
}

static int is_missing(float value)
{
    return isnan(value);
}

/* The option by which the values look right; NULL where there is none. */
static const char *looks_like(const amkd_answer_rule *rule, const float *values,
                              size_t nclasses)
{
    const int sums = rule->kind == AMKD_PROBS || rule->kind == AMKD_TOPK;
    if (sums && !rule->percent && is_any(values, nclasses, is_above_one) &&
        passes((amkd_answer_rule){.kind = rule->kind, .percent = 1}, values, nclasses))
        return "--percent takes percentages";
    if (sums && rule->percent &&
        passes((amkd_answer_rule){.kind = rule->kind}, values, nclasses))
        return "it is one without --percent";
    if (rule->kind != AMKD_TOPK && is_any(values, nclasses, is_missing) &&
        passes((amkd_answer_rule){.kind = AMKD_TOPK}, values, nclasses))
        return "--labels=topk takes the best classes alone";
    if (passes((amkd_answer_rule){.kind = AMKD_SCORES}, values, nclasses))
        return "--labels=scores takes numbers of any sum";
    if (passes((amkd_answer_rule){.kind = AMKD_LOGITS}, values, nclasses))
        return "--labels=logits takes numbers below 0";
    return NULL;
}

int amkd_answer_fail_misread(const amkd_answer_rule *rule, const float *values,
                             size_t nclasses)
{
    char *why = amkd_strdup(amkd_error());
    const char *looks = looks_like(rule, values, nclasses);
    amkd_fail("%s: do --labels and --answer tell what it is?%s%s", why ? why : "?",
              looks ? " " : "", looks ? looks : "");
    free(why);
    return -1;
}
