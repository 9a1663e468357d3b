/* The dense layer by CLBlast and cl/dense_gemm.cl. A lane block is a matrix
 * [feature][lane], so a layer is a batch of products with the weights, W [o][i]:
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

extern const char amkd_cl_dense_gemm[];

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

/* out_b = W in_b or W^T in_b, in [rows_in][lane], out [rows_out][lane], for all blocks;
 * added to what is there, or not. */
static int multiply(amkd_op *op, cl_mem weights, CLBlastTranspose transpose, cl_mem in,
                    cl_mem out, size_t rows_in, size_t rows_out, size_t nblocks, int add)
{
    const size_t nlanes = op->device->nlanes;
    pthread_mutex_lock(&clblast);
    const CLBlastStatusCode status = CLBlastSgemmStridedBatched(
        CLBlastLayoutRowMajor, transpose, CLBlastTransposeNo, rows_out, nlanes, rows_in,
        1, weights, op->shape.weights, op->shape.in_channels, 0, in, 0, nlanes,
        rows_in * nlanes, (float)add, out, 0, nlanes, rows_out * nlanes, nblocks,
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
        slice * s->ntrained + s->weights, s->in_channels, &op->device->queue, NULL);
    pthread_mutex_unlock(&clblast);
    return check(status, op, "a product");
}

/* Runs a kernel over every value of [block][nfeatures][lane]. */
static int run_over_values(amkd_op *op, cl_kernel kernel, const amkd_arg *args,
                           size_t nargs, size_t nfeatures, size_t nblocks)
{
    const size_t vectors = amkd_vectors(op->device);
    return amkd_kernel_run(op->device, kernel, args, nargs, 3,
                           (size_t[]){vectors, nfeatures, nblocks},
                           (size_t[]){vectors, 1, 1});
}

static int gemm_forward(amkd_op *op, const amkd_op_args *a)
{
    const size_t in = op->shape.in_channels, out = op->shape.out_channels;
    const cl_uint biases = (cl_uint)op->shape.biases;
    const amkd_arg rest[] = {AMKD_ARG(a->parameters), AMKD_ARG(a->y), AMKD_ARG(biases)};
    return multiply(op, a->parameters, CLBlastTransposeNo, a->x[0], a->y, in, out,
                    a->run.nblocks, 0) ||
                   run_over_values(op, op->kernels[AMKD_FORWARD], rest, 3, out,
                                   a->run.nblocks)
               ? -1
               : 0;
}

static int gemm_backward_data(amkd_op *op, const amkd_op_args *a)
{
    const size_t in = op->shape.in_channels, out = op->shape.out_channels;
    const amkd_arg rest[] = {AMKD_ARG(a->x[0]), AMKD_ARG(a->dx)};
    return multiply(op, a->parameters, CLBlastTransposeYes, a->dy, a->dx, out, in,
                    a->run.nblocks, a->add) ||
                   (op->shape.previous_act.name &&
                    run_over_values(op, op->kernels[AMKD_BACKWARD_DATA], rest, 2, in,
                                    a->run.nblocks))
               ? -1
               : 0;
}

static size_t start_of(size_t slice, size_t slice_nblocks, size_t nblocks)
{
    return slice * slice_nblocks < nblocks ? slice * slice_nblocks : nblocks;
}

static int gemm_backward_weights(amkd_op *op, const amkd_op_args *a)
{
    const amkd_op_shape *s = &op->shape;
    const size_t items = amkd_lane_items(op->device), nblocks = a->run.nblocks;
    const size_t slice_nblocks = amkd_op_slice_nblocks(op, &a->run);
    for (size_t slice = 0; slice < amkd_op_nslices(op, &a->run); slice++) {
        const size_t first = start_of(slice, slice_nblocks, nblocks);
        const size_t end = start_of(slice + 1, slice_nblocks, nblocks);
        for (size_t b = first; b < end || b == first; b++)
            if (multiply_block(op, a->x[0], a->dy, a->gradients, slice, b, b == end,
                               b > first))
                return -1;
    }
    if (!s->bias)
        return 0;
    const cl_uint n = (cl_uint)nblocks, biases = (cl_uint)s->biases;
    const cl_uint ntrained = (cl_uint)s->ntrained, each = (cl_uint)slice_nblocks;
    const amkd_arg args[] = {AMKD_ARG(a->dy), AMKD_ARG(a->gradients), AMKD_ARG(n),
                             AMKD_ARG(each),  AMKD_ARG(biases),       AMKD_ARG(ntrained)};
    return amkd_kernel_run(
        op->device, op->kernels[AMKD_BACKWARD_WEIGHTS], args, 6, 3,
        (size_t[]){items, s->out_channels, amkd_op_nslices(op, &a->run)},
        (size_t[]){items, 1, 1});
}

/* Its kernels do what a product leaves to do: biases and activations. */
static int gemm_new(amkd_op **out, const amkd_op *op)
{
    static const char *const names[] = {
        [AMKD_FORWARD] = "dense_bias_act",
        [AMKD_BACKWARD_WEIGHTS] = "dense_bias_gradient",
        [AMKD_BACKWARD_DATA] = "dense_mask",
        [AMKD_NPASSES] = NULL,
    };
    const int train = op->kernels[AMKD_BACKWARD_DATA] != NULL;
    amkd_op *gemm = NULL;
    if (amkd_op_build(&gemm, op->device, &op->shape, "dense_gemm", amkd_cl_dense_gemm, "",
                      0) ||
        amkd_op_kernels(gemm, train ? names : (const char *[]){names[0], NULL})) {
        amkd_op_free(gemm);
        return -1;
    }
    gemm->passes[AMKD_FORWARD] = gemm_forward;
    gemm->passes[AMKD_BACKWARD_DATA] = gemm_backward_data;
    gemm->passes[AMKD_BACKWARD_WEIGHTS] = gemm_backward_weights;
    *out = gemm;
    return 0;
}

void amkd_dense_gemm_offer(amkd_op *op)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    static const char *const sources[] = {amkd_cl_dense_gemm, NULL};
    pthread_once(&once, find_library);
    op->other = (amkd_other){
        .name = "clblast",
        .unfit = (op->device->type & CL_DEVICE_TYPE_CPU) != 0,
        .library = library,
        .sources = sources,
        .make = gemm_new,
    };
}
