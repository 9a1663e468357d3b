/* Architecture texts of any bytes: refused, or layers that fit each other, with a
 * canonical text that stands for the same. The first four bytes are channels, height,
 * width and the number of classes. */
#include "fuzz/target.h"
#include "graph/graph.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void require(int truth, const char *what)
{
    if (!truth) {
        fprintf(stderr, "broken promise: %s\n", what);
        abort();
    }
}

static int same_shape(amkd_shape a, amkd_shape b)
{
    return a.channels == b.channels && a.height == b.height && a.width == b.width;
}

static int same_layers(const amkd_graph *a, const amkd_graph *b)
{
    int same = a->nlayers == b->nlayers;
    for (size_t l = 0; l < a->nlayers && same; l++) {
        const amkd_layer *x = &a->layers[l], *y = &b->layers[l];
        char one[AMKD_LAYER_NBYTES], other[AMKD_LAYER_NBYTES];
        amkd_layer_print(one, sizeof one, x);
        amkd_layer_print(other, sizeof other, y);
        same = !strcmp(one, other) && !strcmp(x->module, y->module) &&
               same_shape(x->in, y->in) && same_shape(x->out, y->out) &&
               x->ninputs == y->ninputs &&
               !memcmp(x->inputs, y->inputs, sizeof x->inputs) &&
               x->nparameters == y->nparameters;
        for (size_t p = 0; same && p < x->nparameters; p++)
            same = x->parameters[p].offset == y->parameters[p].offset &&
                   x->parameters[p].n == y->parameters[p].n;
    }
    return same;
}

static void check_layers(const amkd_graph *graph)
{
    size_t ends[] = {0, graph->ntrained}; /* of what is trained, of the state */
    for (size_t l = 0; l < graph->nlayers; l++) {
        const amkd_layer *layer = &graph->layers[l];
        for (size_t i = 0; i < layer->ninputs; i++)
            require(layer->inputs[i] <= l, "a value is made before it is read");
        require(same_shape(layer->in, amkd_graph_shape(graph, layer->inputs[0])),
                "layers fit each other");
        require(amkd_shape_size(layer->out) > 0, "every layer has an output");
        for (size_t p = 0; p < layer->nparameters; p++) {
            size_t *end = &ends[layer->parameters[p].role == AMKD_STATE];
            require(layer->parameters[p].offset == *end,
                    "parameters lie one after the other");
            *end += layer->parameters[p].n;
        }
    }
    require(ends[0] == graph->ntrained && ends[1] == graph->nparameters &&
                graph->nclasses == graph->layers[graph->nlayers - 1].out.channels,
            "the sums are those of the layers");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    amkd_graph graph, again;
    if (nbytes < 4)
        return 0;
    char *text = calloc(nbytes - 3, 1);
    require(text != NULL, "there is memory");
    memcpy(text, bytes + 4, nbytes - 4);
    if (!amkd_graph_parse(&graph, text, (amkd_shape){bytes[0], bytes[1], bytes[2]},
                          bytes[3])) {
        check_layers(&graph);
        require(!amkd_graph_parse(&again, graph.text, graph.in, graph.nclasses),
                "the canonical text parses");
        require(!strcmp(graph.text, again.text) && same_layers(&graph, &again),
                "it stands for the same");
        amkd_graph_clear(&again);
        amkd_graph_clear(&graph);
    }
    free(text);
    return 0;
}
