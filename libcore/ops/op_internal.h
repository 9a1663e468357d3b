/* The inside of an op, for the files that implement one kind each. */
#ifndef AMKD_OPS_OP_INTERNAL_H
#define AMKD_OPS_OP_INTERNAL_H

#include "device/program.h"
#include "ops/op.h"

extern const char amkd_cl_common[], amkd_cl_act[];

/* An op that does the same by a library, perhaps faster; it shapes its work-groups by
 * itself. */
typedef struct amkd_other {
    const char *name;    /* NULL where there is none */
    int unfit;           /* not for this kind of device */
    const char *library; /* by whose change plans are void; NULL: amkd's own kernels */
    int (*make)(amkd_op **out, const amkd_op *op);
    amkd_op *op; /* NULL until asked for; owned */
} amkd_other;

/* Runs a pass over args; returns once enqueued. */
typedef int amkd_op_pass(amkd_op *op, const amkd_op_args *args);

enum { AMKD_OP_MAX_KERNELS = 8 };

struct amkd_op {
    amkd_device *device;
    amkd_op_shape shape;
    const char *kind;   /* "conv"; NULL where there is nothing to plan */
    const char *source; /* behind common.cl and act.cl */
    char *macros;       /* the program's, and with them all that its work depends on */
    cl_program program;
    cl_kernel kernels[AMKD_OP_MAX_KERNELS]; /* by the pass, first; then the kind's own */
    void *own;                              /* the kind's state; freed by close */
    /* What a plan chooses (op_plan.h): how many tiles a work-group has side by side, one
     * alone for the weights' gradient, and the op that does a pass: itself or another. */
    size_t group[AMKD_NPASSES];
    amkd_op *by[AMKD_NPASSES];
    amkd_other other;
    amkd_op_pass *passes[AMKD_NPASSES]; /* NULL: nothing to do */
    void (*close)(amkd_op *op);         /* NULL: free(own) */
};

/* Accumulators that a work-item holds at most: what fits the vector registers (32 in
 * AVX-512, 255 scalars on a GPU) beside loaded values. */
enum { AMKD_ACCUMULATORS = 24 };

/* Allocates an op and builds source, cl/<name>.cl, after common.cl and act.cl, with the
 * shape's macros followed by options. own_nbytes: of own, zeroed. */
int amkd_op_build(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                  const char *name, const char *source, const char *options,
                  size_t own_nbytes);

/* Makes kernels 0.. of these names, NULL ends them. Frees the op on failure. */
int amkd_op_kernels(amkd_op *op, const char *const *names);

/* Enqueues a pass's kernel over items x tiles x blocks, all items of a tile in one
 * work-group, and as many tiles as op->group says where they divide evenly. */
int amkd_op_launch(amkd_op *op, amkd_pass pass, cl_kernel kernel, const amkd_arg *args,
                   size_t nargs, size_t items, size_t tiles, size_t blocks);

/* Lane items of a work-group that sums over lanes (LANE_ITEMS of common.cl). */
size_t amkd_lane_items(const amkd_device *device);

/* Vectors in a lane block (VECTORS of common.cl). */
size_t amkd_vectors(const amkd_device *device);

/* Work-items over the values of a sample, each of which does a whole plane of nplaces or,
 * in lockstep, one place (PLANE of cl/norm.cl). */
static inline size_t amkd_planes(const amkd_device *device, size_t nchannels,
                                 size_t nplaces)
{
    return device->vector_width == 1 ? nchannels * nplaces : nchannels;
}

static inline size_t amkd_tiles(size_t n, size_t tile)
{
    return (n + tile - 1) / tile;
}

#endif
