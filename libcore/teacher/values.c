/* A number that is none, or beyond float32, is told on as infinite: it spoils its own row
 * alone. NaN would be a class left out. */
#include "teacher/values.h"
#include "base/error.h"
#include "base/half.h"
#include "base/memory.h"
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int amkd_values_reserve(amkd_values *values, size_t n, size_t nvalues)
{
    if (nvalues < 2)
        return amkd_fail("answers with %zu values an image, expected 2 or more", nvalues);
    values->nvalues = nvalues;
    if (n <= values->room / nvalues)
        return 0;
    float *block = amkd_realloc(values->at, n, nvalues * sizeof *block);
    if (!block)
        return -1;
    values->at = block;
    values->room = n * nvalues;
    return 0;
}

static void put(amkd_values *values, size_t row, size_t column, double number)
{
    values->at[row * values->nvalues + column] = isnan(number) ? INFINITY : (float)number;
}

/* How many numbers an array holds at any depth. */
static size_t count(const json_t *array)
{
    size_t n = 0, i;
    json_t *item;
    if (!json_is_array(array))
        return 1;
    json_array_foreach (array, i, item)
        n += count(item);
    return n;
}

int amkd_values_number(double *number, const json_t *value)
{
    json_t *said = NULL;
    if (json_is_string(value))
        said = json_loads(json_string_value(value), JSON_DECODE_ANY, NULL);
    const json_t *found = said ? said : value;
    const int rc = json_is_number(found) ? 0 : -1;
    *number = json_number_value(found);
    json_decref(said);
    return rc;
}

/* Whether it stands for a number that is none: null, or the texts that Protocol Buffers
 * have for such in JSON. */
static int is_none(const json_t *item)
{
    const char *text = json_string_value(item);
    return json_is_null(item) ||
           (text && (!strcmp(text, "NaN") || !strcmp(text, "Infinity") ||
                     !strcmp(text, "-Infinity")));
}

static int read_number(amkd_values *values, const json_t *item, size_t row, size_t column)
{
    double number = NAN;
    if (!is_none(item) && amkd_values_number(&number, item))
        return amkd_fail("answers with something else than a number for image %zu, "
                         "class %zu",
                         row, column);
    put(values, row, column, number);
    return 0;
}

/* Reads an array's numbers from column *column of the row on. */
static int read_row(amkd_values *values, const json_t *array, size_t row, size_t *column)
{
    size_t i;
    json_t *item;
    if (!json_is_array(array))
        return read_number(values, array, row, (*column)++);
    json_array_foreach (array, i, item)
        if (read_row(values, item, row, column))
            return -1;
    return 0;
}

static int read_nested(amkd_values *values, const json_t *array, size_t n)
{
    if (json_array_size(array) != n)
        return amkd_fail("answers with %zu rows for %zu images", json_array_size(array),
                         n);
    if (amkd_values_reserve(values, n, count(json_array_get(array, 0))))
        return -1;
    for (size_t row = 0; row < n; row++) {
        size_t column = 0, nvalues = count(json_array_get(array, row));
        if (nvalues != values->nvalues)
            return amkd_fail("answers with %zu values for image %zu, but %zu for image 0",
                             nvalues, row, values->nvalues);
        if (read_row(values, json_array_get(array, row), row, &column))
            return -1;
    }
    return 0;
}

static int read_flat(amkd_values *values, const json_t *array, size_t n)
{
    size_t nvalues = json_array_size(array) / n;
    if (nvalues * n != json_array_size(array))
        return amkd_fail("answers with %zu numbers, which makes no %zu equal rows",
                         json_array_size(array), n);
    if (amkd_values_reserve(values, n, nvalues))
        return -1;
    for (size_t row = 0; row < n; row++)
        for (size_t column = 0; column < nvalues; column++)
            if (read_number(values, json_array_get(array, row * nvalues + column), row,
                            column))
                return -1;
    return 0;
}

int amkd_values_read_json(amkd_values *values, const json_t *array, size_t n)
{
    if (!json_is_array(array) || json_array_size(array) == 0)
        return amkd_fail("answers with no array of numbers");
    return json_is_array(json_array_get(array, 0)) ? read_nested(values, array, n)
                                                   : read_flat(values, array, n);
}

typedef enum number_kind {
    HALF,
    SINGLE,
    DOUBLE,
    SIGNED,
    UNSIGNED,
} number_kind;

static const struct {
    const char *datatype;
    size_t nbytes;
    number_kind kind;
} numbers[] = {{"FP16", 2, HALF},       {"FP32", 4, SINGLE},    {"FP64", 8, DOUBLE},
               {"INT8", 1, SIGNED},     {"INT16", 2, SIGNED},   {"INT32", 4, SIGNED},
               {"INT64", 8, SIGNED},    {"UINT8", 1, UNSIGNED}, {"UINT16", 2, UNSIGNED},
               {"UINT32", 4, UNSIGNED}, {"UINT64", 8, UNSIGNED}};

/* The index of a datatype, or their number. */
static size_t find_number(const char *datatype)
{
    size_t d = 0;
    while (d < sizeof numbers / sizeof *numbers &&
           strcmp(datatype, numbers[d].datatype) != 0)
        d++;
    return d;
}

size_t amkd_values_item_nbytes(const char *datatype)
{
    const size_t d = find_number(datatype);
    return d < sizeof numbers / sizeof *numbers ? numbers[d].nbytes : 0;
}

static double read_item(const unsigned char *bytes, size_t nbytes, number_kind kind)
{
    uint64_t bits = 0;
    float single;
    double number;
    for (size_t b = 0; b < nbytes; b++)
        bits |= (uint64_t)bytes[b] << 8 * b;
    switch (kind) {
    case HALF:
        return amkd_half_float((uint16_t)bits);
    case SINGLE:
        memcpy(&single, bytes, sizeof single);
        return single;
    case DOUBLE:
        memcpy(&number, bytes, sizeof number);
        return number;
    case SIGNED: /* the sign into the bits above, two's complement */
        if (nbytes < 8 && bits >> (8 * nbytes - 1))
            bits |= ~(uint64_t)0 << 8 * nbytes;
        return (double)(int64_t)bits;
    default:
        return (double)bits;
    }
}

int amkd_values_read_binary(amkd_values *values, const void *bytes, const char *datatype,
                            size_t n, size_t nvalues)
{
    const size_t d = find_number(datatype);
    if (d == sizeof numbers / sizeof *numbers)
        return amkd_fail("answers with datatype '%.20s', which is no number", datatype);
    if (amkd_values_reserve(values, n, nvalues))
        return -1;
    for (size_t i = 0; i < n * nvalues; i++) {
        const unsigned char *item = (const unsigned char *)bytes + i * numbers[d].nbytes;
        put(values, i / nvalues, i % nvalues,
            read_item(item, numbers[d].nbytes, numbers[d].kind));
    }
    return 0;
}

void amkd_values_clear(amkd_values *values)
{
    free(values->at);
    *values = (amkd_values){0};
}
