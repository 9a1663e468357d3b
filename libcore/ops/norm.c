/* Launcher of cl/norm.cl. */
#include "ops/norm.h"
#include "base/error.h"
#include "base/memory.h"
#include "ops/op_internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const char amkd_cl_norm[];

/* Parts of a slice that are summed apart, so that layers of few channels have work for
 * several units. In lockstep there are more slices. The bits depend on it. */
enum { SLICE_PARTS = 2, LOCKSTEP_SLICE_PARTS = 1 };

enum { PARTS, MEASURE, RECALL, APPLY, BACK_PARTS, BACK_SUMS, BACK };

typedef struct norm {
    amkd_norm what;
    cl_mem parts;   /* float [part][channel][2] */
    cl_mem stats;   /* float [channel][4]: mean, 1 / deviation, scale, shift */
    cl_mem sums;    /* float [channel][2], of the backward pass */
    char *gathered; /* the parts of all members, then this one's; NULL until needed */
} norm;

/* The batch that a run is, or has a share of. */
typedef struct whole {
    cl_uint nblocks, nsamples, slice_nblocks, nparts;
    cl_uint first_part; /* of the run's */
} whole;

/* Parts of a slice. */
static size_t parts_of(const amkd_device *device)
{
    return device->vector_width > 1 ? SLICE_PARTS : LOCKSTEP_SLICE_PARTS;
}

static whole whole_of(const amkd_op *op, const amkd_batch *run)
{
    const amkd_batch_share *share = run->share;
    const size_t nparts = parts_of(op->device);
    return (whole){
        .nblocks = (cl_uint)(share ? share->nblocks : run->nblocks),
        .nsamples = (cl_uint)(share ? share->nsamples : run->nsamples),
        .slice_nblocks = (cl_uint)amkd_op_slice_nblocks(op, run),
        .nparts = (cl_uint)(op->shape.nslices * nparts),
        .first_part = share ? (cl_uint)(share->first_slice * nparts) : 0,
    };
}

/* Where a member's parts lie, in bytes; those of the next rank begin where they end. */
static size_t parts_start(const amkd_op *op, const amkd_team *team, size_t rank)
{
    const size_t slice_nbytes =
        parts_of(op->device) * op->shape.in_channels * 2 * sizeof(float);
    return amkd_first_slice(op->shape.nslices, rank, amkd_team_size(team)) * slice_nbytes;
}

/* Brings all members' parts together, on each of them. */
static int gather_parts(amkd_op *op, const amkd_batch_share *share)
{
    if (!share)
        return 0;
    norm *n = op->own;
    amkd_team *team = share->team;
    const size_t rank = amkd_team_rank(team), size = amkd_team_size(team);
    const size_t start = parts_start(op, team, rank);
    const size_t nbytes = parts_start(op, team, rank + 1) - start;
    /* The most that a member has: who has less sends something behind it. */
    const size_t most = amkd_tiles(op->shape.nslices, size) *
                        (parts_start(op, team, size) / op->shape.nslices);
    if (!n->gathered && !(n->gathered = amkd_alloc(size + 1, most)))
        return -1;
    char *mine = n->gathered + size * most;
    if (amkd_buffer_read(op->device, mine, n->parts, start, nbytes) ||
        amkd_team_all_gather(team, n->gathered, mine, most))
        return -1;
    for (size_t r = 1; r < size; r++) /* to where it lies, which is not behind this */
        memmove(n->gathered + parts_start(op, team, r), n->gathered + r * most,
                parts_start(op, team, r + 1) - parts_start(op, team, r));
    return amkd_buffer_write_later(op->device, n->parts, n->gathered, 0,
                                   parts_start(op, team, size));
}

