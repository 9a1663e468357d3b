/* Arrays of numbers in JSON text, read where they stand: a request is nearly all numbers,
 * and a tree of them would take thirty times their room. */
#ifndef AMKD_SERVE_NUMBERS_H
#define AMKD_SERVE_NUMBERS_H

#include <stddef.h>
#include <stdint.h>

enum { AMKD_NUMBERS_MAX_DIMS = 8 };

/* Nested arrays of nothing but numbers: text begins with "[" and ends with the "]" that
 * closes it. */
typedef struct amkd_numbers {
    const char *text;
    size_t nbytes;
    size_t ndim, shape[AMKD_NUMBERS_MAX_DIMS]; /* of amkd_numbers_measure */
    size_t n;                                  /* how many in all */
} amkd_numbers;

/* Measures the array at the beginning of text, which must be a "[". Returns 1; 0 when
 * there is something other than numbers in it, or no end; -1 when it is irregular ([[1],
 * [2, 3]]) or nested deeper than AMKD_NUMBERS_MAX_DIMS. */
int amkd_numbers_measure(amkd_numbers *numbers, const char *text, size_t nbytes);

/* The values in order, out[numbers->n]. Every number must be as JSON has it; pixels are
 * whole and 0..255, floats are finite, sizes are whole and 0..2^53. Errors name the
 * value, counted from 0. */
int amkd_numbers_pixels(uint8_t *out, const amkd_numbers *numbers);
int amkd_numbers_floats(float *out, const amkd_numbers *numbers);
int amkd_numbers_sizes(uint64_t *out, const amkd_numbers *numbers);

#endif
