/* The dense layer by CLBlast. A lane block is a matrix [feature][lane], so a layer is a
 * batch of products with the weights, W [o][i]:
 *
 *     y_b = W x_b          dx_b = W^T dy_b          dW = sum_b dy_b x_b^T            */
#include "compute/dense_gemm.h"
#include "base/error.h"
#include "base/memory.h"
#include <clblast_c.h>

static int check(CLBlastStatusCode status, const amkd_op *op, const char *what)
{
    return status == CLBlastSuccess
               ? 0
               : amkd_fail_cl((cl_int)status, "CLBlast: %s of a dense layer on '%s'",
                              what, op->device->name);
}

/* out_b = W in_b or W^T in_b, in [rows_in][lane], out [rows_out][lane], for all blocks.
 */
static int multiply(amkd_op *op, cl_mem weights, CLBlastTranspose transpose, cl_mem in,
                    cl_mem out, size_t rows_in, size_t rows_out, size_t nblocks)
{
    const size_t nlanes = op->device->nlanes;
    return check(CLBlastSgemmStridedBatched(
                     CLBlastLayoutRowMajor, transpose, CLBlastTransposeNo, rows_out,
                     nlanes, rows_in, 1, weights, op->shape.weights,
                     op->shape.in_channels, 0, in, 0, nlanes, rows_in * nlanes, 0, out, 0,
                     nlanes, rows_out * nlanes, nblocks, &op->device->queue, NULL),
                 op, "a batched product");
}

/* Runs a kernel with two arguments over every value of [block][nfeatures][lane]. */
static int run_over_values(amkd_op *op, cl_kernel kernel, cl_mem first, cl_mem second,
                           size_t nfeatures, size_t nblocks)
{
    const amkd_arg args[] = {AMKD_ARG(first), AMKD_ARG(second)};
    const size_t vectors = amkd_vectors(op->device);
    return amkd_kernel_run(op->device, kernel, args, 2, 3,
                           (size_t[]){vectors, nfeatures, nblocks},
                           (size_t[]){vectors, 1, 1});
}

static int gemm_forward(amkd_op *op, cl_mem x, cl_mem parameters, cl_mem y,
                        size_t nblocks)
{
    const size_t in = op->shape.in_channels, out = op->shape.out_channels;
    return multiply(op, parameters, CLBlastTransposeNo, x, y, in, out, nblocks) ||
                   run_over_values(op, op->bias_act, parameters, y, out, nblocks)
               ? -1
               : 0;
}

static int gemm_backward_data(amkd_op *op, cl_mem x, cl_mem parameters, cl_mem dy,
                              cl_mem dx, size_t nblocks)
{
    const size_t in = op->shape.in_channels, out = op->shape.out_channels;
    return multiply(op, parameters, CLBlastTransposeYes, dy, dx, out, in, nblocks) ||
                   run_over_values(op, op->mask, x, dx, in, nblocks)
               ? -1
               : 0;
}

static int gemm_backward_weights(amkd_op *op, cl_mem x, cl_mem dy, cl_mem gradients,
                                 size_t nblocks)
{
    const amkd_op_shape *s = &op->shape;
    const size_t nlanes = op->device->nlanes, items = amkd_lane_items(op->device);
    for (size_t slice = 0; slice < s->nslices; slice++) {
        const size_t first = slice * nblocks / s->nslices;
        const size_t end = (slice + 1) * nblocks / s->nslices;
        /* A slice without blocks is a product over none: zero. */
        for (size_t b = first; b < end || b == first; b++)
            if (check(CLBlastSgemm(
                          CLBlastLayoutRowMajor, CLBlastTransposeNo, CLBlastTransposeYes,
                          s->out_channels, s->in_channels, nlanes, b < end, dy,
                          b < end ? b * s->out_channels * nlanes : 0, nlanes, x,
                          b < end ? b * s->in_channels * nlanes : 0, nlanes, b > first,
                          gradients, slice * s->nparameters + s->weights, s->in_channels,
                          &op->device->queue, NULL),
                      op, "a product"))
                return -1;
    }
    const cl_uint n = (cl_uint)nblocks;
    const amkd_arg args[] = {AMKD_ARG(dy), AMKD_ARG(gradients), AMKD_ARG(n)};
    return amkd_kernel_run(op->device, op->bias_gradient, args, 3, 3,
                           (size_t[]){items, s->out_channels, s->nslices},
                           (size_t[]){items, 1, 1});
}

/* Its kernels do what a product leaves to do: biases and activations. */
static int gemm_new(amkd_op **out, const amkd_op *op)
{
    amkd_op *gemm = amkd_alloc(1, sizeof *gemm);
    if (!gemm)
        return -1;
    gemm->device = op->device;
    gemm->shape = op->shape;
    gemm->run_forward = gemm_forward;
    gemm->run_backward_data = gemm_backward_data;
    gemm->run_backward_weights = gemm_backward_weights;
    const int train = op->backward_data != NULL;
    if (amkd_kernel_new(&gemm->bias_act, op->program, "dense_bias_act") ||
        (train &&
         (amkd_kernel_new(&gemm->mask, op->program, "dense_mask") ||
          amkd_kernel_new(&gemm->bias_gradient, op->program, "dense_bias_gradient")))) {
        amkd_op_free(gemm);
        return -1;
    }
    *out = gemm;
    return 0;
}

void amkd_dense_gemm_offer(amkd_op *op)
{
    op->other = (amkd_other){
        .name = "clblast",
        .unfit = (op->device->type & CL_DEVICE_TYPE_CPU) != 0,
        .make = gemm_new,
    };
}
