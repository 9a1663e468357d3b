/* The inside of an op, for the files that implement one kind each. */
#ifndef AMKD_OPS_OP_INTERNAL_H
#define AMKD_OPS_OP_INTERNAL_H

#include "device/program.h"
#include "ops/op.h"

extern const char amkd_cl_common[], amkd_cl_act[];

/* An op that does the same in another way, perhaps faster; it shapes its work-groups by
 * itself. */
typedef struct amkd_other {
    const char *name;    /* NULL where there is none */
    int unfit;           /* not for this kind of device */
    const char *library; /* by whose change plans are void; NULL: amkd's own kernels */
    /* Which passes it can run, NULL: all; and where they are reckoned, not timed, which
     * it is to run, NULL: times decide. */
    int (*fits)(const amkd_device *device, const amkd_op_shape *shape, amkd_pass pass);
    int (*wins)(const amkd_device *device, const amkd_op_shape *shape, amkd_pass pass);
    const char *const
        *sources; /* of its own kernels, NULL ends them; NULL: it has none */
    int (*make)(amkd_op **out, const amkd_op *op);
    amkd_op *op; /* NULL until asked for; owned */
} amkd_other;

/* Runs a pass over args; returns once enqueued. */
typedef int amkd_op_pass(amkd_op *op, const amkd_op_args *args);

enum { AMKD_OP_MAX_KERNELS = 8 };

/* What a pass has of its own. */
typedef struct amkd_op_part {
    const char *source; /* behind the op's; NULL: the op's alone */
    char *macros;       /* owned */
} amkd_op_part;

struct amkd_op {
    amkd_device *device;
    amkd_op_shape shape;
    cl_uint nchannels, nplaces; /* of the output, for kernels that are told */
    const char *kind;           /* "conv"; NULL where there is nothing to plan */
    const char *source;         /* behind common.cl and act.cl */
    cl_program program;         /* NULL where all passes have their own */
    char *macros; /* the program's, and with them all that its work depends on */
    amkd_op_part parts[AMKD_NPASSES];       /* of passes with programs of their own */
    cl_kernel kernels[AMKD_OP_MAX_KERNELS]; /* by the pass, first; then the kind's own */
    void *own;                              /* the kind's state, in one piece; owned */
    /* What a plan chooses (op_plan.h): how many tiles a work-group has side by side, one
     * alone for the weights' gradient, and the op that does a pass: itself or another. */
    size_t group[AMKD_NPASSES];
    amkd_op *by[AMKD_NPASSES];
    amkd_other other;
    amkd_op_pass *passes[AMKD_NPASSES]; /* NULL: nothing to do */
    /* Makes what a pass needs, unless it is there; NULL: all is there from the start. */
    int (*make_ready)(amkd_op *op, amkd_pass pass);
    void (*close)(amkd_op *op); /* frees what own has; NULL: nothing */
};

/* Accumulators that a work-item holds at most: what fits the vector registers (32 in
 * AVX-512, 255 scalars on a GPU) beside loaded values. */
enum { AMKD_ACCUMULATORS = 24 };

/* Who makes an op frees it, by amkd_op_free. What hands out an op leaves nothing behind
 * when it fails, and *out as it was. What is given an op never frees it. So a kind's new
 * begins with NULL, and frees the op where anything after its making fails. */

/* Allocates an op and builds source, cl/<name>.cl, after common.cl and act.cl, with the
 * shape's macros followed by options. own_nbytes: of own, zeroed. Offsets of weights are
 * arguments of the kernels, so that layers of one shape share a program. */
int amkd_op_build(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                  const char *name, const char *source, const char *options,
                  size_t own_nbytes);

/* The same for kernels that are told shapes by arguments: of the shape's macros, source
 * has those of the activations alone, and layers of any shape share its program. */
int amkd_op_build_shapeless(amkd_op **out, amkd_device *device,
                            const amkd_op_shape *shape, const char *name,
                            const char *source, const char *options, size_t own_nbytes);

/* Makes kernels 0.. of these names, NULL ends them. */
int amkd_op_kernels(amkd_op *op, const char *const *names);

/* Allocates an op that has no kernels yet; source: behind common.cl and act.cl. */
int amkd_op_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                const char *source, size_t own_nbytes);

/* Makes kernel number, cl/<name>.cl behind what else is in sources. macros: NULL, where
 * memory was short, fails. */
int amkd_op_make_kernel(amkd_op *op, size_t number, const char *name,
                        const char *const *sources, size_t nsources, const char *macros);

/* Makes a pass's kernel, of a program of its own that has source, cl/<kernel>.cl, behind
 * the op's. So a prediction compiles no backward pass, and layers share the program which
 * differ in other passes alone: of the shape's macros, those that the pass does not look
 * at are the same for all. options: the pass's own. */
int amkd_op_pass_kernel(amkd_op *op, amkd_pass pass, const char *kernel,
                        const char *source, const char *options);

/* The same for a kernel that is told sizes by arguments: of the shape's macros, source,
 * behind common.cl and act.cl alone, has those of the activations. */
int amkd_op_pass_shapeless(amkd_op *op, amkd_pass pass, const char *kernel,
                           const char *source, const char *options);

/* The macros of the activations that a pass looks at, and options behind them; freed with
 * free(). NULL: no memory. */
char *amkd_op_acts(const amkd_op_shape *shape, amkd_pass pass, const char *options);

/* Makes what the op needs that is to run a pass; its first run would do it, too. */
int amkd_op_make_ready(amkd_op *op, amkd_pass pass);

/* Enqueues a pass's kernel over items x tiles x blocks, all items of a tile in one
 * work-group, and as many tiles as op->group says where they divide evenly. */
int amkd_op_launch(amkd_op *op, amkd_pass pass, cl_kernel kernel, const amkd_arg *args,
                   size_t nargs, size_t items, size_t tiles, size_t blocks);

/* Lane items of a work-group that sums over lanes (LANE_ITEMS of common.cl). */
size_t amkd_lane_items(const amkd_device *device);

/* Channels that products have sums of in registers, for two or three vectors each
 * (CHANNELS of their kernels). */
size_t amkd_channel_sums(const amkd_device *device);

/* Vectors in a lane block (VECTORS of common.cl). */
size_t amkd_vectors(const amkd_device *device);

/* Whether what a forward pass of this run writes is larger than a CPU's caches, so that
 * it is best written past them (past of write_vec in common.cl). */
int amkd_op_writes_past(const amkd_op *op, const amkd_op_args *args);

/* Enqueues a kernel over lanes x items x blocks, whose work-items know nothing of one
 * another. */
int amkd_op_launch_items(amkd_op *op, cl_kernel kernel, const amkd_arg *args,
                         size_t nargs, size_t nitems, size_t nblocks);

/* Enqueues a kernel over all values of nchannels channels of op->nplaces (the grid of
 * first_value in cl/common.cl). */
int amkd_op_launch_values(amkd_op *op, cl_kernel kernel, const amkd_arg *args,
                          size_t nargs, size_t nchannels, size_t nblocks);

/* Slices of a run that trains (net/README.md), and blocks of a slice. */
size_t amkd_op_nslices(const amkd_op *op, const amkd_batch *run);
size_t amkd_op_slice_nblocks(const amkd_op *op, const amkd_batch *run);

static inline size_t amkd_tiles(size_t n, size_t tile)
{
    return (n + tile - 1) / tile;
}

#endif
