/* Reading the words of a layer's text. */
#include "layers/words.h"
#include "base/error.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NUMBER = 1 << 20 };

int amkd_words_fail(const amkd_words *words, const char *what)
{
    return amkd_fail("%s: %s", words->where, what);
}

int amkd_word_number(size_t *value, const char *text)
{
    if (!*text || strlen(text) > 7 || text[strspn(text, "0123456789")])
        return -1;
    *value = strtoul(text, NULL, 10);
    return *value > MAX_NUMBER ? -1 : 0;
}

int amkd_word_real(float *value, const char *text)
{
    char *end;
    if (!*text || text[strspn(text, "0123456789.eE-+")])
        return -1;
    *value = strtof(text, &end);
    return *end || !isfinite(*value) ? -1 : 0;
}

int amkd_word_print(char *text, size_t nbytes, float value)
{
    int n = 0;
    for (int digits = 6; digits <= 9; digits++) {
        n = snprintf(text, nbytes, "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value)
            break;
    }
    return n;
}

static int read_option(const amkd_words *words, const char *word,
                       const amkd_word_option *options, unsigned *seen)
{
    for (size_t o = 0; options[o].name; o++) {
        const size_t length = strlen(options[o].name);
        if (options[o].flag ? strcmp(word, options[o].name) != 0
                            : strncmp(word, options[o].name, length) != 0 ||
                                  amkd_word_number(options[o].value, word + length))
            continue;
        if (*seen & 1U << o)
            return amkd_fail("%s: %s is given twice", words->where, options[o].name);
        *seen |= 1U << o;
        if (options[o].flag)
            *options[o].flag = 1;
        return 0;
    }
    return amkd_fail("%s: '%s' is no option of %s", words->where, word, words->words[0]);
}

int amkd_words_options(const amkd_words *words, size_t first,
                       const amkd_word_option *options)
{
    unsigned seen = 0;
    for (size_t w = first; w < words->n; w++)
        if (read_option(words, words->words[w], options, &seen))
            return -1;
    for (size_t o = 0; options[o].name; o++)
        if (options[o].required && !(seen & 1U << o))
            return amkd_words_fail(words,
                                   "the kernel size is missing (as in 'conv 6 k5')");
    return 0;
}

int amkd_floats(size_t *out, size_t a, size_t b, size_t c, const char *where)
{
    if (__builtin_mul_overflow(a, b, out) || __builtin_mul_overflow(*out, c, out) ||
        *out > AMKD_MAX_FLOATS)
        return amkd_fail("%s: %zu x %zu x %zu numbers are more than the %d that a layer "
                         "may have",
                         where, a, b, c, AMKD_MAX_FLOATS);
    return 0;
}
