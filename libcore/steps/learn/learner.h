/* A network that learns on a device, a step at a time. The samples of a step go through
 * it all at once, or in micro-batches where memory is short: parts of nearly the same
 * size, whose gradients are summed in order. */
#ifndef AMKD_STEPS_LEARN_LEARNER_H
#define AMKD_STEPS_LEARN_LEARNER_H

#include "net/network.h"
#include "ops/loss.h"
#include "ops/optimizer.h"
#include "steps/learn/feed.h"
#include "steps/learn/parts.h"
#include "steps/learn/train.h"

typedef struct amkd_learner {
    amkd_device *device;
    const amkd_train_options *options;
    size_t ntrained;
    amkd_parts parts;
    size_t max_nparts; /* of a step */
    size_t sums_nbytes;
    amkd_network *network;
    amkd_loss *loss;
    amkd_optimizer *optimizer;
    /* float [sums_nbytes / 4], whose sums are those of all samples since they were
     * zeroed: how many taught, their losses and agreements. */
    cl_mem losses, agreements, taught;
    float *copies, *sum; /* of a member's gradients, and all members'; NULL alone */
} amkd_learner;

/* Of options batch, micro_batch, optimizer, temperature, smoothing and seed count. batch:
 * samples of a step at most. seconds: what planning may take. The weights are not set. */
int amkd_learner_open(amkd_learner *learner, amkd_device *device, const amkd_graph *graph,
                      const amkd_train_options *options, size_t batch, double seconds);
void amkd_learner_close(amkd_learner *learner); /* a zeroed one is fine */

/* Enqueues the zeroing of losses, agreements and taught. */
int amkd_learner_zero(amkd_learner *learner);

/* Enqueues a step of those that the feed began last, with this learning rate. */
int amkd_learner_step(amkd_learner *learner, amkd_feed *feed, uint64_t step, double rate);

/* Enqueues a step whose samples nothing learns from: the running means and variances of
 * batch norms become the plain means over this step's micro-batches and the *nmeasured
 * before them, which are counted on. */
int amkd_learner_measure(amkd_learner *learner, amkd_feed *feed, uint64_t step,
                         size_t *nmeasured);

#endif
