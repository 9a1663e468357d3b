/* Pooling on a device (cl/pool.cl). */
#ifndef AMKD_OPS_POOL_H
#define AMKD_OPS_POOL_H

#include "ops/op.h"

/* average: the mean over the whole window, padding and all, instead of the maximum. */
int amkd_pool_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                  int average, int train);

#endif
