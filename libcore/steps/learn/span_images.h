/* The images of a training on the device: all of them where they are few, else those of a
 * span of steps at a time. */
#ifndef AMKD_STEPS_LEARN_SPAN_IMAGES_H
#define AMKD_STEPS_LEARN_SPAN_IMAGES_H

#include "data/images.h"
#include "device/device.h"

/* What a window may take of the device; 0: the default. */
typedef struct amkd_span_images_limits {
    size_t resident_nbytes; /* sets of so many pixels at most stay there, 256 MiB */
    size_t span_nbytes;     /* what goes up for a span of steps, 64 MiB; a single step
                               may take more */
} amkd_span_images_limits;

typedef struct amkd_span_images amkd_span_images;

/* The device's memory for nimages of so many bytes each, of which a step has batch: in
 * all, and of the largest buffer. */
void amkd_span_images_room(uint64_t *nbytes, uint64_t *largest_nbytes,
                           const amkd_device *device, uint64_t nimages,
                           uint64_t image_nbytes, uint64_t batch,
                           const amkd_span_images_limits *limits);

/* Of images, borrowed. with_means: the means of amkd_view_means count. limits may be
 * NULL.
 */
int amkd_span_images_new(amkd_span_images **out, amkd_device *device,
                         const amkd_images *images, int with_means,
                         const amkd_span_images_limits *limits);

/* How many samples a span may have, when each takes extra_nbytes beside its image; a
 * span has a step at least. */
size_t amkd_span_images_nsamples(const amkd_span_images *window, size_t extra_nbytes);

/* Brings n images to the device, and writes where each of them lies there, a number of
 * places below amkd_span_images_nplaces. Returns once enqueued. What is there of the last
 * call stays, what is of the one before goes: it must not be needed any more. */
int amkd_span_images_begin(amkd_span_images *window, uint32_t *places,
                           const uint32_t *images, size_t n);

/* Places that there can be for spans of nsamples. */
size_t amkd_span_images_nplaces(const amkd_span_images *window, size_t nsamples);

/* Of the last call, borrowed: uint8 [place][height][width][channels], and
 * [place][channels], which are zero without with_means. */
cl_mem amkd_span_images_pixels(const amkd_span_images *window);
cl_mem amkd_span_images_means(const amkd_span_images *window);

void amkd_span_images_free(amkd_span_images *window); /* NULL is fine */

#endif
