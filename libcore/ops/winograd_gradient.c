/* Launcher of cl/winograd_gradient.cl, its ways' files and cl/winograd_collect.cl. */
#include "base/memory.h"
#include "ops/winograd_internal.h"
#include <stdlib.h>

extern const char amkd_cl_winograd_gradient[], amkd_cl_winograd_gradient_tiles[],
    amkd_cl_winograd_lockstep[], amkd_cl_winograd_lockstep_gradient[],
    amkd_cl_winograd_collect[];

/* Samples over which a sum in registers goes, vectors of a tile each. With vectors of 16
 * lanes the multiplications take so little time that fetching the sums would show; there
 * it is the greater number, if there is near memory for it. */
enum { SAMPLES = 16, WIDE_SAMPLES = 64 };

/* Input and output channels whose patches and gradients are near together. */
enum { NEAR_CHANNELS = 64, LEAST_CHANNELS = 8 };

/* Work-items of a slice, by shares of its blocks and parts of the output channels: enough
 * for some cores, few enough that their sums stay small. The bits depend on it. */
enum { SLICE_ITEMS = 2 };

/* In lockstep: a work-group's channels and lanes at a time, as in
 * cl/winograd_lockstep_gradient.cl, and work-groups for each compute unit. */
enum { GROUP_IN = 32, GROUP_OUT = 16, GROUP_LANES = 4, UNIT_GROUPS = 4 };

/* How it is cut. */
typedef struct cut {
    size_t tiles;       /* at once */
    size_t in_channels; /* at a time in registers */
    size_t part, chunk; /* input channels at a time, outputs of a work-item */
    size_t all_in, all_out, nparts, nchunks;
    size_t nshares; /* of a slice */
} cut;

/* Vectors of input channels at a time: sums in registers are for as many. */
static size_t in_vecs(const amkd_device *device, const amkd_op_shape *s)
{
    return s->in_channels > device->vector_width ? 2 : 1;
}

static size_t vecs_nbytes(const amkd_device *device, size_t nvecs)
{
    return nvecs * device->vector_width * sizeof(float);
}

static size_t patches_nbytes(const amkd_device *device, const cut *c)
{
    return vecs_nbytes(device, AMKD_WINOGRAD_POSITIONS * (c->part * c->tiles + 1));
}

static size_t gradients_nbytes(const amkd_device *device, const cut *c)
{
    return vecs_nbytes(device, AMKD_WINOGRAD_POSITIONS * (c->chunk * c->tiles + 1));
}

static size_t local_nbytes(const amkd_device *device, const cut *c)
{
    return patches_nbytes(device, c) + gradients_nbytes(device, c) +
           vecs_nbytes(device, c->chunk);
}

static size_t round_up(size_t n, size_t multiple)
{
    return amkd_tiles(n, multiple) * multiple;
}

/* n in near-equal parts of at most limit, multiples of multiple. */
static size_t part_of(size_t n, size_t limit, size_t multiple)
{
    return round_up(amkd_tiles(n, amkd_tiles(n, limit)), multiple);
}

/* The largest parts for which there is near memory; whether there are any. */
static int find_parts(cut *c, const amkd_device *device, const amkd_op_shape *s,
                      size_t nsamples)
{
    c->tiles = nsamples / device->vector_width;
    for (size_t limit = NEAR_CHANNELS; limit; limit /= 2) {
        c->part = part_of(s->in_channels, limit, c->in_channels);
        c->chunk = part_of(s->out_channels, limit, amkd_channel_sums(device));
        if (local_nbytes(device, c) <= device->local_nbytes)
            return 1;
    }
    return 0;
}

/* Sums of shares are added up: there are no more of them than fill the device. */
static cut lockstep_cut(const amkd_device *device, const amkd_op_shape *s)
{
    cut c = {.part = GROUP_IN, .chunk = GROUP_OUT};
    c.nparts = amkd_tiles(s->in_channels, c.part);
    c.nchunks = amkd_tiles(s->out_channels, c.chunk);
    c.nshares = amkd_tiles(UNIT_GROUPS * device->ncompute_units,
                           c.nparts * c.nchunks * amkd_most_slices(device));
    c.all_in = c.nparts * c.part;
    c.all_out = c.nchunks * c.chunk;
    return c;
}

