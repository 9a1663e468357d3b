/* Channels times a factor each on a device (cl/scale.cl). */
#ifndef AMKD_OPS_SCALE_H
#define AMKD_OPS_SCALE_H

#include "ops/op.h"

/* y = act(x[0] x[1]): an image of the output's shape, and a factor for each channel. */
int amkd_scale_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                   int train);

#endif
