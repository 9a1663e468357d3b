/* The forward pass of a convolution as a product of matrices, cl/conv_gemm.cl: on devices
 * whose work-items are vectors, CPUs, what ops/conv.h runs where there are channels
 * enough, or a stride and few of them. It leaves the bits that taps one by one leave, of weights that are finite,
 * but for the sign of a zero. */
#ifndef AMKD_OPS_CONV_GEMM_H
#define AMKD_OPS_CONV_GEMM_H

#include "ops/op.h"

/* Whether it is the way for this shape, of one group without dilation: where there are
 * channels enough that what is copied for the product is little beside it. */
int amkd_conv_gemm_fits(const amkd_device *device, const amkd_op_shape *shape);

/* Makes the kernel of op's forward pass, and runs it. */
int amkd_conv_gemm_ready(amkd_op *op);
int amkd_conv_gemm_run(amkd_op *op, const amkd_op_args *args);

#endif
