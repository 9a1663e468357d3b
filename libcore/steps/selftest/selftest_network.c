/* Self-test of the kernels of networks: logits, loss and gradients of small networks of
 * every layer type, sizes prime or odd, over a block and a bit, against graph/reference.h.
 */
#include "base/error.h"
#include "base/memory.h"
#include "graph/reference.h"
#include "net/model.h"
#include "net/network.h"
#include "ops/loss.h"
#include "steps/selftest/selftest_internal.h"
#include <stdio.h>
#include <stdlib.h>

enum { STREAM_INPUT = 1, STREAM_TARGET = 2, NBLOCKS = 2 };

/* A layer behind the first is run backward to its input too. */
static const struct {
    const char *text;
    amkd_shape in;
} networks[] = {
    {"fc 3", {2, 3, 5}},
    {"fc 7 | tanh | fc 5", {1, 3, 3}},
    {"conv 3 k1 | fc 2", {2, 5, 3}},
    {"conv 3 k1 | conv 7 k3 p2 | relu | fc 3", {3, 11, 7}},
    {"conv 3 k1 | conv 5 k4 s3 p1 | tanh | fc 3", {2, 13, 14}},
    {"conv 3 k1 | relu | conv 4 k2 s3 | fc 3", {2, 9, 8}},
    {"conv 13 k5", {3, 5, 5}},
    {"conv 5 k2 | tanh | maxpool 3 s2 | fc 3", {2, 8, 9}},
    {"conv 5 k2 | maxpool 2 s1 | maxpool 2 s1 | fc 3", {2, 6, 7}}, /* has ties */
    {"conv 5 k2 | avgpool 3 s1 | relu | fc 3", {2, 5, 4}},
    {"maxpool 2 s3 | fc 3", {3, 7, 8}},
    {"conv 3 k3 p1 nobias | bn | relu | residual( conv 3 k3 p1 | bn ) | tanh | fc 3",
     {2, 7, 5}},
    {"conv 3 k1 | gelu | concat( subsample 4 s2 ; conv 3 k1 s2 | dropout 0.5 ) | relu6 | "
     "scale( avgpool all | conv 7 k1 | sigmoid ) | fc 3",
     {2, 5, 4}},
    {"conv 6 k5 p2 | relu | maxpool 2 | conv 16 k5 | relu | maxpool 2 | fc 10",
     {1, 28, 28}},
    {"conv 3 k5 | relu | avgpool 2 | conv 8 k5 | tanh | conv 60 k10 | relu | fc 10",
     {3, 32, 32}},
};

typedef struct sample_set {
    const amkd_model *model;
    size_t n, nlanes, nin, nclasses;
    float *input;   /* [block][channel][y][x][lane] */
    float *targets; /* [sample][class] */
} sample_set;

static size_t lane_index(const sample_set *set, size_t sample, size_t nvalues,
                         size_t value)
{
    return (sample / set->nlanes * nvalues + value) * set->nlanes + sample % set->nlanes;
}

static int make_samples(sample_set *set)
{
    set->input = amkd_alloc(NBLOCKS * set->nlanes * set->nin, sizeof(float));
    set->targets = amkd_alloc(set->n * set->nclasses, sizeof(float));
    if (!set->input || !set->targets)
        return -1;
    for (size_t s = 0; s < set->n; s++) {
        for (size_t i = 0; i < set->nin; i++)
            set->input[lane_index(set, s, set->nin, i)] =
                amkd_selftest_draw(STREAM_INPUT, s * set->nin + i);
        float *target = set->targets + s * set->nclasses, sum = 0;
        for (size_t y = 0; y < set->nclasses; y++)
            sum += target[y] =
                1.01F + amkd_selftest_draw(STREAM_TARGET, s * set->nclasses + y);
        for (size_t y = 0; y < set->nclasses; y++)
            target[y] /= sum;
    }
    return 0;
}

/* What a network makes of the samples, on the device or by the reference. */
typedef struct outcome {
    float *logits;    /* device: [block][class][lane] */
    float *losses;    /* device: [block][lane] */
    float *gradients; /* [nslices][parameter], of the mean loss */
    size_t nslices;
} outcome;

