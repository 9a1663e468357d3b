/* Reading the words of a layer's text, for the kinds. */
#ifndef AMKD_LAYERS_WORDS_H
#define AMKD_LAYERS_WORDS_H

#include "layers/layer.h"

/* Sets "WHERE: what" and returns -1. */
int amkd_words_fail(const amkd_words *words, const char *what);

/* A decimal number, 0 to 2^20, that is all of text. Fails silently. */
int amkd_word_number(size_t *value, const char *text);

/* "0.1": a finite number that is all of text. Fails silently. */
int amkd_word_real(float *value, const char *text);

/* Writes the fewest digits that amkd_word_real reads the same from. */
int amkd_word_print(char *text, size_t nbytes, float value);

/* One of the options behind a layer's sizes. */
typedef struct amkd_word_option {
    const char *name; /* "k", a number follows: "k5"; or a whole word with flag */
    size_t *value;    /* NULL: not allowed here */
    int *flag;        /* set to 1 */
    int required;
} amkd_word_option;

/* Reads words[first..) as options, each once. options ends with a NULL name. */
int amkd_words_options(const amkd_words *words, size_t first,
                       const amkd_word_option *options);

/* *out = a b c, or an error once beyond AMKD_MAX_FLOATS. */
int amkd_floats(size_t *out, size_t a, size_t b, size_t c, const char *where);

#endif
