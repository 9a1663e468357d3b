/* Launcher of cl/dense.cl. */
#include "base/memory.h"
#include "compute/dense_gemm.h"
#include "compute/op_internal.h"
#include <stdlib.h>

extern const char amkd_cl_dense[];

/* Features x lane blocks of a work-item: blocks share the weights, features the values.
 */
enum { FEATURES = 6, BLOCKS = 4, WEIGHTS_OUT = 4, WEIGHTS_IN = 6 };

static size_t at_most(size_t limit, size_t n)
{
    return n < limit ? n : limit;
}

static int dense_forward(amkd_op *op, cl_mem x, cl_mem parameters, cl_mem y,
                         size_t nblocks)
{
    const cl_uint n = (cl_uint)nblocks;
    const amkd_arg args[] = {AMKD_ARG(x), AMKD_ARG(parameters), AMKD_ARG(y), AMKD_ARG(n)};
    const size_t vectors = amkd_vectors(op->device);
    const size_t tiles = amkd_tiles(op->shape.out_channels, op->forward_tile[0]);
    return amkd_op_launch(op, AMKD_FORWARD, op->forward, args, 4, vectors, tiles,
                          amkd_tiles(nblocks, BLOCKS));
}

static int dense_backward_data(amkd_op *op, cl_mem x, cl_mem parameters, cl_mem dy,
                               cl_mem dx, size_t nblocks)
{
    const cl_uint n = (cl_uint)nblocks;
    const amkd_arg args[] = {AMKD_ARG(x), AMKD_ARG(parameters), AMKD_ARG(dy),
                             AMKD_ARG(dx), AMKD_ARG(n)};
    const size_t vectors = amkd_vectors(op->device);
    const size_t tiles = amkd_tiles(op->shape.in_channels, op->data_tile[0]);
    return amkd_op_launch(op, AMKD_BACKWARD_DATA, op->backward_data, args, 5, vectors,
                          tiles, amkd_tiles(nblocks, BLOCKS));
}

static int dense_backward_weights(amkd_op *op, cl_mem x, cl_mem dy, cl_mem gradients,
                                  size_t nblocks)
{
    const cl_uint n = (cl_uint)nblocks;
    const amkd_arg args[] = {AMKD_ARG(x), AMKD_ARG(dy), AMKD_ARG(gradients), AMKD_ARG(n)};
    const size_t items = amkd_lane_items(op->device);
    const size_t tiles = amkd_tiles(op->shape.out_channels, op->weights_tile[0]) *
                         amkd_tiles(op->shape.in_channels, op->weights_tile[1]);
    return amkd_op_launch(op, AMKD_BACKWARD_WEIGHTS, op->backward_weights, args, 4, items,
                          tiles, op->shape.nslices);
}

/* The layer as features in, features out: a convolution that covers its input is one. */
static amkd_op_shape flattened(const amkd_op_shape *shape)
{
    amkd_op_shape flat = *shape;
    flat.in_channels = shape->in_channels * shape->in_height * shape->in_width;
    flat.in_height = flat.in_width = flat.out_height = flat.out_width = 1;
    flat.kernel = flat.stride = 1;
    flat.padding = 0;
    return flat;
}

int amkd_dense_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                   int train)
{
    const amkd_op_shape flat = flattened(shape);
    const size_t forward = at_most(FEATURES, flat.out_channels);
    const size_t data = at_most(FEATURES, flat.in_channels);
    const size_t weights_out = at_most(WEIGHTS_OUT, flat.out_channels);
    const size_t weights_in = at_most(WEIGHTS_IN, flat.in_channels);
    char *options = amkd_format("-DFORWARD_CT=%zu -DDATA_CT=%zu -DBT=%d "
                                "-DWEIGHTS_OT=%zu -DWEIGHTS_IT=%zu",
                                forward, data, BLOCKS, weights_out, weights_in);
    if (!options)
        return -1;
    amkd_op *op = NULL;
    int rc = amkd_op_build(&op, device, &flat, amkd_cl_dense, options);
    free(options);
    if (rc)
        return -1;
    op->forward_tile[0] = forward;
    op->data_tile[0] = data;
    op->weights_tile[0] = weights_out;
    op->weights_tile[1] = weights_in;
    op->kind = "fc";
    op->run_forward = dense_forward;
    op->run_backward_data = dense_backward_data;
    op->run_backward_weights = dense_backward_weights;
    if (amkd_kernel_new(&op->forward, op->program, "dense_forward") ||
        (train &&
         (amkd_kernel_new(&op->backward_data, op->program, "dense_backward_data") ||
          amkd_kernel_new(&op->backward_weights, op->program,
                          "dense_backward_weights")))) {
        amkd_op_free(op);
        return -1;
    }
    amkd_dense_gemm_offer(op);
    *out = op;
    return 0;
}
