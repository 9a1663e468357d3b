/* A graph as a value: how layers are added to it, its copies, its end, its sizes. text.c
 * makes one of a text. */
#include "graph/graph.h"
#include "base/error.h"
#include "base/memory.h"
#include "layers/words.h"
#include <stdlib.h>
#include <string.h>

enum { MAX_LAYERS = 4096 };

int amkd_graph_copy(amkd_graph *graph, const amkd_graph *source)
{
    *graph = *source;
    graph->text = amkd_strdup(source->text);
    graph->layers = amkd_alloc(source->nlayers, sizeof(*graph->layers));
    if (!graph->text || !graph->layers) {
        amkd_graph_clear(graph);
        return -1;
    }
    memcpy(graph->layers, source->layers, source->nlayers * sizeof(*graph->layers));
    return 0;
}

void amkd_graph_clear(amkd_graph *graph)
{
    free(graph->text);
    free(graph->layers);
    memset(graph, 0, sizeof(*graph));
}

double amkd_graph_nmacs(const amkd_graph *graph)
{
    double nmacs = 0;
    for (size_t l = 0; l < graph->nlayers; l++)
        nmacs += amkd_layer_nmacs(&graph->layers[l]);
    return nmacs;
}

amkd_shape amkd_graph_shape(const amkd_graph *graph, size_t value)
{
    return value ? graph->layers[value - 1].out : graph->in;
}

size_t amkd_graph_nreaders(const amkd_graph *graph, size_t value)
{
    size_t n = 0;
    for (size_t l = 0; l < graph->nlayers; l++)
        for (size_t i = 0; i < graph->layers[l].ninputs; i++)
            n += graph->layers[l].inputs[i] == value;
    return n;
}

/* Counts the layer's parameters; those of its role lie behind each other. */
static int place_parameters(amkd_graph *graph, amkd_layer *layer, const char *where)
{
    for (size_t p = 0; p < layer->nparameters; p++) {
        amkd_parameter *parameter = &layer->parameters[p];
        if (parameter->role == AMKD_TRAINED) {
            parameter->offset = graph->ntrained;
            graph->ntrained += parameter->n;
        }
        graph->nparameters += parameter->n;
        if (graph->nparameters > AMKD_MAX_FLOATS)
            return amkd_fail("%s: the network has too many parameters with this layer",
                             where);
    }
    return 0;
}

/* Room for one more layer; there is room up to the next power of two. */
static int make_room(amkd_graph *graph)
{
    const size_t n = graph->nlayers;
    if (n & (n - 1))
        return 0;
    amkd_layer *grown =
        amkd_realloc(graph->layers, n ? 2 * n : 1, sizeof(*graph->layers));
    if (!grown)
        return -1;
    graph->layers = grown;
    return 0;
}

int amkd_graph_append(amkd_graph *graph, const amkd_layer *layer, const char *where)
{
    amkd_shape inputs[AMKD_MAX_INPUTS];
    size_t size;
    if (graph->nlayers == MAX_LAYERS)
        return amkd_fail("more than %d layers", MAX_LAYERS);
    if (make_room(graph))
        return -1;
    amkd_layer *added = &graph->layers[graph->nlayers];
    *added = *layer;
    for (size_t i = 0; i < layer->ninputs; i++)
        inputs[i] = amkd_graph_shape(graph, layer->inputs[i]);
    added->in = inputs[0];
    if (!layer->kind->shape)
        added->out = added->in;
    else if (layer->kind->shape(added, inputs, where))
        return -1;
    if (amkd_floats(&size, added->out.channels, added->out.height, added->out.width,
                    where) ||
        place_parameters(graph, added, where))
        return -1;
    graph->nlayers++;
    return 0;
}

void amkd_graph_finish(amkd_graph *graph)
{
    size_t offset = graph->ntrained;
    for (size_t l = 0; l < graph->nlayers; l++)
        for (size_t p = 0; p < graph->layers[l].nparameters; p++) {
            amkd_parameter *parameter = &graph->layers[l].parameters[p];
            if (parameter->role == AMKD_TRAINED)
                continue;
            parameter->offset = offset;
            offset += parameter->n;
        }
}
