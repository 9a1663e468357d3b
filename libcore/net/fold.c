/* Batch normalization folded into the weights in front of it. */
#include "net/fold.h"
#include "base/error.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

enum { NONE = -1 };

typedef struct folder {
    const amkd_model *from;
    amkd_model *to;
    ptrdiff_t *norms; /* [nlayers]: the normalization that goes into a layer, or NONE */
    size_t *values;   /* [nlayers + 1]: what values are called in the new graph */
    size_t *origins;  /* [nlayers]: of the new graph's layers */
} folder;

/* The layer right in front of a normalization that can take it in; NONE if there is none.
 */
static ptrdiff_t target_of(const amkd_graph *graph, const amkd_layer *norm)
{
    const size_t value = norm->inputs[0];
    if (!amkd_layer_is(norm, AMKD_NORMALIZES) || !value ||
        amkd_graph_nreaders(graph, value) != 1)
        return NONE;
    return graph->layers[value - 1].kind->give_bias ? (ptrdiff_t)value - 1 : NONE;
}

int amkd_graph_folds(const amkd_graph *graph, size_t l)
{
    return target_of(graph, &graph->layers[l]) != NONE;
}

static int add_layer(folder *f, size_t l)
{
    const amkd_graph *graph = &f->from->graph;
    amkd_layer layer = graph->layers[l];
    for (size_t i = 0; i < layer.ninputs; i++)
        layer.inputs[i] = f->values[layer.inputs[i]];
    if (f->norms[l] != NONE)
        layer.kind->give_bias(&layer);
    f->origins[f->to->graph.nlayers] = l;
    if (amkd_graph_append(&f->to->graph, &layer, layer.module))
        return -1;
    f->values[l + 1] = f->to->graph.nlayers;
    return 0;
}

static int add_layers(folder *f)
{
    const amkd_graph *graph = &f->from->graph;
    for (size_t l = 0; l < graph->nlayers; l++)
        f->norms[l] = NONE;
    for (size_t l = 0; l < graph->nlayers; l++) {
        const ptrdiff_t target = target_of(graph, &graph->layers[l]);
        if (target != NONE)
            f->norms[target] = (ptrdiff_t)l;
    }
    for (size_t l = 0; l < graph->nlayers; l++) {
        if (amkd_graph_folds(graph, l))
            f->values[l + 1] = f->values[graph->layers[l].inputs[0]];
        else if (add_layer(f, l))
            return -1;
    }
    amkd_graph_finish(&f->to->graph);
    return 0;
}

static void copy_parameters(const folder *f, const amkd_layer *to, const amkd_layer *from)
{
    for (size_t p = 0; p < to->nparameters; p++) {
        const amkd_parameter *old = amkd_layer_parameter(from, to->parameters[p].name);
        if (old)
            memcpy(f->to->parameters + to->parameters[p].offset,
                   f->from->parameters + old->offset, old->n * sizeof(float));
    }
}

static int scale_parameters(const folder *f, const amkd_layer *to, const amkd_layer *norm)
{
    const size_t n = norm->in.channels;
    float *scale = amkd_alloc(2 * n, sizeof *scale), *shift = scale ? scale + n : NULL;
    if (!scale)
        return -1;
    const amkd_parameter *weight = amkd_layer_parameter(to, "weight");
    float *weights = f->to->parameters + weight->offset;
    float *biases = f->to->parameters + amkd_layer_parameter(to, "bias")->offset;
    const size_t fan_in = weight->n / n;
    norm->kind->affine(norm, f->from->parameters, scale, shift);
    for (size_t o = 0; o < n; o++) {
        for (size_t i = 0; i < fan_in; i++)
            weights[o * fan_in + i] *= scale[o];
        biases[o] = biases[o] * scale[o] + shift[o];
    }
    free(scale);
    return 0;
}

static int fill_parameters(folder *f)
{
    const amkd_graph *from = &f->from->graph, *to = &f->to->graph;
    f->to->parameters = amkd_alloc(to->nparameters, sizeof(float));
    if (!f->to->parameters)
        return -1;
    for (size_t l = 0; l < to->nlayers; l++) {
        const size_t origin = f->origins[l];
        copy_parameters(f, &to->layers[l], &from->layers[origin]);
        if (f->norms[origin] != NONE &&
            scale_parameters(f, &to->layers[l], &from->layers[f->norms[origin]]))
            return -1;
    }
    return 0;
}

int amkd_model_fold(amkd_model **out, const amkd_model *model)
{
    const amkd_graph *graph = &model->graph;
    folder f = {.from = model};
    if (amkd_model_new(&f.to))
        return -1;
    f.norms = amkd_alloc(graph->nlayers, sizeof *f.norms);
    f.values = amkd_alloc(graph->nlayers + 1, sizeof *f.values);
    f.origins = amkd_alloc(graph->nlayers, sizeof *f.origins);
    f.to->graph.in = graph->in;
    f.to->graph.nclasses = graph->nclasses;
    f.to->graph.text = amkd_strdup(graph->text);
    memcpy(f.to->mean, model->mean, sizeof model->mean);
    memcpy(f.to->std, model->std, sizeof model->std);
    f.to->temperature = model->temperature;
    const int rc = f.norms && f.values && f.origins && f.to->graph.text &&
                           !add_layers(&f) && !fill_parameters(&f)
                       ? 0
                       : -1;
    free(f.norms);
    free(f.values);
    free(f.origins);
    if (rc)
        amkd_model_free(f.to);
    else
        *out = f.to;
    return rc;
}
