/* Convolutions by themselves: shapes that no student of the other parts has, alone on the
 * device, all three passes. */
#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "bench.h"
#include "ops/conv.h"
#include <stdio.h>
#include <stdlib.h>

enum { BATCH = 128, QUICK_BATCH = 16, NSLICES = 2 };

/* Layer and input, and the bar of each pass: its least share of the peak. */
typedef struct layer {
    size_t channels, side, out_channels, kernel, padding;
    double forward, backward_weights, backward_data;
} layer;

static const layer layers[] = {
    {64, 16, 64, 3, 1, 2.0, 1.6, 1.9},  {3, 32, 64, 3, 1, 0, 0, 0},
    {128, 8, 128, 3, 1, 2.0, 1.6, 1.9}, {64, 16, 128, 1, 0, 0, 0, 0},
    {24, 15, 20, 5, 2, 0, 0, 0},
};

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
    const size_t out_side = l->side + 2 * l->padding - l->kernel + 1;
    const size_t nweights = l->out_channels * l->channels * l->kernel * l->kernel;
    c->nblocks = (batch + device->nlanes - 1) / device->nlanes;
    const amkd_op_shape shape = {
        .in_channels = l->channels,
        .in_height = l->side,
        .in_width = l->side,
        .out_channels = l->out_channels,
        .out_height = out_side,
        .out_width = out_side,
        .kernel_height = l->kernel,
        .kernel_width = l->kernel,
        .stride = 1,
        .dilation = 1,
        .groups = 1,
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
    const size_t ny = nsamples * l->out_channels * out_side * out_side;
    return new_buffer(&c->x, device, nx) || new_buffer(&c->dx, device, nx) ||
                   new_buffer(&c->y, device, ny) ||
                   new_buffer(&c->parameters, device, shape.ntrained) ||
                   new_buffer(&c->gradients, device, NSLICES * shape.ntrained) ||
                   amkd_conv_new(&c->op, device, &shape, 1)
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
    const size_t out_side = l->side + 2 * l->padding - l->kernel + 1;
    size_t ntaps = 0;
    for (size_t u = 0; u < out_side; u++)
        for (size_t c = 0; c < l->kernel; c++)
            ntaps += u + c >= l->padding && u + c < l->padding + l->side;
    return (double)ntaps;
}

static int measure(bench *b, const convolution *c, const layer *l)
{
    static const char *const names[] = {"forward", "backward weights", "backward data"};
    int (*const passes[])(void *) = {forward, backward_weights, backward_data};
    const double bars[] = {l->forward, l->backward_weights, l->backward_data};
    const size_t batch = b->quick ? QUICK_BATCH : BATCH;
    bench_row row = {.unit = "GFLOP/s"};
    snprintf(row.section, sizeof row.section, "convolutions, batch %zu", batch);
    row.flops = 2 * count_taps(l) * count_taps(l) *
                (double)(l->channels * l->out_channels * batch);
    row.work = row.flops * 1e-9;
    for (size_t p = 0; p < 3; p++) {
        row.least_share = bars[p];
        snprintf(row.name, sizeof row.name, "conv %zu k%zu p%zu on %zux%zux%zu: %s",
                 l->out_channels, l->kernel, l->padding, l->channels, l->side, l->side,
                 names[p]);
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
