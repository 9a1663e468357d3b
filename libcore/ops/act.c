/* Launcher of the activations alone, cl/act_alone.cl. */
#include "ops/act.h"
#include "ops/op_internal.h"
#include <stdio.h>

extern const char amkd_cl_act_alone[];

static int forward(amkd_op *op, const amkd_op_args *a)
{
    const amkd_arg args[] = {AMKD_ARG(a->x[0]), AMKD_ARG(a->y), AMKD_ARG(op->nchannels),
                             AMKD_ARG(op->nplaces)};
    return amkd_op_launch_values(op, op->kernels[AMKD_FORWARD], args, 4, op->nchannels,
                                 a->run.nblocks);
}

/* What the derivative is taken from: what came out, or what went in. */
static int backward_data(amkd_op *op, const amkd_op_args *a)
{
    const cl_mem from = *(int *)op->own ? a->y : a->x[0];
    const amkd_arg args[] = {AMKD_ARG(from),          AMKD_ARG(a->x[0]),
                             AMKD_ARG(a->dy),         AMKD_ARG(a->dx),
                             AMKD_ARG(op->nchannels), AMKD_ARG(op->nplaces)};
    return amkd_op_launch_values(op, op->kernels[1], args, 6, op->nchannels,
                                 a->run.nblocks);
}

int amkd_act_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                 int from_output, int train)
{
    static const char *const names[] = {"act_forward_alone", "act_backward_alone", NULL};
    amkd_op *op = NULL;
    if (amkd_op_build_shapeless(&op, device, shape, "act", amkd_cl_act_alone, "",
                                sizeof(int)) ||
        amkd_op_kernels(op, train ? names : (const char *[]){names[0], NULL})) {
        amkd_op_free(op);
        return -1;
    }
    *(int *)op->own = from_output;
    op->passes[AMKD_FORWARD] = forward;
    op->passes[AMKD_BACKWARD_DATA] = backward_data;
    *out = op;
    return 0;
}

int amkd_act_mask_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape)
{
    static const char *const names[] = {"act_mask", NULL};
    amkd_op *op = NULL;
    if (amkd_op_build_shapeless(&op, device, shape, "act", amkd_cl_act_alone, "", 0) ||
        amkd_op_kernels(op, names)) {
        amkd_op_free(op);
        return -1;
    }
    op->passes[AMKD_FORWARD] = forward;
    *out = op;
    return 0;
}
