/* A network as a C99 program, put together layer by layer: arrays of weights, the
 * routines that the layers call (the files of emit/routines/), and the calls. Arrays go
 * to the output as they come; routines and calls follow.
 *
 * What could not be added is remembered in program->failed, to be looked at once at the
 * end. */
#ifndef AMKD_EMIT_C99_H
#define AMKD_EMIT_C99_H

#include "base/bytes.h"
#include "base/file.h"
#include <stddef.h>

typedef struct amkd_c99 {
    amkd_output *output; /* borrowed */
    int int8;            /* weights have 8 bits, and a scale for each output channel */
    amkd_bytes calls;    /* what the function does */
    unsigned used;       /* routines, a bit each */
    size_t nbytes;       /* of all arrays, in the program's memory */
    int failed;          /* with the error set */
} amkd_c99;              /* begins with an output alone */

/* A text for the output. */
void amkd_c99_puts(amkd_c99 *program, const char *text);
void amkd_c99_print(amkd_c99 *program, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* An array "NAME_NUMBER" of n floats. */
void amkd_c99_floats(amkd_c99 *program, const char *name, size_t number,
                     const float *values, size_t n);

/* Weights of the layer with this number, values[nrows][n / nrows], a row an output
 * channel: arrays "weights_NUMBER" and, of 8 bits, "scales_NUMBER". A weight of 8 bits
 * stands for itself times its row's scale: the row's greatest weight is 127 or -127. */
void amkd_c99_weights(amkd_c99 *program, size_t number, const float *values, size_t nrows,
                      size_t n);

/* What a call says for the scales of that layer: "scales_NUMBER", or "NULL". */
void amkd_c99_scales(char *text, size_t nbytes, const amkd_c99 *program, size_t number);

/* A line of the function. */
void amkd_c99_call(amkd_c99 *program, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The program has the routine of this name, and those that it calls. */
void amkd_c99_use(amkd_c99 *program, const char *routine);

/* Writes the routines in use; a main for the function that the macro PREDICT names. */
void amkd_c99_routines(amkd_c99 *program);
void amkd_c99_main(amkd_c99 *program);

/* Writes a JSON value that stands in a comment, with " * " in front of each line. */
void amkd_c99_comment(amkd_c99 *program, const json_t *value);

/* Writes a text as a string literal: ASCII alone, without trigraphs. */
void amkd_c99_quote(amkd_c99 *program, const char *text);

void amkd_c99_clear(amkd_c99 *program);

#endif
