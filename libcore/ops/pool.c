/* Launcher of cl/pool.cl: pooling, and an activation alone as a 1 x 1 pool. */
#include "ops/op_internal.h"

extern const char amkd_cl_pool[];

/* Over the places of every plane, a row of them a work-item or, in lockstep, one. */
static int run(amkd_op *op, cl_kernel kernel, const amkd_arg *args, size_t nargs,
               size_t height, size_t width, size_t nblocks)
{
    const size_t vectors = amkd_vectors(op->device);
    const size_t nitems = op->device->vector_width == 1 ? height * width : height;
    return amkd_kernel_run(op->device, kernel, args, nargs, 3,
                           (size_t[]){vectors, nitems, op->shape.in_channels * nblocks},
                           (size_t[]){vectors, 1, 1});
}

static int pool_forward(amkd_op *op, cl_mem x, cl_mem parameters, cl_mem y,
                        size_t nblocks)
{
    (void)parameters;
    const amkd_arg args[] = {AMKD_ARG(x), AMKD_ARG(y)};
    return run(op, op->forward, args, 2, op->shape.out_height, op->shape.out_width,
               nblocks);
}

static int pool_backward_data(amkd_op *op, cl_mem x, cl_mem parameters, cl_mem dy,
                              cl_mem dx, size_t nblocks)
{
    (void)parameters;
    const amkd_op_shape *s = &op->shape;
    const int overlap = s->kernel > s->stride;
    const amkd_arg args[] = {AMKD_ARG(x), AMKD_ARG(dy), AMKD_ARG(dx)};
    return run(op, op->backward_data, args, 3, overlap ? s->in_height : s->out_height,
               overlap ? s->in_width : s->out_width, nblocks);
}

static int no_weights(amkd_op *op, cl_mem x, cl_mem dy, cl_mem gradients, size_t nblocks)
{
    (void)op, (void)x, (void)dy, (void)gradients, (void)nblocks;
    return 0;
}

int amkd_pool_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                  int train)
{
    amkd_op *op = NULL;
    if (amkd_op_build(&op, device, shape, "pool", amkd_cl_pool, ""))
        return -1;
    op->run_forward = pool_forward;
    op->run_backward_data = pool_backward_data;
    op->run_backward_weights = no_weights;
    if (amkd_kernel_new(&op->forward, op->program, "pool_forward") ||
        (train && amkd_kernel_new(&op->backward_data, op->program, "pool_backward"))) {
        amkd_op_free(op);
        return -1;
    }
    *out = op;
    return 0;
}
