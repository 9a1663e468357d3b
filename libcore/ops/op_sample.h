/* A few values of what a pass of a convolution or a dense layer leaves, in float64: the
 * errors of its ways are told by them. */
#ifndef AMKD_OPS_OP_SAMPLE_H
#define AMKD_OPS_OP_SAMPLE_H

#include "device/plan.h"
#include "ops/op.h"

/* What stands in for a layer's data: values by chance, spread over +-1. */
typedef enum amkd_trial { AMKD_TRIAL_X, AMKD_TRIAL_DY, AMKD_TRIAL_PARAMETERS } amkd_trial;

float amkd_trial_value(amkd_trial what, size_t at);

/* Chooses n places of the pass's result over nblocks lane blocks and computes what is to
 * be there, of inputs, parameters and gradients that are trial values each; what is added
 * to an output is as dy. The shape has one group. */
void amkd_op_sample(amkd_sample *samples, size_t n, const amkd_op_shape *shape,
                    amkd_pass pass, size_t nlanes, size_t nblocks);

#endif
