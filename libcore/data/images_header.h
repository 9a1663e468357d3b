/* The header of an images stream. */
#ifndef AMKD_DATA_IMAGES_HEADER_H
#define AMKD_DATA_IMAGES_HEADER_H

#include "stream/header.h"

/* Header of an images stream: field "pixels" |u1 [H,W,C] and, if nclasses, "label" <i4
 * and the key "nclasses", and "class_names" unless NULL (borrowed). */
int amkd_images_header(amkd_header *header, size_t height, size_t width, size_t channels,
                       size_t nclasses, json_t *class_names);

/* What such a header says. Fields and names are the header's. */
typedef struct amkd_images_layout {
    const amkd_field *pixels, *label, *source; /* label, source: NULL where not there */
    size_t nclasses;                           /* with label */
    json_t *class_names;                       /* array of nclasses strings, or NULL */
    uint64_t source_rows;                      /* with source: rows of the set that the */
    const char *source_digest;                 /* sources number, and its digest */
} amkd_images_layout;

/* Fails unless the header is one of an images stream. */
int amkd_images_layout_read(amkd_images_layout *layout, const amkd_header *header);

#endif
