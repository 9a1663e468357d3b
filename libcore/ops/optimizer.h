/* Optimizers whose state lives on the device (cl/optimizer.cl). */
#ifndef AMKD_OPS_OPTIMIZER_H
#define AMKD_OPS_OPTIMIZER_H

#include "device/device.h"

typedef enum amkd_optimizer_kind {
    AMKD_SGD,
    AMKD_ADAM,
    AMKD_ADAMW,
} amkd_optimizer_kind;

typedef struct amkd_optimizer_options {
    amkd_optimizer_kind kind;
    double momentum;              /* sgd */
    int nesterov;                 /* sgd: its momentum looks ahead */
    double beta1, beta2, epsilon; /* adam, adamw */
    double decay; /* weight decay: coupled in sgd and adam, decoupled in adamw */
    double clip;  /* the most that the L2 norm of the whole gradient may be, before decay:
                     a greater one is scaled down to it; 0: it may be any */
    double average; /* decay D of the parameters' moving average, which is what they are
                       before the first step, and D of itself plus 1 - D of them after
                       each; 0: none is kept */
} amkd_optimizer_options;

typedef struct amkd_optimizer amkd_optimizer;

/* State for nparameters, zeroed. */
int amkd_optimizer_new(amkd_optimizer **out, amkd_device *device,
                       const amkd_optimizer_options *options, size_t nparameters);

/* From now on parameter p learns at factors[p] times the rate, [nparameters]; with 0 it
 * stays as it is, and does not count in a norm that is clipped. */
int amkd_optimizer_scale(amkd_optimizer *optimizer, const float *factors);

/* One step with the learning rate given. gradients: float [nslices][nparameters]. */
int amkd_optimizer_step(amkd_optimizer *optimizer, cl_mem parameters, cl_mem gradients,
                        size_t nslices, double rate);

/* Gathers gradients of a step that has several: they are added to those gathered before,
 * or, with add of 0, take their place. *gathered is their sum, float [nparameters], which
 * amkd_optimizer_step takes as a single slice; borrowed. */
int amkd_optimizer_gather(amkd_optimizer *optimizer, cl_mem *gathered, cl_mem gradients,
                          size_t nslices, int add);

/* The moving average, float [nparameters], once a step was taken; NULL where none is
 * kept. Borrowed. */
cl_mem amkd_optimizer_average(const amkd_optimizer *optimizer);

/* Floats that are the state, for each parameter: two moments (sgd's second is unused),
 * and the average where one is kept. */
size_t amkd_optimizer_nstates(const amkd_optimizer_options *options);

/* The state as floats [nstates][nparameters], and the number of steps taken, for
 * checkpoints. */
int amkd_optimizer_save(amkd_optimizer *optimizer, float *state, uint64_t *nsteps);
int amkd_optimizer_restore(amkd_optimizer *optimizer, const float *state,
                           uint64_t nsteps);

void amkd_optimizer_free(amkd_optimizer *optimizer); /* NULL is fine */

#endif
