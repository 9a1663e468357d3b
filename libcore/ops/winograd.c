/* Launcher of cl/winograd.cl and its passes' files. */
#include "ops/winograd.h"
#include "base/memory.h"
#include "ops/op_internal.h"
#include <stdio.h>

extern const char amkd_cl_winograd[], amkd_cl_winograd_kernels[],
    amkd_cl_winograd_tiles[];

/* As in cl/winograd.cl. */
enum { TILE = 4, POSITIONS = 36, COLUMNS = 2 };

/* The kernel that transforms kernels, behind those of the passes. */
enum { KERNELS = AMKD_NPASSES };

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

/* The pass's kernel; all shapes share it. */
static int make_ready(amkd_op *op, amkd_pass pass)
{
    const amkd_op_shape seen =
        pass == AMKD_FORWARD ? (amkd_op_shape){.act = op->shape.act}
                             : (amkd_op_shape){.previous_act = op->shape.previous_act};
    char options[64];
    if (op->kernels[pass])
        return 0;
    snprintf(options, sizeof options, "-DCHANNELS=%zu -DBACKWARD=%d", sums_of(op->device),
             pass == AMKD_BACKWARD_DATA);
    return amkd_op_pass_kernel(op, pass, "winograd_tiles", amkd_cl_winograd_tiles, &seen,
                               options);
}

static int make_transform(amkd_op *op)
{
    const char *sources[] = {amkd_cl_common, amkd_cl_act, amkd_cl_winograd,
                             amkd_cl_winograd_kernels};
    op->macros = amkd_format("-DCHANNELS=%zu", sums_of(op->device));
    return op->macros &&
                   !amkd_program_build(&op->program, op->device, "winograd_kernels",
                                       sources, 4, op->macros) &&
                   !amkd_kernel_new(&op->kernels[KERNELS], op->program,
                                    "winograd_kernels")
               ? 0
               : -1;
}

int amkd_winograd_new(amkd_op **out, const amkd_op *conv)
{
    amkd_op *op;
    if (amkd_op_new(&op, conv->device, &conv->shape, amkd_cl_winograd, 0))
        return -1;
    if (make_transform(op)) {
        amkd_op_free(op);
        return -1;
    }
    op->passes[AMKD_FORWARD] = forward;
    op->passes[AMKD_BACKWARD_DATA] = backward_data;
    op->make_ready = make_ready;
    *out = op;
    return 0;
}
