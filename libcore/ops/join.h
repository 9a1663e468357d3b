/* Values of several branches brought together on a device (cl/join.cl). */
#ifndef AMKD_OPS_JOIN_H
#define AMKD_OPS_JOIN_H

#include "ops/op.h"

/* y = act(x[0] + x[1] + ...), ninputs of them, 2 or more, of the output's shape. */
int amkd_sum_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                 size_t ninputs);

/* y = act(the channels of x[0], behind them those of x[1], ...): nchannels[ninputs] that
 * sum up to the output's. */
int amkd_concat_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                    size_t ninputs, const size_t *nchannels);

#endif
