/* A network on a device: the ops and buffers of a wiring. */
#include "base/error.h"
#include "base/memory.h"
#include "net/network_internal.h"
#include "net/network_room.h"
#include "ops/act.h"
#include "ops/join.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int amkd_network_fail_at(const amkd_network *network, size_t n, const char *what)
{
    char text[AMKD_LAYER_NBYTES];
    amkd_layer_print(text, sizeof text, amkd_network_layer(network, n));
    return amkd_fail_in("layer '%s: %s'%s", amkd_network_layer(network, n)->module, text,
                        what);
}

static int add_op(amkd_network *network, size_t n, int train)
{
    const amkd_node *node = &network->wiring.nodes[n];
    const amkd_layer *layer = amkd_network_layer(network, n);
    const amkd_op_options options = {
        .train = train,
        .layer = node->layer,
        .sum = node->sum_layer != AMKD_NOWHERE,
        .act = node->act,
        .previous_act = node->previous_act,
        .ntrained = network->graph.ntrained,
        .nslices = network->all_slices,
        .max_blocks = network->all_blocks,
    };
    const amkd_op_shape shape = amkd_layer_op_shape(layer, &options);
    if (layer->kind->open(&network->ops[n], network->device, layer, &options) ||
        (node->masks && amkd_act_mask_new(&network->masks[n], network->device, &shape)))
        return amkd_network_fail_at(network, n, "");
    return 0;
}

/* An op that adds to the gradient by an input of node n: a sum without activation. */
static int add_sum(amkd_network *network, size_t step_number)
{
    const amkd_step *step = &network->wiring.steps[step_number];
    const amkd_node *node = &network->wiring.nodes[step->node];
    if (step->type != AMKD_STEP_ADD)
        return 0;
    const amkd_shape in = amkd_graph_shape(&network->graph, node->inputs[step->input]);
    const amkd_op_shape shape = {.in_channels = in.channels,
                                 .in_height = in.height,
                                 .in_width = in.width,
                                 .out_channels = in.channels,
                                 .out_height = in.height,
                                 .out_width = in.width,
                                 .kernel_height = 1,
                                 .kernel_width = 1,
                                 .stride = 1,
                                 .groups = 1,
                                 .dilation = 1};
    return amkd_sum_new(&network->adds[step_number], network->device, &shape, 2);
}

static int add_buffers(amkd_network *network, int train)
{
    amkd_device *device = network->device;
    const amkd_wiring *s = &network->wiring;
    const size_t nparameters = network->graph.nparameters * sizeof(float);
    const size_t ntrained = network->graph.ntrained * sizeof(float);
    for (size_t b = 0; b < s->nbuffers; b++) {
        const size_t nbytes =
            s->sizes[b] * network->max_blocks * device->nlanes * sizeof(float);
        if (amkd_buffer_new(&network->buffers[b], device, CL_MEM_READ_WRITE, nbytes,
                            NULL))
            return amkd_fail_in("values of '%.100s' for %zu samples", network->graph.text,
                                network->max_blocks * device->nlanes);
    }
    return amkd_buffer_new(&network->parameters, device, CL_MEM_READ_WRITE, nparameters,
                           NULL) ||
                   (train &&
                    amkd_buffer_new(&network->gradients, device, CL_MEM_READ_WRITE,
                                    ntrained * network->nslices, NULL))
               ? -1
               : 0;
}

static int fill(amkd_network *network, int train)
{
    const amkd_wiring *s = &network->wiring;
    network->ops = amkd_alloc(s->nnodes, sizeof *network->ops);
    network->masks = amkd_alloc(s->nnodes, sizeof *network->masks);
    network->adds = amkd_alloc(s->nsteps + 1, sizeof *network->adds);
    network->buffers = amkd_alloc(s->nbuffers, sizeof *network->buffers);
    if (!network->ops || !network->masks || !network->adds || !network->buffers ||
        add_buffers(network, train))
        return -1;
    for (size_t n = 0; n < s->nnodes; n++)
        if (add_op(network, n, train))
            return -1;
    for (size_t step = 0; step < s->nsteps; step++)
        if (add_sum(network, step))
            return -1;
    return 0;
}

