/* BMP pictures as Windows and most programs write them: not compressed. */
#ifndef AMKD_DATA_BMP_H
#define AMKD_DATA_BMP_H

#include "data/picture.h"
#include <stddef.h>

/* Whether the bytes begin as a BMP does: two letters, and the size of a header. */
int amkd_bmp_is(const void *bytes, size_t nbytes);

/* Decodes a BMP of 1, 4 or 8 bits a pixel, numbers of a palette, or of 24 or 32: to gray
 * where the palette is gray, else to RGB; to RGBA where masks say which byte is alpha.
 * Refuses other depths and compressions, colours that the palette does not have, and what
 * is cut short. */
int amkd_bmp_decode(amkd_picture *picture, const void *bytes, size_t nbytes);

#endif
