/* Fields of rows in other shapes: TSV, JSON lines, NumPy's packed records. */
#include "data/fields.h"
#include "base/error.h"
#include "base/memory.h"
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ITEM_NBYTES = 32 }; /* room for any number, a separator and brackets apart */

int amkd_fields_choose(amkd_fields *fields, const amkd_header *header,
                       const char *const *names, size_t nnames)
{
    *fields = (amkd_fields){0};
    for (size_t i = 0; i < (nnames ? nnames : header->nfields); i++) {
        const amkd_field *field =
            nnames ? amkd_header_field(header, names[i]) : &header->fields[i];
        if (!field)
            return amkd_fail("a row of %s has no field '%s'", header->kind, names[i]);
        for (size_t k = 0; k < fields->n; k++)
            if (fields->field[k] == field)
                return amkd_fail("field '%s' is chosen twice", field->name);
        fields->field[fields->n++] = field;
        fields->nbytes += field->nitems * field->item_nbytes;
    }
    return 0;
}

void amkd_text_clear(amkd_text *text)
{
    free(text->bytes);
    *text = (amkd_text){0};
}

static int reserve(amkd_text *text, size_t nbytes)
{
    if (text->room - text->nbytes >= nbytes)
        return 0;
    size_t room = 2 * text->room + nbytes;
    char *bytes = amkd_realloc(text->bytes, room, 1);
    if (!bytes)
        return -1;
    text->bytes = bytes;
    text->room = room;
    return 0;
}

/* Room for a field with its name at every item and a bracket for every dimension. */
static int reserve_field(amkd_text *text, const amkd_field *field)
{
    size_t item = ITEM_NBYTES + sizeof field->name + 2 * AMKD_MAX_FIELD_DIMENSIONS;
    return reserve(text, (field->nitems + 1) * item);
}

static void put(amkd_text *text, const char *string)
{
    size_t n = strlen(string);
    memcpy(text->bytes + text->nbytes, string, n);
    text->nbytes += n;
}

/* The shortest decimals that read back as the same number. */
static void print_float(char *string, double value, int is_float32)
{
    for (int digits = is_float32 ? 6 : 15;; digits++) {
        snprintf(string, ITEM_NBYTES, "%.*g", digits, value);
        if (digits == (is_float32 ? 9 : 17))
            return;
        if (is_float32 ? strtof(string, NULL) == (float)value
                       : strtod(string, NULL) == value)
            return;
    }
}

/* nonfinite: what stands for NaN and infinities; NULL: C's names of them. */
static void put_item(amkd_text *text, const amkd_field *field, const uint8_t *item,
                     const char *nonfinite)
{
    char string[ITEM_NBYTES];
    if (field->dtype[1] == 'f') {
        float narrow;
        double value;
        if (field->item_nbytes == sizeof narrow) {
            memcpy(&narrow, item, sizeof narrow);
            value = (double)narrow;
        } else {
            memcpy(&value, item, sizeof value);
        }
        if (nonfinite && !isfinite(value)) {
            put(text, nonfinite);
            return;
        }
        print_float(string, value, field->item_nbytes == sizeof narrow);
    } else if (field->dtype[1] == 'i') {
        int32_t value;
        memcpy(&value, item, sizeof value);
        snprintf(string, sizeof string, "%d", value);
    } else {
        uint64_t value = 0; /* little endian as the file */
        memcpy(&value, item, field->item_nbytes);
        snprintf(string, sizeof string, "%llu", (unsigned long long)value);
    }
    put(text, string);
}

int amkd_fields_tsv_names(amkd_text *text, const amkd_fields *fields)
{
    for (size_t k = 0; k < fields->n; k++) {
        const amkd_field *field = fields->field[k];
        if (reserve_field(text, field))
            return -1;
        for (size_t i = 0; i < field->nitems; i++) {
            char number[ITEM_NBYTES] = "";
            if (field->ndim)
                snprintf(number, sizeof number, "%zu", i);
            put(text, k || i ? "\t" : "");
            put(text, field->name);
            put(text, number);
        }
    }
    put(text, "\n");
    return 0;
}

int amkd_fields_tsv(amkd_text *text, const amkd_fields *fields, const void *row)
{
    for (size_t k = 0; k < fields->n; k++) {
        const amkd_field *field = fields->field[k];
        const uint8_t *item = (const uint8_t *)row + field->offset;
        if (reserve_field(text, field))
            return -1;
        for (size_t i = 0; i < field->nitems; i++, item += field->item_nbytes) {
            put(text, k || i ? "\t" : "");
            put_item(text, field, item, NULL);
        }
    }
    put(text, "\n");
    return 0;
}

/* Item i opens an array for every dimension whose block begins with it; after it, one
 * closes for every dimension whose block ends with it. */
static void put_brackets(amkd_text *text, const amkd_field *field, size_t i,
                         const char *bracket)
{
    size_t nblock = 1;
    for (size_t d = field->ndim; d-- > 0;) {
        nblock *= field->shape[d];
        if (i % nblock == 0)
            put(text, bracket);
    }
}

int amkd_fields_json(amkd_text *text, const amkd_fields *fields, const void *row)
{
    if (reserve(text, 2))
        return -1;
    for (size_t k = 0; k < fields->n; k++) {
        const amkd_field *field = fields->field[k];
        const uint8_t *item = (const uint8_t *)row + field->offset;
        if (reserve_field(text, field))
            return -1;
        put(text, k ? ",\"" : "{\"");
        put(text, field->name);
        put(text, "\":");
        for (size_t i = 0; i < field->nitems; i++, item += field->item_nbytes) {
            put(text, i ? "," : "");
            put_brackets(text, field, i, "[");
            put_item(text, field, item, "null");
            put_brackets(text, field, i + 1, "]");
        }
    }
    put(text, "}\n");
    return 0;
}

char *amkd_fields_dtype(const amkd_fields *fields)
{
    if (fields->n == 1)
        return amkd_strdup(fields->field[0]->dtype);
    char *dtype = amkd_strdup("[");
    for (size_t k = 0; dtype && k < fields->n; k++) {
        const amkd_field *field = fields->field[k];
        char shape[128] = "";
        for (size_t d = 0, n = 0; d < field->ndim; d++)
            n += (size_t)snprintf(shape + n, sizeof shape - n, "%s%zu%s", d ? " " : ", (",
                                  field->shape[d], d + 1 < field->ndim ? "," : ",)");
        char *longer = amkd_format("%s%s('%s', '%s'%s)", dtype, k ? ", " : "",
                                   field->name, field->dtype, shape);
        free(dtype);
        dtype = longer;
    }
    char *closed = dtype ? amkd_format("%s]", dtype) : NULL;
    free(dtype);
    return closed;
}

void amkd_fields_pack(void *packed, const amkd_fields *fields, const void *row)
{
    uint8_t *at = packed;
    for (size_t k = 0; k < fields->n; k++) {
        const amkd_field *field = fields->field[k];
        size_t nbytes = field->nitems * field->item_nbytes;
        memcpy(at, (const uint8_t *)row + field->offset, nbytes);
        at += nbytes;
    }
}
