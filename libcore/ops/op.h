/* One operation of a network on a device, an activation fused behind it: what
 * convolution, dense layer, pooling and the rest have in common, so that a network is a
 * list of them. */
#ifndef AMKD_OPS_OP_H
#define AMKD_OPS_OP_H

#include "device/device.h"

/* An activation of cl/act.cl. */
typedef struct amkd_act {
    const char *name; /* NULL: none */
    float value;      /* what its text has behind the name */
} amkd_act;

typedef enum amkd_pass {
    AMKD_FORWARD,
    AMKD_BACKWARD_WEIGHTS,
    AMKD_BACKWARD_DATA,
    AMKD_NPASSES,
} amkd_pass;

typedef struct amkd_op_shape {
    size_t in_channels, in_height, in_width; /* of the first input */
    size_t out_channels, out_height, out_width;
    size_t kernel_height, kernel_width, stride, dilation, groups;
    size_t top, left; /* padding before the image; behind it, what the output needs */
    amkd_act act;     /* applied to the output */
    amkd_act previous_act; /* what made the input: its derivative goes into the gradient
                              by the input */
    int bias;
    size_t weights, biases; /* offsets in the parameters and in a copy of the gradients */
    size_t ntrained;        /* floats of a copy of the gradients */
    size_t nslices;         /* copies of the gradients (net/README.md) */
    size_t max_blocks;      /* lane blocks that a run has at most, and mostly */
} amkd_op_shape;

/* A run of a network: what all its ops are told. */
typedef struct amkd_batch {
    size_t nblocks;      /* lane blocks */
    size_t nsamples;     /* in them: the last one's lanes behind these are of no sample */
    int training;        /* batch statistics, dropout */
    uint64_t seed, step; /* of what a training draws */
    size_t nmeasured;    /* of a training: running figures become the plain mean of this
                            many batches, of which it is the last; 0: they move on */
} amkd_batch;

enum { AMKD_OP_MAX_INPUTS = 8 };

/* What a pass reads and writes. */
typedef struct amkd_op_args {
    amkd_batch run;
    cl_mem x[AMKD_OP_MAX_INPUTS]; /* inputs */
    cl_mem y;                     /* output: written forward, there backward */
    cl_mem dy, dx;                /* gradients: by the output before its activation
                                     (whoever makes it sees to the derivative), by input
                                     number input */
    size_t input;
    int add; /* dx is added to what is there; then there is no
                previous_act */
    cl_mem parameters;
    cl_mem gradients; /* float [nslices][ntrained]: the op writes its part of each */
} amkd_op_args;

typedef struct amkd_op amkd_op;

/* Runs a pass; returns once enqueued. */
int amkd_op_run(amkd_op *op, amkd_pass pass, const amkd_op_args *args);

void amkd_op_free(amkd_op *op); /* NULL is fine */

#endif
