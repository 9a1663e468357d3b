/* Launcher of cl/depthwise.cl and its passes' files. */
#include "ops/depthwise.h"
#include "base/memory.h"
#include "ops/op_internal.h"
#include <stdio.h>
#include <stdlib.h>

extern const char amkd_cl_depthwise[], amkd_cl_depthwise_forward[],
    amkd_cl_depthwise_backward_data[], amkd_cl_depthwise_backward_weights[];

/* Beyond these the sums of a walk are far more than registers. */
enum { MOST_KERNEL = 7, MOST_STRIDE = 2 };

/* What a work-item walks through: long beside its launch, and what rows share stays near.
 */
enum { ITEM_NBYTES = 256 << 10 };

/* Work-items that a compute unit has at least, where there are rows enough. */
enum { ITEMS_OF_UNIT = 8 };

int amkd_depthwise_fits(const amkd_device *device, const amkd_op_shape *shape)
{
    return device->vector_width > 1 && shape->groups == shape->in_channels &&
           shape->dilation == 1 && shape->kernel_height == shape->kernel_width &&
           shape->kernel_width <= MOST_KERNEL && shape->stride <= MOST_STRIDE;
}

/* What all kernels are told of a shape. */
typedef struct maps {
    cl_uint nchannels;
    cl_int multiple, in_height, in_width, out_height, out_width, top, left;
} maps;
#define MAPS_ARGS(m)                                                                     \
    AMKD_ARG((m).nchannels), AMKD_ARG((m).multiple), AMKD_ARG((m).in_height),            \
        AMKD_ARG((m).in_width), AMKD_ARG((m).out_height), AMKD_ARG((m).out_width),       \
        AMKD_ARG((m).top), AMKD_ARG((m).left)

static maps maps_of(const amkd_op_shape *s)
{
    return (maps){.nchannels = (cl_uint)s->out_channels,
                  .multiple = (cl_int)(s->out_channels / s->in_channels),
                  .in_height = (cl_int)s->in_height,
                  .in_width = (cl_int)s->in_width,
                  .out_height = (cl_int)s->out_height,
                  .out_width = (cl_int)s->out_width,
                  .top = (cl_int)s->top,
                  .left = (cl_int)s->left};
}

/* Of nall rows, each of which has S rows of the input. */
static cl_uint rows_of_item(const amkd_op *op, size_t nall)
{
    const amkd_op_shape *s = &op->shape;
    const size_t row_nbytes =
        s->stride * s->in_width * op->device->nlanes * sizeof(float);
    const size_t near = ITEM_NBYTES / row_nbytes;
    const size_t fair = nall / (ITEMS_OF_UNIT * op->device->ncompute_units);
    const size_t nrows = near < fair ? near : fair;
    return nrows ? (cl_uint)nrows : 1;
}

static int run_rows(amkd_op *op, amkd_pass pass, const amkd_arg *args, size_t nargs,
                    size_t nall, size_t nrows)
{
    return amkd_kernel_run(op->device, op->kernels[pass], args, nargs, 1,
                           (size_t[]){amkd_tiles(nall, nrows)}, (size_t[]){1});
}

static int forward(amkd_op *op, const amkd_op_args *a)
{
    const amkd_op_shape *s = &op->shape;
    const maps m = maps_of(s);
    const cl_uint weights = (cl_uint)s->weights, biases = (cl_uint)s->biases;
    const cl_int has_bias = s->bias, past = amkd_op_writes_past(op, a);
    const cl_ulong nall = a->run.nblocks * s->out_channels * s->out_height;
    const cl_uint nrows = rows_of_item(op, nall);
    const amkd_arg args[] = {
        AMKD_ARG(a->x[0]), AMKD_ARG(a->parameters), AMKD_ARG(a->y),     MAPS_ARGS(m),
        AMKD_ARG(weights), AMKD_ARG(biases),        AMKD_ARG(has_bias), AMKD_ARG(nall),
        AMKD_ARG(nrows),   AMKD_ARG(past)};
    return run_rows(op, AMKD_FORWARD, args, sizeof args / sizeof *args, nall, nrows);
}

