/* The inside of an op, for the files that implement one kind each. */
#ifndef AMKD_COMPUTE_OP_INTERNAL_H
#define AMKD_COMPUTE_OP_INTERNAL_H

#include "compute/op.h"
#include "compute/program.h"

extern const char amkd_cl_common[];

struct amkd_op {
    amkd_device *device;
    amkd_op_shape shape;
    cl_program program;
    cl_kernel forward, backward_data, backward_weights;
    cl_kernel bias_act, mask, bias_gradient; /* dense_gemm.h */
    /* Accumulators of a work-item: channels x pixels, or channels x blocks. */
    size_t forward_tile[2], data_tile[2], weights_tile[2];
    int (*run_forward)(amkd_op *op, cl_mem x, cl_mem parameters, cl_mem y,
                       size_t nblocks);
    int (*run_backward_data)(amkd_op *op, cl_mem x, cl_mem parameters, cl_mem dy,
                             cl_mem dx, size_t nblocks);
    int (*run_backward_weights)(amkd_op *op, cl_mem x, cl_mem dy, cl_mem gradients,
                                size_t nblocks);
};

/* Accumulators that a work-item holds at most: what fits the vector registers (32 in
 * AVX-512, 255 scalars on a GPU) beside loaded values. */
enum { AMKD_ACCUMULATORS = 24 };

/* Allocates an op and builds source, after common.cl, with the shape's macros followed by
 * options. */
int amkd_op_build(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                  const char *source, const char *options);

/* Lane items of a work-group that sums over lanes (LANE_ITEMS of common.cl). */
size_t amkd_lane_items(const amkd_device *device);

/* Vectors in a lane block (VECTORS of common.cl). */
size_t amkd_vectors(const amkd_device *device);

static inline size_t amkd_tiles(size_t n, size_t tile)
{
    return (n + tile - 1) / tile;
}

#endif
