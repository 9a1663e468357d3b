/* Winograd's way of running a convolution: where it fits, where it wins, and its passes.
 */
#include "ops/winograd.h"
#include "ops/winograd_internal.h"

extern const char amkd_cl_winograd[], amkd_cl_winograd_kernels[], amkd_cl_winograd_maps[],
    amkd_cl_winograd_tiles[], amkd_cl_winograd_gradient[],
    amkd_cl_winograd_gradient_tiles[], amkd_cl_winograd_collect[],
    amkd_cl_winograd_lockstep[], amkd_cl_winograd_lockstep_maps[],
    amkd_cl_winograd_lockstep_gradient[];

/* Sums of gradients beyond this come from far, too. */
enum { NEAR_SUMS_NBYTES = 8 << 20 };

int amkd_winograd_fits(const amkd_device *device, const amkd_op_shape *shape,
                       amkd_pass pass)
{
    const size_t side = shape->kernel_height;
    const int steps = shape->stride == 2 && pass == AMKD_FORWARD;
    if ((side != 3 && side != 5 && (side != 7 || !steps)) ||
        shape->kernel_width != side || (shape->stride != 1 && !steps) ||
        shape->top >= side || shape->left >= side)
        return 0;
    if (pass == AMKD_BACKWARD_WEIGHTS)
        return side == 3 && amkd_winograd_gradient_fits(device, shape);
    const amkd_winograd_maps m = amkd_winograd_maps_of(shape, pass);
    return amkd_winograd_maps_fit(device, &m);
}

/* What a pass takes in cycles of two multiply-adds of vectors: by tile and vector of
 * lanes for a channel's transforms, and once for a kernel's. And the share of those
 * cycles that taps one by one and the products here reach. Measured under PoCL. */
typedef struct costs {
    double in, out, kernel;
    double taps_share, product_share;
} costs;

static const costs costs_of[] = {
    [AMKD_FORWARD] = {300, 200, 200, 0.75, 0.75},
    [AMKD_BACKWARD_DATA] = {300, 200, 200, 0.75, 0.75},
    [AMKD_BACKWARD_WEIGHTS] = {450, 250, 1500, 0.6, 0.6},
};

/* Of the gradients with vectors of 16 lanes; in: for each chunk of output channels. A
 * kernel takes more where the sums come from far. */
static const costs wide_gradients = {320, 250, 250, 0.9, 0.93};
static const double far_kernel = 900;

static costs find_costs(const amkd_device *device, const amkd_op_shape *shape,
                        amkd_pass pass)
{
    if (pass != AMKD_BACKWARD_WEIGHTS || device->vector_width < 16)
        return costs_of[pass];
    costs c = wide_gradients;
    c.in *= (double)amkd_winograd_gradient_nchunks(device, shape);
    if (amkd_winograd_scratch(device, shape, pass) > NEAR_SUMS_NBYTES)
        c.kernel = far_kernel;
    return c;
}

/* Samples of a batch that it is reckoned for, whatever a run has: bits do not depend on
 * the batch. */
enum { NSAMPLES = 128 };

int amkd_winograd_wins(const amkd_device *device, const amkd_op_shape *shape,
                       amkd_pass pass)
{
    static const double win = 1.3;
    if (device->vector_width == 1 || !amkd_winograd_fits(device, shape, pass))
        return 0;
    const amkd_winograd_maps m = amkd_winograd_maps_of(shape, pass);
    const costs c = find_costs(device, shape, pass);
    const double nin = (double)m.nin, nout = (double)m.nout;
    const double nphases = (double)(shape->stride * shape->stride);
    const size_t nvectors = NSAMPLES / device->vector_width;
    const double ntiles = (double)(amkd_tiles(m.out_height, m.tile) *
                                   amkd_tiles(m.out_width, m.tile) * nvectors);
    const double npixels = (double)(m.out_height * m.out_width * nvectors);
    const double ntaps = (double)(shape->kernel_height * shape->kernel_width);
    const double taps = npixels * nin / nphases * nout * ntaps / 2 / c.taps_share;
    const double product = nin * nout * AMKD_WINOGRAD_POSITIONS / 2 / c.product_share;
    const double tiles = ntiles * (product + nin * c.in + nout * c.out);
    return (tiles + nin * nout * c.kernel) * win < taps;
}

