/* The images of lessons, brought to the device some steps at a time: of a team's member
 * those that its own samples need. */
#ifndef AMKD_STEPS_LEARN_LESSON_IMAGES_H
#define AMKD_STEPS_LEARN_LESSON_IMAGES_H

#include "steps/learn/dataset.h"
#include "steps/learn/order.h"
#include "steps/learn/parts.h"
#include "steps/learn/span_images.h"

typedef struct amkd_lesson_images {
    const amkd_dataset *dataset;
    int mixup;        /* a sample is mixed with the next */
    amkd_parts split; /* of a step, among members */
    amkd_span_images *window;
    size_t nparts;             /* images of a sample: two where rows are about mixes */
    uint32_t *images, *places; /* of the samples brought last, nparts each, one behind the
                                  other; place 0 where another member's */
    uint32_t *own, *own_places; /* of those that are this member's */
    unsigned char *seen;        /* of a step's samples, whether they are this member's */
} amkd_lesson_images;

/* Of options micro_batch, mixup, team and window count. with_means: as
 * amkd_span_images_new takes it. batch: samples of a step at most. */
int amkd_lesson_images_open(amkd_lesson_images *images, amkd_device *device,
                            const amkd_dataset *dataset, int with_means,
                            const amkd_train_options *options, size_t batch);

/* Makes room for n samples at a time, of steps of batch. */
int amkd_lesson_images_room(amkd_lesson_images *images, size_t n, size_t batch);
void amkd_lesson_images_close(amkd_lesson_images *images); /* a zeroed one is fine */

/* Writes the rows of steps first..end, [step][order->batch], brings the images of this
 * member's samples to the device, and counts the samples of all. */
int amkd_lesson_images_bring(amkd_lesson_images *images, uint32_t *rows, size_t *nsamples,
                             amkd_order *order, uint64_t first, uint64_t end);

/* Which of a step's count samples are this member's, or are mixed with one of them:
 * [count] of 1 and 0, until the next call. */
const unsigned char *amkd_lesson_images_own(amkd_lesson_images *images, size_t count);

#endif
