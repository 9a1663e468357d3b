/* What the tests of layers share: a network's numbers on the device against the float64
 * reference, and the reference's gradients against finite differences. */
#ifndef AMKD_TESTS_LAYERS_LAYERS_H
#define AMKD_TESTS_LAYERS_LAYERS_H

#include "base/error.h"
#include "base/random.h"
#include "graph/reference.h"
#include "net/network.h"
#include "ops/loss.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static amkd_device *device;

static inline void open_device(void)
{
    ck_assert_msg(!amkd_device_open(&device, NULL), "%s", amkd_error());
}

static inline void close_device(void)
{
    amkd_device_close(device);
}

#define ck_ok(call) ck_assert_msg(!(call), "%s", amkd_error())

typedef struct network_case {
    const char *text;
    amkd_shape in;
    size_t count;     /* samples */
    size_t nclasses;  /* of named archs, else 0 */
    double deviation; /* of the parameters; 0: 0.2 */
} network_case;

static inline double normal(uint64_t stream, uint64_t index)
{
    return amkd_random_normal(7, stream, index);
}

/* One case's data: inputs [count][size] in float and double, targets, parameters. */
typedef struct fixture {
    amkd_graph graph;
    size_t count, size;
    float *parameters, *inputs, *targets;
} fixture;

static inline fixture make_fixture(const network_case *c)
{
    fixture f = {.count = c->count, .size = amkd_shape_size(c->in)};
    ck_ok(amkd_graph_parse(&f.graph, c->text, c->in, c->nclasses));
    const size_t nclasses = f.graph.nclasses;
    const double deviation = c->deviation > 0 ? c->deviation : 0.2;
    f.parameters = calloc(f.graph.nparameters, sizeof(float));
    f.inputs = calloc(f.count * f.size, sizeof(float));
    f.targets = calloc(f.count * nclasses, sizeof(float));
    for (size_t p = 0; p < f.graph.nparameters; p++)
        f.parameters[p] = (float)(deviation * normal(1, p));
    for (size_t p = f.graph.ntrained; p < f.graph.nparameters; p++)
        f.parameters[p] = (float)(0.5 + amkd_random_uniform(7, 1, p));
    for (size_t x = 0; x < f.count * f.size; x++)
        f.inputs[x] = (float)round(2 * normal(2, x)) / 2; /* so that maxima tie */
    for (size_t r = 0; r < f.count; r++) {
        double sum = 0;
        for (size_t k = 0; k < nclasses; k++)
            sum += f.targets[r * nclasses + k] =
                (float)amkd_random_uniform(7, 3, r * nclasses + k);
        for (size_t k = 0; k < nclasses; k++)
            f.targets[r * nclasses + k] /= (float)sum;
    }
    return f;
}

static inline void free_fixture(fixture *f)
{
    amkd_graph_clear(&f->graph);
    free(f->parameters);
    free(f->inputs);
    free(f->targets);
}

/* Puts the inputs into the network's lanes; empty ones repeat the last sample. */
static inline void upload(amkd_network *network, const fixture *f, size_t nblocks)
{
    const size_t nlanes = device->nlanes, n = nblocks * nlanes * f->size;
    float *lanes = malloc(n * sizeof *lanes);
    for (size_t s = 0; s < nblocks * nlanes; s++)
        for (size_t x = 0; x < f->size; x++)
            lanes[(s / nlanes * f->size + x) * nlanes + s % nlanes] =
                f->inputs[(s < f->count ? s : f->count - 1) * f->size + x];
    ck_ok(amkd_buffer_write(device, amkd_network_value(network, 0), lanes, 0,
                            n * sizeof *lanes));
    ck_ok(amkd_buffer_write(device, amkd_network_parameters(network), f->parameters, 0,
                            f->graph.nparameters * sizeof(float)));
    free(lanes);
}

static inline void expect_close(const fixture *f, double value, double reference,
                                const char *what, size_t at)
{
    ck_assert_msg(fabs(value - reference) <= 1e-5 + 1e-5 * fabs(reference),
                  "'%s': %s %zu is %.9g, the reference %.9g", f->graph.text, what, at,
                  value, reference);
}

/* The samples' floats as doubles, freed with free(). */
static inline double *doubles(const float *values, size_t n)
{
    double *out = malloc(n * sizeof *out);
    for (size_t i = 0; i < n; i++)
        out[i] = (double)values[i];
    return out;
}

static inline amkd_batch batch_of(const fixture *f, int training)
{
    return (amkd_batch){.nblocks = (f->count + device->nlanes - 1) / device->nlanes,
                        .nsamples = f->count,
                        .training = training,
                        .seed = 5,
                        .step = 3};
}

