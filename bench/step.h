/* One training step taken apart: everything amkd_train enqueues for a batch, piece by
 * piece. */
#ifndef AMKD_BENCH_STEP_H
#define AMKD_BENCH_STEP_H

#include "net/network.h"
#include "ops/batch.h"
#include "ops/loss.h"
#include "ops/optimizer.h"
#include "synthetic.h"

typedef struct step {
    amkd_device *device;
    size_t count; /* samples of the batch */
    amkd_batch batch;
    amkd_model *model;
    amkd_dataset dataset;
    amkd_network *network;
    amkd_batches *batches;
    amkd_loss *loss;
    amkd_optimizer *optimizer;
    cl_mem order, targets, losses, agreements;
} step;

/* A batch of count samples of the shape for the architecture, run through once, so that
 * every buffer holds what it would in a training. Cleared by the caller, on failure too.
 */
int step_new(step *s, amkd_device *device, const char *arch, amkd_shape shape,
             size_t count);
void step_clear(step *s);

/* Each enqueues its part; context is the step. step_learn is all but step_load, on the
 * batch that was loaded last. */
int step_load(void *context);
int step_loss(void *context);
int step_optimize(void *context);
int step_learn(void *context);
int step_whole(void *context);

#endif