static cut cut_of(const amkd_device *device, const amkd_op_shape *s)
{
    if (amkd_winograd_lockstep(device))
        return lockstep_cut(device, s);
    cut c = {.in_channels = in_vecs(device, s) * device->vector_width};
    if (device->vector_width < 16 || !find_parts(&c, device, s, WIDE_SAMPLES))
        find_parts(&c, device, s, SAMPLES);
    c.nchunks = amkd_tiles(s->out_channels, c.chunk);
    c.nshares = c.nchunks < SLICE_ITEMS ? SLICE_ITEMS / c.nchunks : 1;
    c.nparts = 1; /* one after the other */
    c.all_in = round_up(s->in_channels, c.in_channels);
    c.all_out = c.nchunks * c.chunk;
    return c;
}

/* Local memory of a work-group in lockstep. */
static size_t group_nbytes(void)
{
    return AMKD_WINOGRAD_POSITIONS * GROUP_LANES * (GROUP_IN + GROUP_OUT) * sizeof(float);
}

int amkd_winograd_gradient_fits(const amkd_device *device, const amkd_op_shape *shape)
{
    const cut c = cut_of(device, shape);
    if (shape->in_channels < LEAST_CHANNELS)
        return 0;
    return amkd_winograd_lockstep(device)
               ? shape->out_channels >= LEAST_CHANNELS &&
                     amkd_winograd_group_fits(device, group_nbytes())
               : c.chunk >= LEAST_CHANNELS &&
                     local_nbytes(device, &c) <= device->local_nbytes;
}

size_t amkd_winograd_gradient_nchunks(const amkd_device *device,
                                      const amkd_op_shape *shape)
{
    return cut_of(device, shape).nchunks;
}

size_t amkd_winograd_gradient_scratch(const amkd_device *device,
                                      const amkd_op_shape *shape)
{
    const cut c = cut_of(device, shape);
    const size_t nsums = AMKD_WINOGRAD_POSITIONS * c.all_in * c.all_out;
    return amkd_most_slices(device) * c.nshares * (nsums + shape->out_channels) *
           sizeof(float);
}

/* The kernel of the sums. */
static int make_sums(amkd_op *op)
{
    static const char *const tiles[] = {amkd_cl_winograd_gradient,
                                        amkd_cl_winograd_gradient_tiles, NULL};
    static const char *const lockstep[] = {amkd_cl_winograd_gradient,
                                           amkd_cl_winograd_lockstep,
                                           amkd_cl_winograd_lockstep_gradient, NULL};
    if (amkd_winograd_lockstep(op->device))
        return amkd_winograd_kernel(op, AMKD_BACKWARD_WEIGHTS,
                                    "winograd_lockstep_gradient", lockstep, "");
    char *options = amkd_format(
        "-DCHANNELS=%zu -DTILES_AT_ONCE=%zu -DIN_VECS=%zu", amkd_channel_sums(op->device),
        cut_of(op->device, &op->shape).tiles, in_vecs(op->device, &op->shape));
    const int rc = options
                       ? amkd_winograd_kernel(op, AMKD_BACKWARD_WEIGHTS,
                                              "winograd_gradient_tiles", tiles, options)
                       : -1;
    free(options);
    return rc;
}

int amkd_winograd_gradient_ready(amkd_op *op)
{
    static const char *const collect[] = {amkd_cl_winograd_collect, NULL};
    return make_sums(op) || amkd_winograd_kernel(op, AMKD_WINOGRAD_COLLECT,
                                                 "winograd_collect", collect, "")
               ? -1
               : 0;
}

