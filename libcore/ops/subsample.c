/* Launcher of cl/subsample.cl. */
#include "ops/subsample.h"
#include "ops/op_internal.h"

extern const char amkd_cl_subsample[];

/* Over the places of every channel, a plane of them a work-item or, in lockstep, one. */
static int run(amkd_op *op, cl_kernel kernel, const amkd_arg *args, size_t nargs,
               size_t nchannels, size_t nplaces, size_t nblocks)
{
    const size_t n = op->device->vector_width == 1 ? nchannels * nplaces : nchannels;
    return amkd_op_launch_items(op, kernel, args, nargs, n, nblocks);
}

static int forward(amkd_op *op, const amkd_op_args *a)
{
    const amkd_op_shape *s = &op->shape;
    const amkd_arg args[] = {AMKD_ARG(a->x[0]), AMKD_ARG(a->y)};
    return run(op, op->kernels[0], args, 2, s->out_channels, s->out_height * s->out_width,
               a->run.nblocks);
}

static int backward_data(amkd_op *op, const amkd_op_args *a)
{
    const amkd_op_shape *s = &op->shape;
    const cl_int add = a->add;
    const amkd_arg args[] = {AMKD_ARG(a->x[0]), AMKD_ARG(a->dy), AMKD_ARG(a->dx),
                             AMKD_ARG(add)};
    return run(op, op->kernels[1], args, 4, s->in_channels, s->in_height * s->in_width,
               a->run.nblocks);
}

int amkd_subsample_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                       int train)
{
    static const char *const names[] = {"subsample_forward", "subsample_backward", NULL};
    amkd_op *op = NULL;
    if (amkd_op_build(&op, device, shape, "subsample", amkd_cl_subsample, "", 0) ||
        amkd_op_kernels(op, train ? names : (const char *[]){names[0], NULL})) {
        amkd_op_free(op);
        return -1;
    }
    op->passes[AMKD_FORWARD] = forward;
    op->passes[AMKD_BACKWARD_DATA] = backward_data;
    *out = op;
    return 0;
}