/* The order of the samples, and room on the device for what the loss needs. */
typedef struct loss_buffers {
    cl_mem targets, order, losses, agreements;
} loss_buffers;

static int new_loss_buffers(loss_buffers *b, amkd_device *device, const sample_set *set)
{
    const size_t nbytes = NBLOCKS * set->nlanes * sizeof(float);
    uint32_t *order = amkd_alloc(set->n, sizeof *order);
    if (!order)
        return -1;
    for (size_t s = 0; s < set->n; s++)
        order[s] = (uint32_t)s;
    const int failed =
        amkd_buffer_new(&b->order, device, CL_MEM_READ_ONLY, set->n * sizeof *order,
                        order) ||
        amkd_buffer_new(&b->targets, device, CL_MEM_READ_ONLY,
                        set->n * set->nclasses * sizeof(float), set->targets) ||
        amkd_buffer_new(&b->losses, device, CL_MEM_READ_WRITE, nbytes, NULL) ||
        amkd_buffer_new(&b->agreements, device, CL_MEM_READ_WRITE, nbytes, NULL) ||
        amkd_buffer_zero(device, b->losses, nbytes) ||
        amkd_buffer_zero(device, b->agreements, nbytes);
    free(order);
    return failed ? -1 : 0;
}

static void free_loss_buffers(loss_buffers *b)
{
    amkd_buffer_free(b->targets);
    amkd_buffer_free(b->order);
    amkd_buffer_free(b->losses);
    amkd_buffer_free(b->agreements);
}

static int read_outcome(outcome *out, amkd_device *device, const amkd_network *network,
                        const loss_buffers *b, const sample_set *set)
{
    const size_t nvalues = NBLOCKS * set->nlanes;
    const size_t ntrained = set->model->graph.ntrained;
    out->nslices = amkd_network_nslices(network);
    out->logits = amkd_alloc(nvalues * set->nclasses, sizeof(float));
    out->losses = amkd_alloc(nvalues, sizeof(float));
    out->gradients = amkd_alloc(out->nslices * ntrained, sizeof(float));
    if (!out->logits || !out->losses || !out->gradients)
        return -1;
    const cl_mem logits = amkd_network_logits(network);
    return amkd_buffer_read(device, out->logits, logits, 0,
                            nvalues * set->nclasses * sizeof(float)) ||
                   amkd_buffer_read(device, out->losses, b->losses, 0,
                                    nvalues * sizeof(float)) ||
                   amkd_buffer_read(device, out->gradients,
                                    amkd_network_gradients(network), 0,
                                    out->nslices * ntrained * sizeof(float))
               ? -1
               : 0;
}

static int run_on_device(outcome *out, amkd_device *device, const sample_set *set)
{
    const amkd_graph *graph = &set->model->graph;
    amkd_network *network = NULL;
    amkd_loss *loss = NULL;
    loss_buffers b = {0};
    const amkd_batch batch = {.nblocks = NBLOCKS, .nsamples = set->n, .training = 1};
    const int failed =
        amkd_network_new(&network, device, graph, NBLOCKS, 1) ||
        amkd_loss_new(&loss, device, set->nclasses) ||
        new_loss_buffers(&b, device, set) ||
        amkd_buffer_write(device, amkd_network_parameters(network),
                          set->model->parameters, 0,
                          graph->nparameters * sizeof(float)) ||
        amkd_buffer_write(device, amkd_network_value(network, 0), set->input, 0,
                          NBLOCKS * set->nlanes * set->nin * sizeof(float)) ||
        amkd_network_forward(network, 0, &batch) ||
        amkd_loss_run(loss, amkd_network_logits_gradient(network), b.losses, b.agreements,
                      amkd_network_logits(network), b.targets, b.order, 0, set->n, set->n,
                      1) ||
        amkd_network_backward(network, &batch) ||
        read_outcome(out, device, network, &b, set);
    free_loss_buffers(&b);
    amkd_loss_free(loss);
    amkd_network_free(network);
    return failed ? -1 : 0;
}

static void free_outcome(outcome *out)
{
    free(out->logits);
    free(out->losses);
    free(out->gradients);
}

