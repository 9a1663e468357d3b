/* A choice of a row's fields, and rows made of just these as text or as packed bytes. */
#ifndef AMKD_DATA_FIELDS_H
#define AMKD_DATA_FIELDS_H

#include "stream/header.h"
#include <stddef.h>

typedef struct amkd_fields {
    size_t n;
    const amkd_field *field[AMKD_MAX_FIELDS]; /* in the header */
    size_t nbytes;                            /* of the fields together */
} amkd_fields;

/* Chooses the fields of these names in this order; all of them when nnames is 0. */
int amkd_fields_choose(amkd_fields *fields, const amkd_header *header,
                       const char *const *names, size_t nnames);

/* Text that grows; freed by amkd_text_clear. */
typedef struct amkd_text {
    char *bytes;
    size_t nbytes, room;
} amkd_text;

void amkd_text_clear(amkd_text *text);

/* Appends the line of column names: a scalar field's is its own, those of an array are
 * numbered, "p0 p1 p2". */
int amkd_fields_tsv_names(amkd_text *text, const amkd_fields *fields);

/* Appends a row as a line of values parted by tabs, arrays flat. Floats have as many
 * digits as tell them from all others. */
int amkd_fields_tsv(amkd_text *text, const amkd_fields *fields, const void *row);

/* Appends a row as a JSON object in one line, arrays nested by their shape. What JSON
 * cannot write, NaN and infinities, becomes null. */
int amkd_fields_json(amkd_text *text, const amkd_fields *fields, const void *row);

/* The dtype of such rows for amkd_npy_print, as a new string: "<f4" when there is one
 * field, else a structured one. */
char *amkd_fields_dtype(const amkd_fields *fields);

/* packed[fields->nbytes] = the fields of the row, one behind the other. */
void amkd_fields_pack(void *packed, const amkd_fields *fields, const void *row);

#endif
