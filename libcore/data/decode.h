/* Picture files made pictures: gray or RGB, upright, without transparency. */
#ifndef AMKD_DATA_DECODE_H
#define AMKD_DATA_DECODE_H

#include "data/picture.h"
#include <stddef.h>

typedef struct amkd_decode_options {
    amkd_alpha alpha;
    int ignore_exif; /* leave the picture as it lies in the file */
} amkd_decode_options;

/* Whether the bytes begin as a picture of one of the formats that are read does. */
int amkd_decode_is(const void *bytes, size_t nbytes);

/* Decodes a whole PNG, JPEG, WebP or BMP, told by its first bytes. The picture says what
 * was found in its file beside the pixels. */
int amkd_decode(amkd_picture *picture, const void *bytes, size_t nbytes,
                const amkd_decode_options *options);

#endif
