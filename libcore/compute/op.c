/* What all ops share: building their program and handing calls to their kind. */
#include "compute/op.h"
#include "base/error.h"
#include "base/memory.h"
#include "compute/op_internal.h"
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
                  const char *source, const char *options)
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
    if (amkd_program_build(&op->program, device, sources, 2, macros))
        goto fail;
    free(macros);
    *out = op;
    return 0;
fail:
    free(macros);
    free(op);
    return -1;
}

int amkd_op_forward(amkd_op *op, cl_mem x, cl_mem parameters, cl_mem y, size_t nblocks)
{
    return op->run_forward(op, x, parameters, y, nblocks);
}

int amkd_op_backward_data(amkd_op *op, cl_mem x, cl_mem parameters, cl_mem dy, cl_mem dx,
                          size_t nblocks)
{
    return op->run_backward_data(op, x, parameters, dy, dx, nblocks);
}

int amkd_op_backward_weights(amkd_op *op, cl_mem x, cl_mem dy, cl_mem gradients,
                             size_t nblocks)
{
    return op->run_backward_weights(op, x, dy, gradients, nblocks);
}

void amkd_op_free(amkd_op *op)
{
    if (!op)
        return;
    amkd_kernel_free(op->forward);
    amkd_kernel_free(op->backward_data);
    amkd_kernel_free(op->backward_weights);
    amkd_kernel_free(op->bias_act);
    amkd_kernel_free(op->mask);
    amkd_kernel_free(op->bias_gradient);
    amkd_program_free(op->program);
    free(op);
}
