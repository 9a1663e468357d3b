/* What all ops share: building their program and handing calls to their kind. */
#include "ops/op.h"
#include "base/error.h"
#include "base/memory.h"
#include "ops/op_internal.h"
#include <stdlib.h>

size_t amkd_lane_items(const amkd_device *device)
{
    return device->vector_width == 1 ? device->nlanes : 1;
}

size_t amkd_vectors(const amkd_device *device)
{
    return device->nlanes / device->vector_width;
}

int amkd_op_build(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                  const char *name, const char *source, const char *options)
{
    amkd_op *op = amkd_alloc(1, sizeof *op);
    char *macros = amkd_format(
        "-DIC=%zu -DIH=%zu -DIW=%zu -DOC=%zu -DOH=%zu -DOW=%zu -DK=%zu -DS=%zu -DP=%zu "
        "-DAVERAGE=%d -DACT=%d -DPREVIOUS_ACT=%d -DWEIGHTS=%zu -DBIASES=%zu "
        "-DNPARAMETERS=%zu -DNSLICES=%zu %s",
        shape->in_channels, shape->in_height, shape->in_width, shape->out_channels,
        shape->out_height, shape->out_width, shape->kernel, shape->stride, shape->padding,
        shape->average, (int)shape->act, (int)shape->previous_act, shape->weights,
        shape->biases, shape->nparameters, shape->nslices, options);
    const char *sources[] = {amkd_cl_common, source};
    if (!op || !macros)
        goto fail;
    op->device = device;
    op->shape = *shape;
    op->source = source;
    for (int pass = 0; pass < AMKD_NPASSES; pass++) {
        op->group[pass] = 1;
        op->by[pass] = op;
    }
    if (amkd_program_build(&op->program, device, name, sources, 2, macros))
        goto fail;
    free(macros);
    *out = op;
    return 0;
fail:
    free(macros);
    free(op);
    return -1;
}

int amkd_op_launch(amkd_op *op, amkd_pass pass, cl_kernel kernel, const amkd_arg *args,
                   size_t nargs, size_t items, size_t tiles, size_t blocks)
{
    size_t group = op->group[pass];
    while (tiles % group)
        group /= 2;
    return amkd_kernel_run(op->device, kernel, args, nargs, 3,
                           (size_t[]){items, tiles, blocks}, (size_t[]){items, group, 1});
}

int amkd_op_forward(amkd_op *op, cl_mem x, cl_mem parameters, cl_mem y, size_t nblocks)
{
    amkd_op *by = op->by[AMKD_FORWARD];
    return by->run_forward(by, x, parameters, y, nblocks);
}

int amkd_op_backward_data(amkd_op *op, cl_mem x, cl_mem parameters, cl_mem dy, cl_mem dx,
                          size_t nblocks)
{
    amkd_op *by = op->by[AMKD_BACKWARD_DATA];
    return by->run_backward_data(by, x, parameters, dy, dx, nblocks);
}

int amkd_op_backward_weights(amkd_op *op, cl_mem x, cl_mem dy, cl_mem gradients,
                             size_t nblocks)
{
    amkd_op *by = op->by[AMKD_BACKWARD_WEIGHTS];
    return by->run_backward_weights(by, x, dy, gradients, nblocks);
}

void amkd_op_free(amkd_op *op)
{
    if (!op)
        return;
    amkd_op_free(op->other.op);
    amkd_kernel_free(op->forward);
    amkd_kernel_free(op->backward_data);
    amkd_kernel_free(op->backward_weights);
    amkd_kernel_free(op->bias_act);
    amkd_kernel_free(op->mask);
    amkd_kernel_free(op->bias_gradient);
    amkd_program_free(op->program);
    free(op);
}
