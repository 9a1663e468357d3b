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

/* Offsets of weights are arguments of the kernels, so that layers of one shape share a
 * program. */
static char *print_macros(const amkd_op_shape *s, const char *options)
{
    const char *act = s->act.name ? s->act.name : "none";
    const char *previous = s->previous_act.name ? s->previous_act.name : "none";
    return amkd_format(
        "-DIC=%zu -DIH=%zu -DIW=%zu -DOC=%zu -DOH=%zu -DOW=%zu -DKH=%zu -DKW=%zu -DS=%zu "
        "-DPY=%zu -DPX=%zu -DBIAS=%d -DACT=act_%s -DACT_BACK=act_%s_back "
        "-DACT_VALUE=%.9ef -DPREVIOUS_ACT_BACK=act_%s_back -DPREVIOUS_ACT_VALUE=%.9ef "
        "-DNSLICES=%zu %s",
        s->in_channels, s->in_height, s->in_width, s->out_channels, s->out_height,
        s->out_width, s->kernel_height, s->kernel_width, s->stride, s->top, s->left,
        s->bias, act, act, (double)s->act.value, previous, (double)s->previous_act.value,
        s->nslices, options);
}

int amkd_op_build(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                  const char *name, const char *source, const char *options,
                  size_t own_nbytes)
{
    const char *sources[] = {amkd_cl_common, amkd_cl_act, source};
    amkd_op *op = amkd_alloc(1, sizeof *op);
    if (!op)
        return -1;
    op->device = device;
    op->shape = *shape;
    op->source = source;
    op->macros = print_macros(shape, options);
    for (int pass = 0; pass < AMKD_NPASSES; pass++) {
        op->group[pass] = 1;
        op->by[pass] = op;
    }
    if (!op->macros || (own_nbytes && !(op->own = amkd_alloc(1, own_nbytes))) ||
        amkd_program_build(&op->program, device, name, sources, 3, op->macros)) {
        amkd_op_free(op);
        return -1;
    }
    *out = op;
    return 0;
}

int amkd_op_kernels(amkd_op *op, const char *const *names)
{
    for (size_t k = 0; names[k]; k++)
        if (amkd_kernel_new(&op->kernels[k], op->program, names[k])) {
            amkd_op_free(op);
            return -1;
        }
    return 0;
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

int amkd_op_run(amkd_op *op, amkd_pass pass, const amkd_op_args *args)
{
    amkd_op *by = op->by[pass];
    return by->passes[pass] ? by->passes[pass](by, args) : 0;
}

void amkd_op_free(amkd_op *op)
{
    if (!op)
        return;
    amkd_op_free(op->other.op);
    if (op->close)
        op->close(op);
    for (size_t k = 0; k < AMKD_OP_MAX_KERNELS; k++)
        amkd_kernel_free(op->kernels[k]);
    amkd_program_free(op->program);
    free(op->macros);
    free(op->own);
    free(op);
}
