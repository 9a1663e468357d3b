/* Launcher of cl/norm.cl. */
#include "ops/norm.h"
#include "base/error.h"
#include "base/memory.h"
#include "ops/op_internal.h"
#include <stdio.h>

extern const char amkd_cl_norm[];

/* Parts of a batch that are summed apart, so that layers of few channels have work for
 * several units. The bits depend on it. */
enum { NPARTS = 8 };

enum { PARTS, MEASURE, RECALL, APPLY, BACK_PARTS, BACK_SUMS, BACK };

typedef struct norm {
    amkd_norm what;
    cl_mem parts; /* float [NPARTS][channel][2] */
    cl_mem stats; /* float [channel][4]: mean, 1 / deviation, scale, shift */
    cl_mem sums;  /* float [channel][2], of the backward pass */
} norm;

static int run_over_parts(amkd_op *op, size_t kernel, const amkd_arg *args, size_t nargs)
{
    const size_t items = amkd_lane_items(op->device);
    return amkd_kernel_run(op->device, op->kernels[kernel], args, nargs, 3,
                           (size_t[]){items, op->shape.in_channels, NPARTS},
                           (size_t[]){items, 1, 1});
}

static int run_over_channels(amkd_op *op, size_t kernel, const amkd_arg *args,
                             size_t nargs)
{
    return amkd_kernel_run(op->device, op->kernels[kernel], args, nargs, 1,
                           &op->shape.in_channels, NULL);
}

/* How many values a channel has in the batch. */
static size_t count(const amkd_op *op, const amkd_batch *run)
{
    return run->nsamples * op->shape.in_height * op->shape.in_width;
}

/* Mean and deviation of the batch, and the running ones moved. */
static int measure(amkd_op *op, const amkd_op_args *a)
{
    const norm *n = op->own;
    const cl_uint nblocks = (cl_uint)a->run.nblocks, nsamples = (cl_uint)a->run.nsamples;
    const cl_uint weights = (cl_uint)n->what.weights, biases = (cl_uint)n->what.biases;
    const cl_uint means = (cl_uint)n->what.means;
    const cl_uint variances = (cl_uint)n->what.variances;
    const float nvalues = (float)count(op, &a->run);
    const float momentum =
        a->run.nmeasured ? 1 / (float)a->run.nmeasured : n->what.momentum;
    const amkd_arg parts[] = {AMKD_ARG(n->parts),      AMKD_ARG(a->x[0]),
                              AMKD_ARG(nblocks),       AMKD_ARG(nsamples),
                              AMKD_ARG(op->nchannels), AMKD_ARG(op->nplaces)};
    const amkd_arg sums[] = {
        AMKD_ARG(n->stats),      AMKD_ARG(n->parts),      AMKD_ARG(a->x[0]),
        AMKD_ARG(a->parameters), AMKD_ARG(weights),       AMKD_ARG(biases),
        AMKD_ARG(means),         AMKD_ARG(variances),     AMKD_ARG(nvalues),
        AMKD_ARG(momentum),      AMKD_ARG(op->nchannels), AMKD_ARG(op->nplaces)};
    if (nvalues < 2)
        return amkd_fail("a batch norm cannot train on a batch of one value a channel");
    return run_over_parts(op, PARTS, parts, 6) || run_over_channels(op, MEASURE, sums, 12)
               ? -1
               : 0;
}

/* The running ones. */
static int recall(amkd_op *op, const amkd_op_args *a)
{
    const norm *n = op->own;
    const cl_uint weights = (cl_uint)n->what.weights, biases = (cl_uint)n->what.biases;
    const cl_uint means = (cl_uint)n->what.means;
    const cl_uint variances = (cl_uint)n->what.variances;
    const amkd_arg args[] = {AMKD_ARG(n->stats), AMKD_ARG(a->parameters),
                             AMKD_ARG(weights),  AMKD_ARG(biases),
                             AMKD_ARG(means),    AMKD_ARG(variances)};
    return run_over_channels(op, RECALL, args, 6);
}

static int forward(amkd_op *op, const amkd_op_args *a)
{
    const norm *n = op->own;
    const cl_int has_sum = op->shape.sum;
    const cl_mem added = a->x[has_sum]; /* read with a sum alone */
    const amkd_arg args[] = {
        AMKD_ARG(a->x[0]), AMKD_ARG(n->stats),      AMKD_ARG(added),      AMKD_ARG(a->y),
        AMKD_ARG(has_sum), AMKD_ARG(op->nchannels), AMKD_ARG(op->nplaces)};
    return (a->run.training ? measure(op, a) : recall(op, a)) ||
                   amkd_op_launch_values(op, op->kernels[APPLY], args, 7, op->nchannels,
                                         a->run.nblocks)
               ? -1
               : 0;
}

