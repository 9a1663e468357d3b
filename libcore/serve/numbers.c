/* Arrays of numbers in JSON text: first their shape, then their values. */
#include "serve/numbers.h"
#include "base/error.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* What a number may be made of; whether it is one is seen when it is read. */
static int in_number(char c)
{
    return is_digit(c) || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E';
}

/* Where the measuring stands: counts[d] items so far in the open array at depth d, and
 * what must come next. */
typedef struct measure {
    amkd_numbers *numbers;
    size_t depth; /* open arrays */
    size_t counts[AMKD_NUMBERS_MAX_DIMS];
    int closed[AMKD_NUMBERS_MAX_DIMS]; /* shape[d] is known */
    int leaf;                          /* a number was seen: ndim is known */
    int after_item;                    /* "," or "]" must follow */
} measure;

static int fail_irregular(void)
{
    return amkd_fail("arrays of different lengths or depths stand side by side");
}

static int open_array(measure *m)
{
    if (m->after_item)
        return 0;
    if (m->depth == AMKD_NUMBERS_MAX_DIMS)
        return amkd_fail("arrays are nested deeper than %d", AMKD_NUMBERS_MAX_DIMS);
    if (m->leaf && m->depth == m->numbers->ndim)
        return fail_irregular();
    m->counts[m->depth++] = 0;
    return 1;
}

static int close_array(measure *m, int after_comma)
{
    const size_t d = m->depth - 1;
    amkd_numbers *numbers = m->numbers;
    if (after_comma)
        return 0;
    if (m->closed[d] && numbers->shape[d] != m->counts[d])
        return fail_irregular();
    m->closed[d] = 1;
    numbers->shape[d] = m->counts[d];
    if (!m->leaf && numbers->ndim < m->depth)
        numbers->ndim = m->depth;
    m->depth--;
    m->after_item = 1;
    if (m->depth)
        m->counts[m->depth - 1]++;
    return 1;
}

/* Steps over one number. */
static int pass_number(measure *m, size_t *at, const char *text, size_t nbytes)
{
    if (m->after_item || !m->depth)
        return 0;
    if (m->leaf ? m->depth != m->numbers->ndim : m->numbers->ndim > m->depth)
        return fail_irregular();
    while (*at + 1 < nbytes && in_number(text[*at + 1]))
        ++*at;
    m->leaf = 1;
    m->numbers->ndim = m->depth;
    m->numbers->n++;
    m->counts[m->depth - 1]++;
    m->after_item = 1;
    return 1;
}

int amkd_numbers_measure(amkd_numbers *numbers, const char *text, size_t nbytes)
{
    measure m = {.numbers = numbers};
    int after_comma = 0;
    *numbers = (amkd_numbers){.text = text};
    for (size_t at = 0; at < nbytes; at++) {
        const char c = text[at];
        int rc = 1;
        if (is_space(c))
            continue;
        if (c == ',') {
            rc = m.after_item;
            m.after_item = 0;
        } else if (c == '[') {
            rc = open_array(&m);
        } else if (c == ']') {
            rc = close_array(&m, after_comma);
        } else {
            rc = in_number(c) ? pass_number(&m, &at, text, nbytes) : 0;
        }
        if (rc != 1)
            return rc;
        after_comma = c == ',';
        if (!m.depth) {
            numbers->nbytes = at + 1;
            return 1;
        }
    }
    return 0;
}

/* --------------------------------------------------------------------- the values -- */

/* The end of the number at text by JSON's grammar, NULL if there is none. It ends before
 * the text does: a "]" stands there. */
static const char *number_end(const char *text)
{
    const char *at = text + (*text == '-');
    if (!is_digit(*at))
        return NULL;
    if (*at == '0')
        at++;
    else
        while (is_digit(*at))
            at++;
    if (*at == '.') {
        if (!is_digit(*++at))
            return NULL;
        while (is_digit(*at))
            at++;
    }
    if (*at == 'e' || *at == 'E') {
        at++;
        at += *at == '+' || *at == '-';
        if (!is_digit(*at))
            return NULL;
        while (is_digit(*at))
            at++;
    }
    return in_number(*at) ? NULL : at;
}

/* A number without exponent of at most 15 digits is exact as a quotient of doubles; all
 * others are left to strtod. */
static double number_value(const char *text, const char *end)
{
    static const double tens[] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const char *at = text + (*text == '-');
    uint64_t digits = 0;
    size_t nfraction = 0;
    int fraction = 0;
    if (end - at > 16)
        return strtod(text, NULL);
    for (; at < end; at++) {
        if (*at == '.') {
            fraction = 1;
        } else if (is_digit(*at)) {
            digits = digits * 10 + (uint64_t)(*at - '0');
            nfraction += (size_t)fraction;
        } else {
            return strtod(text, NULL);
        }
    }
    if (digits > UINT64_C(1) << 53 || nfraction > 15)
        return strtod(text, NULL);
    const double value = (double)digits / tens[nfraction];
    return *text == '-' ? -value : value;
}

/* Moves *at to the number that comes next and reads it; *at is then behind it. */
static int next_number(double *value, const char **at, size_t index)
{
    while (!in_number(**at))
        ++*at;
    const char *end = number_end(*at);
    if (!end)
        return amkd_fail("value %zu is not a number of JSON", index);
    *value = number_value(*at, end);
    *at = end;
    return 0;
}

/* A pixel as it nearly always stands: one to three digits alone. Returns what is behind
 * it; NULL when it stands otherwise. */
static const char *plain_pixel(uint8_t *pixel, const char *at)
{
    unsigned value = 0;
    const char *end = at;
    for (; end < at + 3 && is_digit(*end); end++)
        value = value * 10 + (unsigned)(*end - '0');
    if (end == at || in_number(*end) || value > 255 || (*at == '0' && end > at + 1))
        return NULL;
    *pixel = (uint8_t)value;
    return end;
}

int amkd_numbers_pixels(uint8_t *out, const amkd_numbers *numbers)
{
    const char *at = numbers->text;
    for (size_t i = 0; i < numbers->n; i++) {
        double value;
        while (!in_number(*at))
            at++;
        const char *end = plain_pixel(&out[i], at);
        if (end) {
            at = end;
            continue;
        }
        if (next_number(&value, &at, i))
            return -1;
        if (!(value >= 0 && value <= 255) || value != floor(value))
            return amkd_fail("value %zu is %.9g, expected a whole number from 0 to 255",
                             i, value);
        out[i] = (uint8_t)value;
    }
    return 0;
}

int amkd_numbers_floats(float *out, const amkd_numbers *numbers)
{
    const char *at = numbers->text;
    for (size_t i = 0; i < numbers->n; i++) {
        double value;
        if (next_number(&value, &at, i))
            return -1;
        if (!(fabs(value) <= (double)FLT_MAX))
            return amkd_fail("value %zu is %.9g, expected a finite number", i, value);
        out[i] = (float)value;
    }
    return 0;
}

int amkd_numbers_sizes(uint64_t *out, const amkd_numbers *numbers)
{
    const char *at = numbers->text;
    for (size_t i = 0; i < numbers->n; i++) {
        double value;
        if (next_number(&value, &at, i))
            return -1;
        if (!(value >= 0 && value <= 0x1p53) || value != floor(value))
            return amkd_fail("value %zu is %.17g, expected a whole number", i, value);
        out[i] = (uint64_t)value;
    }
    return 0;
}
