/* Launcher of cl/winograd.cl and its passes' files. */
#include "ops/winograd.h"
#include "base/memory.h"
#include "ops/op_internal.h"
#include <stdio.h>

extern const char amkd_cl_winograd[], amkd_cl_winograd_kernels[],
    amkd_cl_winograd_tiles[], amkd_cl_winograd_gradient[], amkd_cl_winograd_collect[];

/* As in cl/winograd.cl. */
enum { TILE = 4, POSITIONS = 36, COLUMNS = 2 };

/* Kernels behind those of the passes: what transforms kernels, and sums of gradients. */
enum { KERNELS = AMKD_NPASSES, COLLECT };

/* Input channels whose patches are near together, where they fit; fewer than the least
 * are not worth it. */
enum { PART = 64, LEAST_PART = 8 };

/* Transformed kernels beyond this come from far, and twice as many tiles share them. */
enum { NEAR_KERNELS_NBYTES = 4 << 20 };

/* A pass as a convolution forward: channels and pixels read and written. */
typedef struct maps {
    size_t nin, in_height, in_width, nout, out_height, out_width;
    size_t top, left;
    size_t in_stride, out_stride; /* weights from a channel's to the next one's */
} maps;

/* How it is cut. */
typedef struct cut {
    size_t part, ntiles; /* input channels at a time, tiles of a work-item */
} cut;

static maps maps_of(const amkd_op_shape *s, amkd_pass pass)
{
    if (pass == AMKD_FORWARD)
        return (maps){s->in_channels,
                      s->in_height,
                      s->in_width,
                      s->out_channels,
                      s->out_height,
                      s->out_width,
                      s->top,
                      s->left,
                      9,
                      9 * s->in_channels};
    return (maps){
        s->out_channels, s->out_height, s->out_width, s->in_channels,     s->in_height,
        s->in_width,     2 - s->top,    2 - s->left,  9 * s->in_channels, 9};
}

/* Sums that a work-item has for each tile: with two tiles they fill the registers. */
static size_t sums_of(const amkd_device *device)
{
    return device->vector_width == 16 ? 8 : 4;
}

static size_t patches_nbytes(const amkd_device *device, const cut *c)
{
    return POSITIONS * (c->part * c->ntiles + 1) * device->vector_width * sizeof(float);
}

static size_t sums_nbytes(const amkd_device *device, const cut *c)
{
    return POSITIONS * sums_of(device) * c->ntiles * device->vector_width * sizeof(float);
}

static size_t kernels_nbytes(const amkd_device *device, const maps *m)
{
    const size_t nsums = sums_of(device);
    return amkd_tiles(m->nout, nsums) * nsums * m->nin * POSITIONS * sizeof(float);
}

static cut cut_of(const amkd_device *device, const maps *m)
{
    cut c = {.part = PART, .ntiles = COLUMNS};
    if (kernels_nbytes(device, m) > NEAR_KERNELS_NBYTES)
        c.ntiles *= 2;
    while (c.part > 1 &&
           patches_nbytes(device, &c) + sums_nbytes(device, &c) > device->local_nbytes)
        c.part /= 2;
    c.part = amkd_tiles(m->nin, amkd_tiles(m->nin, c.part));
    return c;
}

int amkd_winograd_fits(const amkd_device *device, const amkd_op_shape *shape,
                       amkd_pass pass)
{
    if (device->vector_width == 1 || pass == AMKD_BACKWARD_WEIGHTS ||
        shape->kernel_height != 3 || shape->kernel_width != 3 || shape->stride != 1 ||
        shape->top > 2 || shape->left > 2)
        return 0;
    const maps m = maps_of(shape, pass);
    return cut_of(device, &m).part >= LEAST_PART && m.nout >= LEAST_PART;
}

/* Cycles in which two multiply-adds of vectors end, by tile and vector of lanes; measured
 * under PoCL. */
int amkd_winograd_wins(const amkd_device *device, const amkd_op_shape *shape,
                       amkd_pass pass)
{
    static const double patch = 300, back = 200; /* of a channel's transforms */
    static const double direct_share = 0.8, product_share = 0.75, win = 1.3;
    if (!amkd_winograd_fits(device, shape, pass))
        return 0;
    const maps m = maps_of(shape, pass);
    const double nin = (double)m.nin, nout = (double)m.nout;
    const double ntiles =
        (double)(amkd_tiles(m.out_height, TILE) * amkd_tiles(m.out_width, TILE));
    const double npixels = (double)(m.out_height * m.out_width);
    const double direct = npixels * nin * nout * 9 / 2 / direct_share;
    const double tile = nin * nout * POSITIONS / 2 / product_share;
    return ntiles * (tile + nin * patch + nout * back) * win < direct;
}

