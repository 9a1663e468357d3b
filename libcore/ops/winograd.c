/* Launcher of cl/winograd.cl and its passes' files. */
#include "ops/winograd.h"
#include "base/memory.h"
#include "ops/winograd_internal.h"
#include <stdio.h>
#include <stdlib.h>

extern const char amkd_cl_winograd[], amkd_cl_winograd_kernels[],
    amkd_cl_winograd_tiles[];

/* As in cl/winograd.cl. */
enum { COLUMNS = 2 };

/* What transforms kernels; the kernels of the passes are in front of it. */
enum { KERNELS = AMKD_WINOGRAD_KERNELS };

/* Input channels whose patches are near together, where they fit; fewer than the least
 * are not worth it. */
enum { PART = 64, LEAST_PART = 8 };

/* With so few of them there is room for more tiles, which share pixels. */
enum { FEW_CHANNELS = 16 };

/* Transformed kernels beyond this come from far, and twice as many tiles share them. */
enum { NEAR_KERNELS_NBYTES = 4 << 20 };

/* Sums of gradients beyond this come from far, too. */
enum { NEAR_SUMS_NBYTES = 8 << 20 };

/* A pass as a convolution forward: channels, with a stride phases of them, and pixels
 * read and written. */
typedef struct maps {
    size_t nin, in_height, in_width, nout, out_height, out_width;
    size_t top, left;
    size_t taps;                  /* of the side of a kernel, or of a phase of it */
    size_t tile;                  /* pixels of the side of what is written at a time */
    size_t in_stride, out_stride; /* weights from a channel's to the next one's */
} maps;

/* How it is cut. */
typedef struct cut {
    size_t part, ntiles; /* input channels at a time, tiles of a work-item */
} cut;

static maps maps_of(const amkd_op_shape *s, amkd_pass pass)
{
    const size_t side = s->kernel_height, taps = amkd_tiles(side, s->stride);
    const size_t tile = AMKD_WINOGRAD_PATCH + 1 - taps;
    const size_t to_next_in = side * side, to_next_out = side * side * s->in_channels;
    if (pass != AMKD_BACKWARD_DATA)
        return (maps){.nin = s->in_channels * s->stride * s->stride,
                      .in_height = s->in_height,
                      .in_width = s->in_width,
                      .nout = s->out_channels,
                      .out_height = s->out_height,
                      .out_width = s->out_width,
                      .top = s->top,
                      .left = s->left,
                      .taps = taps,
                      .tile = tile,
                      .in_stride = to_next_in,
                      .out_stride = to_next_out};
    return (maps){.nin = s->out_channels,
                  .in_height = s->out_height,
                  .in_width = s->out_width,
                  .nout = s->in_channels,
                  .out_height = s->in_height,
                  .out_width = s->in_width,
                  .top = side - 1 - s->top,
                  .left = side - 1 - s->left,
                  .taps = taps,
                  .tile = tile,
                  .in_stride = to_next_out,
                  .out_stride = to_next_in};
}

static size_t patches_nbytes(const amkd_device *device, const cut *c)
{
    return AMKD_WINOGRAD_POSITIONS * (c->part * c->ntiles + 1) * device->vector_width *
           sizeof(float);
}

static size_t sums_nbytes(const amkd_device *device, const cut *c)
{
    return AMKD_WINOGRAD_POSITIONS * amkd_channel_sums(device) * c->ntiles *
           device->vector_width * sizeof(float);
}

static size_t kernels_nbytes(const amkd_device *device, const maps *m)
{
    const size_t nsums = amkd_channel_sums(device);
    return amkd_tiles(m->nout, nsums) * nsums * m->nin * AMKD_WINOGRAD_POSITIONS *
           sizeof(float);
}