/* The slices of a member, and the blocks that they have at most. */
static void take_share(amkd_network *network, const amkd_team *team)
{
    const size_t n = network->all_slices, blocks = network->all_blocks;
    const size_t rank = amkd_team_rank(team), size = amkd_team_size(team);
    const size_t first = amkd_first_slice(n, rank, size);
    network->nslices = amkd_first_slice(n, rank + 1, size) - first;
    const size_t most = network->nslices * (blocks ? (blocks + n - 1) / n : 0);
    network->max_blocks = most < blocks ? most : blocks;
}

int amkd_network_new(amkd_network **out, amkd_device *device, const amkd_graph *graph,
                     size_t max_blocks, int train)
{
    return amkd_network_new_member(out, device, graph, max_blocks, train, NULL);
}

int amkd_network_new_member(amkd_network **out, amkd_device *device,
                            const amkd_graph *graph, size_t max_blocks, int train,
                            const amkd_team *team)
{
    amkd_network *network = amkd_alloc(1, sizeof *network);
    if (!network)
        return -1;
    network->device = device;
    network->all_blocks = max_blocks;
    network->all_slices = amkd_network_choose_nslices(device, max_blocks, team);
    take_share(network, team);
    if ((team && amkd_network_check_members(device, amkd_team_size(team))) ||
        amkd_graph_copy(&network->graph, graph) ||
        amkd_wiring_new(&network->wiring, graph, train) || fill(network, train)) {
        amkd_network_free(network);
        return -1;
    }
    *out = network;
    return 0;
}

cl_mem amkd_network_parameters(const amkd_network *network)
{
    return network->parameters;
}

cl_mem amkd_network_gradients(const amkd_network *network)
{
    return network->gradients;
}

size_t amkd_network_nslices(const amkd_network *network)
{
    return network->nslices;
}

cl_mem amkd_network_logits_gradient(const amkd_network *network)
{
    return network->buffers[network->wiring.logits_gradient];
}

cl_mem amkd_network_value(const amkd_network *network, size_t value)
{
    const size_t buffer = network->wiring.values[value];
    return buffer == AMKD_NOWHERE ? NULL : network->buffers[buffer];
}

cl_mem amkd_network_logits(const amkd_network *network)
{
    return amkd_network_value(network, network->graph.nlayers);
}

size_t amkd_network_nops(const amkd_network *network)
{
    return network->wiring.nnodes;
}

amkd_op *amkd_network_op(const amkd_network *network, size_t op)
{
    return network->ops[op];
}

size_t amkd_network_op_layer(const amkd_network *network, size_t op)
{
    return network->wiring.nodes[op].layer;
}

void amkd_network_op_print(char *text, size_t nbytes, const amkd_network *network,
                           size_t op)
{
    const amkd_node *node = &network->wiring.nodes[op];
    char act[AMKD_LAYER_NBYTES] = "", layer[AMKD_LAYER_NBYTES];
    const char *sum = node->sum_layer != AMKD_NOWHERE ? " + branch" : "";
    amkd_layer_print(layer, sizeof layer, amkd_network_layer(network, op));
    if (node->act_layer != AMKD_NOWHERE)
        amkd_layer_print(act, sizeof act, &network->graph.layers[node->act_layer]);
    snprintf(text, nbytes, "%s%s%s%s", layer, sum, *act ? " | " : "", act);
}

static void free_ops(amkd_op **ops, size_t n)
{
    for (size_t o = 0; ops && o < n; o++)
        amkd_op_free(ops[o]);
    free(ops);
}

void amkd_network_free(amkd_network *network)
{
    if (!network)
        return;
    free_ops(network->ops, network->wiring.nnodes);
    free_ops(network->masks, network->wiring.nnodes);
    free_ops(network->adds, network->wiring.nsteps);
    for (size_t b = 0; network->buffers && b < network->wiring.nbuffers; b++)
        amkd_buffer_free(network->buffers[b]);
    free(network->buffers);
    amkd_buffer_free(network->parameters);
    amkd_buffer_free(network->gradients);
    amkd_wiring_clear(&network->wiring);
    amkd_graph_clear(&network->graph);
    free(network);
}
