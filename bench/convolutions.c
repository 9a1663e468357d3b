/* Convolutions by themselves: shapes that no student of the other parts has, alone on the
 * device, all three passes. */
#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "bench.h"
#include "ops/conv.h"
#include "ops/depthwise.h"
#include <stdio.h>
#include <stdlib.h>

enum { BATCH = 128, QUICK_BATCH = 16, NSLICES = 2 };

/* Layer and input, and the bar of each pass: its least share of the peak, and of the copy
 * bandwidth where every channel is by itself. */
typedef struct layer {
    size_t channels, side, out_channels, kernel, padding, stride, groups;
    double forward, backward_weights, backward_data;
} layer;

static const layer layers[] = {
    {64, 16, 64, 3, 1, 1, 1, 2.0, 1.6, 1.9},
    {3, 32, 64, 3, 1, 1, 1, 0, 0, 0},
    {128, 8, 128, 3, 1, 1, 1, 2.0, 1.6, 1.9},
    {64, 16, 128, 1, 0, 1, 1, 0, 0, 0},
    {24, 15, 20, 5, 2, 1, 1, 0, 0, 0},
    {144, 56, 144, 3, 1, 1, 144, 0.6, 0.6, 0.6},
    {144, 56, 144, 3, 1, 2, 144, 0.6, 0.6, 0.6},
    {576, 14, 576, 3, 1, 1, 576, 0.6, 0.6, 0.6},
};

static size_t out_side(const layer *l)
{
    return (l->side + 2 * l->padding - l->kernel) / l->stride + 1;
}

typedef struct convolution {
    amkd_op *op;
    size_t nblocks;
    cl_mem x, dx, y, parameters, gradients; /* y serves as its gradient too */
} convolution;

static int run_pass(convolution *c, amkd_pass pass)
{
    const amkd_op_args args = {.run = {.nblocks = c->nblocks},
                               .x = {c->x},
                               .y = c->y,
                               .dy = c->y,
                               .dx = c->dx,
                               .parameters = c->parameters,
                               .gradients = c->gradients};
    return amkd_op_run(c->op, pass, &args);
}

static int forward(void *context)
{
    return run_pass(context, AMKD_FORWARD);
}

static int backward_weights(void *context)
{
    return run_pass(context, AMKD_BACKWARD_WEIGHTS);
}

static int backward_data(void *context)
{
    return run_pass(context, AMKD_BACKWARD_DATA);
}

/* Values spread over +-0.1: outputs stay of that order. */
static int new_buffer(cl_mem *out, amkd_device *device, size_t nfloats)
{
    float *values = amkd_alloc(nfloats, sizeof *values);
    if (!values)
        return -1;
    for (size_t v = 0; v < nfloats; v++)
        values[v] = (float)(0.2 * amkd_random_uniform(0, nfloats, v) - 0.1);
    const int rc =
        amkd_buffer_new(out, device, CL_MEM_READ_WRITE, nfloats * sizeof *values, values);
    free(values);
    return rc;
}

static int new_convolution(convolution *c, amkd_device *device, const layer *l,
                           size_t batch)
{
    const size_t nweights =
        l->out_channels * (l->channels / l->groups) * l->kernel * l->kernel;
    c->nblocks = (batch + device->nlanes - 1) / device->nlanes;
    const amkd_op_shape shape = {
        .in_channels = l->channels,
        .in_height = l->side,
        .in_width = l->side,
        .out_channels = l->out_channels,
        .out_height = out_side(l),
        .out_width = out_side(l),
        .kernel_height = l->kernel,
        .kernel_width = l->kernel,
        .stride = l->stride,
        .dilation = 1,
        .groups = l->groups,
        .top = l->padding,
        .left = l->padding,
        .act = {"relu", 0},
        .previous_act = {"relu", 0},
        .bias = 1,
        .biases = nweights,
        .ntrained = nweights + l->out_channels,
        .nslices = NSLICES,
        .max_blocks = c->nblocks,
    };
    const size_t nsamples = c->nblocks * device->nlanes;
    const size_t nx = nsamples * l->channels * l->side * l->side;
    const size_t ny = nsamples * l->out_channels * out_side(l) * out_side(l);
    return new_buffer(&c->x, device, nx) || new_buffer(&c->dx, device, nx) ||
                   new_buffer(&c->y, device, ny) ||
                   new_buffer(&c->parameters, device, shape.ntrained) ||
                   new_buffer(&c->gradients, device, NSLICES * shape.ntrained) ||
                   (l->groups == 1 ? amkd_conv_new
                    : amkd_depthwise_fits(device, &shape)
                        ? amkd_depthwise_new
                        : amkd_grouped_new)(&c->op, device, &shape, 1)
               ? -1
               : 0;
}

