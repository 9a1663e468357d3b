/* Launcher of cl/dense.cl. */
#include "base/memory.h"
#include "ops/dense_gemm.h"
#include "ops/op_internal.h"
#include <stdlib.h>

extern const char amkd_cl_dense[];

/* Features x lane blocks of a work-item: blocks share the weights, features the values.
 */
enum { FEATURES = 6, BLOCKS = 4 };

/* Output x input features of a work-item of the weight gradient where items run in
 * lockstep. */
enum { LOCKSTEP_OUT = 4, LOCKSTEP_IN = 6 };

/* Outputs of a work-item where items are vectors of inputs: so many that transposing the
 * inputs costs little, so few that small layers have work for several units. */
enum { VECTOR_OUT = 128 };

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

typedef struct tiles {
    size_t forward, data;      /* features of a work-item */
    size_t outputs, at_a_time; /* of the weight gradient, and its sums at a time */
    size_t inputs;
} tiles;

/* Near-equal parts of n of at most limit each. */
static size_t part(size_t n, size_t limit)
{
    return amkd_tiles(n, amkd_tiles(n, limit));
}

static tiles choose_tiles(const amkd_device *device, const amkd_op_shape *shape)
{
    tiles t = {.forward = at_most(FEATURES, shape->out_channels),
               .data = at_most(FEATURES, shape->in_channels)};
    if (device->vector_width == 1) {
        t.outputs = t.at_a_time = at_most(LOCKSTEP_OUT, shape->out_channels);
        t.inputs = at_most(LOCKSTEP_IN, shape->in_channels);
        return t;
    }
    /* Half the registers where vectors are not the widest. */
    const size_t sums =
        device->vector_width == 16 ? AMKD_ACCUMULATORS : AMKD_ACCUMULATORS / 2;
    t.outputs = part(shape->out_channels, VECTOR_OUT);
    t.at_a_time = part(t.outputs, sums);
    t.inputs = device->vector_width;
    return t;
}

int amkd_dense_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                   int train)
{
    const amkd_op_shape flat = flattened(shape);
    const tiles t = choose_tiles(device, &flat);
    char *options =
        amkd_format("-DFORWARD_CT=%zu -DDATA_CT=%zu -DBT=%d "
                    "-DWEIGHTS_OUT=%zu -DWEIGHTS_OT=%zu -DWEIGHTS_IT=%zu",
                    t.forward, t.data, BLOCKS, t.outputs, t.at_a_time, t.inputs);
    if (!options)
        return -1;
    amkd_op *op = NULL;
    int rc = amkd_op_build(&op, device, &flat, "dense", amkd_cl_dense, options);
    free(options);
    if (rc)
        return -1;
    op->forward_tile[0] = t.forward;
    op->data_tile[0] = t.data;
    op->weights_tile[0] = t.outputs;
    op->weights_tile[1] = t.inputs;
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
