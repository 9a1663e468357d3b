/* A part of an image's pixels, with channels of zeros, on a device (cl/subsample.cl). */
#ifndef AMKD_OPS_SUBSAMPLE_H
#define AMKD_OPS_SUBSAMPLE_H

#include "ops/op.h"

/* y = act(every shape->stride-th row and column of x), its channels in the middle of the
 * output's, of which there are as many or more. */
int amkd_subsample_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                       int train);

#endif