static int transform_kernels(amkd_op *op, const amkd_op_args *a, const maps *m,
                             const cut *c, cl_mem kernels, cl_int turned)
{
    const cl_uint weights = (cl_uint)op->shape.weights;
    const cl_int nin = (cl_int)m->nin, nout = (cl_int)m->nout, part = (cl_int)c->part;
    const cl_int in_stride = (cl_int)m->in_stride, out_stride = (cl_int)m->out_stride;
    const amkd_arg args[] = {
        AMKD_ARG(a->parameters), AMKD_ARG(kernels), AMKD_ARG(weights),
        AMKD_ARG(nin),           AMKD_ARG(nout),    AMKD_ARG(in_stride),
        AMKD_ARG(out_stride),    AMKD_ARG(part),    AMKD_ARG(turned)};
    return amkd_kernel_run(op->device, op->kernels[KERNELS], args, 9, 2,
                           (size_t[]){m->nin, amkd_tiles(m->nout, sums_of(op->device))},
                           NULL);
}

/* mask: what the input's values are that a gradient is of. */
static int run(amkd_op *op, const amkd_op_args *a, amkd_pass pass, cl_mem x, cl_mem mask,
               cl_mem y, cl_int add)
{
    const maps m = maps_of(&op->shape, pass);
    const cut c = cut_of(op->device, &m);
    cl_mem kernels;
    if (amkd_device_scratch(&kernels, op->device, kernels_nbytes(op->device, &m)) ||
        transform_kernels(op, a, &m, &c, kernels, pass == AMKD_BACKWARD_DATA))
        return -1;
    const cl_int sizes[] = {(cl_int)m.nin,   (cl_int)m.in_height,  (cl_int)m.in_width,
                            (cl_int)m.nout,  (cl_int)m.out_height, (cl_int)m.out_width,
                            (cl_int)m.top,   (cl_int)m.left,       (cl_int)c.part,
                            (cl_int)c.ntiles};
    const cl_uint biases = (cl_uint)op->shape.biases;
    const cl_int has_bias = pass == AMKD_FORWARD && op->shape.bias;
    amkd_arg args[20] = {AMKD_ARG(x), AMKD_ARG(kernels), AMKD_ARG(a->parameters),
                         AMKD_ARG(mask), AMKD_ARG(y)};
    for (size_t s = 0; s < 10; s++)
        args[5 + s] = (amkd_arg)AMKD_ARG(sizes[s]);
    args[15] = (amkd_arg)AMKD_ARG(biases);
    args[16] = (amkd_arg)AMKD_ARG(has_bias);
    args[17] = (amkd_arg)AMKD_ARG(add);
    args[18] = (amkd_arg){NULL, patches_nbytes(op->device, &c)};
    args[19] = (amkd_arg){NULL, sums_nbytes(op->device, &c)};
    const size_t ntiles = amkd_tiles(m.out_height, TILE) * amkd_tiles(m.out_width, TILE);
    return amkd_kernel_run(op->device, op->kernels[pass], args, 20, 3,
                           (size_t[]){amkd_vectors(op->device),
                                      amkd_tiles(ntiles, c.ntiles), a->run.nblocks},
                           (size_t[]){1, 1, 1});
}

static int forward(amkd_op *op, const amkd_op_args *a)
{
    return run(op, a, AMKD_FORWARD, a->x[0], a->y, a->y, 0);
}

static int backward_data(amkd_op *op, const amkd_op_args *a)
{
    return run(op, a, AMKD_BACKWARD_DATA, a->dy, a->x[0], a->dx, a->add);
}

static int backward_weights(amkd_op *op, const amkd_op_args *a)
{
    return amkd_winograd_gradient_run(op, a, op->kernels[AMKD_BACKWARD_WEIGHTS],
                                      op->kernels[COLLECT]);
}

/* A kernel of a program of its own, unless it is there. All shapes share it. */
static int make_kernel(amkd_op *op, size_t number, const char *name, const char *source,
                       const char *options)
{
    const char *sources[] = {amkd_cl_common, amkd_cl_act, amkd_cl_winograd, source};
    cl_program program = NULL;
    if (op->kernels[number])
        return 0;
    const int rc =
        amkd_program_build(&program, op->device, name, sources, 4, options) ||
                amkd_kernel_new(&op->kernels[number], program, name)
            ? -1
            : 0;
    amkd_program_free(program); /* the kernel keeps it */
    return rc;
}

static int make_gradient(amkd_op *op)
{
    char *options = amkd_winograd_gradient_options(op->device);
    const int rc =
        options && !make_kernel(op, AMKD_BACKWARD_WEIGHTS, "winograd_gradient",
                                amkd_cl_winograd_gradient, options)
            ? make_kernel(op, COLLECT, "winograd_collect", amkd_cl_winograd_collect, "")
            : -1;
    free(options);
    return rc;
}

static int make_tiles(amkd_op *op, amkd_pass pass)
{
    const amkd_act act =
        pass == AMKD_FORWARD ? op->shape.act : op->shape.previous_act;
    char *kernels = amkd_format("-DCHANNELS=%zu", sums_of(op->device));
    char *tiles = kernels ? amkd_format("%s -DBACKWARD=%d %s", ) : NULL;
}
