/* Launchers of cl/join.cl. */
#include "ops/join.h"
#include "ops/op_internal.h"
#include <string.h>

extern const char amkd_cl_join[];

typedef struct join {
    size_t ninputs;
    size_t nchannels[AMKD_OP_MAX_INPUTS]; /* of a concatenation's inputs */
} join;

static int sum_forward(amkd_op *op, const amkd_op_args *a)
{
    const size_t ninputs = ((join *)op->own)->ninputs;
    for (size_t i = 1; i < ninputs; i++) {
        const cl_mem first = i == 1 ? a->x[0] : a->y;
        const cl_int last = i == ninputs - 1;
        const amkd_arg args[] = {AMKD_ARG(first),         AMKD_ARG(a->x[i]),
                                 AMKD_ARG(a->y),          AMKD_ARG(last),
                                 AMKD_ARG(op->nchannels), AMKD_ARG(op->nplaces)};
        if (amkd_op_launch_values(op, op->kernels[0], args, 6, op->nchannels,
                                  a->run.nblocks))
            return -1;
    }
    return 0;
}

int amkd_sum_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                 size_t ninputs)
{
    static const char *const names[] = {"join_sum", NULL};
    amkd_op *op = NULL;
    if (amkd_op_build_shapeless(&op, device, shape, "join", amkd_cl_join, "",
                                sizeof(join)) ||
        amkd_op_kernels(op, names)) {
        amkd_op_free(op);
        return -1;
    }
    ((join *)op->own)->ninputs = ninputs;
    op->passes[AMKD_FORWARD] = sum_forward;
    *out = op;
    return 0;
}

/* The channels in front of an input's. */
static cl_uint channels_before(const amkd_op *op, size_t input)
{
    size_t n = 0;
    for (size_t i = 0; i < input; i++)
        n += ((join *)op->own)->nchannels[i];
    return (cl_uint)n;
}

static int concat_forward(amkd_op *op, const amkd_op_args *a)
{
    const join *j = op->own;
    for (size_t i = 0; i < j->ninputs; i++) {
        const cl_uint before = channels_before(op, i), n = (cl_uint)j->nchannels[i];
        const amkd_arg args[] = {AMKD_ARG(a->x[i]),       AMKD_ARG(a->y),
                                 AMKD_ARG(before),        AMKD_ARG(n),
                                 AMKD_ARG(op->nchannels), AMKD_ARG(op->nplaces)};
        if (amkd_op_launch_values(op, op->kernels[0], args, 6, n, a->run.nblocks))
            return -1;
    }
    return 0;
}

static int concat_backward(amkd_op *op, const amkd_op_args *a)
{
    const cl_uint before = channels_before(op, a->input);
    const cl_uint n = (cl_uint)((join *)op->own)->nchannels[a->input];
    const cl_int add = a->add;
    const amkd_arg args[] = {
        AMKD_ARG(a->dy), AMKD_ARG(a->dx),         AMKD_ARG(before),     AMKD_ARG(n),
        AMKD_ARG(add),   AMKD_ARG(op->nchannels), AMKD_ARG(op->nplaces)};
    return amkd_op_launch_values(op, op->kernels[1], args, 7, n, a->run.nblocks);
}

int amkd_concat_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                    size_t ninputs, const size_t *nchannels)
{
    static const char *const names[] = {"join_concat", "join_take", NULL};
    amkd_op *op = NULL;
    if (amkd_op_build_shapeless(&op, device, shape, "join", amkd_cl_join, "",
                                sizeof(join)) ||
        amkd_op_kernels(op, names)) {
        amkd_op_free(op);
        return -1;
    }
    join *j = op->own;
    j->ninputs = ninputs;
    memcpy(j->nchannels, nchannels, ninputs * sizeof *nchannels);
    op->passes[AMKD_FORWARD] = concat_forward;
    op->passes[AMKD_BACKWARD_DATA] = concat_backward;
    *out = op;
    return 0;
}