static cut cut_of(const amkd_device *device, const maps *m)
{
    cut c = {.part = PART, .ntiles = COLUMNS};
    if (kernels_nbytes(device, m) > NEAR_KERNELS_NBYTES || m->nin <= FEW_CHANNELS)
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
    const size_t side = shape->kernel_height;
    const int steps = shape->stride == 2 && pass == AMKD_FORWARD;
    if (device->vector_width == 1 || (side != 3 && side != 5 && (side != 7 || !steps)) ||
        shape->kernel_width != side || (shape->stride != 1 && !steps) ||
        shape->top >= side || shape->left >= side)
        return 0;
    if (pass == AMKD_BACKWARD_WEIGHTS)
        return side == 3 && amkd_winograd_gradient_fits(device, shape);
    const maps m = maps_of(shape, pass);
    return cut_of(device, &m).part >= LEAST_PART && m.nout >= LEAST_PART;
}

/* What a pass takes in cycles of two multiply-adds of vectors: by tile and vector of
 * lanes for a channel's transforms, and once for a kernel's. And the share of those
 * cycles that taps one by one and the products here reach. Measured under PoCL. */
typedef struct costs {
    double in, out, kernel;
    double taps_share, product_share;
} costs;

static const costs costs_of[] = {
    [AMKD_FORWARD] = {300, 200, 200, 0.75, 0.75},
    [AMKD_BACKWARD_DATA] = {300, 200, 200, 0.75, 0.75},
    [AMKD_BACKWARD_WEIGHTS] = {450, 250, 1500, 0.6, 0.6},
};

/* Of the gradients with vectors of 16 lanes; in: for each chunk of output channels. A
 * kernel takes more where the sums come from far. */
static const costs wide_gradients = {320, 250, 250, 0.9, 0.93};
static const double far_kernel = 900;

static costs find_costs(const amkd_device *device, const amkd_op_shape *shape,
                        amkd_pass pass)
{
    if (pass != AMKD_BACKWARD_WEIGHTS || device->vector_width < 16)
        return costs_of[pass];
    costs c = wide_gradients;
    c.in *= (double)amkd_winograd_gradient_nchunks(device, shape);
    if (amkd_winograd_scratch(device, shape, pass) > NEAR_SUMS_NBYTES)
        c.kernel = far_kernel;
    return c;
}

/* Samples of a batch that it is reckoned for, whatever a run has: bits do not depend on
 * the batch. */
enum { NSAMPLES = 128 };

int amkd_winograd_wins(const amkd_device *device, const amkd_op_shape *shape,
                       amkd_pass pass)
{
    static const double win = 1.3;
    if (!amkd_winograd_fits(device, shape, pass))
        return 0;
    const maps m = maps_of(shape, pass);
    const costs c = find_costs(device, shape, pass);
    const double nin = (double)m.nin, nout = (double)m.nout;
    const double nphases = (double)(shape->stride * shape->stride);
    const size_t nvectors = NSAMPLES / device->vector_width;
    const double ntiles = (double)(amkd_tiles(m.out_height, m.tile) *
                                   amkd_tiles(m.out_width, m.tile) * nvectors);
    const double npixels = (double)(m.out_height * m.out_width * nvectors);
    const double ntaps = (double)(shape->kernel_height * shape->kernel_width);
    const double taps = npixels * nin / nphases * nout * ntaps / 2 / c.taps_share;
    const double product = nin * nout * AMKD_WINOGRAD_POSITIONS / 2 / c.product_share;
    const double tiles = ntiles * (product + nin * c.in + nout * c.out);
    return (tiles + nin * nout * c.kernel) * win < taps;
}

size_t amkd_winograd_scratch(const amkd_device *device, const amkd_op_shape *shape,
                             amkd_pass pass)
{
    if (pass == AMKD_BACKWARD_WEIGHTS)
        return amkd_winograd_gradient_scratch(device, shape);
    const maps m = maps_of(shape, pass);
    return kernels_nbytes(device, &m);
}

/* What a prediction keeps while its weights stay the same. */
typedef struct kept {
    cl_mem kernels; /* transformed, of these weights; NULL before */
    uint64_t weights;
} kept;

