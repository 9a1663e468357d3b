/* Self-test of the optimizers: a few steps each against the formulas of cl/optimizer.cl
 * in float64. */
#include "base/error.h"
#include "ops/optimizer.h"
#include "steps/selftest/selftest_internal.h"
#include <math.h>

enum { STREAM_PARAMETERS = 4, STREAM_GRADIENTS = 5, N = 37, NSLICES = 2, NSTEPS = 3 };

static const double rate = 0.01;

static const struct {
    const char *name;
    amkd_optimizer_options options;
} optimizers[] = {
    {"sgd: parameters", {.kind = AMKD_SGD, .momentum = 0.9, .decay = 0.1}},
    {"sgd, ahead and clipped: parameters",
     {.kind = AMKD_SGD, .momentum = 0.9, .nesterov = 1, .decay = 0.1, .clip = 2}},
    {"adam: parameters",
     {.kind = AMKD_ADAM, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .decay = 0.1}},
    {"adamw: parameters",
     {.kind = AMKD_ADAMW, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .decay = 0.1}},
};

static double gradient_of(size_t p)
{
    double g = 0;
    for (size_t slice = 0; slice < NSLICES; slice++)
        g += (double)amkd_selftest_draw(STREAM_GRADIENTS, slice * N + p);
    return g;
}

static double expected_scale(const amkd_optimizer_options *o)
{
    double squares = 0;
    for (size_t p = 0; p < N; p++)
        squares += gradient_of(p) * gradient_of(p);
    return o->clip > 0 ? fmin(1, o->clip / (sqrt(squares) + 1e-6)) : 1;
}

static double expected_parameter(const amkd_optimizer_options *o, size_t p)
{
    const double scale = expected_scale(o);
    double w = (double)amkd_selftest_draw(STREAM_PARAMETERS, p), m = 0, v = 0;
    for (int t = 1; t <= NSTEPS; t++) {
        double g = scale * gradient_of(p);
        if (o->kind == AMKD_ADAMW)
            w -= rate * o->decay * w;
        else
            g += o->decay * w;
        if (o->kind == AMKD_SGD) {
            m = o->momentum * m + g;
            w -= rate * (o->nesterov ? g + o->momentum * m : m);
            continue;
        }
        m = o->beta1 * m + (1 - o->beta1) * g;
        v = o->beta2 * v + (1 - o->beta2) * g * g;
        w -= rate * (m / (1 - pow(o->beta1, t))) /
             (sqrt(v / (1 - pow(o->beta2, t))) + o->epsilon);
    }
    return w;
}

static int take_steps(amkd_device *device, const amkd_optimizer_options *options,
                      cl_mem parameters, cl_mem gradients)
{
    amkd_optimizer *optimizer;
    if (amkd_optimizer_new(&optimizer, device, options, N))
        return -1;
    int failed = 0;
    for (int t = 0; t < NSTEPS && !failed; t++)
        failed = amkd_optimizer_step(optimizer, parameters, gradients, NSLICES, rate);
    failed = failed || amkd_device_finish(device);
    amkd_optimizer_free(optimizer);
    return failed ? -1 : 0;
}

static int check_optimizer(amkd_selftest_run *run, const char *name,
                           const amkd_optimizer_options *options)
{
    float values[N], slices[NSLICES * N];
    for (size_t p = 0; p < N; p++)
        values[p] = amkd_selftest_draw(STREAM_PARAMETERS, p);
    for (size_t g = 0; g < NSLICES * N; g++)
        slices[g] = amkd_selftest_draw(STREAM_GRADIENTS, g);
    cl_mem parameters = NULL, gradients = NULL;
    amkd_device *device = run->device;
    const int failed =
        amkd_buffer_new(&parameters, device, CL_MEM_READ_WRITE, sizeof values, values) ||
        amkd_buffer_new(&gradients, device, CL_MEM_READ_ONLY, sizeof slices, slices) ||
        take_steps(device, options, parameters, gradients) ||
        amkd_buffer_read(device, values, parameters, 0, sizeof values);
    amkd_buffer_free(parameters);
    amkd_buffer_free(gradients);
    if (failed)
        return amkd_fail_in("%s", name);
    double error = 0;
    for (size_t p = 0; p < N; p++)
        error =
            amkd_selftest_error(error, (double)values[p], expected_parameter(options, p));
    amkd_selftest_check(run, name, error, 1e-6);
    return 0;
}

int amkd_selftest_optimizers(amkd_selftest_run *run)
{
    for (size_t o = 0; o < sizeof optimizers / sizeof *optimizers; o++)
        if (check_optimizer(run, optimizers[o].name, &optimizers[o].options))
            return -1;
    return 0;
}
