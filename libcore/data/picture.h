/* One decoded picture on its way into an image set, and what can be done to it. */
#ifndef AMKD_DATA_PICTURE_H
#define AMKD_DATA_PICTURE_H

#include <stddef.h>
#include <stdint.h>

enum {
    AMKD_PICTURE_MAX_SIDE = 1 << 14,   /* larger pictures are refused when decoded: */
    AMKD_PICTURE_MAX_PIXELS = 1 << 26, /* a header's claim costs no more than this */
};

typedef struct amkd_picture {
    size_t height, width, channels;
    uint8_t *pixels; /* [height][width][channels], owned */
} amkd_picture;

/* Makes a picture with all pixels zero, within the bounds above. */
int amkd_picture_new(amkd_picture *picture, size_t height, size_t width, size_t channels);

/* Frees the pixels. A zeroed picture is fine. */
void amkd_picture_clear(amkd_picture *picture);

/* To one channel by the luma of ITU-R 601, (19595 R + 38470 G + 7471 B + 32768) >> 16. A
 * gray picture stays; other channel counts than 1 and 3 fail. */
int amkd_picture_gray(amkd_picture *picture);

/* To three equal channels. An RGB picture stays; other counts than 1 and 3 fail. */
int amkd_picture_rgb(amkd_picture *picture);

/* To height x width, the sides each on their own: bilinear where it grows, the same
 * triangle filter widened to the scale where it shrinks, so that every pixel counts (as
 * Pillow's BILINEAR and torchvision's antialias=True). In double, rounded once. */
int amkd_picture_resize(amkd_picture *picture, size_t height, size_t width);

#endif
