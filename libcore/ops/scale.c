/* Launcher of cl/scale.cl. */
#include "ops/scale.h"
#include "ops/op_internal.h"

extern const char amkd_cl_scale[];

enum { FORWARD, BACK_IMAGE, BACK_FACTORS };

static int forward(amkd_op *op, const amkd_op_args *a)
{
    const amkd_arg args[] = {AMKD_ARG(a->x[0]), AMKD_ARG(a->x[1]), AMKD_ARG(a->y),
                             AMKD_ARG(op->nchannels), AMKD_ARG(op->nplaces)};
    return amkd_op_launch_values(op, op->kernels[FORWARD], args, 5, op->nchannels,
                                 a->run.nblocks);
}

/* By the image it takes the factors, by the factors the image. */
static int backward_data(amkd_op *op, const amkd_op_args *a)
{
    const cl_int add = a->add;
    const amkd_arg args[] = {AMKD_ARG(a->x[!a->input]), AMKD_ARG(a->dy),
                             AMKD_ARG(a->dx),           AMKD_ARG(add),
                             AMKD_ARG(op->nchannels),   AMKD_ARG(op->nplaces)};
    const size_t vectors = amkd_vectors(op->device);
    if (a->input == 0)
        return amkd_op_launch_values(op, op->kernels[BACK_IMAGE], args, 6, op->nchannels,
                                     a->run.nblocks);
    return amkd_kernel_run(op->device, op->kernels[BACK_FACTORS], args, 6, 3,
                           (size_t[]){vectors, op->nchannels, a->run.nblocks},
                           (size_t[]){vectors, 1, 1});
}

int amkd_scale_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                   int train)
{
    static const char *const names[] = {
        [FORWARD] = "scale_forward",
        [BACK_IMAGE] = "scale_back_image",
        [BACK_FACTORS] = "scale_back_factors",
        [BACK_FACTORS + 1] = NULL,
    };
    amkd_op *op = NULL;
    if (amkd_op_build_shapeless(&op, device, shape, "scale", amkd_cl_scale, "", 0) ||
        amkd_op_kernels(op, train ? names : (const char *[]){names[FORWARD], NULL})) {
        amkd_op_free(op);
        return -1;
    }
    op->passes[AMKD_FORWARD] = forward;
    op->passes[AMKD_BACKWARD_DATA] = backward_data;
    *out = op;
    return 0;
}