/* What a prediction computes. */
static inline void expect_logits(const network_case *c)
{
    fixture f = make_fixture(c);
    const amkd_batch batch = batch_of(&f, 0);
    const size_t n = f.count * f.graph.nclasses;
    amkd_network *network;
    amkd_reference *reference;
    amkd_loss *loss;
    cl_mem out;
    float *logits = malloc(n * sizeof *logits);
    double *input = doubles(f.inputs, f.count * f.size), *expected = malloc(n * 8);
    ck_ok(amkd_network_new(&network, device, &f.graph, batch.nblocks, 0));
    ck_ok(amkd_reference_new(&reference, &f.graph, f.parameters, f.count));
    ck_ok(amkd_loss_new(&loss, device, f.graph.nclasses));
    ck_ok(amkd_buffer_new(&out, device, CL_MEM_WRITE_ONLY, n * 4, NULL));
    upload(network, &f, batch.nblocks);
    ck_ok(amkd_network_forward(network, 0, &batch));
    ck_ok(amkd_loss_logits(loss, out, amkd_network_logits(network), f.count));
    ck_ok(amkd_buffer_read(device, logits, out, 0, n * 4));
    amkd_reference_forward(reference, expected, input);
    for (size_t i = 0; i < n; i++)
        expect_close(&f, logits[i], expected[i], "logit", i);
    amkd_buffer_free(out);
    amkd_loss_free(loss);
    amkd_network_free(network);
    amkd_reference_free(reference);
    free(logits);
    free(input);
    free(expected);
    free_fixture(&f);
}

/* The mean over the samples of the reference's gradients and loss in a training, and what
 * becomes of the parameters. */
static inline double reference_gradients(const fixture *f, double *gradients,
                                         double *parameters)
{
    const amkd_batch batch = batch_of(f, 1);
    amkd_reference *reference;
    double *input = doubles(f->inputs, f->count * f->size);
    double *target = doubles(f->targets, f->count * f->graph.nclasses);
    double *logits = malloc(f->count * f->graph.nclasses * sizeof *logits);
    ck_ok(amkd_reference_new(&reference, &f->graph, f->parameters, f->count));
    amkd_reference_train(reference, batch.seed, batch.step);
    amkd_reference_forward(reference, logits, input);
    const double loss = amkd_reference_backward(reference, gradients, NULL, target);
    for (size_t p = 0; p < f->graph.nparameters; p++) {
        gradients[p] /= (double)f->count;
        parameters[p] = amkd_reference_parameters(reference)[p];
    }
    amkd_reference_free(reference);
    free(input);
    free(target);
    free(logits);
    return loss / (double)f->count;
}

/* Runs the loss over all samples; returns its mean. */
static inline double run_loss(amkd_network *network, const fixture *f, size_t nblocks)
{
    const size_t nlanes = nblocks * device->nlanes;
    uint32_t *order = malloc(f->count * sizeof *order);
    float *losses = calloc(nlanes, sizeof *losses);
    for (size_t r = 0; r < f->count; r++)
        order[r] = (uint32_t)r;
    amkd_loss *loss;
    cl_mem targets, rows, sums, agreements;
    ck_ok(amkd_loss_new(&loss, device, f->graph.nclasses));
    ck_ok(amkd_buffer_new(&targets, device, CL_MEM_READ_ONLY,
                          f->count * f->graph.nclasses * 4, f->targets));
    ck_ok(amkd_buffer_new(&rows, device, CL_MEM_READ_ONLY, f->count * 4, order));
    ck_ok(amkd_buffer_new(&sums, device, CL_MEM_READ_WRITE, nlanes * 4, losses));
    ck_ok(amkd_buffer_new(&agreements, device, CL_MEM_READ_WRITE, nlanes * 4, losses));
    ck_ok(amkd_loss_run(loss, amkd_network_logits_gradient(network), sums, agreements,
                        amkd_network_logits(network), targets, rows, 0, f->count, f->count, 1));
    ck_ok(amkd_buffer_read(device, losses, sums, 0, nlanes * 4));
    double total = 0;
    for (size_t lane = 0; lane < nlanes; lane++)
        total += losses[lane];
    amkd_loss_free(loss);
    amkd_buffer_free(targets);
    amkd_buffer_free(rows);
    amkd_buffer_free(sums);
    amkd_buffer_free(agreements);
    free(order);
    free(losses);
    return total / (double)f->count;
}

