/* Views of images made on a device (cl/augment.cl; data/views.h has the formula). */
#ifndef AMKD_OPS_AUGMENT_H
#define AMKD_OPS_AUGMENT_H

#include "data/views.h"
#include "device/device.h"

typedef struct amkd_augmenter amkd_augmenter;

/* Fails unless images of this shape can have such views. */
int amkd_augmenter_check(const amkd_view_options *options, size_t height, size_t width,
                         size_t channels);

/* For images of this shape, no side above AMKD_VIEW_MAX_SIDE, and three channels where
 * there is a range of saturation. Of the options only the border, the pivot and whether
 * there are ranges of saturation and elastic matter here. */
int amkd_augmenter_new(amkd_augmenter **out, amkd_device *device,
                       const amkd_view_options *options, size_t height, size_t width,
                       size_t channels);

/* pixels[nviews][height][width][channels]: each view is of image number view.image of
 * these images, uint8 [nimages][height][width][channels]. */
int amkd_augmenter_run(amkd_augmenter *augmenter, uint8_t *pixels, const uint8_t *images,
                       size_t nimages, const amkd_view *views, size_t nviews);

/* The same of buffers that are on the device, enqueued: out[n] becomes view first + n of
 * views, amkd_view; means, uint8 [nimages][channels], are those of the images, or
 * anything unless amkd_view_needs_means. */
int amkd_augmenter_make(amkd_augmenter *augmenter, cl_mem out, cl_mem images,
                        cl_mem means, cl_mem views, size_t first, size_t from,
                        size_t nviews);

void amkd_augmenter_free(amkd_augmenter *augmenter); /* NULL is fine */

#endif
