/* JPEG pictures, by libjpeg: decoded from memory. */
#ifndef AMKD_DATA_JPEG_H
#define AMKD_DATA_JPEG_H

#include "data/picture.h"
#include <stddef.h>

/* Whether the bytes begin as a JPEG does. */
int amkd_jpeg_is(const void *bytes, size_t nbytes);

/* Decodes a whole JPEG to gray or RGB, as it lies in the file (an EXIF orientation is not
 * applied). Errors, and those of libjpeg's warnings that mean missing or broken pixels,
 * fail; CMYK is refused. */
int amkd_jpeg_decode(amkd_picture *picture, const void *bytes, size_t nbytes);

#endif
