/* WebP pictures, lossy and lossless (the container: RFC 9649). */
#ifndef AMKD_DATA_WEBP_H
#define AMKD_DATA_WEBP_H

#include "data/picture.h"
#include <stddef.h>

/* Whether the bytes begin as a WebP does. */
int amkd_webp_is(const void *bytes, size_t nbytes);

/* Decodes a whole WebP to RGB or RGBA. Refuses an animation, and a file that is cut short
 * anywhere. */
int amkd_webp_decode(amkd_picture *picture, const void *bytes, size_t nbytes);

#endif