static void clear_convolution(convolution *c)
{
    amkd_op_free(c->op);
    amkd_buffer_free(c->x);
    amkd_buffer_free(c->dx);
    amkd_buffer_free(c->y);
    amkd_buffer_free(c->parameters);
    amkd_buffer_free(c->gradients);
}

/* Weights that meet a pixel of the image, over all positions along one side. */
static double count_taps(const layer *l)
{
    size_t ntaps = 0;
    for (size_t u = 0; u < out_side(l); u++)
        for (size_t c = 0; c < l->kernel; c++) {
            const size_t at = u * l->stride + c;
            ntaps += at >= l->padding && at < l->padding + l->side;
        }
    return (double)ntaps;
}

/* What is counted of a layer: multiply-adds, or, where memory binds, values in and out.
 */
static void count(bench_row *row, const layer *l, size_t batch, int masked)
{
    const double nx = (double)(l->channels * l->side * l->side * batch);
    const double ny = (double)(l->out_channels * out_side(l) * out_side(l) * batch);
    row->flops = row->nbytes = 0;
    if (l->groups == 1)
        row->flops = 2 * count_taps(l) * count_taps(l) *
                     (double)(l->channels * l->out_channels * batch);
    else
        row->nbytes = sizeof(float) * (nx * (masked ? 2 : 1) + ny);
    row->unit = l->groups == 1 ? "GFLOP/s" : "GB/s";
    row->work = (row->flops + row->nbytes) * 1e-9;
}

static int measure(bench *b, const convolution *c, const layer *l)
{
    static const char *const names[] = {"forward", "backward weights", "backward data"};
    int (*const passes[])(void *) = {forward, backward_weights, backward_data};
    const double bars[] = {l->forward, l->backward_weights, l->backward_data};
    const size_t batch = b->quick ? QUICK_BATCH : BATCH;
    char stride[24] = "", groups[24] = "";
    bench_row row = {0};
    snprintf(row.section, sizeof row.section, "convolutions, batch %zu", batch);
    if (l->stride > 1)
        snprintf(stride, sizeof stride, " s%zu", l->stride);
    if (l->groups > 1)
        snprintf(groups, sizeof groups, " g%zu", l->groups);
    for (size_t p = 0; p < 3; p++) {
        count(&row, l, batch, passes[p] == backward_data);
        row.least_share = bars[p];
        snprintf(row.name, sizeof row.name, "conv %zu k%zu%s p%zu%s on %zux%zux%zu: %s",
                 l->out_channels, l->kernel, stride, l->padding, groups, l->channels,
                 l->side, l->side, names[p]);
        if (bench_time(b, &row, passes[p], (void *)c))
            return -1;
    }
    return 0;
}

int bench_convolutions(bench *b)
{
    bench_say(b, "convolutions");
    for (size_t at = 0; at < sizeof layers / sizeof *layers; at++) {
        const layer *l = &layers[at];
        convolution c = {0};
        const int rc =
            new_convolution(&c, b->device, l, b->quick ? QUICK_BATCH : BATCH) ||
            measure(b, &c, l);
        clear_convolution(&c);
        if (rc)
            return amkd_fail_in("conv %zu k%zu", l->out_channels, l->kernel);
    }
    return 0;
}