static void close_op(amkd_op *op)
{
    amkd_buffer_free(((kept *)op->own)->kernels);
}

static int transform_kernels(amkd_op *op, const amkd_op_args *a, const maps *m,
                             const cut *c, cl_mem kernels, cl_int turned)
{
    const cl_uint weights = (cl_uint)op->shape.weights;
    const size_t item_channels = op->device->vector_width / amkd_channel_sums(op->device);
    const size_t items = amkd_tiles(m->nin, c->part) * amkd_tiles(c->part, item_channels);
    const cl_int side = (cl_int)op->shape.kernel_height;
    const cl_int nin = (cl_int)m->nin, nout = (cl_int)m->nout, part = (cl_int)c->part;
    const cl_int in_stride = (cl_int)m->in_stride, out_stride = (cl_int)m->out_stride;
    const amkd_arg args[] = {AMKD_ARG(a->parameters), AMKD_ARG(kernels),
                             AMKD_ARG(weights),       AMKD_ARG(side),
                             AMKD_ARG(nin),           AMKD_ARG(nout),
                             AMKD_ARG(in_stride),     AMKD_ARG(out_stride),
                             AMKD_ARG(part),          AMKD_ARG(turned)};
    return amkd_kernel_run(
        op->device, op->kernels[KERNELS], args, sizeof args / sizeof *args, 2,
        (size_t[]){items, amkd_tiles(m->nout, amkd_channel_sums(op->device))}, NULL);
}

static int run_tiles(amkd_op *op, const amkd_op_args *a, amkd_pass pass, cl_mem kernels,
                     const maps *m, const cut *c)
{
    const int back = pass == AMKD_BACKWARD_DATA;
    const cl_mem x = back ? a->dy : a->x[0], y = back ? a->dx : a->y;
    const int sum = !back && op->shape.sum;
    const cl_mem beside = back ? a->x[0] : sum ? a->x[1] : y;
    const cl_int nin = (cl_int)m->nin, nout = (cl_int)m->nout;
    const cl_int in_height = (cl_int)m->in_height, in_width = (cl_int)m->in_width;
    const cl_int out_height = (cl_int)m->out_height, out_width = (cl_int)m->out_width;
    const cl_int top = (cl_int)m->top, left = (cl_int)m->left;
    const cl_int part = (cl_int)c->part, ntiles = (cl_int)c->ntiles;
    const cl_uint biases = (cl_uint)op->shape.biases;
    const cl_int has_bias = !back && op->shape.bias, add = back && a->add;
    /* Of a line in several vectors each would be written by itself, with others between.
     */
    const cl_int has_sum = sum, past = !back && amkd_vectors(op->device) == 1 &&
                                       amkd_op_writes_past(op, a);
    const amkd_arg args[] = {AMKD_ARG(x),
                             AMKD_ARG(kernels),
                             AMKD_ARG(a->parameters),
                             AMKD_ARG(beside),
                             AMKD_ARG(y),
                             AMKD_ARG(nin),
                             AMKD_ARG(in_height),
                             AMKD_ARG(in_width),
                             AMKD_ARG(nout),
                             AMKD_ARG(out_height),
                             AMKD_ARG(out_width),
                             AMKD_ARG(top),
                             AMKD_ARG(left),
                             AMKD_ARG(part),
                             AMKD_ARG(ntiles),
                             AMKD_ARG(biases),
                             AMKD_ARG(has_bias),
                             AMKD_ARG(add),
                             AMKD_ARG(has_sum),
                             AMKD_ARG(past),
                             {NULL, patches_nbytes(op->device, c)},
                             {NULL, sums_nbytes(op->device, c)}};
    const size_t all_tiles = amkd_tiles(m->out_height, m->tile) *
                             amkd_tiles(m->out_width, m->tile) * amkd_vectors(op->device);
    return amkd_kernel_run(
        op->device, op->kernels[pass], args, sizeof args / sizeof *args, 2,
        (size_t[]){amkd_tiles(all_tiles, c->ntiles), a->run.nblocks}, (size_t[]){1, 1});
}