static int backward_weights(amkd_op *op, const amkd_op_args *a)
{
    const norm *n = op->own;
    const cl_uint nblocks = (cl_uint)a->run.nblocks;
    const cl_uint weights = (cl_uint)n->what.weights, biases = (cl_uint)n->what.biases;
    const cl_uint ntrained = (cl_uint)op->shape.ntrained;
    const cl_uint nslices = (cl_uint)op->shape.nslices;
    const amkd_arg parts[] = {AMKD_ARG(n->parts),   AMKD_ARG(a->x[0]),
                              AMKD_ARG(a->dy),      AMKD_ARG(n->stats),
                              AMKD_ARG(nblocks),    AMKD_ARG(op->nchannels),
                              AMKD_ARG(op->nplaces)};
    const amkd_arg sums[] = {AMKD_ARG(n->sums),      AMKD_ARG(n->parts),
                             AMKD_ARG(a->gradients), AMKD_ARG(weights),
                             AMKD_ARG(biases),       AMKD_ARG(ntrained),
                             AMKD_ARG(nslices),      AMKD_ARG(op->nchannels)};
    return run_over_parts(op, BACK_PARTS, parts, 7) ||
                   run_over_channels(op, BACK_SUMS, sums, 8)
               ? -1
               : 0;
}

static int backward_data(amkd_op *op, const amkd_op_args *a)
{
    const norm *n = op->own;
    const cl_uint nsamples = (cl_uint)a->run.nsamples;
    const cl_int add = a->add;
    const float share = a->run.training ? 1 / (float)count(op, &a->run) : 0;
    const amkd_arg args[] = {AMKD_ARG(a->x[0]),       AMKD_ARG(a->dy),
                             AMKD_ARG(a->dx),         AMKD_ARG(n->stats),
                             AMKD_ARG(n->sums),       AMKD_ARG(share),
                             AMKD_ARG(nsamples),      AMKD_ARG(add),
                             AMKD_ARG(op->nchannels), AMKD_ARG(op->nplaces)};
    return amkd_op_launch_values(op, op->kernels[BACK], args, 10, op->nchannels,
                                 a->run.nblocks);
}

static void close_norm(amkd_op *op)
{
    const norm *n = op->own;
    amkd_buffer_free(n->parts);
    amkd_buffer_free(n->stats);
    amkd_buffer_free(n->sums);
}

static int new_buffers(amkd_op *op, size_t nchannels)
{
    const size_t nbytes = nchannels * sizeof(float);
    amkd_device *device = op->device;
    norm *n = op->own;
    op->close = close_norm;
    return amkd_buffer_new(&n->parts, device, CL_MEM_READ_WRITE, 2 * NPARTS * nbytes,
                           NULL) ||
                   amkd_buffer_new(&n->stats, device, CL_MEM_READ_WRITE, 4 * nbytes,
                                   NULL) ||
                   amkd_buffer_new(&n->sums, device, CL_MEM_READ_WRITE, 2 * nbytes, NULL)
               ? -1
               : 0;
}

int amkd_norm_new(amkd_op **out, amkd_device *device, const amkd_op_shape *shape,
                  const amkd_norm *norm_options)
{
    static const char *const names[] = {
        [PARTS] = "norm_parts",
        [MEASURE] = "norm_measure",
        [RECALL] = "norm_recall",
        [APPLY] = "norm_apply",
        [BACK_PARTS] = "norm_back_parts",
        [BACK_SUMS] = "norm_back_sums",
        [BACK] = "norm_back",
        [BACK + 1] = NULL,
    };
    amkd_op *op = NULL;
    char options[96];
    snprintf(options, sizeof options, "-DNPARTS=%d -DEPSILON=%.9ef", NPARTS,
             (double)norm_options->epsilon);
    if (amkd_op_build_shapeless(&op, device, shape, "norm", amkd_cl_norm, options,
                                sizeof(norm)) ||
        amkd_op_kernels(op, names) || new_buffers(op, shape->in_channels)) {
        amkd_op_free(op);
        return -1;
    }
    ((norm *)op->own)->what = *norm_options;
    op->passes[AMKD_FORWARD] = forward;
    op->passes[AMKD_BACKWARD_WEIGHTS] = backward_weights;
    op->passes[AMKD_BACKWARD_DATA] = backward_data;
    *out = op;
    return 0;
}
