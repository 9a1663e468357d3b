/* CutMix (Yun et al., "CutMix: Regularization Strategy to Train Strong Classifiers with
 * Localizable Features", ICCV 2019) of views: a rectangle of a view of another image, in
 * the same place.
 *
 * lambda is uniform in [0.5, 1], not in [0, 1] as in the paper, so that a view keeps at
 * least half of the area of the image that its row is said to be made from. The
 * rectangle's sides are sqrt(1 - lambda) of the image's, rounded down; its centre is any
 * pixel; what lies outside the image is cut off (equations 1 and 2). */
#ifndef AMKD_DATA_CUTMIX_H
#define AMKD_DATA_CUTMIX_H

#include "data/others.h"
#include "data/views.h"

/* As the kernel takes it, all int32 or uint32. */
typedef struct amkd_cutmix {
    int32_t cut[4]; /* left, top, right, bottom; right and bottom are outside; all 0 where
                       nothing is pasted in */
    amkd_view other;
} amkd_cutmix;

/* Nothing is pasted in. */
void amkd_cutmix_none(amkd_cutmix *cutmix);

/* Whether the rectangle has any pixel. */
int amkd_cutmix_pastes(const amkd_cutmix *cutmix);

/* Draws what is pasted into view number nth of the image at this row, with probability
 * options->ranges.cutmix: a function of the seed, row, nth and the images alone.
 * other.image becomes a row of another source. */
void amkd_cutmix_draw(amkd_cutmix *cutmix, const amkd_view_options *options,
                      const amkd_others *others, size_t height, size_t width,
                      uint64_t row, uint64_t nth);

/* The reference of the kernel: pastes into the view out[height][width][channels] from
 * the view other, of the same shape (both by amkd_view_apply). */
void amkd_cutmix_paste(uint8_t *out, const uint8_t *other, const amkd_cutmix *cutmix,
                       size_t height, size_t width, size_t channels);

#endif
