/* The header as JSON text:
 *   {"fields": [["i","<u4"],["p","<f4",[10]]], "kind": "labels", ...} */
#include "base/error.h"
#include "stream/header.h"
#include <string.h>

static int parse_shape(size_t *shape, size_t *ndim, const json_t *list, const char *name)
{
    *ndim = json_array_size(list);
    if (!json_is_array(list) || *ndim > AMKD_MAX_FIELD_DIMENSIONS)
        return amkd_fail("field '%s': its shape must be a list of at most %d sizes", name,
                         AMKD_MAX_FIELD_DIMENSIONS);
    for (size_t i = 0; i < *ndim; i++) {
        const json_t *size = json_array_get(list, i);
        if (!json_is_integer(size) || json_integer_value(size) < 1)
            return amkd_fail("field '%s': dimension %zu is not a positive whole number",
                             name, i);
        shape[i] = (size_t)json_integer_value(size);
    }
    return 0;
}

static int parse_field(amkd_header *header, const json_t *entry, size_t index)
{
    size_t n = json_array_size(entry);
    const char *name = json_string_value(json_array_get(entry, 0));
    const char *dtype = json_string_value(json_array_get(entry, 1));
    if (n < 2 || n > 3 || !name || !dtype)
        return amkd_fail("\"fields\" entry %zu is not [name, dtype] or "
                         "[name, dtype, shape]",
                         index);
    size_t shape[AMKD_MAX_FIELD_DIMENSIONS] = {0}, ndim = 0;
    if (n == 3 && parse_shape(shape, &ndim, json_array_get(entry, 2), name))
        return -1;
    return amkd_header_add(header, name, dtype, shape, ndim);
}

static int parse_object(amkd_header *header, json_t *root)
{
    const char *kind = json_string_value(json_object_get(root, "kind"));
    if (!kind)
        return amkd_fail("the header has no \"kind\"");
    if (amkd_header_init(header, kind))
        return -1;
    const json_t *fields = json_object_get(root, "fields");
    if (!json_is_array(fields) || !json_array_size(fields))
        return amkd_fail("the header has no \"fields\"");
    for (size_t i = 0; i < json_array_size(fields); i++)
        if (parse_field(header, json_array_get(fields, i), i))
            return -1;
    const json_t *rows = json_object_get(root, "rows");
    if (rows && (!json_is_integer(rows) || json_integer_value(rows) < 0))
        return amkd_fail("\"rows\" in the header is not a whole number");
    json_decref(header->more);
    header->more = json_incref(root);
    json_object_del(root, "kind");
    json_object_del(root, "fields");
    return 0;
}

int amkd_header_parse(amkd_header *header, const char *text, size_t nbytes)
{
    memset(header, 0, sizeof *header);
    json_error_t where;
    json_t *root = json_loadb(text, nbytes, JSON_REJECT_DUPLICATES, &where);
    if (!root)
        return amkd_fail("the header is not JSON: byte %d: %s", where.position,
                         where.text);
    int result = json_is_object(root) ? parse_object(header, root)
                                      : amkd_fail("the header is not a JSON object");
    json_decref(root);
    if (result)
        amkd_header_clear(header);
    return result;
}

static json_t *print_field(const amkd_field *field)
{
    json_t *entry = json_pack("[s, s]", field->name, field->dtype);
    if (!field->ndim)
        return entry;
    json_t *shape = json_array();
    int bad = 0;
    for (size_t i = 0; i < field->ndim; i++)
        bad |= json_array_append_new(shape, json_integer((json_int_t)field->shape[i]));
    if (json_array_append_new(entry, shape) || bad) {
        json_decref(entry);
        return NULL;
    }
    return entry;
}

static json_t *print_object(const amkd_header *header)
{
    json_t *root = json_copy(header->more), *fields = json_array();
    int bad = json_object_set_new(root, "kind", json_string(header->kind));
    for (size_t i = 0; i < header->nfields; i++)
        bad |= json_array_append_new(fields, print_field(&header->fields[i]));
    if (json_object_set_new(root, "fields", fields) || bad) {
        json_decref(root);
        return NULL;
    }
    return root;
}

char *amkd_header_print(const amkd_header *header)
{
    json_t *root = print_object(header);
    char *text = root ? json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    json_decref(root);
    if (!text)
        amkd_fail("the header cannot be written as JSON");
    return text;
}