size_t amkd_winograd_scratch(const amkd_device *device, const amkd_op_shape *shape,
                             amkd_pass pass)
{
    if (pass == AMKD_BACKWARD_WEIGHTS)
        return amkd_winograd_gradient_scratch(device, shape);
    const amkd_winograd_maps m = amkd_winograd_maps_of(shape, pass);
    return amkd_winograd_kernels_nbytes(device, &m);
}

/* What a prediction keeps while its weights stay the same. */
typedef struct kept {
    cl_mem kernels; /* transformed, of these weights; NULL before */
    uint64_t weights;
} kept;

static void close_op(amkd_op *op)
{
    amkd_buffer_free(((kept *)op->own)->kernels);
}

/* Transforms kernels for this run alone. */
static int run_once(amkd_op *op, const amkd_op_args *a, amkd_pass pass)
{
    const amkd_winograd_maps m = amkd_winograd_maps_of(&op->shape, pass);
    const size_t nbytes = amkd_winograd_kernels_nbytes(op->device, &m);
    cl_mem kernels;
    return amkd_device_scratch(&kernels, op->device, nbytes) ||
                   amkd_winograd_transform(op, a, &m, kernels,
                                           pass == AMKD_BACKWARD_DATA) ||
                   amkd_winograd_maps_run(op, a, pass, &m, kernels)
               ? -1
               : 0;
}

static int forward(amkd_op *op, const amkd_op_args *a)
{
    const amkd_winograd_maps m = amkd_winograd_maps_of(&op->shape, AMKD_FORWARD);
    kept *k = op->own;
    if (!a->run.weights)
        return run_once(op, a, AMKD_FORWARD);
    if (!k->kernels &&
        amkd_buffer_new(&k->kernels, op->device, CL_MEM_READ_WRITE,
                        amkd_winograd_kernels_nbytes(op->device, &m), NULL))
        return -1;
    if (k->weights != a->run.weights && amkd_winograd_transform(op, a, &m, k->kernels, 0))
        return -1;
    k->weights = a->run.weights;
    return amkd_winograd_maps_run(op, a, AMKD_FORWARD, &m, k->kernels);
}

static int backward_data(amkd_op *op, const amkd_op_args *a)
{
    return run_once(op, a, AMKD_BACKWARD_DATA);
}

/* Asked before every run. */
static int make_ready(amkd_op *op, amkd_pass pass)
{
    const int weights = pass == AMKD_BACKWARD_WEIGHTS;
    if (op->kernels[pass] &&
        op->kernels[weights ? AMKD_WINOGRAD_COLLECT : AMKD_WINOGRAD_KERNELS])
        return 0;
    return weights ? amkd_winograd_gradient_ready(op)
                   : amkd_winograd_maps_ready(op, pass);
}

const char *const *amkd_winograd_sources(const amkd_device *device)
{
    static const char *const tiles[] = {
        amkd_cl_winograd,          amkd_cl_winograd_kernels,
        amkd_cl_winograd_maps,     amkd_cl_winograd_tiles,
        amkd_cl_winograd_gradient, amkd_cl_winograd_gradient_tiles,
        amkd_cl_winograd_collect,  NULL};
    static const char *const lockstep[] = {amkd_cl_winograd,
                                           amkd_cl_winograd_kernels,
                                           amkd_cl_winograd_maps,
                                           amkd_cl_winograd_lockstep,
                                           amkd_cl_winograd_lockstep_maps,
                                           amkd_cl_winograd_gradient,
                                           amkd_cl_winograd_lockstep_gradient,
                                           amkd_cl_winograd_collect,
                                           NULL};
    return amkd_winograd_lockstep(device) ? lockstep : tiles;
}

int amkd_winograd_new(amkd_op **out, const amkd_op *conv)
{
    amkd_op *op;
    if (amkd_op_new(&op, conv->device, &conv->shape, amkd_cl_winograd, sizeof(kept)))
        return -1;
    op->passes[AMKD_FORWARD] = forward;
    op->passes[AMKD_BACKWARD_DATA] = backward_data;
    op->passes[AMKD_BACKWARD_WEIGHTS] = amkd_winograd_gradient_run;
    op->make_ready = make_ready;
    op->close = close_op;
    *out = op;
    return 0;
}
