/* Activations on a device (cl/act.cl). */
#ifndef AMKD_OPS_ACT_H
#define AMKD_OPS_ACT_H

#include "ops/op.h"

/* The activation shape->act alone. from_output: its derivative follows from what it
 * wrote. */
int amkd_act_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                 int from_output, int train);

/* The derivative of act, from y that it wrote, goes into the gradient d by its output, of
 * as many floats as the shape's output has: d becomes the gradient by its input. One op
 * of forward, with y as x[0] and d as y. */
int amkd_act_mask_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape);

#endif
