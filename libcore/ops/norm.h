/* Batch normalization on a device (cl/norm.cl). */
#ifndef AMKD_OPS_NORM_H
#define AMKD_OPS_NORM_H

#include "ops/op.h"

typedef struct amkd_norm {
    size_t weights, biases;  /* offsets in the parameters, and of their gradients */
    size_t means, variances; /* of the running ones, in the parameters: a run that trains
                                moves them */
    float epsilon, momentum;
} amkd_norm;

/* Its one small program is for predictions too. A run that trains fails on a batch of one
 * value a channel. */
int amkd_norm_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                  const amkd_norm *norm);

#endif
