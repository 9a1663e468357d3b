/* Every number is checked to be finite here, where its place is known. */
#include "teacher/values.h"
#include "base/error.h"
#include "base/memory.h"
#include <math.h>
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

static int put(amkd_values *values, size_t row, size_t column, double number)
{
    float value = (float)number;
    if (!isfinite(value))
        return amkd_fail("answers with %g for image %zu, class %zu", number, row, column);
    values->at[row * values->nvalues + column] = value;
    return 0;
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

static int read_number(amkd_values *values, const json_t *item, size_t row, size_t column)
{
    if (!json_is_number(item))
        return amkd_fail("answers with something else than a number for image %zu, "
                         "class %zu",
                         row, column);
    return put(values, row, column, json_number_value(item));
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

int amkd_values_read_binary(amkd_values *values, const void *bytes, const char *datatype,
                            size_t n, size_t nvalues)
{
    int is_double = strcmp(datatype, "FP64") == 0;
    if (amkd_values_reserve(values, n, nvalues))
        return -1;
    for (size_t i = 0; i < n * nvalues; i++) {
        float single;
        double number;
        if (is_double) {
            memcpy(&number, (const char *)bytes + i * sizeof number, sizeof number);
        } else {
            memcpy(&single, (const char *)bytes + i * sizeof single, sizeof single);
            number = single;
        }
        if (put(values, i / nvalues, i % nvalues, number))
            return -1;
    }
    return 0;
}

void amkd_values_clear(amkd_values *values)
{
    free(values->at);
    *values = (amkd_values){0};
}
