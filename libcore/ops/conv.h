/* Convolutions and dense layers on a device. */
#ifndef AMKD_OPS_CONV_H
#define AMKD_OPS_CONV_H

#include "ops/op.h"

/* cl/conv.cl: one group, no dilation. train: backward kernels too. */
int amkd_conv_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                  int train);

/* Bytes of scratch that the op asks for, or keeps in a prediction; known without a device
 * that is open. */
size_t amkd_conv_scratch(const amkd_device *device, const amkd_op_shape *shape,
                         int train);

/* cl/dense.cl: a fully connected layer, or a convolution that covers its input. */
int amkd_dense_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                   int train);

/* cl/grouped.cl: any groups and dilation. */
int amkd_grouped_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                     int train);

#endif
