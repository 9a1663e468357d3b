/* Contact sheets: many small images in one picture, so that one can look. */
#ifndef AMKD_DATA_SHEET_H
#define AMKD_DATA_SHEET_H

#include "data/picture.h"
#include <stddef.h>
#include <stdint.h>

/* Lays pixels[n][height][width][channels] out in rows of columns images (0: about as many
 * as there are rows), each pixel scale x scale large (0: so that an image is about 64
 * pixels wide), with a thin gray gap between and around. channels: 1 or 3. */
int amkd_sheet_new(amkd_picture *sheet, const uint8_t *pixels, size_t n, size_t height,
                   size_t width, size_t channels, size_t columns, size_t scale);

#endif
