/* How a network's graph runs: its nodes, and who applies which derivative.
 * wiring_buffers.c arranges the rest. */
#include "net/wiring.h"
#include "base/memory.h"
#include "net/wiring_internal.h"
#include <stdlib.h>
#include <string.h>

static int is_alias(const amkd_layer *layer, int train)
{
    return amkd_layer_is(layer, train ? AMKD_TRAINS_ALIAS : AMKD_ALIAS);
}

/* Whether the activation goes into the node in front of it. */
static int can_fuse(const amkd_wiring *s, const amkd_graph *graph, const amkd_layer *act,
                    int train)
{
    const size_t value = act->inputs[0];
    if (!amkd_layer_is(act, AMKD_IS_ACT) || !value || s->made_by[value] == AMKD_NOWHERE ||
        amkd_graph_nreaders(graph, value) != 1)
        return 0;
    const amkd_node *node = &s->nodes[s->made_by[value]];
    return node->output == value && !node->act.name &&
           amkd_layer_is(&graph->layers[node->layer], AMKD_TAKES_ACT) &&
           (!train || amkd_layer_is(act, AMKD_FROM_OUTPUT));
}

/* The node that ends a sum's later branch, whose op can add the other one, which is there
 * by then. NULL if there is none. */
static amkd_node *last_branch(const amkd_wiring *s, const amkd_graph *graph,
                              const amkd_layer *sum)
{
    if (!amkd_layer_is(sum, AMKD_SUMS) || sum->ninputs != 2)
        return NULL;
    const size_t a = sum->inputs[0], b = sum->inputs[1], value = a > b ? a : b;
    if (s->made_by[value] == AMKD_NOWHERE || amkd_graph_nreaders(graph, value) != 1)
        return NULL;
    amkd_node *node = &s->nodes[s->made_by[value]];
    const amkd_layer *layer = &graph->layers[node->layer];
    return node->output == value && !node->act.name && node->sum_layer == AMKD_NOWHERE &&
                   layer->kind->takes_sum && layer->kind->takes_sum(layer)
               ? node
               : NULL;
}

/* Adds a sum's other branch at the end of its later one. */
static void fuse_sum(amkd_wiring *s, amkd_node *node, const amkd_layer *sum, size_t l,
                     const size_t *same)
{
    const size_t a = sum->inputs[0], b = sum->inputs[1];
    s->made_by[l + 1] = s->made_by[node->output];
    s->made_by[node->output] = AMKD_NOWHERE;
    node->inputs[node->ninputs++] = same[a < b ? a : b];
    node->sum_layer = l;
    node->output = l + 1;
}

static void add_node(amkd_wiring *s, const amkd_layer *layer, size_t l,
                     const size_t *same)
{
    amkd_node *node = &s->nodes[s->nnodes];
    *node = (amkd_node){.layer = l,
                        .sum_layer = AMKD_NOWHERE,
                        .act_layer = AMKD_NOWHERE,
                        .ninputs = layer->ninputs,
                        .output = l + 1};
    for (size_t i = 0; i < layer->ninputs; i++)
        node->inputs[i] = same[layer->inputs[i]];
    s->made_by[l + 1] = s->nnodes++;
}

/* same[v]: the value whose alias v is, itself mostly. */
static void list_nodes(amkd_wiring *s, const amkd_graph *graph, int train, size_t *same)
{
    for (size_t v = 0; v < s->nvalues; v++) {
        same[v] = v;
        s->made_by[v] = AMKD_NOWHERE;
    }
    for (size_t l = 0; l < graph->nlayers; l++) {
        const amkd_layer *layer = &graph->layers[l];
        amkd_node *branch = last_branch(s, graph, layer);
        if (is_alias(layer, train)) {
            same[l + 1] = same[layer->inputs[0]];
        } else if (can_fuse(s, graph, layer, train)) {
            amkd_node *node = &s->nodes[s->made_by[layer->inputs[0]]];
            node->act = layer->kind->act(layer);
            node->act_layer = l;
            node->output = l + 1;
            s->made_by[l + 1] = s->made_by[layer->inputs[0]];
            s->made_by[layer->inputs[0]] = AMKD_NOWHERE;
        } else if (branch) {
            fuse_sum(s, branch, layer, l, same);
        } else {
            add_node(s, layer, l, same);
        }
    }
}

/* The node that reads a value first, and so is the last to add to the gradient by it, if
 * that can have the derivative in it; else NULL. */
static amkd_node *last_back(amkd_wiring *s, const amkd_graph *graph, size_t value)
{
    amkd_node *first = NULL;
    size_t nreads = 0;
    for (size_t n = 0; n < s->nnodes; n++)
        for (size_t i = 0; i < s->nodes[n].ninputs; i++)
            if (s->nodes[n].inputs[i] == value) {
                first = first ? first : &s->nodes[n];
                nreads++;
            }
    if (!first)
        return NULL;
    const amkd_layer *layer = &graph->layers[first->layer];
    return layer->ninputs == 1 && first->inputs[0] == value &&
                   amkd_layer_is(layer, AMKD_MASKS) &&
                   (nreads == 1 || layer->kind->facts.adds)
               ? first
               : NULL;
}

/* Who applies the derivative of what is fused. */
static void place_masks(amkd_wiring *s, const amkd_graph *graph)
{
    for (size_t n = 0; n < s->nnodes; n++) {
        amkd_node *node = &s->nodes[n];
        if (!node->act.name)
            continue;
        amkd_node *reader = last_back(s, graph, node->output);
        if (reader)
            reader->previous_act = node->act;
        else
            node->masks = 1;
    }
}

int amkd_wiring_new(amkd_wiring *wiring, const amkd_graph *graph, int train)
{
    *wiring = (amkd_wiring){.nvalues = graph->nlayers + 1};
    size_t *same = amkd_alloc(wiring->nvalues, sizeof *same);
    wiring->nodes = amkd_alloc(graph->nlayers, sizeof *wiring->nodes);
    wiring->values = amkd_alloc(wiring->nvalues, sizeof *wiring->values);
    wiring->made_by = amkd_alloc(wiring->nvalues, sizeof *wiring->made_by);
    int rc = same && wiring->nodes && wiring->values && wiring->made_by ? 0 : -1;
    if (!rc) {
        list_nodes(wiring, graph, train, same);
        if (train)
            place_masks(wiring, graph);
        rc = amkd_wiring_arrange(wiring, graph, same, train);
    }
    free(same);
    if (rc)
        amkd_wiring_clear(wiring);
    return rc;
}

void amkd_wiring_clear(amkd_wiring *wiring)
{
    free(wiring->nodes);
    free(wiring->steps);
    free(wiring->values);
    free(wiring->sizes);
    free(wiring->made_by);
    *wiring = (amkd_wiring){0};
}

size_t amkd_wiring_size(const amkd_wiring *wiring)
{
    size_t size = 0;
    for (size_t b = 0; b < wiring->nbuffers; b++)
        size += wiring->sizes[b];
    return size;
}
