/* What a training sees, step by step, on the device: mixes made of the images, which lie
 * there whole or as a window of them, and their targets, mixed again (mixup) where that
 * is asked for. */
#ifndef AMKD_STEPS_SAMPLES_H
#define AMKD_STEPS_SAMPLES_H

#include "net/model.h"
#include "steps/order.h"
#include "steps/train.h"

/* Steps that can be begun at a time: few enough that the queues of drivers stay short. */
enum { AMKD_SPAN_STEPS = 256 };

typedef struct amkd_samples amkd_samples;

/* The targets of a step, as amkd_loss_run takes them: rows order[first..first+count) of
 * targets. */
typedef struct amkd_step_targets {
    cl_mem targets, order; /* borrowed, until the next step */
    size_t first, count;
} amkd_step_targets;

/* Of options batch, seed, temperature and mixup count. The arguments but out must outlive
 * the samples. */
int amkd_samples_new(amkd_samples **out, amkd_device *device, const amkd_dataset *dataset,
                     const amkd_model *model, const amkd_train_options *options);

/* Borrowed. */
const amkd_order *amkd_samples_order(const amkd_samples *samples);

/* Uploads what steps first..end, at most AMKD_SPAN_STEPS, need, and counts their samples.
 * Returns once enqueued. All steps of the last but one call must be done by then. */
int amkd_samples_begin(amkd_samples *samples, size_t *nsamples, uint64_t first,
                       uint64_t end);

/* Enqueues a step of those begun last: its inputs into x, a network's activation 0. */
int amkd_samples_load(amkd_samples *samples, amkd_step_targets *targets, cl_mem x,
                      uint64_t step);

void amkd_samples_free(amkd_samples *samples); /* NULL is fine */

#endif
