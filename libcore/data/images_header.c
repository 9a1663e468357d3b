/* The header of an images stream, made and read. */
#include "data/images_header.h"
#include "base/error.h"
#include "data/images_digest.h"
#include "stream/keys.h"
#include <string.h>

int amkd_images_header(amkd_header *header, size_t height, size_t width, size_t channels,
                       size_t nclasses, json_t *class_names)
{
    size_t shape[3] = {height, width, channels};
    if (amkd_header_init(header, "images"))
        return -1;
    if (amkd_header_add(header, "pixels", "|u1", shape, 3) ||
        (nclasses && amkd_header_add(header, "label", "<i4", NULL, 0))) {
        amkd_header_clear(header);
        return -1;
    }
    if ((nclasses &&
         amkd_header_put(header, "nclasses", json_integer((json_int_t)nclasses))) ||
        (class_names && amkd_header_put_class_names(header, class_names))) {
        amkd_header_clear(header);
        return -1;
    }
    return 0;
}

/* The number of classes and their names, which go with labels. */
static int read_classes(amkd_images_layout *layout, const amkd_header *header)
{
    const json_t *nclasses = json_object_get(header->more, "nclasses");
    if (!json_is_integer(nclasses) || json_integer_value(nclasses) < 1 ||
        json_integer_value(nclasses) > INT32_MAX)
        return amkd_fail("labeled images need \"nclasses\", a positive integer, in the "
                         "header");
    layout->nclasses = (size_t)json_integer_value(nclasses);
    json_t *names = amkd_header_class_names(header), *name;
    if (!names)
        return 0;
    if (!json_is_array(names) || json_array_size(names) != layout->nclasses)
        return amkd_fail("\"class_names\" is not an array of %zu strings",
                         layout->nclasses);
    size_t i;
    json_array_foreach (names, i, name) {
        if (!json_is_string(name))
            return amkd_fail("\"class_names\" is not an array of %zu strings",
                             layout->nclasses);
    }
    layout->class_names = names;
    return 0;
}

/* The set that the sources number. */
static int read_of(amkd_images_layout *layout, const amkd_header *header)
{
    const json_t *of = json_object_get(json_object_get(header->more, "views"), "of");
    const json_t *rows = json_object_get(of, "rows");
    layout->source_digest = json_string_value(json_object_get(of, "digest"));
    if (!json_is_integer(rows) || json_integer_value(rows) < 1 ||
        json_integer_value(rows) > UINT32_MAX || !layout->source_digest ||
        strlen(layout->source_digest) >= AMKD_DIGEST_SIZE)
        return amkd_fail("images with the field \"source\" need \"views\" in the header: "
                         "{\"of\": {\"path\", \"rows\", \"digest\"}, ...}");
    layout->source_rows = (uint64_t)json_integer_value(rows);
    return 0;
}

/* A field without dimensions; NULL where there is none of the name. */
static int find_scalar(const amkd_field **field, const amkd_header *header,
                       const char *name, const char *dtype)
{
    *field = NULL;
    if (!amkd_header_field(header, name))
        return 0;
    if (amkd_header_expect(field, header, name, dtype, 0))
        return -1;
    return (*field)->ndim
               ? amkd_fail("field \"%s\" has %zu dimensions, not 0", name, (*field)->ndim)
               : 0;
}

int amkd_images_layout_read(amkd_images_layout *layout, const amkd_header *header)
{
    *layout = (amkd_images_layout){0};
    if (amkd_header_expect(&layout->pixels, header, "pixels", "|u1", 3))
        return -1;
    const size_t *shape = layout->pixels->shape;
    if (!layout->pixels->nitems)
        return amkd_fail("images of %zux%zux%zu are empty", shape[0], shape[1], shape[2]);
    return find_scalar(&layout->label, header, "label", "<i4") ||
                   (layout->label && read_classes(layout, header)) ||
                   find_scalar(&layout->source, header, "source", "<u4") ||
                   (layout->source && read_of(layout, header))
               ? -1
               : 0;
}
