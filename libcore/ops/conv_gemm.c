/* Launcher of cl/conv_gemm.cl. */
#include "ops/conv_gemm.h"
#include "ops/op_internal.h"
#include <stdio.h>

extern const char amkd_cl_conv_gemm[];

/* With fewer channels written the copy costs more than it saves; with fewer read, where
 * the taps of a row meet the same values. */
enum { LEAST_CHANNELS = 8 };

/* Columns of a work-item, a multiple of those in registers; values at a time that each
 * meets, of which a smaller part than the least is not worth it; and taps of a map whose
 * places are kept. */
enum { ITEM_COLUMNS = 24, PART = 256, LEAST_PART = 16, MOST_TAPS = 64 };

/* Work-groups for each compute unit, so that all have as much to do; and the output
 * channels that one has at least. */
enum { UNIT_GROUPS = 4, LEAST_OUT = 32 };

static size_t offsets_nbytes(const amkd_op_shape *s)
{
    return s->kernel_height * s->kernel_width * ITEM_COLUMNS * sizeof(cl_int);
}

static size_t patches_nbytes(const amkd_device *device, size_t part)
{
    return part * ITEM_COLUMNS * device->vector_width * sizeof(float);
}

/* Terms of a sum: input channels by taps. */
static size_t count_terms(const amkd_op_shape *s)
{
    return s->in_channels * s->kernel_height * s->kernel_width;
}

/* As much of a sum as fits near. */
static size_t find_near(const amkd_device *device, const amkd_op_shape *s)
{
    size_t part = PART;
    while (part > 1 &&
           patches_nbytes(device, part) + offsets_nbytes(s) > device->local_nbytes)
        part /= 2;
    return part;
}

/* The sum in near-equal parts of as much. */
static size_t find_part(const amkd_device *device, const amkd_op_shape *s)
{
    const size_t all = count_terms(s);
    return amkd_tiles(all, amkd_tiles(all, find_near(device, s)));
}

int amkd_conv_gemm_fits(const amkd_device *device, const amkd_op_shape *shape)
{
    return device->vector_width > 1 && shape->out_channels >= LEAST_CHANNELS &&
           (shape->in_channels >= LEAST_CHANNELS || shape->stride > 1) &&
           shape->kernel_height * shape->kernel_width <= MOST_TAPS &&
           (find_near(device, shape) >= LEAST_PART ||
            find_near(device, shape) >= count_terms(shape));
}

int amkd_conv_gemm_ready(amkd_op *op)
{
    char options[32];
    snprintf(options, sizeof options, "-DCHANNELS=%zu", amkd_channel_sums(op->device));
    return amkd_op_pass_shapeless(op, AMKD_FORWARD, "conv_gemm", amkd_cl_conv_gemm,
                                  options);
}

/* Output channels of a work-item: all of them, unless there are too few of those. A member
 * of a team may have none. */
static size_t share_channels(const amkd_op *op, size_t nitems)
{
    const size_t nout = op->shape.out_channels, nsums = amkd_channel_sums(op->device);
    const size_t wanted = UNIT_GROUPS * op->device->ncompute_units;
    size_t nshares = nitems ? amkd_tiles(wanted, nitems) : 1;
    const size_t most = amkd_tiles(nout, LEAST_OUT);
    nshares = nshares < most ? nshares : most;
    return amkd_tiles(amkd_tiles(nout, nshares), nsums) * nsums;
}

int amkd_conv_gemm_run(amkd_op *op, const amkd_op_args *a)
{
    const amkd_op_shape *s = &op->shape;
    const size_t ncolumns = s->out_height * s->out_width * amkd_vectors(op->device);
    const size_t ngroups = amkd_tiles(ncolumns, ITEM_COLUMNS);
    const size_t nchannels = share_channels(op, ngroups * a->run.nblocks);
    const size_t npart = find_part(op->device, s);
    const cl_mem added = a->x[s->sum]; /* read with a sum alone */
    const cl_int nin = (cl_int)s->in_channels, nout = (cl_int)s->out_channels;
    const cl_int in_height = (cl_int)s->in_height, in_width = (cl_int)s->in_width;
    const cl_int out_height = (cl_int)s->out_height, out_width = (cl_int)s->out_width;
    const cl_int side = (cl_int)s->kernel_height, stride = (cl_int)s->stride;
    const cl_int top = (cl_int)s->top, left = (cl_int)s->left, columns = ITEM_COLUMNS;
    const cl_int channels = (cl_int)nchannels, part = (cl_int)npart;
    const cl_uint weights = (cl_uint)s->weights, biases = (cl_uint)s->biases;
    const cl_int has_bias = s->bias, has_sum = s->sum, past = amkd_op_writes_past(op, a);
    const amkd_arg args[] = {AMKD_ARG(a->x[0]),
                             AMKD_ARG(a->parameters),
                             AMKD_ARG(added),
                             AMKD_ARG(a->y),
                             AMKD_ARG(nin),
                             AMKD_ARG(in_height),
                             AMKD_ARG(in_width),
                             AMKD_ARG(nout),
                             AMKD_ARG(out_height),
                             AMKD_ARG(out_width),
                             AMKD_ARG(side),
                             AMKD_ARG(stride),
                             AMKD_ARG(top),
                             AMKD_ARG(left),
                             AMKD_ARG(columns),
                             AMKD_ARG(channels),
                             AMKD_ARG(part),
                             AMKD_ARG(weights),
                             AMKD_ARG(biases),
                             AMKD_ARG(has_bias),
                             AMKD_ARG(has_sum),
                             AMKD_ARG(past),

                             {NULL, offsets_nbytes(s)},
                             {NULL, patches_nbytes(op->device, npart)}};
    return amkd_kernel_run(
        op->device, op->kernels[AMKD_FORWARD], args, sizeof args / sizeof *args, 3,
        (size_t[]){ngroups, amkd_tiles(s->out_channels, nchannels), a->run.nblocks},
        (size_t[]){1, 1, 1});
}
