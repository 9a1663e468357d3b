/* Parsing of lambda grids and lists. */
#include "steps/select/lambdas.h"
#include "base/error.h"
#include "base/memory.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LAMBDAS = 4096 };

/* A decimal number in [0, 1] that ends at one of the characters of ends. */
static int parse_lambda(double *lambda, const char **rest, const char *text,
                        const char *ends)
{
    char *end;
    if (strchr(" \t\n+", *text)) /* that strtod would pass over, or nothing at all */
        return -1;
    *lambda = strtod(text, &end);
    *rest = end;
    return end == text || !strchr(ends, *end) || isnan(*lambda) ? -1 : 0;
}

static int parse_grid(double **lambdas, size_t *n, const char *text)
{
    double low, high;
    const char *rest;
    char *end;
    if (parse_lambda(&low, &rest, text, ":") || *rest != ':' ||
        parse_lambda(&high, &rest, rest + 1, ":") || *rest != ':' || rest[1] < '0' ||
        rest[1] > '9')
        return amkd_fail("lambdas '%s': expected LO:HI:COUNT", text);
    errno = 0;
    const unsigned long count = strtoul(rest + 1, &end, 10);
    if (errno || *end || count < 1 || count > MAX_LAMBDAS)
        return amkd_fail("lambdas '%s': expected a count of 1 to %d", text, MAX_LAMBDAS);
    if (count == 1 && low != high)
        return amkd_fail("lambdas '%s': one lambda cannot reach from %g to %g", text, low,
                         high);
    *lambdas = amkd_alloc(count, sizeof **lambdas);
    if (!*lambdas)
        return -1;
    *n = count;
    for (size_t l = 0; l < count; l++)
        (*lambdas)[l] =
            count == 1 ? low : low + (high - low) * (double)l / (double)(count - 1);
    return 0;
}

static int parse_list(double **lambdas, size_t *n, const char *text)
{
    size_t count = 1;
    for (const char *c = text; *c; c++)
        count += *c == ',';
    if (count > MAX_LAMBDAS)
        return amkd_fail("%zu lambdas, expected at most %d", count, MAX_LAMBDAS);
    *lambdas = amkd_alloc(count, sizeof **lambdas);
    if (!*lambdas)
        return -1;
    *n = count;
    const char *rest = text;
    for (size_t l = 0; l < count; l++, rest++)
        if (parse_lambda(&(*lambdas)[l], &rest, rest, ","))
            return amkd_fail("lambdas '%s': expected LO:HI:COUNT or a list of numbers "
                             "with commas between them",
                             text);
    return 0;
}

/* As the float32 that the sweep uses and the picks keep. */
static int check(const double *lambdas, size_t n)
{
    for (size_t l = 0; l < n; l++) {
        if (!(lambdas[l] >= 0 && lambdas[l] <= 1))
            return amkd_fail("lambda %g is outside [0, 1]", lambdas[l]);
        for (size_t other = 0; other < l; other++)
            if ((float)lambdas[other] == (float)lambdas[l])
                return amkd_fail("lambda %g is given twice", lambdas[l]);
    }
    return 0;
}

int amkd_lambdas_parse(double **lambdas, size_t *n, const char *text)
{
    *lambdas = NULL;
    if ((strchr(text, ':') ? parse_grid : parse_list)(lambdas, n, text) ||
        check(*lambdas, *n)) {
        free(*lambdas);
        *lambdas = NULL;
        return -1;
    }
    return 0;
}

void amkd_lambdas_coarse(double *coarse, size_t ncoarse, const double *lambdas, size_t n)
{
    if (ncoarse == 1)
        coarse[0] = lambdas[(n - 1) / 2];
    for (size_t c = 0; ncoarse > 1 && c < ncoarse; c++)
        coarse[c] = lambdas[(c * (n - 1) + (ncoarse - 1) / 2) / (ncoarse - 1)];
}
