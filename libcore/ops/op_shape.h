/* What a layer says of its op without knowing OpenCL: the shape, and the names of what is
 * made of it. */
#ifndef AMKD_OPS_OP_SHAPE_H
#define AMKD_OPS_OP_SHAPE_H

#include "device/open.h"
#include <stddef.h>

typedef struct amkd_op amkd_op; /* ops/op.h */

enum { AMKD_OP_MAX_INPUTS = 8 };

/* An activation of cl/act.cl. */
typedef struct amkd_act {
    const char *name; /* NULL: none */
    float value;      /* what its text has behind the name */
} amkd_act;

typedef struct amkd_op_shape {
    size_t in_channels, in_height, in_width; /* of the first input */
    size_t out_channels, out_height, out_width;
    size_t kernel_height, kernel_width, stride, dilation, groups;
    size_t top, left; /* padding before the image; behind it, what the output needs */
    int sum; /* forward, the second input is added to the output before its activation */
    amkd_act act;          /* applied to the output */
    amkd_act previous_act; /* what made the input: its derivative goes into the gradient
                              by the input */
    int bias;
    size_t weights, biases; /* offsets in the parameters and in a copy of the gradients */
    size_t ntrained;        /* floats of a copy of the gradients */
    size_t nslices;    /* of a whole batch, copies of the gradients (net/README.md) */
    size_t max_blocks; /* lane blocks that a whole batch has at most, and mostly */
} amkd_op_shape;

#endif
