/* The numbers of an answer on their way from a server's format to rows of float. */
#ifndef AMKD_TEACHER_VALUES_H
#define AMKD_TEACHER_VALUES_H

#include <jansson.h>
#include <stddef.h>

typedef struct amkd_values {
    float *at;      /* [n][nvalues], owned */
    size_t room;    /* numbers it can hold */
    size_t nvalues; /* of a row */
} amkd_values;      /* zeroed: none */

/* Makes room for n rows of nvalues, whose contents are then undefined. Fails unless there
 * are two or more values a row. */
int amkd_values_reserve(amkd_values *values, size_t n, size_t nvalues);

/* The number that a JSON value is, or that a text says by JSON's rules. -1 when it is
 * none; no error is set. */
int amkd_values_number(double *number, const json_t *value);

/* Reads n rows from a JSON array: an array a row, which may be nested further, or all
 * numbers in one. Numbers may stand as texts. What is NaN, also as a text, null, which NaN
 * becomes in JSON, or beyond float32 is infinite in its row. Fails when that makes no n
 * rows of one length, or one is no number. */
int amkd_values_read_json(amkd_values *values, const json_t *array, size_t n);

/* Bytes of a number of a datatype of the Open Inference Protocol: "FP16", "FP32", "FP64",
 * "INT8" to "INT64", "UINT8" to "UINT64"; 0 for what is no number. */
size_t amkd_values_item_nbytes(const char *datatype);

/* Reads n rows of nvalues in little-endian binary, of such a datatype. NaN becomes
 * infinite. */
int amkd_values_read_binary(amkd_values *values, const void *bytes, const char *datatype,
                            size_t n, size_t nvalues);

void amkd_values_clear(amkd_values *values);

#endif
