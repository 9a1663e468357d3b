/* Launcher of cl/grouped.cl. */
#include "ops/conv.h"
#include "ops/op_internal.h"
#include <stdio.h>

extern const char amkd_cl_grouped[];

/* Over the places of a map, a row a work-item or, in lockstep, one. */
static int run(amkd_op *op, cl_kernel kernel, const amkd_arg *args, size_t nargs,
               size_t nchannels, size_t height, size_t width, size_t nblocks)
{
    const size_t n = op->device->vector_width == 1 ? height * width : height;
    return amkd_op_launch_items(op, kernel, args, nargs, nchannels * n, nblocks);
}

static int forward(amkd_op *op, const amkd_op_args *a)
{
    const amkd_op_shape *s = &op->shape;
    const cl_uint weights = (cl_uint)s->weights, biases = (cl_uint)s->biases;
    const amkd_arg args[] = {AMKD_ARG(a->x[0]), AMKD_ARG(a->parameters), AMKD_ARG(a->y),
                             AMKD_ARG(weights), AMKD_ARG(biases)};
    return run(op, op->kernels[AMKD_FORWARD], args, 5, s->out_channels, s->out_height,
               s->out_width, a->run.nblocks);
}

static int backward_data(amkd_op *op, const amkd_op_args *a)
{
    const amkd_op_shape *s = &op->shape;
    const cl_uint weights = (cl_uint)s->weights;
    const cl_int add = a->add;
    const amkd_arg args[] = {AMKD_ARG(a->x[0]), AMKD_ARG(a->parameters), AMKD_ARG(a->dy),
                             AMKD_ARG(a->dx),   AMKD_ARG(weights),       AMKD_ARG(add)};
    return run(op, op->kernels[AMKD_BACKWARD_DATA], args, 6, s->in_channels, s->in_height,
               s->in_width, a->run.nblocks);
}

static int backward_weights(amkd_op *op, const amkd_op_args *a)
{
    const amkd_op_shape *s = &op->shape;
    const cl_uint n = (cl_uint)a->run.nblocks, ntrained = (cl_uint)s->ntrained;
    const cl_uint slice = (cl_uint)amkd_op_slice_nblocks(op, &a->run);
    const cl_uint weights = (cl_uint)s->weights, biases = (cl_uint)s->biases;
    const size_t items = amkd_lane_items(op->device);
    const amkd_arg args[] = {AMKD_ARG(a->x[0]), AMKD_ARG(a->dy),   AMKD_ARG(a->gradients),
                             AMKD_ARG(n),       AMKD_ARG(slice),   AMKD_ARG(weights),
                             AMKD_ARG(biases),  AMKD_ARG(ntrained)};
    return amkd_kernel_run(op->device, op->kernels[AMKD_BACKWARD_WEIGHTS], args, 8, 3,
                           (size_t[]){items,
                                      s->out_channels * (s->in_channels / s->groups),
                                      amkd_op_nslices(op, &a->run)},
                           (size_t[]){items, 1, 1});
}

int amkd_grouped_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                     int train)
{
    static const char *const names[] = {
        [AMKD_FORWARD] = "grouped_forward",
        [AMKD_BACKWARD_WEIGHTS] = "grouped_backward_weights",
        [AMKD_BACKWARD_DATA] = "grouped_backward_data",
        [AMKD_NPASSES] = NULL,
    };
    amkd_op *op = NULL;
    char options[64];
    snprintf(options, sizeof options, "-DGROUPS=%zu -DDILATION=%zu", shape->groups,
             shape->dilation);
    if (amkd_op_build(&op, device, shape, "grouped", amkd_cl_grouped, options, 0) ||
        amkd_op_kernels(op, train ? names : (const char *[]){names[0], NULL})) {
        amkd_op_free(op);
        return -1;
    }
    op->passes[AMKD_FORWARD] = forward;
    op->passes[AMKD_BACKWARD_DATA] = backward_data;
    op->passes[AMKD_BACKWARD_WEIGHTS] = backward_weights;
    *out = op;
    return 0;
}
