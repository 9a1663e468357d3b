/* The passes of cl/winograd.cl that write maps, forward and backward by the input, and
 * the kernels that they take. */
#include "base/memory.h"
#include "ops/winograd_internal.h"
#include <stdio.h>
#include <stdlib.h>

extern const char amkd_cl_winograd[], amkd_cl_winograd_kernels[], amkd_cl_winograd_maps[],
    amkd_cl_winograd_tiles[], amkd_cl_winograd_lockstep[],
    amkd_cl_winograd_lockstep_maps[];

/* What transforms kernels; the kernels of the passes are in front of it. */
enum { KERNELS = AMKD_WINOGRAD_KERNELS };

/* Of a kernel, from common.cl on. */
enum { MOST_SOURCES = 6 };

/* Tiles that a work-item's sums in registers are of, as in cl/winograd_tiles.cl. */
enum { COLUMNS = 2 };

/* As in cl/winograd_lockstep_maps.cl: output channels of a work-group, and input channels
 * at a time. */
enum { GROUP_CHANNELS = 16, GROUP_PART = 4 };

/* Input channels whose patches are near together, where they fit; fewer than the least
 * are not worth it. */
enum { PART = 64, LEAST_PART = 8 };

/* With fewer output channels the transforms take longer than the taps would. */
enum { LEAST_OUT = 8 };

/* With so few of them there is room for more tiles, which share pixels. */
enum { FEW_CHANNELS = 16 };

/* Transformed kernels beyond this come from far, and twice as many tiles share them. */
enum { NEAR_KERNELS_NBYTES = 4 << 20 };

/* How it is cut. */
typedef struct cut {
    size_t part, ntiles; /* input channels at a time, tiles of a work-item */
} cut;

/* Output channels whose transformed kernels lie side by side. */
static size_t side_by_side(const amkd_device *device)
{
    return amkd_winograd_lockstep(device) ? GROUP_CHANNELS : amkd_channel_sums(device);
}

