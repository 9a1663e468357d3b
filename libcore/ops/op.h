/* One operation of a network on a device, an activation fused behind it: what
 * convolution, dense layer and pooling have in common, so that a network is a list of
 * them. */
#ifndef AMKD_OPS_OP_H
#define AMKD_OPS_OP_H

#include "device/device.h"

/* Numbered as in cl/common.cl. */
typedef enum amkd_activation {
    AMKD_ACT_NONE,
    AMKD_ACT_RELU,
    AMKD_ACT_TANH,
} amkd_activation;

typedef enum amkd_pass {
    AMKD_FORWARD,
    AMKD_BACKWARD_WEIGHTS,
    AMKD_BACKWARD_DATA,
    AMKD_NPASSES,
} amkd_pass;

typedef struct amkd_op_shape {
    size_t in_channels, in_height, in_width;
    size_t out_channels, out_height, out_width;
    size_t kernel, stride, padding;
    int average;                  /* pooling: mean instead of maximum */
    amkd_activation act;          /* applied to the output */
    amkd_activation previous_act; /* what made the input: its derivative goes into the
                                gradient by the input */
    size_t weights, biases;       /* offsets in the parameters */
    size_t nparameters;           /* of the whole network */
    size_t nslices;               /* copies of the gradients (conv.cl) */
    size_t max_blocks;            /* lane blocks that a run has at most, and mostly */
} amkd_op_shape;

typedef struct amkd_op amkd_op;

/* Each kind builds its program for the shape. train: backward kernels too. */
int amkd_conv_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                  int train);
int amkd_dense_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                   int train);
int amkd_pool_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                  int train);

/* y = op(x) over nblocks lane blocks. */
int amkd_op_forward(amkd_op *op, cl_mem x, cl_mem parameters, cl_mem y, size_t nblocks);

/* dx = the gradient by the input, from dy, that by the output before its activation. */
int amkd_op_backward_data(amkd_op *op, cl_mem x, cl_mem parameters, cl_mem dy, cl_mem dx,
                          size_t nblocks);

/* Writes the op's part of gradients, float [nslices][nparameters]; nothing for pools. */
int amkd_op_backward_weights(amkd_op *op, cl_mem x, cl_mem dy, cl_mem gradients,
                             size_t nblocks);

void amkd_op_free(amkd_op *op); /* NULL is fine */

#endif
