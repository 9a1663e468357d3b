/* The header as a structure: fields, free keys, provenance. */
#include "stream/header.h"
#include "base/error.h"
#include "base/version.h"
#include <string.h>

enum { MAX_ROW_NBYTES = 1 << 28 };

static const char *const dtypes[] = {"|u1", "<i4", "<u4", "<u8", "<f4", "<f8"};

/* Names go into messages, tables and file names: letters, digits, "_" and "-" only. */
static int is_name(const char *text, size_t size)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                            "0123456789_-");
    return n > 0 && n < size && !text[n];
}

int amkd_header_init(amkd_header *header, const char *kind)
{
    memset(header, 0, sizeof *header);
    if (!is_name(kind, sizeof header->kind))
        return amkd_fail("'%.40s' is not a kind of stream", kind);
    strcpy(header->kind, kind);
    header->more = json_object();
    return header->more ? 0 : amkd_fail("out of memory: no room for a header");
}

static int set_shape(amkd_field *field, const size_t *shape, size_t ndim)
{
    if (ndim > AMKD_MAX_FIELD_DIMENSIONS)
        return amkd_fail("field '%s': %zu dimensions, at most %d are possible",
                         field->name, ndim, AMKD_MAX_FIELD_DIMENSIONS);
    field->ndim = ndim;
    field->nitems = 1;
    for (size_t i = 0; i < ndim; i++) {
        if (shape[i] == 0 || shape[i] > MAX_ROW_NBYTES / field->nitems)
            return amkd_fail("field '%s': dimension %zu is %zu: empty or too large",
                             field->name, i, shape[i]);
        field->shape[i] = shape[i];
        field->nitems *= shape[i];
    }
    return 0;
}

static int set_dtype(amkd_field *field, const char *dtype)
{
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++) {
        if (!strcmp(dtype, dtypes[i])) {
            strcpy(field->dtype, dtype);
            field->item_nbytes = (size_t)(dtype[2] - '0');
            return 0;
        }
    }
    return amkd_fail("field '%s': unknown dtype '%.40s'", field->name, dtype);
}

int amkd_header_add(amkd_header *header, const char *name, const char *dtype,
                    const size_t *shape, size_t ndim)
{
    if (header->nfields == AMKD_MAX_FIELDS)
        return amkd_fail("more than %d fields in a row", AMKD_MAX_FIELDS);
    amkd_field field = {.offset = header->row_nbytes};
    if (!is_name(name, sizeof field.name))
        return amkd_fail("'%.40s' is not a field name", name);
    if (amkd_header_field(header, name))
        return amkd_fail("field '%s' stands twice in the row", name);
    strcpy(field.name, name);
    if (set_dtype(&field, dtype) || set_shape(&field, shape, ndim))
        return -1;
    size_t row_nbytes = header->row_nbytes + field.nitems * field.item_nbytes;
    if (row_nbytes > MAX_ROW_NBYTES)
        return amkd_fail("field '%s': a row of %zu bytes, at most %d are possible", name,
                         row_nbytes, MAX_ROW_NBYTES);
    header->fields[header->nfields++] = field;
    header->row_nbytes = row_nbytes;
    return 0;
}

const amkd_field *amkd_header_field(const amkd_header *header, const char *name)
{
    for (size_t i = 0; i < header->nfields; i++)
        if (!strcmp(header->fields[i].name, name))
            return &header->fields[i];
    return NULL;
}

int amkd_header_expect(const amkd_field **field, const amkd_header *header,
                       const char *name, const char *dtype, size_t ndim)
{
    const amkd_field *found = amkd_header_field(header, name);
    if (!found)
        return amkd_fail("kind '%s': field '%s' is missing", header->kind, name);
    if (strcmp(found->dtype, dtype))
        return amkd_fail("kind '%s': field '%s' is '%s', expected '%s'", header->kind,
                         name, found->dtype, dtype);
    if (ndim && found->ndim != ndim)
        return amkd_fail("kind '%s': field '%s' has %zu dimensions, expected %zu",
                         header->kind, name, found->ndim, ndim);
    *field = found;
    return 0;
}

static int same_field(const amkd_field *a, const amkd_field *b)
{
    return !strcmp(a->name, b->name) && !strcmp(a->dtype, b->dtype) &&
           a->ndim == b->ndim && !memcmp(a->shape, b->shape, a->ndim * sizeof *a->shape);
}

int amkd_header_expect_same(const amkd_header *header, const amkd_header *expected)
{
    if (strcmp(header->kind, expected->kind))
        return amkd_fail("a stream of %s, expected %s", header->kind, expected->kind);
    if (header->nfields != expected->nfields)
        return amkd_fail("kind '%s' with %zu fields, expected %zu", header->kind,
                         header->nfields, expected->nfields);
    for (size_t i = 0; i < header->nfields; i++) {
        const amkd_field *found = &header->fields[i], *wanted = &expected->fields[i];
        if (!same_field(found, wanted))
            return amkd_fail("kind '%s': field %zu is '%s' of %zu '%s', expected '%s' of "
                             "%zu '%s'",
                             header->kind, i, found->name, found->nitems, found->dtype,
                             wanted->name, wanted->nitems, wanted->dtype);
    }
    return 0;
}

int amkd_header_copy(amkd_header *header, const amkd_header *source)
{
    amkd_header copy = *source;
    copy.more = json_deep_copy(source->more);
    if (!copy.more) {
        memset(header, 0, sizeof *header);
        return amkd_fail("out of memory: no room for a header");
    }
    *header = copy;
    return 0;
}

int amkd_header_put(amkd_header *header, const char *key, json_t *value)
{
    if (json_object_set_new(header->more, key, value))
        return amkd_fail("out of memory: no room for a header");
    return 0;
}

int amkd_header_add_provenance(amkd_header *header, const char *tool,
                               const json_t *command, const json_t *more)
{
    json_t *runs = json_object_get(header->more, "provenance");
    if (runs && !json_is_array(runs))
        return amkd_fail("\"provenance\" in the header is not an array");
    if (!runs) {
        runs = json_array();
        if (json_object_set_new(header->more, "provenance", runs))
            return amkd_fail("out of memory: no room for the provenance");
    }
    json_t *run = json_pack("{s:s, s:s, s:o}", "tool", tool, "version", AMKD_VERSION,
                            "command", json_deep_copy(command));
    if (!run || (more && json_object_update(run, (json_t *)more)) ||
        json_array_append(runs, run)) {
        json_decref(run);
        return amkd_fail("out of memory: no room for the provenance");
    }
    json_decref(run);
    return 0;
}

void amkd_header_clear(amkd_header *header)
{
    json_decref(header->more);
    memset(header, 0, sizeof *header);
}