static int add_up(amkd_op *op, const amkd_op_args *a, const cut *c, cl_mem sums)
{
    const amkd_op_shape *s = &op->shape;
    const size_t local[] = {patches_nbytes(op->device, c),
                            gradients_nbytes(op->device, c),
                            vecs_nbytes(op->device, c->chunk)};
    const cl_int nin = (cl_int)s->in_channels, nout = (cl_int)s->out_channels;
    const cl_int in_height = (cl_int)s->in_height, in_width = (cl_int)s->in_width;
    const cl_int out_height = (cl_int)s->out_height, out_width = (cl_int)s->out_width;
    const cl_int top = (cl_int)s->top, left = (cl_int)s->left;
    const cl_int part = (cl_int)c->part, chunk = (cl_int)c->chunk;
    const cl_uint nblocks = (cl_uint)a->run.nblocks;
    const cl_uint slice = (cl_uint)amkd_op_slice_nblocks(op, &a->run);
    const cl_int nshares = (cl_int)c->nshares;
    const size_t nslices = amkd_op_nslices(op, &a->run);
    const amkd_arg args[] = {
        AMKD_ARG(a->x[0]),   AMKD_ARG(a->dy),    AMKD_ARG(sums),  AMKD_ARG(nin),
        AMKD_ARG(in_height), AMKD_ARG(in_width), AMKD_ARG(nout),  AMKD_ARG(out_height),
        AMKD_ARG(out_width), AMKD_ARG(top),      AMKD_ARG(left),  AMKD_ARG(nblocks),
        AMKD_ARG(slice),     AMKD_ARG(nshares),  AMKD_ARG(part),  AMKD_ARG(chunk),
        {NULL, local[0]},    {NULL, local[1]},   {NULL, local[2]}};
    enum { NSHARED = 14 }; /* up to nshares: what the kernel in lockstep takes */
    const cl_kernel kernel = op->kernels[AMKD_BACKWARD_WEIGHTS];
    const size_t nlanes = op->device->nlanes;
    if (amkd_winograd_lockstep(op->device))
        return amkd_kernel_run(op->device, kernel, args, NSHARED, 3,
                               (size_t[]){nlanes * nslices * c->nshares,
                                          AMKD_WINOGRAD_ROWS * c->nchunks, c->nparts},
                               (size_t[]){nlanes, AMKD_WINOGRAD_ROWS, 1});
    return amkd_kernel_run(op->device, kernel, args, sizeof args / sizeof *args, 2,
                           (size_t[]){nslices * c->nshares, c->nchunks},
                           (size_t[]){1, 1});
}

static int collect(amkd_op *op, const amkd_op_args *a, const cut *c, cl_mem sums)
{
    const amkd_op_shape *s = &op->shape;
    const cl_int nshares = (cl_int)c->nshares;
    const cl_int nin = (cl_int)s->in_channels, nout = (cl_int)s->out_channels;
    const cl_int all_in = (cl_int)c->all_in, all_out = (cl_int)c->all_out;
    const cl_uint weights = (cl_uint)s->weights, biases = (cl_uint)s->biases;
    const cl_uint ntrained = (cl_uint)s->ntrained;
    const cl_int has_bias = s->bias;
    const amkd_arg args[] = {
        AMKD_ARG(sums),   AMKD_ARG(a->gradients), AMKD_ARG(nshares), AMKD_ARG(nin),
        AMKD_ARG(nout),   AMKD_ARG(all_in),       AMKD_ARG(all_out), AMKD_ARG(weights),
        AMKD_ARG(biases), AMKD_ARG(has_bias),     AMKD_ARG(ntrained)};
    return amkd_kernel_run(op->device, op->kernels[AMKD_WINOGRAD_COLLECT], args,
                           sizeof args / sizeof *args, 3,
                           (size_t[]){c->all_in / op->device->vector_width,
                                      s->out_channels, amkd_op_nslices(op, &a->run)},
                           NULL);
}

int amkd_winograd_gradient_run(amkd_op *op, const amkd_op_args *args)
{
    const cut c = cut_of(op->device, &op->shape);
    cl_mem sums;
    return amkd_device_scratch(&sums, op->device,
                               amkd_winograd_gradient_scratch(op->device, &op->shape)) ||
                   add_up(op, args, &c, sums) || collect(op, args, &c, sums)
               ? -1
               : 0;
}
