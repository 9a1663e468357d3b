/* The dense layer by CLBlast's matrix products, for devices on which they are faster than
 * cl/dense.cl: the same functions with the same results. */
#ifndef AMKD_COMPUTE_DENSE_GEMM_H
#define AMKD_COMPUTE_DENSE_GEMM_H

#include "compute/op_internal.h"

/* Makes the kernels for what a product leaves to do: biases and activations. */
int amkd_dense_gemm_init(amkd_op *op, int train);

int amkd_dense_gemm_forward(amkd_op *op, cl_mem x, cl_mem parameters, cl_mem y,
                            size_t nblocks);
int amkd_dense_gemm_backward_data(amkd_op *op, cl_mem x, cl_mem parameters, cl_mem dy,
                                  cl_mem dx, size_t nblocks);
int amkd_dense_gemm_backward_weights(amkd_op *op, cl_mem x, cl_mem dy, cl_mem gradients,
                                     size_t nblocks);

#endif
