/* A few values of what a pass of a convolution or a dense layer leaves, in float64: the
 * errors of its ways are told by them. */
#ifndef AMKD_OPS_OP_SAMPLE_H
#define AMKD_OPS_OP_SAMPLE_H

#include "device/plan.h"
#include "ops/op.h"

/* Value number at of nfloats that stand in for a layer's data: spread over +-1. */
float amkd_trial_value(size_t nfloats, size_t at);

/* Chooses n places of the pass's result over nblocks lane blocks and computes what is to
 * be there, of inputs, parameters and gradients that are trial values each, of as many
 * floats as they have. The shape has one group. */
void amkd_op_sample(amkd_sample *samples, size_t n, const amkd_op_shape *shape,
                    amkd_pass pass, size_t nlanes, size_t nblocks);

#endif
