/* Launcher of cl/dense.cl and its passes' files. */
#include "base/memory.h"
#include "ops/conv.h"
#include "ops/dense_gemm.h"
#include "ops/op_internal.h"
#include <stdlib.h>

extern const char amkd_cl_dense[], amkd_cl_dense_forward[], amkd_cl_dense_backward_data[],
    amkd_cl_dense_backward_weights[];

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

/* The tiles of each pass. */
typedef struct dense {
    size_t forward, data;      /* features of a work-item */
    size_t outputs, at_a_time; /* of the weight gradient, and its sums at a time */
    size_t inputs;
} dense;

static int forward(amkd_op *op, const amkd_op_args *a)
{
    const amkd_op_shape *s = &op->shape;
    const cl_uint n = (cl_uint)a->run.nblocks;
    const cl_uint weights = (cl_uint)s->weights, biases = (cl_uint)s->biases;
    const amkd_arg args[] = {AMKD_ARG(a->x[0]), AMKD_ARG(a->parameters),
                             AMKD_ARG(a->y),    AMKD_ARG(n),
                             AMKD_ARG(weights), AMKD_ARG(biases)};
    const size_t tiles = amkd_tiles(s->out_channels, ((dense *)op->own)->forward);
    return amkd_op_launch(op, AMKD_FORWARD, op->kernels[AMKD_FORWARD], args, 6,
                          amkd_vectors(op->device), tiles, amkd_tiles(n, BLOCKS));
}

static int backward_data(amkd_op *op, const amkd_op_args *a)
{
    const amkd_op_shape *s = &op->shape;
    const cl_uint n = (cl_uint)a->run.nblocks, weights = (cl_uint)s->weights;
    const cl_int add = a->add;
    const amkd_arg args[] = {
        AMKD_ARG(a->x[0]), AMKD_ARG(a->parameters), AMKD_ARG(a->dy), AMKD_ARG(a->dx),
        AMKD_ARG(n),       AMKD_ARG(weights),       AMKD_ARG(add)};
    const size_t tiles = amkd_tiles(s->in_channels, ((dense *)op->own)->data);
    return amkd_op_launch(op, AMKD_BACKWARD_DATA, op->kernels[AMKD_BACKWARD_DATA], args,
                          7, amkd_vectors(op->device), tiles, amkd_tiles(n, BLOCKS));
}

static int backward_weights(amkd_op *op, const amkd_op_args *a)
{
    const amkd_op_shape *s = &op->shape;
    const dense *d = op->own;
    const cl_uint n = (cl_uint)a->run.nblocks, ntrained = (cl_uint)s->ntrained;
    const cl_uint slice = (cl_uint)amkd_op_slice_nblocks(op, &a->run);
    const cl_uint weights = (cl_uint)s->weights, biases = (cl_uint)s->biases;
    const amkd_arg args[] = {AMKD_ARG(a->x[0]), AMKD_ARG(a->dy),   AMKD_ARG(a->gradients),
                             AMKD_ARG(n),       AMKD_ARG(slice),   AMKD_ARG(weights),
                             AMKD_ARG(biases),  AMKD_ARG(ntrained)};
    const size_t tiles =
        amkd_tiles(s->out_channels, d->outputs) * amkd_tiles(s->in_channels, d->inputs);
    return amkd_op_launch(op, AMKD_BACKWARD_WEIGHTS, op->kernels[AMKD_BACKWARD_WEIGHTS],
                          args, 8, amkd_lane_items(op->device), tiles,
                          amkd_op_nslices(op, &a->run));
}

/* The layer as features in, features out: a convolution that covers its input is one. */
static amkd_op_shape flattened(const amkd_op_shape *shape)
{
    amkd_op_shape flat = *shape;
    flat.in_channels = shape->in_channels * shape->in_height * shape->in_width;
    flat.in_height = flat.in_width = flat.out_height = flat.out_width = 1;
    flat.kernel_height = flat.kernel_width = flat.stride = 1;
    flat.top = flat.left = 0;
    return flat;
}

/* Near-equal parts of n of at most limit each. */
static size_t part(size_t n, size_t limit)
{
    return amkd_tiles(n, amkd_tiles(n, limit));
}

static dense choose_tiles(const amkd_device *device, const amkd_op_shape *shape)
{
    dense t = {.forward = at_most(FEATURES, shape->out_channels),
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

static char *print_tile(amkd_pass pass, const dense *t)
{
    return pass == AMKD_FORWARD
               ? amkd_format("-DFORWARD_CT=%zu -DBT=%d", t->forward, BLOCKS)
           : pass == AMKD_BACKWARD_DATA
               ? amkd_format("-DDATA_CT=%zu -DBT=%d", t->data, BLOCKS)
               : amkd_format("-DWEIGHTS_OUT=%zu -DWEIGHTS_OT=%zu -DWEIGHTS_IT=%zu",
                             t->outputs, t->at_a_time, t->inputs);
}

static int make_kernel(amkd_op *op, amkd_pass pass)
{
    static const struct {
        const char *kernel, *source;
    } files[] = {
        [AMKD_FORWARD] = {"dense_forward", amkd_cl_dense_forward},
        [AMKD_BACKWARD_WEIGHTS] = {"dense_backward_weights",
                                   amkd_cl_dense_backward_weights},
        [AMKD_BACKWARD_DATA] = {"dense_backward_data", amkd_cl_dense_backward_data},
    };
    char *tile = print_tile(pass, op->own);
    const int rc =
        tile ? amkd_op_pass_kernel(op, pass, files[pass].kernel, files[pass].source, tile)
             : -1;
    free(tile);
    return rc;
}

int amkd_dense_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                   int train)
{
    const amkd_op_shape flat = flattened(shape);
    amkd_op *op = NULL;
    if (amkd_op_new(&op, device, &flat, amkd_cl_dense, sizeof(dense)))
        return -1;
    *(dense *)op->own = choose_tiles(device, &flat);
    for (amkd_pass pass = AMKD_FORWARD; pass < (train ? AMKD_NPASSES : 1); pass++)
        if (make_kernel(op, pass)) {
            amkd_op_free(op);
            return -1;
        }
    op->kind = "fc";
    op->passes[AMKD_FORWARD] = forward;
    op->passes[AMKD_BACKWARD_DATA] = backward_data;
    op->passes[AMKD_BACKWARD_WEIGHTS] = backward_weights;
    amkd_dense_gemm_offer(op);
    *out = op;
    return 0;
}
