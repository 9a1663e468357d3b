/* Launcher of cl/pool.cl. */
#include "ops/pool.h"
#include "ops/op_internal.h"
#include <stdio.h>

extern const char amkd_cl_pool[];

/* Over the places of every plane, a row of them a work-item or, in lockstep, one. */
static int run(amkd_op *op, cl_kernel kernel, const amkd_arg *args, size_t nargs,
               size_t height, size_t width, size_t nblocks)
{
    const size_t nitems = op->device->vector_width == 1 ? height * width : height;
    return amkd_op_launch_items(op, kernel, args, nargs, nitems,
                                op->shape.in_channels * nblocks);
}

static int forward(amkd_op *op, const amkd_op_args *a)
{
    const amkd_arg args[] = {AMKD_ARG(a->x[0]), AMKD_ARG(a->y)};
    return run(op, op->kernels[AMKD_FORWARD], args, 2, op->shape.out_height,
               op->shape.out_width, a->run.nblocks);
}

/* Where windows overlap, or reach beyond the image, each pixel looks for its windows;
 * else each window writes its pixels. */
static int by_pixels(const amkd_op_shape *s)
{
    return s->kernel_height > s->stride || s->kernel_width > s->stride || s->top ||
           s->left || (s->out_height - 1) * s->stride + s->kernel_height > s->in_height ||
           (s->out_width - 1) * s->stride + s->kernel_width > s->in_width;
}

static int backward_data(amkd_op *op, const amkd_op_args *a)
{
    const amkd_op_shape *s = &op->shape;
    const int pixels = by_pixels(s);
    const amkd_arg args[] = {AMKD_ARG(a->x[0]), AMKD_ARG(a->dy), AMKD_ARG(a->dx)};
    return run(op, op->kernels[1], args, 3, pixels ? s->in_height : s->out_height,
               pixels ? s->in_width : s->out_width, a->run.nblocks);
}

int amkd_pool_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                  int average, int train)
{
    static const char *const names[] = {"pool_forward", "pool_backward", NULL};
    amkd_op *op = NULL;
    char options[48];
    snprintf(options, sizeof options, "-DAVERAGE=%d -DBY_PIXELS=%d", average,
             by_pixels(shape));
    if (amkd_op_build(&op, device, shape, "pool", amkd_cl_pool, options, 0) ||
        amkd_op_kernels(op, train ? names : (const char *[]){names[0], NULL})) {
        amkd_op_free(op);
        return -1;
    }
    op->passes[AMKD_FORWARD] = forward;
    op->passes[AMKD_BACKWARD_DATA] = backward_data;
    *out = op;
    return 0;
}