amkd_winograd_maps amkd_winograd_maps_of(const amkd_op_shape *s, amkd_pass pass)
{
    const size_t side = s->kernel_height, taps = amkd_tiles(side, s->stride);
    const size_t tile = AMKD_WINOGRAD_PATCH + 1 - taps;
    const size_t to_next_in = side * side, to_next_out = side * side * s->in_channels;
    if (pass != AMKD_BACKWARD_DATA)
        return (amkd_winograd_maps){.nin = s->in_channels * s->stride * s->stride,
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
    return (amkd_winograd_maps){.nin = s->out_channels,
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

size_t amkd_winograd_kernels_nbytes(const amkd_device *device,
                                    const amkd_winograd_maps *m)
{
    const size_t beside = side_by_side(device);
    return amkd_tiles(m->nout, beside) * beside * m->nin * AMKD_WINOGRAD_POSITIONS *
           sizeof(float);
}

static cut cut_of(const amkd_device *device, const amkd_winograd_maps *m)
{
    cut c = {.part = PART, .ntiles = COLUMNS};
    if (amkd_winograd_lockstep(device))
        return (cut){.part = GROUP_PART, .ntiles = 1};
    if (amkd_winograd_kernels_nbytes(device, m) > NEAR_KERNELS_NBYTES ||
        m->nin <= FEW_CHANNELS)
        c.ntiles *= 2;
    while (c.part > 1 &&
           patches_nbytes(device, &c) + sums_nbytes(device, &c) > device->local_nbytes)
        c.part /= 2;
    c.part = amkd_tiles(m->nin, amkd_tiles(m->nin, c.part));
    return c;
}

/* Local memory of a work-group in lockstep. */
static size_t group_nbytes(const amkd_device *device)
{
    return AMKD_WINOGRAD_POSITIONS * GROUP_PART * (device->nlanes + GROUP_CHANNELS) *
           sizeof(float);
}

int amkd_winograd_group_fits(const amkd_device *device, size_t local_nbytes)
{
    return device->nlanes * AMKD_WINOGRAD_ROWS <= device->max_work_group &&
           local_nbytes <= device->local_nbytes;
}

int amkd_winograd_maps_fit(const amkd_device *device, const amkd_winograd_maps *m)
{
    if (m->nout < LEAST_OUT)
        return 0;
    return amkd_winograd_lockstep(device)
               ? amkd_winograd_group_fits(device, group_nbytes(device))
               : cut_of(device, m).part >= LEAST_PART;
}

int amkd_winograd_transform(amkd_op *op, const amkd_op_args *a,
                            const amkd_winograd_maps *m, cl_mem kernels, int turned)
{
    const size_t npart = cut_of(op->device, m).part, beside = side_by_side(op->device);
    const size_t items =
        amkd_tiles(m->nin, npart) * amkd_tiles(npart * beside, op->device->vector_width);
    const cl_uint weights = (cl_uint)op->shape.weights;
    const cl_int side = (cl_int)op->shape.kernel_height;
    const cl_int nin = (cl_int)m->nin, nout = (cl_int)m->nout, part = (cl_int)npart;
    const cl_int in_stride = (cl_int)m->in_stride, out_stride = (cl_int)m->out_stride;
    const cl_int is_turned = turned;
    const amkd_arg args[] = {AMKD_ARG(a->parameters), AMKD_ARG(kernels),
                             AMKD_ARG(weights),       AMKD_ARG(side),
                             AMKD_ARG(nin),           AMKD_ARG(nout),
                             AMKD_ARG(in_stride),     AMKD_ARG(out_stride),
                             AMKD_ARG(part),          AMKD_ARG(is_turned)};
    return amkd_kernel_run(op->device, op->kernels[KERNELS], args,
                           sizeof args / sizeof *args, 2,
                           (size_t[]){items, amkd_tiles(m->nout, beside)}, NULL);
}

/* Both kernels have the same arguments, but for those that say how a work-item cuts. */
static int run_kernel(amkd_op *op, amkd_pass pass, const amkd_arg *args, size_t nshared,
                      size_t nargs, const amkd_winograd_maps *m, const cut *c,
                      size_t nblocks)
{
    const size_t ntiles =
        amkd_tiles(m->out_height, m->tile) * amkd_tiles(m->out_width, m->tile);
    const size_t nlanes = op->device->nlanes;
    if (amkd_winograd_lockstep(op->device))
        return amkd_kernel_run(
            op->device, op->kernels[pass], args, nshared, 3,
            (size_t[]){nlanes,
                       ntiles * amkd_tiles(m->nout, GROUP_CHANNELS) * AMKD_WINOGRAD_ROWS,
                       nblocks},
            (size_t[]){nlanes, AMKD_WINOGRAD_ROWS, 1});
    return amkd_kernel_run(
        op->device, op->kernels[pass], args, nargs, 2,
        (size_t[]){amkd_tiles(ntiles * amkd_vectors(op->device), c->ntiles), nblocks},
        (size_t[]){1, 1});
}

int amkd_winograd_maps_run(amkd_op *op, const amkd_op_args *a, amkd_pass pass,
                           const amkd_winograd_maps *m, cl_mem kernels)
{
    const cut c = cut_of(op->device, m);
    const int back = pass == AMKD_BACKWARD_DATA;
    const cl_mem x = back ? a->dy : a->x[0], y = back ? a->dx : a->y;
    const int sum = !back && op->shape.sum;
    const cl_mem beside = back ? a->x[0] : sum ? a->x[1] : y;
    const cl_int nin = (cl_int)m->nin, nout = (cl_int)m->nout;
    const cl_int in_height = (cl_int)m->in_height, in_width = (cl_int)m->in_width;
    const cl_int out_height = (cl_int)m->out_height, out_width = (cl_int)m->out_width;
    const cl_int top = (cl_int)m->top, left = (cl_int)m->left;
    const cl_uint biases = (cl_uint)op->shape.biases;
    const cl_int has_bias = !back && op->shape.bias, add = back && a->add, has_sum = sum;
    /* Of a line in several vectors each would be written by itself, with others between.
     */
    const cl_int past =
        !back && amkd_vectors(op->device) == 1 && amkd_op_writes_past(op, a);
    const cl_int part = (cl_int)c.part, ntiles = (cl_int)c.ntiles;
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
                             AMKD_ARG(biases),
                             AMKD_ARG(has_bias),
                             AMKD_ARG(add),
                             AMKD_ARG(has_sum),
                             AMKD_ARG(past),
                             AMKD_ARG(part),
                             AMKD_ARG(ntiles),
                             {NULL, patches_nbytes(op->device, &c)},
                             {NULL, sums_nbytes(op->device, &c)}};
    enum { NSHARED = 17 }; /* up to has_sum */
    return run_kernel(op, pass, args, NSHARED, sizeof args / sizeof *args, m, &c,
                      a->run.nblocks);
}

int amkd_winograd_kernel(amkd_op *op, size_t number, const char *name,
                         const char *const *own, const char *options)
{
    const char *sources[MOST_SOURCES] = {amkd_cl_common, amkd_cl_act, amkd_cl_winograd};
    size_t n = 3;
    while (*own && n < MOST_SOURCES)
        sources[n++] = *own++;
    return op->kernels[number]
               ? 0
               : amkd_op_make_kernel(op, number, name, sources, n, options);
}

/* The kernel of a pass. */
static int make_pass(amkd_op *op, amkd_pass pass, const char *options)
{
    static const char *const tiles[] = {amkd_cl_winograd_maps, amkd_cl_winograd_tiles,
                                        NULL};
    static const char *const lockstep[] = {amkd_cl_winograd_maps,
                                           amkd_cl_winograd_lockstep,
                                           amkd_cl_winograd_lockstep_maps, NULL};
    return amkd_winograd_lockstep(op->device)
               ? amkd_winograd_kernel(op, pass, "winograd_lockstep_maps", lockstep,
                                      options)
               : amkd_winograd_kernel(op, pass, "winograd_tiles", tiles, options);
}

int amkd_winograd_maps_ready(amkd_op *op, amkd_pass pass)
{
    static const char *const transform[] = {amkd_cl_winograd_kernels, NULL};
    char kernels[96];
    snprintf(kernels, sizeof kernels, "-DCHANNELS=%zu -DTAPS=%zu -DSTEP=%zu",
             side_by_side(op->device), amkd_winograd_maps_of(&op->shape, pass).taps,
             op->shape.stride);
    char *back = amkd_format("%s -DBACKWARD=%d", kernels, pass == AMKD_BACKWARD_DATA);
    char *acts = back ? amkd_op_acts(&op->shape, pass, back) : NULL;
    const int rc =
        acts && !make_pass(op, pass, acts)
            ? amkd_winograd_kernel(op, KERNELS, "winograd_kernels", transform, kernels)
            : -1;
    free(acts);
    free(back);
    return rc;
}
