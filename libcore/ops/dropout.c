/* Launcher of cl/dropout.cl, and which values it drops. */
#include "ops/dropout.h"
#include "base/random.h"
#include "ops/op_internal.h"
#include <math.h>

extern const char amkd_cl_dropout[];

enum { STREAM_LAYER = 0x64726f70, STREAM_STEP = 0x73746570 };

typedef struct own {
    float share;
    size_t layer;
} own;

amkd_dropout amkd_dropout_of(float share, uint64_t seed, uint64_t step, uint64_t layer)
{
    const uint64_t of_layer = amkd_random_u64(seed, STREAM_LAYER, layer);
    const uint64_t key = amkd_random_u64(of_layer, STREAM_STEP, step);
    return (amkd_dropout){.sample_key = (uint32_t)key,
                          .value_key = (uint32_t)(key >> 32),
                          .least = (uint32_t)ldexp((double)share, 32),
                          .scale = 1 / (1 - share)};
}

/* The integer hash "lowbias32" (Wellons, "Prospecting for Hash Functions", 2018). */
static uint32_t hash(uint32_t bits)
{
    bits ^= bits >> 16;
    bits *= 0x7feb352dU;
    bits ^= bits >> 15;
    bits *= 0x846ca68bU;
    return bits ^ bits >> 16;
}

int amkd_dropout_keeps(const amkd_dropout *dropout, uint32_t sample, uint32_t value)
{
    const uint32_t of_sample = hash(sample ^ dropout->sample_key);
    return hash(of_sample ^ hash(value ^ dropout->value_key)) >= dropout->least;
}

static amkd_dropout dropout_of(const amkd_op *op, const amkd_batch *run)
{
    const own *o = op->own;
    return amkd_dropout_of(run->training ? o->share : 0, run->seed, run->step, o->layer);
}

/* The number in the batch of the first of the run's samples. */
static cl_uint first_sample(const amkd_op *op, const amkd_batch *run)
{
    return run->share ? (cl_uint)(run->share->first_block * op->device->nlanes) : 0;
}

static int forward(amkd_op *op, const amkd_op_args *a)
{
    const amkd_dropout d = dropout_of(op, &a->run);
    const cl_uint first = first_sample(op, &a->run);
    const amkd_arg args[] = {
        AMKD_ARG(a->x[0]),      AMKD_ARG(a->y),          AMKD_ARG(first),
        AMKD_ARG(d.sample_key), AMKD_ARG(d.value_key),   AMKD_ARG(d.least),
        AMKD_ARG(d.scale),      AMKD_ARG(op->nchannels), AMKD_ARG(op->nplaces)};
    return amkd_op_launch_values(op, op->kernels[0], args, 9, op->nchannels,
                                 a->run.nblocks);
}

static int backward_data(amkd_op *op, const amkd_op_args *a)
{
    const amkd_dropout d = dropout_of(op, &a->run);
    const cl_uint first = first_sample(op, &a->run);
    const cl_int add = a->add;
    const amkd_arg args[] = {
        AMKD_ARG(a->x[0]),       AMKD_ARG(a->dy),        AMKD_ARG(a->dx),
        AMKD_ARG(first),         AMKD_ARG(d.sample_key), AMKD_ARG(d.value_key),
        AMKD_ARG(d.least),       AMKD_ARG(d.scale),      AMKD_ARG(add),
        AMKD_ARG(op->nchannels), AMKD_ARG(op->nplaces)};
    return amkd_op_launch_values(op, op->kernels[1], args, 11, op->nchannels,
                                 a->run.nblocks);
}

int amkd_dropout_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                     float share, size_t layer)
{
    static const char *const names[] = {"dropout_forward", "dropout_backward", NULL};
    amkd_op *op = NULL;
    if (amkd_op_build_shapeless(&op, device, shape, "dropout", amkd_cl_dropout, "",
                                sizeof(own)) ||
        amkd_op_kernels(op, names)) {
        amkd_op_free(op);
        return -1;
    }
    *(own *)op->own = (own){share, layer};
    op->passes[AMKD_FORWARD] = forward;
    op->passes[AMKD_BACKWARD_DATA] = backward_data;
    *out = op;
    return 0;
}