/* Transforms kernels for this run alone. */
static int run_once(amkd_op *op, const amkd_op_args *a, amkd_pass pass)
{
    const maps m = maps_of(&op->shape, pass);
    const cut c = cut_of(op->device, &m);
    cl_mem kernels;
    return amkd_device_scratch(&kernels, op->device, kernels_nbytes(op->device, &m)) ||
                   transform_kernels(op, a, &m, &c, kernels,
                                     pass == AMKD_BACKWARD_DATA) ||
                   run_tiles(op, a, pass, kernels, &m, &c)
               ? -1
               : 0;
}

static int forward(amkd_op *op, const amkd_op_args *a)
{
    const maps m = maps_of(&op->shape, AMKD_FORWARD);
    const cut c = cut_of(op->device, &m);
    kept *k = op->own;
    if (!a->run.weights)
        return run_once(op, a, AMKD_FORWARD);
    if (!k->kernels && amkd_buffer_new(&k->kernels, op->device, CL_MEM_READ_WRITE,
                                       kernels_nbytes(op->device, &m), NULL))
        return -1;
    if (k->weights != a->run.weights && transform_kernels(op, a, &m, &c, k->kernels, 0))
        return -1;
    k->weights = a->run.weights;
    return run_tiles(op, a, AMKD_FORWARD, k->kernels, &m, &c);
}

static int backward_data(amkd_op *op, const amkd_op_args *a)
{
    return run_once(op, a, AMKD_BACKWARD_DATA);
}

int amkd_winograd_kernel(amkd_op *op, size_t number, const char *name, const char *source,
                         const char *options)
{
    const char *sources[] = {amkd_cl_common, amkd_cl_act, amkd_cl_winograd, source};
    return op->kernels[number]
               ? 0
               : amkd_op_make_kernel(op, number, name, sources, 4, options);
}

static int make_tiles(amkd_op *op, amkd_pass pass)
{
    char kernels[96];
    snprintf(kernels, sizeof kernels, "-DCHANNELS=%zu -DTAPS=%zu -DSTEP=%zu",
             amkd_channel_sums(op->device), maps_of(&op->shape, pass).taps,
             op->shape.stride);
    char *tiles = amkd_format("%s -DBACKWARD=%d", kernels, pass == AMKD_BACKWARD_DATA);
    char *acts = tiles ? amkd_op_acts(&op->shape, pass, tiles) : NULL;
    const int rc = acts && !amkd_winograd_kernel(op, pass, "winograd_tiles",
                                                 amkd_cl_winograd_tiles, acts)
                       ? amkd_winograd_kernel(op, KERNELS, "winograd_kernels",
                                              amkd_cl_winograd_kernels, kernels)
                       : -1;
    free(acts);
    free(tiles);
    return rc;
}

/* Asked before every run. */
static int make_ready(amkd_op *op, amkd_pass pass)
{
    const size_t last = pass == AMKD_BACKWARD_WEIGHTS ? AMKD_WINOGRAD_COLLECT : KERNELS;
    if (op->kernels[pass] && op->kernels[last])
        return 0;
    return pass == AMKD_BACKWARD_WEIGHTS ? amkd_winograd_gradient_ready(op)
                                         : make_tiles(op, pass);
}

int amkd_winograd_new(amkd_op **out, const amkd_op *conv)
{
    amkd_op *op;
    if (amkd_op_new(&op, conv->device, &conv->shape, amkd_cl_winograd, sizeof(kept)))
        return -1;
    op->passes[AMKD_FORWARD] = forward;
    op->passes[AMKD_BACKWARD_DATA] = backward_data;
    op->passes[AMKD_BACKWARD_WEIGHTS] = amkd_winograd_gradient_run;
    op->make_ready = make_ready;
    op->close = close_op;
    *out = op;
    return 0;
}
