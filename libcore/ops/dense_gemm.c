/* The dense layer by CLBlast. A lane block is a matrix [feature][lane], so a layer is a
 * batch of products with the weights, W [o][i]:
 *
 *     y_b = W x_b          dx_b = W^T dy_b          dW = sum_b dy_b x_b^T            */
#include "ops/dense_gemm.h"
#include "base/error.h"
#include "base/memory.h"
#include <clblast_c.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* CLBlast 1.5.3 compiles and keeps its kernels without a lock, or with one too few: two
 * threads with a device each must not be in it at once. Its calls only enqueue. */
static pthread_mutex_t clblast = PTHREAD_MUTEX_INITIALIZER;

/* The library's file, which has its version in the name: "libclblast.so.1.5.3". */
static char library[64];

static void find_library(void)
{
    Dl_info info;
    const void *symbol = dlsym(RTLD_DEFAULT, "CLBlastSgemm");
    char *path = symbol && dladdr(symbol, &info) ? realpath(info.dli_fname, NULL) : NULL;
    const char *slash = path ? strrchr(path, '/') : NULL;
    if (slash)
        snprintf(library, sizeof library, "%s", slash + 1);
    free(path);
}

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
    pthread_mutex_lock(&clblast);
    const CLBlastStatusCode status = CLBlastSgemmStridedBatched(
        CLBlastLayoutRowMajor, transpose, CLBlastTransposeNo, rows_out, nlanes, rows_in,
        1, weights, op->shape.weights, op->shape.in_channels, 0, in, 0, nlanes,
        rows_in * nlanes, 0, out, 0, nlanes, rows_out * nlanes, nblocks,
        &op->device->queue, NULL);
    pthread_mutex_unlock(&clblast);
    return check(status, op, "a batched product");
}

/* A slice's product of block b, added to what is there unless it is the first; over no
 * block (none) it is zero. */
static int multiply_block(amkd_op *op, cl_mem x, cl_mem dy, cl_mem gradients,
                          size_t slice, size_t b, int none, int add)
{
    const amkd_op_shape *s = &op->shape;
    const size_t nlanes = op->device->nlanes;
    pthread_mutex_lock(&clblast);
    const CLBlastStatusCode status = CLBlastSgemm(
        CLBlastLayoutRowMajor, CLBlastTransposeNo, CLBlastTransposeYes, s->out_channels,
        s->in_channels, nlanes, (float)!none, dy, none ? 0 : b * s->out_channels * nlanes,
        nlanes, x, none ? 0 : b * s->in_channels * nlanes, nlanes, (float)add, gradients,
        slice * s->nparameters + s->weights, s->in_channels, &op->device->queue, NULL);
    pthread_mutex_unlock(&clblast);
    return check(status, op, "a product");
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
    const size_t items = amkd_lane_items(op->device);
    for (size_t slice = 0; slice < s->nslices; slice++) {
        const size_t first = slice * nblocks / s->nslices;
        const size_t end = (slice + 1) * nblocks / s->nslices;
        for (size_t b = first; b < end || b == first; b++)
            if (multiply_block(op, x, dy, gradients, slice, b, b == end, b > first))
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
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, find_library);
    op->other = (amkd_other){
        .name = "clblast",
        .unfit = (op->device->type & CL_DEVICE_TYPE_CPU) != 0,
        .library = library,
        .make = gemm_new,
    };
}