/* The greatest errors of logits, losses and gradients. */
typedef struct errors {
    double logits, losses, gradients;
} errors;

static void compare_samples(errors *e, amkd_reference *reference, const outcome *got,
                            const sample_set *set, double *scratch, double *d_parameters)
{
    double *input = scratch, *target = input + set->n * set->nin;
    double *logits = target + set->n * set->nclasses, loss = 0;
    for (size_t s = 0; s < set->n; s++) {
        for (size_t i = 0; i < set->nin; i++)
            input[s * set->nin + i] = (double)set->input[lane_index(set, s, set->nin, i)];
        for (size_t y = 0; y < set->nclasses; y++)
            target[s * set->nclasses + y] = (double)set->targets[s * set->nclasses + y];
        loss += (double)got->losses[s];
    }
    amkd_reference_train(reference, 0, 0);
    amkd_reference_forward(reference, logits, input);
    for (size_t at = 0; at < set->n * set->nclasses; at++)
        e->logits = amkd_selftest_error(
            e->logits,
            (double)got->logits[lane_index(set, at / set->nclasses, set->nclasses,
                                           at % set->nclasses)],
            logits[at]);
    const double expected =
        amkd_reference_backward(reference, d_parameters, NULL, target);
    e->losses =
        amkd_selftest_error(e->losses, loss / (double)set->n, expected / (double)set->n);
}

static int compare(errors *e, const outcome *got, const sample_set *set)
{
    const amkd_graph *graph = &set->model->graph;
    amkd_reference *reference = NULL;
    double *scratch = amkd_alloc(set->n * (set->nin + 2 * set->nclasses), sizeof(double));
    double *d_parameters = amkd_alloc(graph->nparameters, sizeof(double));
    const int failed =
        !scratch || !d_parameters ||
        amkd_reference_new(&reference, graph, set->model->parameters, set->n);
    if (!failed)
        compare_samples(e, reference, got, set, scratch, d_parameters);
    for (size_t p = 0; p < graph->ntrained && !failed; p++) {
        double sum = 0;
        for (size_t slice = 0; slice < got->nslices; slice++)
            sum += (double)got->gradients[slice * graph->ntrained + p];
        /* Of the sum over samples, whose size does not shrink with their number. */
        e->gradients =
            amkd_selftest_error(e->gradients, sum * (double)set->n, d_parameters[p]);
    }
    amkd_reference_free(reference);
    free(scratch);
    free(d_parameters);
    return failed ? -1 : 0;
}

static int check_model(errors *e, amkd_device *device, const amkd_model *model)
{
    sample_set set = {.model = model,
                      .n = (NBLOCKS - 1) * device->nlanes + 3,
                      .nlanes = device->nlanes,
                      .nin = amkd_shape_size(model->graph.in),
                      .nclasses = model->graph.nclasses};
    outcome got = {0};
    const int failed =
        make_samples(&set) || run_on_device(&got, device, &set) || compare(e, &got, &set);
    free_outcome(&got);
    free(set.input);
    free(set.targets);
    return failed ? -1 : 0;
}

static int check_network(amkd_selftest_run *run, const char *text, amkd_shape in)
{
    amkd_graph graph;
    amkd_model *model = NULL;

    if (amkd_graph_parse(&graph, text, in, 0))
        return -1;
    errors e = {0};
    const int failed =
        amkd_model_init(&model, &graph, 1) || check_model(&e, run->device, model);
    amkd_model_free(model);
    amkd_graph_clear(&graph);
    if (failed)
        return amkd_fail_in("network '%s'", text);
    char what[160];
    snprintf(what, sizeof what, "%s: logits", text);
    amkd_selftest_check(run, what, e.logits, 1e-5);
    snprintf(what, sizeof what, "%s: loss", text);
    amkd_selftest_check(run, what, e.losses, 1e-5);
    snprintf(what, sizeof what, "%s: gradients", text);
    amkd_selftest_check(run, what, e.gradients, 1e-5);
    return 0;
}

int amkd_selftest_networks(amkd_selftest_run *run)
{
    for (size_t n = 0; n < sizeof networks / sizeof *networks; n++)
        if (check_network(run, networks[n].text, networks[n].in))
            return -1;
    return 0;
}
