/* The inside of an op, for the files that implement one kind each. */
#ifndef AMKD_OPS_OP_INTERNAL_H
#define AMKD_OPS_OP_INTERNAL_H

#include "device/program.h"
#include "ops/op.h"

extern const char amkd_cl_common[];

/* An op that does the same by a library, perhaps faster; it shapes its work-groups by
 * itself. */
typedef struct amkd_other {
    const char *name;    /* NULL where there is none */
    int unfit;           /* not for this kind of device */
    const char *library; /* by whose change plans are void; NULL: amkd's own kernels */
    int (*make)(amkd_op **out, const amkd_op *op);
    amkd_op *op; /* NULL until asked for; owned */
} amkd_other;

struct amkd_op {
    amkd_device *device;
    amkd_op_shape shape;
    const char *kind;   /* "conv"; NULL where there is nothing to plan */
    const char *source; /* behind common.cl */
    cl_program program;
    cl_kernel forward, backward_data, backward_weights;
    cl_kernel bias_act, mask, bias_gradient; /* of dense_gemm.h alone */
    /* Accumulators of a work-item: channels x pixels, or channels x blocks; the last of a
     * convolution's weights are rows of the kernel, one after the other. */
    size_t forward_tile[2], data_tile[2], weights_tile[3];
    /* What a plan chooses (op_plan.h): how many tiles a work-group has side by side, one
     * alone for the weights' gradient, and the op that does a pass: itself or another. */
    size_t group[AMKD_NPASSES];
    amkd_op *by[AMKD_NPASSES];
    amkd_other other;
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

/* Allocates an op and builds source, cl/<name>.cl, after common.cl, with the shape's
 * macros followed by options. */
int amkd_op_build(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                  const char *name, const char *source, const char *options);

/* Enqueues a pass's kernel over items x tiles x blocks, all items of a tile in one
 * work-group, and as many tiles as op->group says where they divide evenly. */
int amkd_op_launch(amkd_op *op, amkd_pass pass, cl_kernel kernel, const amkd_arg *args,
                   size_t nargs, size_t items, size_t tiles, size_t blocks);

/* Lane items of a work-group that sums over lanes (LANE_ITEMS of common.cl). */
size_t amkd_lane_items(const amkd_device *device);

/* Vectors in a lane block (VECTORS of common.cl). */
size_t amkd_vectors(const amkd_device *device);

static inline size_t amkd_tiles(size_t n, size_t tile)
{
    return (n + tile - 1) / tile;
}

#endif
