/* Views of an image: what a random transform of it looks like, in whole numbers, so that
 * the same pixels come out on every device.
 *
 * A view's pixel (x, y), channel c, with all coordinates in 1/65536 of a pixel:
 *
 *     (u, v) = M (x, y, 1) + D(x, y)           where in the image it lies
 *     q  = bilinear(image, u, v)               weights of 8 bits, rounded once
 *     p  = grey + (saturation (q - grey) + 32768) >> 16
 *     p' = clamp(pivot + offset + (gain (p - pivot) + 32768) >> 16)
 *     fill in place of p' inside the erased rectangle
 *
 * What lies outside the image is black, the nearest pixel, the channel's mean, or the
 * image as a mirror at its outermost pixels shows it; what is erased is the mean where
 * the border is, else black. pivot is 0 or the mean. grey is (19595 red + 38470 green +
 * 7471 blue + 32768) >> 16; images that have not three channels have p = q.
 *
 * D is a quadratic B-spline over 4 x 4 cells, which the points of a 6 x 6 grid pull at:
 * with (cell, t) = floor, fraction of 4 (x + 1/2) / width, t of 8 bits, a point's weight
 * is (256 - t)^2, t^2 or what these leave of 2^17; columns first, then rows, each sum
 * shifted by 17. */
#ifndef AMKD_DATA_VIEWS_H
#define AMKD_DATA_VIEWS_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

typedef enum amkd_border {
    AMKD_BORDER_ZERO, /* as numbered in cl/augment.cl */
    AMKD_BORDER_EDGE,
    AMKD_BORDER_MEAN,
    AMKD_BORDER_REFLECT,
} amkd_border;

/* Each is drawn uniformly from [-range, range]; 0 leaves it out. */
typedef struct amkd_view_ranges {
    double flip;   /* no range: the probability of a mirror image, left for right */
    uint64_t crop; /* whole pixels, 1024 at most, of the width and of the height, each */
    double shift;  /* of the width and of the height, each */
    double rotate; /* degrees, 180 at most */
    double scale;  /* about 1: 0.1 is from 0.9 to 1.1; 0.9 at most */
    double shear;  /* columns that a row is moved by, for each row from the middle; 2 at
                      most */
    double contrast;   /* about 1, of the pixel less the pivot; 1 at most */
    double brightness; /* of white */
    double saturation; /* about 1, of the pixel less its grey; 1 at most; of three
                          channels */
    double erase;      /* a rectangle, each side from 0 to this part of the image's */
    double elastic;    /* of the width and of the height: how far a grid point pulls */
} amkd_view_ranges;

typedef struct amkd_view_options {
    amkd_view_ranges ranges;
    amkd_border border;
    int around_mean; /* the contrast's pivot: the channel's mean, not black */
    uint64_t seed;
} amkd_view_options;

enum { AMKD_VIEW_CELLS = 4, AMKD_VIEW_POINTS = AMKD_VIEW_CELLS + 2 };

/* A view as the kernel takes it, all int32 or uint32. */
typedef struct amkd_view {
    uint32_t image;
    int32_t matrix[6];  /* rows (a, b, tx), (c, d, ty) in 1/65536 */
    int32_t gain;       /* in 1/65536 */
    int32_t offset;     /* grey levels */
    int32_t saturation; /* in 1/65536 */
    int32_t erase[4];   /* left, top, right, bottom; right and bottom are outside */
    int32_t pull[2][AMKD_VIEW_POINTS][AMKD_VIEW_POINTS]; /* x and y, in 1/65536 */
} amkd_view;

/* Within it the widest ranges keep all of a view within 32 bits. */
enum { AMKD_VIEW_NINTS = sizeof(amkd_view) / sizeof(int32_t), AMKD_VIEW_MAX_SIDE = 1024 };

/* The identity, on image number image of those that will be uploaded. */
void amkd_view_identity(amkd_view *view, uint32_t image);

/* Draws view number nth of the image at this row: a function of the seed, row and nth
 * alone, whatever else is drawn. view->image becomes row. */
void amkd_view_draw(amkd_view *view, const amkd_view_options *options, size_t height,
                    size_t width, uint64_t row, uint64_t nth);

/* The reference of the kernel: out[height][width][channels] of one image, whose means
 * are [channels]. */
void amkd_view_apply(uint8_t *out, const amkd_view *view,
                     const amkd_view_options *options, const uint8_t *image,
                     const uint8_t *means, size_t height, size_t width, size_t channels);

/* means[channels] of an image of npositions = height * width: rounded. */
void amkd_view_means(uint8_t *means, const uint8_t *image, size_t npositions,
                     size_t channels);

/* Whether the channels' means count in a view with these options. */
int amkd_view_needs_means(const amkd_view_options *options);

/* The header's list of transforms: an object {name: range} for each that is not left out,
 * and {"border": ...} behind them. NULL without memory. */
json_t *amkd_view_describe(const amkd_view_options *options);

/* "zero", "edge", "mean", "reflect" to a border; -1 for anything else, without an error
 * set. */
int amkd_border_parse(amkd_border *border, const char *text);

#endif
