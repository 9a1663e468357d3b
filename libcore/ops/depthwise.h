/* Convolutions of every channel by itself on devices whose work-items are vectors. */
#ifndef AMKD_OPS_DEPTHWISE_H
#define AMKD_OPS_DEPTHWISE_H

#include "ops/op.h"

/* Whether cl/depthwise.cl is for it: as many groups as input channels, no dilation, a
 * kernel and a stride small enough for registers, and a device with vectors. */
int amkd_depthwise_fits(const amkd_device *device, const amkd_op_shape *shape);

/* cl/depthwise.cl, of a shape that fits. train: backward kernels too. */
int amkd_depthwise_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                       int train);

#endif
