/* Values of several branches brought together on a device (cl/join.cl). */
#ifndef AMKD_OPS_JOIN_H
#define AMKD_OPS_JOIN_H

#include "ops/op.h"

/* y = act(x[0] + x[1] + ...), ninputs of them, 2 or more, of the output's shape. */
int amkd_sum_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                 size_t ninputs);

#endif
