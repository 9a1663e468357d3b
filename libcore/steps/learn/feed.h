/* What feeds a training, step by step, on the device: inputs, and the targets they are to
 * be learned by. There are two kinds: samples.h and lessons.h. */
#ifndef AMKD_STEPS_LEARN_FEED_H
#define AMKD_STEPS_LEARN_FEED_H

#include "device/device.h"
#include "steps/learn/order.h"

/* Steps that can be begun at a time: few enough that the queues of drivers stay short. */
enum { AMKD_SPAN_STEPS = 256 };

/* The targets of a step, as amkd_loss_run takes them: rows order[first..first+count) of
 * targets. */
typedef struct amkd_step_targets {
    cl_mem targets, order; /* borrowed, until the next step */
    size_t first, count;
    cl_mem teaching; /* as amkd_loss_count_teaching takes it; NULL: all samples teach */
} amkd_step_targets;

typedef struct amkd_feed amkd_feed;

struct amkd_feed {
    amkd_order order;
    size_t span_nsteps; /* steps that can be begun at a time, AMKD_SPAN_STEPS at most */
    struct amkd_network *assistant; /* that answers; NULL: none. Borrowed */

    /* Uploads what steps first..end, at most span_nsteps, need, and counts their samples.
     * Returns once enqueued. All steps of the last but one call must be done by then. */
    int (*begin)(amkd_feed *feed, size_t *nsamples, uint64_t first, uint64_t end);

    /* Enqueues what a step of those begun last is to learn: the targets of all its
     * samples. */
    int (*teach)(amkd_feed *feed, amkd_step_targets *targets, uint64_t step);

    /* Enqueues the inputs of the count samples from number from on, of the step that was
     * taught last, into x, a network's value 0. */
    int (*load)(amkd_feed *feed, cl_mem x, size_t from, size_t count);

    void (*free)(amkd_feed *feed);
};

#endif