static int backward_data(amkd_op *op, const amkd_op_args *a)
{
    const amkd_op_shape *s = &op->shape;
    const maps m = maps_of(s);
    const cl_uint weights = (cl_uint)s->weights;
    const cl_int add = a->add;
    const size_t ncells =
        amkd_tiles(s->in_height + s->top, s->stride) - s->top / s->stride;
    const cl_ulong nall = a->run.nblocks * s->in_channels * ncells;
    const cl_uint nrows = rows_of_item(op, nall);
    const amkd_arg args[] = {
        AMKD_ARG(a->x[0]), AMKD_ARG(a->parameters), AMKD_ARG(a->dy), AMKD_ARG(a->dx),
        MAPS_ARGS(m),      AMKD_ARG(weights),       AMKD_ARG(add),   AMKD_ARG(nall),
        AMKD_ARG(nrows)};
    return run_rows(op, AMKD_BACKWARD_DATA, args, sizeof args / sizeof *args, nall,
                    nrows);
}

static int backward_weights(amkd_op *op, const amkd_op_args *a)
{
    const amkd_op_shape *s = &op->shape;
    const maps m = maps_of(s);
    const cl_uint weights = (cl_uint)s->weights, biases = (cl_uint)s->biases;
    const cl_int has_bias = s->bias;
    const cl_uint nblocks = (cl_uint)a->run.nblocks;
    const cl_uint slice = (cl_uint)amkd_op_slice_nblocks(op, &a->run);
    const cl_uint ntrained = (cl_uint)s->ntrained;
    const amkd_arg args[] = {
        AMKD_ARG(a->x[0]), AMKD_ARG(a->dy),   AMKD_ARG(a->gradients), MAPS_ARGS(m),
        AMKD_ARG(weights), AMKD_ARG(biases),  AMKD_ARG(has_bias),     AMKD_ARG(nblocks),
        AMKD_ARG(slice),   AMKD_ARG(ntrained)};
    return amkd_kernel_run(
        op->device, op->kernels[AMKD_BACKWARD_WEIGHTS], args, sizeof args / sizeof *args,
        2, (size_t[]){s->out_channels, amkd_op_nslices(op, &a->run)}, (size_t[]){1, 1});
}

/* Rows of the kernel whose sums for the weights' gradient fit the registers. */
static size_t rows_in_registers(const amkd_op *op)
{
    const size_t nregisters = op->device->vector_width == 16 ? 32 : 16;
    const size_t rows = (nregisters - 1) / op->shape.kernel_width;
    return rows < op->shape.kernel_height ? rows : op->shape.kernel_height;
}

/* The pass's kernel, which knows of the shape the kernel, the stride and what it has to
 * do with activations. */
static int make_kernel(amkd_op *op, amkd_pass pass)
{
    static const struct {
        const char *kernel, *source;
    } files[] = {
        [AMKD_FORWARD] = {"depthwise_forward", amkd_cl_depthwise_forward},
        [AMKD_BACKWARD_WEIGHTS] = {"depthwise_backward_weights",
                                   amkd_cl_depthwise_backward_weights},
        [AMKD_BACKWARD_DATA] = {"depthwise_backward_data",
                                amkd_cl_depthwise_backward_data},
    };
    const char *sources[] = {amkd_cl_common, amkd_cl_act, amkd_cl_depthwise,
                             files[pass].source};
    char rows[32] = "";
    if (pass == AMKD_BACKWARD_WEIGHTS)
        snprintf(rows, sizeof rows, " -DROWS=%zu", rows_in_registers(op));
    char *sizes = amkd_format("-DKH=%zu -DS=%zu%s", op->shape.kernel_height,
                              op->shape.stride, rows);
    char *options = sizes ? amkd_op_acts(&op->shape, pass, sizes) : NULL;
    const int rc = amkd_op_make_kernel(op, pass, files[pass].kernel, sources, 4, options);
    free(options);
    free(sizes);
    return rc;
}

int amkd_depthwise_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                       int train)
{
    amkd_op *op = NULL;
    if (amkd_op_new(&op, device, shape, amkd_cl_depthwise, 0))
        return -1;
    op->passes[AMKD_FORWARD] = forward;
    op->passes[AMKD_BACKWARD_DATA] = backward_data;
    op->passes[AMKD_BACKWARD_WEIGHTS] = backward_weights;
    for (amkd_pass pass = AMKD_FORWARD; pass < (train ? AMKD_NPASSES : 1); pass++)
        if (make_kernel(op, pass)) {
            amkd_op_free(op);
            return -1;
        }
    *out = op;
    return 0;
}
