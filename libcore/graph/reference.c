/* The float64 reference: the layers' own loops, one behind the other. */
#include "graph/reference.h"
#include "base/memory.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct amkd_reference {
    amkd_graph graph;
    size_t n; /* samples of a batch */
    double *parameters;
    double **values;   /* [nlayers + 1], [sample][c][y][x] */
    double **d_values; /* the loss's gradients by them */
    int training;
    uint64_t seed, step;
};

static size_t size_of(const amkd_reference *reference, size_t value)
{
    return reference->n * amkd_shape_size(amkd_graph_shape(&reference->graph, value));
}

static int new_values(amkd_reference *reference)
{
    const size_t nvalues = reference->graph.nlayers + 1;
    reference->values = amkd_alloc(nvalues, sizeof(double *));
    reference->d_values = amkd_alloc(nvalues, sizeof(double *));
    if (!reference->values || !reference->d_values)
        return -1;
    for (size_t v = 0; v < nvalues; v++) {
        reference->values[v] = amkd_alloc(size_of(reference, v), sizeof(double));
        reference->d_values[v] = amkd_alloc(size_of(reference, v), sizeof(double));
        if (!reference->values[v] || !reference->d_values[v])
            return -1;
    }
    return 0;
}

int amkd_reference_new(amkd_reference **out, const amkd_graph *graph,
                       const float *parameters, size_t n)
{
    *out = NULL;
    amkd_reference *reference = amkd_alloc(1, sizeof(*reference));
    if (!reference)
        return -1;
    reference->n = n;
    reference->parameters = amkd_alloc(graph->nparameters, sizeof(double));
    if (!reference->parameters || amkd_graph_copy(&reference->graph, graph) ||
        new_values(reference)) {
        amkd_reference_free(reference);
        return -1;
    }
    for (size_t p = 0; p < graph->nparameters; p++)
        reference->parameters[p] = (double)parameters[p];
    *out = reference;
    return 0;
}

void amkd_reference_free(amkd_reference *reference)
{
    if (!reference)
        return;
    for (size_t v = 0; v <= reference->graph.nlayers; v++) {
        if (reference->values)
            free(reference->values[v]);
        if (reference->d_values)
            free(reference->d_values[v]);
    }
    free(reference->values);
    free(reference->d_values);
    free(reference->parameters);
    amkd_graph_clear(&reference->graph);
    free(reference);
}

double *amkd_reference_parameters(amkd_reference *reference)
{
    return reference->parameters;
}

void amkd_reference_train(amkd_reference *reference, uint64_t seed, uint64_t step)
{
    reference->training = 1;
    reference->seed = seed;
    reference->step = step;
}

/* Layer l's work; in and d_in, [AMKD_MAX_INPUTS], are filled with its inputs'. */
static amkd_batch64 batch_of(const amkd_reference *reference, size_t l, const double **in,
                             double **d_in)
{
    const amkd_layer *layer = &reference->graph.layers[l];
    for (size_t i = 0; i < layer->ninputs; i++) {
        in[i] = reference->values[layer->inputs[i]];
        d_in[i] = reference->d_values[layer->inputs[i]];
    }
    return (amkd_batch64){.n = reference->n,
                          .training = reference->training,
                          .seed = reference->seed,
                          .step = reference->step,
                          .layer = l,
                          .in = in,
                          .out = reference->values[l + 1],
                          .parameters = reference->parameters};
}

void amkd_reference_forward(amkd_reference *reference, double *logits,
                            const double *input)
{
    const amkd_graph *graph = &reference->graph;
    memcpy(reference->values[0], input, size_of(reference, 0) * sizeof(double));
    for (size_t l = 0; l < graph->nlayers; l++) {
        const double *in[AMKD_MAX_INPUTS];
        double *d_in[AMKD_MAX_INPUTS];
        const amkd_batch64 batch = batch_of(reference, l, in, d_in);
        graph->layers[l].kind->forward64(&graph->layers[l], &batch);
    }
    memcpy(logits, reference->values[graph->nlayers],
           size_of(reference, graph->nlayers) * sizeof(double));
}

/* log sum_y exp(logits[y]), without overflow. */
static double log_sum_exp(const double *logits, size_t n)
{
    double highest = logits[0], sum = 0;
    for (size_t y = 1; y < n; y++)
        highest = logits[y] > highest ? logits[y] : highest;
    for (size_t y = 0; y < n; y++)
        sum += exp(logits[y] - highest);
    return highest + log(sum);
}

void amkd_reference_softmax(double *probs, const double *logits, size_t n)
{
    double total = log_sum_exp(logits, n);
    for (size_t y = 0; y < n; y++)
        probs[y] = exp(logits[y] - total);
}

/* One sample's loss, and its gradient by the logits. */
static double loss_of(double *d_logits, const double *logits, const double *target,
                      size_t nclasses)
{
    const double total = log_sum_exp(logits, nclasses);
    double loss = 0, target_sum = 0;
    for (size_t y = 0; y < nclasses; y++) {
        loss += target[y] * (total - logits[y]);
        target_sum += target[y];
    }
    for (size_t y = 0; y < nclasses; y++)
        d_logits[y] = target_sum * exp(logits[y] - total) - target[y];
    return loss;
}

double amkd_reference_backward(amkd_reference *reference, double *d_parameters,
                               double *d_input, const double *target)
{
    const amkd_graph *graph = &reference->graph;
    const size_t last = graph->nlayers, nclasses = graph->nclasses;
    double loss = 0;
    for (size_t v = 0; v < last; v++)
        memset(reference->d_values[v], 0, size_of(reference, v) * sizeof(double));
    for (size_t s = 0; s < reference->n; s++)
        loss += loss_of(reference->d_values[last] + s * nclasses,
                        reference->values[last] + s * nclasses, target + s * nclasses,
                        nclasses);
    for (size_t l = last; l-- > 0;) {
        const double *in[AMKD_MAX_INPUTS];
        double *d_in[AMKD_MAX_INPUTS];
        amkd_batch64 batch = batch_of(reference, l, in, d_in);
        batch.d_out = reference->d_values[l + 1];
        batch.d_in = d_in;
        batch.d_parameters = d_parameters;
        graph->layers[l].kind->backward64(&graph->layers[l], &batch);
    }
    if (d_input)
        memcpy(d_input, reference->d_values[0], size_of(reference, 0) * sizeof(double));
    return loss;
}
