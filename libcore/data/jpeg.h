/* JPEG pictures, by libjpeg: decoded from memory. */
#ifndef AMKD_DATA_JPEG_H
#define AMKD_DATA_JPEG_H

#include "data/picture.h"
#include <stddef.h>

/* Whether the bytes begin as a JPEG does. */
int amkd_jpeg_is(const void *bytes, size_t nbytes);

/* Decodes a whole JPEG to gray or RGB, as it lies in the file: the orientation of its
 * EXIF data is noted in the picture, not applied. CMYK and YCCK are converted by the
 * plain formula, red = (1 - cyan) (1 - black) and so on, without colour profiles. Errors,
 * and those of libjpeg's warnings that mean missing or broken pixels, fail. A file that
 * ends behind its last pixel, without the marker of its end, is noted in the picture. */
int amkd_jpeg_decode(amkd_picture *picture, const void *bytes, size_t nbytes);

#endif
