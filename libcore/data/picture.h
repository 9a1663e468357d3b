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

    /* What the file it was decoded from says beside the pixels, which stays what it is
     * when the pixels are converted. */
    int orientation; /* as EXIF numbers them, 1 to 8; 0: not said, or done */
    int transparent; /* some pixel is not opaque */
    int lacks_end;   /* the file ends behind the last pixel, without its end marker */
} amkd_picture;

/* What becomes of transparency: the colours as they are stored, or laid onto one. */
typedef enum amkd_alpha {
    AMKD_ALPHA_DROP,
    AMKD_ALPHA_WHITE,
    AMKD_ALPHA_BLACK,
} amkd_alpha;

/* Makes a picture with all pixels zero, within the bounds above. */
int amkd_picture_new(amkd_picture *picture, size_t height, size_t width, size_t channels);

/* Frees the pixels. A zeroed picture is fine. */
void amkd_picture_clear(amkd_picture *picture);

/* Turns and mirrors the picture as its orientation says, which is then done. */
int amkd_picture_orient(amkd_picture *picture);

/* From two or four channels, the last of which is alpha, to one or three, rounded once;
 * sets transparent. Pictures without alpha stay. */
int amkd_picture_flatten(amkd_picture *picture, amkd_alpha alpha);

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
