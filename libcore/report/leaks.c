/* What is left of answers, and what they are worth. */
#include "report/leaks.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include <math.h>
#include <string.h>

static const char *option_of(const json_t *parameters, const char *key)
{
    return json_string_value(json_object_get(parameters, key));
}

static const char *kept(const json_t *parameters)
{
    return option_of(parameters, "amkd-query --keep-top");
}

static const char *digits_of(const json_t *parameters)
{
    return option_of(parameters, "amkd-query --digits");
}

/* Whether the teacher itself gives answers of this kind. */
static int are(const json_t *parameters, const char *kind)
{
    const char *labels = option_of(parameters, "amkd-query --labels");
    return labels && !strcmp(labels, kind);
}

int amkd_leaks_all(const json_t *parameters)
{
    return !kept(parameters) && !digits_of(parameters) && !are(parameters, "topk") &&
           !are(parameters, "top1");
}

char *amkd_leaks_kind(const json_t *parameters)
{
    const char *top = kept(parameters), *digits = digits_of(parameters);
    amkd_bytes kind = {0};
    if (are(parameters, "top1") || (top && !strcmp(top, "1")))
        return amkd_strdup("the label alone");
    if (top)
        amkd_bytes_format(&kind, "the best %s classes", top);
    else
        amkd_bytes_puts(&kind, are(parameters, "topk") ? "the best classes"
                               : digits                ? "probabilities"
                                                       : "all probabilities");
    if (digits)
        amkd_bytes_format(&kind, " rounded to %s decimal%s", digits,
                          strcmp(digits, "1") ? "s" : "");
    amkd_bytes_add(&kind, "", 1);
    if (!kind.failed)
        return kind.data;
    amkd_bytes_clear(&kind);
    amkd_fail("out of memory");
    return NULL;
}

amkd_worth amkd_leaks_worth(double *answers, const amkd_method *method, double success)
{
    const amkd_level *before = NULL;
    for (size_t l = 0; l < method->nlevels; l++) {
        const amkd_level *level = &method->levels[l];
        if (!level->success.n)
            continue;
        *answers = (double)level->answers;
        if (level->success.mean >= success) {
            if (!before)
                return level->success.mean > success ? AMKD_WORTH_LESS : AMKD_WORTH_KNOWN;
            const double share = (success - before->success.mean) /
                                 (level->success.mean - before->success.mean);
            const double from = log((double)before->answers);
            *answers = exp(from + share * (log((double)level->answers) - from));
            return AMKD_WORTH_KNOWN;
        }
        before = level;
    }
    return AMKD_WORTH_MORE;
}
