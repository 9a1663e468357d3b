/* PNG pictures, by libpng: decoded from memory, encoded into it, written to files. */
#ifndef AMKD_DATA_PNG_H
#define AMKD_DATA_PNG_H

#include "base/bytes.h"
#include "data/picture.h"
#include <stddef.h>

/* Whether the bytes begin as a PNG does. */
int amkd_png_is(const void *bytes, size_t nbytes);

/* Decodes a whole PNG to 8 bits of gray or RGB, with alpha behind them if the file has
 * any: palettes are looked up, 16 bits scaled. Whatever libpng finds wrong, also behind
 * the pixels, is an error; that the file ends there, without IEND, is not, but noted in
 * the picture, as is the orientation of an eXIf chunk. */
int amkd_png_decode(amkd_picture *picture, const void *bytes, size_t nbytes);

/* Adds a gray or RGB picture to bytes as a PNG. */
int amkd_png_encode(amkd_bytes *bytes, const amkd_picture *picture);

/* Writes a gray or RGB picture to path ("-" or NULL: stdout, never a terminal), whole or
 * not at all. */
int amkd_png_write(const char *path, const amkd_picture *picture);

#endif
