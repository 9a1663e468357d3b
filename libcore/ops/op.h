/* One operation of a network on a device, an activation fused behind it: what
 * convolution, dense layer, pooling and the rest have in common, so that a network is a
 * list of them. */
#ifndef AMKD_OPS_OP_H
#define AMKD_OPS_OP_H

#include "device/device.h"
#include "ops/op_shape.h"
#include "team/team.h"

typedef enum amkd_pass {
    AMKD_FORWARD,
    AMKD_BACKWARD_WEIGHTS,
    AMKD_BACKWARD_DATA,
    AMKD_NPASSES,
} amkd_pass;

/* A member's share of a batch that a team goes through together: so many slices of it
 * (net/README.md), one behind the other. */
typedef struct amkd_batch_share {
    amkd_team *team;
    size_t nblocks, nsamples; /* of the whole batch */
    size_t slice_nblocks;     /* of a slice of it */
    size_t first_slice, nslices;
    size_t first_block; /* of the member's, in the batch */
} amkd_batch_share;

/* A run of a network: what all its ops are told. */
typedef struct amkd_batch {
    size_t nblocks;      /* lane blocks */
    size_t nsamples;     /* in them: the last one's lanes behind these are of no sample */
    int training;        /* batch statistics, dropout */
    uint64_t seed, step; /* of what a training draws */
    uint64_t weights; /* a number of these weights' own, by which ops keep what they make
                         of them; 0: they may be others at each run */
    size_t nmeasured; /* of a training: running figures become the plain mean of this
                         many batches, of which it is the last; 0: they move on */
    const amkd_batch_share *share; /* of a training; its blocks and samples are the run's,
                                none maybe. NULL: the batch is whole */
} amkd_batch;

/* What a pass reads and writes. */
typedef struct amkd_op_args {
    amkd_batch run;
    cl_mem x[AMKD_OP_MAX_INPUTS]; /* inputs */
    cl_mem y;                     /* output: written forward, there backward */
    cl_mem dy, dx;                /* gradients: by the output before its activation
                                     (whoever makes it sees to the derivative), by input
                                     number input */
    size_t input;
    int add; /* dx is added to what is there, before the derivative of previous_act */
    cl_mem parameters;
    cl_mem gradients; /* float [slice][ntrained]: the op writes its part of each */
} amkd_op_args;

/* Slices that a batch has at most (net/README.md). It depends on the kind of device
 * alone, not on how many of its units are in use, and so do the bits of what is summed.
 */
size_t amkd_most_slices(const amkd_device *device);

/* The first of nslices slices that are a member's, of a team of size; it has those before
 * the next rank's first one. */
size_t amkd_first_slice(size_t nslices, size_t rank, size_t size);

/* Runs a pass; returns once enqueued. */
int amkd_op_run(amkd_op *op, amkd_pass pass, const amkd_op_args *args);

void amkd_op_free(amkd_op *op); /* NULL is fine */

#endif
