/* The one thing of a picture's EXIF data that changes how it looks. */
#ifndef AMKD_DATA_EXIF_H
#define AMKD_DATA_EXIF_H

#include <stddef.h>

/* The orientation, 1 to 8, that EXIF data state: a TIFF file without pixels, with or
 * without "Exif\0\0" before it, of any bytes. 0 when they state none that is valid. */
int amkd_exif_orientation(const void *bytes, size_t nbytes);

#endif
