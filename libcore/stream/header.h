/* A stream's header: its kind, the fields of a row as a NumPy dtype, and whatever else
 * the kind needs, as JSON. */
#ifndef AMKD_STREAM_HEADER_H
#define AMKD_STREAM_HEADER_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

enum { AMKD_MAX_FIELDS = 16, AMKD_MAX_FIELD_DIMENSIONS = 4 };

typedef struct amkd_field {
    char name[32];
    char dtype[4]; /* NumPy's: "|u1", "<i4", "<u4", "<u8", "<f4", "<f8" */
    size_t item_nbytes;
    size_t ndim; /* 0 for a scalar */
    size_t shape[AMKD_MAX_FIELD_DIMENSIONS];
    size_t nitems; /* the product of shape */
    size_t offset; /* in the row, packed without gaps */
} amkd_field;

typedef struct amkd_header {
    char kind[16]; /* "images", "pairs", "picks", "labels", "index" */
    size_t nfields;
    amkd_field fields[AMKD_MAX_FIELDS];
    size_t row_nbytes;
    json_t *more; /* an object: every key but "kind", "fields"; owned. Its optional
                     integer "rows" is the number of rows that will follow. */
} amkd_header;

/* Makes a header without fields. */
int amkd_header_init(amkd_header *header, const char *kind);

/* Appends a field. shape holds ndim sizes. */
int amkd_header_add(amkd_header *header, const char *name, const char *dtype,
                    const size_t *shape, size_t ndim);

/* The field of this name, or NULL. */
const amkd_field *amkd_header_field(const amkd_header *header, const char *name);

/* Fails unless the field exists with this dtype (and, for ndim != 0, this rank). */
int amkd_header_expect(const amkd_field **field, const amkd_header *header,
                       const char *name, const char *dtype, size_t ndim);

/* Fails unless header has the kind and exactly the fields of expected. */
int amkd_header_expect_same(const amkd_header *header, const amkd_header *expected);

/* Copies all of source into a fresh header. */
int amkd_header_copy(amkd_header *header, const amkd_header *source);

/* Sets a key of more. value is taken over; NULL, as jansson's makers return it without
 * memory, is a failure. */
int amkd_header_put(amkd_header *header, const char *key, json_t *value);

/* Appends this tool's run to the "provenance" array: {"tool", "version", "command"},
 * plus the keys of more (an object, may be NULL, borrowed). command is borrowed. */
int amkd_header_add_provenance(amkd_header *header, const char *tool,
                               const json_t *command, const json_t *more);

/* Parses the JSON text of a header, checking every value. */
int amkd_header_parse(amkd_header *header, const char *text, size_t nbytes);

/* The JSON text of the header: compact, keys sorted, so that equal headers are equal
 * bytes. Freed with free(). */
char *amkd_header_print(const amkd_header *header);

/* Frees what the header owns. A zeroed header is fine. */
void amkd_header_clear(amkd_header *header);

#endif