/* Loss, gradients and moved state of a step of a training. */
static inline void expect_gradients(const network_case *c)
{
    fixture f = make_fixture(c);
    const amkd_batch batch = batch_of(&f, 1);
    const size_t n = f.graph.nparameters, ntrained = f.graph.ntrained;
    amkd_network *network;
    ck_ok(amkd_network_new(&network, device, &f.graph, batch.nblocks, 1));
    const size_t nslices = amkd_network_nslices(network);
    float *slices = malloc(nslices * ntrained * sizeof *slices);
    float *parameters = malloc(n * sizeof *parameters);
    double *expected = calloc(n, sizeof *expected), *moved = malloc(n * sizeof *moved);
    upload(network, &f, batch.nblocks);
    ck_ok(amkd_network_forward(network, 0, &batch));
    const double loss = run_loss(network, &f, batch.nblocks);
    ck_ok(amkd_network_backward(network, &batch));
    ck_ok(amkd_buffer_read(device, slices, amkd_network_gradients(network), 0,
                           nslices * ntrained * sizeof *slices));
    ck_ok(amkd_buffer_read(device, parameters, amkd_network_parameters(network), 0,
                           n * sizeof *parameters));
    expect_close(&f, loss, reference_gradients(&f, expected, moved), "loss", 0);
    for (size_t p = 0; p < ntrained; p++) {
        double sum = 0;
        for (size_t s = 0; s < nslices; s++)
            sum += slices[s * ntrained + p];
        expect_close(&f, sum, expected[p], "gradient of parameter", p);
    }
    for (size_t p = 0; p < n; p++)
        expect_close(&f, parameters[p], moved[p], "parameter", p);
    amkd_network_free(network);
    free(slices);
    free(parameters);
    free(expected);
    free(moved);
    free_fixture(&f);
}

/* A reference and what its loss is taken of, all in double. */
typedef struct slopes {
    amkd_reference *reference;
    const fixture *f;
    double *input, *target, *logits;
} slopes;

static inline double loss_of(const slopes *s)
{
    const size_t nclasses = s->f->graph.nclasses, n = s->f->count * nclasses;
    double loss = 0;
    amkd_reference_forward(s->reference, s->logits, s->input);
    for (size_t i = 0; i < n; i++) {
        const double *row = s->logits + i / nclasses * nclasses;
        double highest = row[0], sum = 0;
        for (size_t k = 1; k < nclasses; k++)
            highest = fmax(highest, row[k]);
        for (size_t k = 0; k < nclasses; k++)
            sum += exp(row[k] - highest);
        loss += s->target[i] * (highest + log(sum) - s->logits[i]);
    }
    return loss;
}

/* Moves some of values[n] a little both ways and compares the loss's slope. */
static inline void expect_slopes(const slopes *s, double *values, const double *gradient,
                                 size_t n, const char *what)
{
    const double by = 1e-6;
    for (size_t i = 0; i < n; i += 1 + n / 200) {
        const double value = values[i];
        values[i] = value + by;
        const double above = loss_of(s);
        values[i] = value - by;
        const double below = loss_of(s);
        values[i] = value;
        const double slope = (above - below) / (2 * by);
        ck_assert_msg(fabs(slope - gradient[i]) < 1e-7 + 1e-6 * fabs(slope),
                      "'%s': %s %zu: slope %.12g, gradient %.12g", s->f->graph.text, what,
                      i, slope, gradient[i]);
    }
}

/* The reference's gradients by parameters and input are the loss's slopes. */
static inline void expect_finite_differences(const network_case *c, int training)
{
    fixture f = make_fixture(c);
    const size_t nclasses = f.graph.nclasses, n = f.count * f.size;
    slopes s = {.f = &f,
                .input = calloc(n, sizeof(double)),
                .target = doubles(f.targets, f.count * nclasses),
                .logits = calloc(f.count * nclasses, sizeof(double))};
    double *gradient = calloc(f.graph.nparameters, sizeof *gradient);
    double *d_input = calloc(n, sizeof *d_input);
    for (size_t i = 0; i < n; i++)
        s.input[i] = 2 * normal(4, i); /* without ties */
    ck_ok(amkd_reference_new(&s.reference, &f.graph, f.parameters, f.count));
    if (training)
        amkd_reference_train(s.reference, 5, 3);
    amkd_reference_forward(s.reference, s.logits, s.input);
    amkd_reference_backward(s.reference, gradient, d_input, s.target);
    expect_slopes(&s, amkd_reference_parameters(s.reference), gradient, f.graph.ntrained,
                  "parameter");
    expect_slopes(&s, s.input, d_input, n, "input");
    amkd_reference_free(s.reference);
    free(s.input);
    free(s.target);
    free(s.logits);
    free(gradient);
    free(d_input);
    free_fixture(&f);
}

/* The device is opened once, so that programs are shared. */
static inline int run_layer_tests(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