/* Over the parts of the run's slices. */
static int run_over_parts(amkd_op *op, const amkd_batch *run, size_t kernel,
                          const amkd_arg *args, size_t nargs)
{
    const size_t items = amkd_lane_items(op->device);
    const size_t nparts = amkd_op_nslices(op, run) * parts_of(op->device);
    return amkd_kernel_run(op->device, op->kernels[kernel], args, nargs, 3,
                           (size_t[]){items, op->shape.in_channels, nparts},
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
    return whole_of(op, run).nsamples * op->shape.in_height * op->shape.in_width;
}

/* Mean and deviation of the batch, and the running ones moved. */
static int measure(amkd_op *op, const amkd_op_args *a)
{
    const norm *n = op->own;
    const cl_uint nblocks = (cl_uint)a->run.nblocks, nsamples = (cl_uint)a->run.nsamples;
    const cl_uint weights = (cl_uint)n->what.weights, biases = (cl_uint)n->what.biases;
    const cl_uint means = (cl_uint)n->what.means;
    const cl_uint variances = (cl_uint)n->what.variances;
    const whole w = whole_of(op, &a->run);
    const float momentum =
        a->run.nmeasured ? 1 / (float)a->run.nmeasured : n->what.momentum;
    const amkd_arg parts[] = {AMKD_ARG(n->parts),        AMKD_ARG(a->x[0]),
                              AMKD_ARG(w.first_part),    AMKD_ARG(nblocks),
                              AMKD_ARG(w.slice_nblocks), AMKD_ARG(nsamples),
                              AMKD_ARG(op->nchannels),   AMKD_ARG(op->nplaces)};
    const amkd_arg sums[] = {
        AMKD_ARG(n->stats),        AMKD_ARG(n->parts),   AMKD_ARG(a->parameters),
        AMKD_ARG(weights),         AMKD_ARG(biases),     AMKD_ARG(means),
        AMKD_ARG(variances),       AMKD_ARG(w.nparts),   AMKD_ARG(w.nblocks),
        AMKD_ARG(w.slice_nblocks), AMKD_ARG(w.nsamples), AMKD_ARG(momentum),
        AMKD_ARG(op->nchannels),   AMKD_ARG(op->nplaces)};
    if (count(op, &a->run) < 2)
        return amkd_fail("a batch norm cannot train on a batch of one value a channel");
    return run_over_parts(op, &a->run, PARTS, parts, 8) ||
                   gather_parts(op, a->run.share) ||
                   run_over_channels(op, MEASURE, sums, 14)
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
    const whole w = whole_of(op, &a->run);
    const cl_uint weights = (cl_uint)n->what.weights, biases = (cl_uint)n->what.biases;
    const cl_uint ntrained = (cl_uint)op->shape.ntrained;
    const cl_uint nslices = (cl_uint)amkd_op_nslices(op, &a->run);
    const cl_int has_first = w.first_part == 0;
    const amkd_arg parts[] = {
        AMKD_ARG(n->parts),        AMKD_ARG(a->x[0]),       AMKD_ARG(a->dy),
        AMKD_ARG(n->stats),        AMKD_ARG(w.first_part),  AMKD_ARG(nblocks),
        AMKD_ARG(w.slice_nblocks), AMKD_ARG(op->nchannels), AMKD_ARG(op->nplaces)};
    const amkd_arg sums[] = {AMKD_ARG(n->sums),      AMKD_ARG(n->parts),
                             AMKD_ARG(a->gradients), AMKD_ARG(weights),
                             AMKD_ARG(biases),       AMKD_ARG(ntrained),
                             AMKD_ARG(w.nparts),     AMKD_ARG(nslices),
                             AMKD_ARG(has_first),    AMKD_ARG(op->nchannels)};
    return run_over_parts(op, &a->run, BACK_PARTS, parts, 9) ||
                   gather_parts(op, a->run.share) ||
                   run_over_channels(op, BACK_SUMS, sums, 10)
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
    free(n->gathered);
}

static int new_buffers(amkd_op *op, size_t nchannels)
{
    amkd_device *device = op->device;
    const size_t nbytes = nchannels * sizeof(float);
    const size_t nparts = amkd_most_slices(device) * parts_of(device);
    norm *n = op->own;
    op->close = close_norm;
    return amkd_buffer_new(&n->parts, device, CL_MEM_READ_WRITE, 2 * nparts * nbytes,
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
    snprintf(options, sizeof options, "-DSLICE_PARTS=%zu -DEPSILON=%.9ef",
             parts_of(device), (double)norm_options->epsilon);
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
