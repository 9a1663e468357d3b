/* A network on a device: the ops and buffers of a wiring. */
#include "net/network.h"
#include "base/error.h"
#include "base/memory.h"
#include "net/network_profile.h"
#include "net/network_room.h"
#include "net/wiring.h"
#include "ops/act.h"
#include "ops/join.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct amkd_network {
    amkd_device *device;
    amkd_graph graph;
    amkd_wiring wiring;
    size_t max_blocks;             /* of a run */
    size_t nslices;                /* copies of the gradients */
    size_t all_blocks, all_slices; /* the team's together */
    amkd_op **ops;                 /* [nnodes] */
    amkd_op **masks; /* [nnodes]: of those whose derivative is a step; else NULL */
    amkd_op **adds;  /* [nsteps]: of those that add; else NULL */
    cl_mem *buffers; /* [nbuffers] */
    cl_mem parameters, gradients;
};

static const amkd_layer *layer_of(const amkd_network *network, size_t n)
{
    return &network->graph.layers[network->wiring.nodes[n].layer];
}

static int fail_at(const amkd_network *network, size_t n, const char *what)
{
    char text[AMKD_LAYER_NBYTES];
    amkd_layer_print(text, sizeof text, layer_of(network, n));
    return amkd_fail_in("layer '%s: %s'%s", layer_of(network, n)->module, text, what);
}

static int add_op(amkd_network *network, size_t n, int train)
{
    const amkd_node *node = &network->wiring.nodes[n];
    const amkd_layer *layer = layer_of(network, n);
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
        return fail_at(network, n, "");
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
    amkd_layer_print(layer, sizeof layer, layer_of(network, op));
    if (node->act_layer != AMKD_NOWHERE)
        amkd_layer_print(act, sizeof act, &network->graph.layers[node->act_layer]);
    snprintf(text, nbytes, "%s%s%s%s", layer, sum, *act ? " | " : "", act);
}

/* What a node reads and makes; its gradients are the step's. */
static amkd_op_args args_of(const amkd_network *network, size_t n, const amkd_batch *run)
{
    const amkd_node *node = &network->wiring.nodes[n];
    amkd_op_args args = {.run = *run,
                         .y = amkd_network_value(network, node->output),
                         .parameters = network->parameters,
                         .gradients = network->gradients};
    for (size_t i = 0; i < node->ninputs; i++)
        args.x[i] = amkd_network_value(network, node->inputs[i]);
    return args;
}

static cl_mem buffer_of(const amkd_network *network, size_t buffer)
{
    return buffer == AMKD_NOWHERE ? NULL : network->buffers[buffer];
}

/* What a step copies: of its two buffers, which others share too, what the smaller holds.
 */
static size_t copied_nbytes(const amkd_network *network, const amkd_step *step,
                            const amkd_batch *run)
{
    const size_t size =
        network->wiring.sizes[step->from] < network->wiring.sizes[step->to]
            ? network->wiring.sizes[step->from]
            : network->wiring.sizes[step->to];
    return size * run->nblocks * network->device->nlanes * sizeof(float);
}

/* Says what the kernels are for that come next. */
static void tell_work(const amkd_network *network, size_t n, amkd_pass pass,
                      const amkd_batch *run)
{
    char text[2 * AMKD_LAYER_NBYTES];
    if (!network->device->profile)
        return;
    amkd_network_op_print(text, sizeof text, network, n);
    amkd_network_tell(network->device->profile, layer_of(network, n), text,
                      pass == AMKD_FORWARD &&
                          network->wiring.nodes[n].sum_layer != AMKD_NOWHERE,
                      pass, run);
}

static int run_step(amkd_network *network, size_t step_number, const amkd_batch *run)
{
    const amkd_step *step = &network->wiring.steps[step_number];
    amkd_op_args args = {.run = *run};
    const cl_mem from = buffer_of(network, step->from), to = buffer_of(network, step->to);
    amkd_profile_begin(network->device->profile, NULL);
    if (step->type == AMKD_STEP_COPY)
        return amkd_buffer_copy(network->device, to, 0, from,
                                copied_nbytes(network, step, run));
    if (step->type == AMKD_STEP_ADD) {
        args.x[0] = args.y = to;
        args.x[1] = from;
        return amkd_op_run(network->adds[step_number], AMKD_FORWARD, &args);
    }
    if (step->type == AMKD_STEP_MASK) {
        args.x[0] = amkd_network_value(network, network->wiring.nodes[step->node].output);
        args.y = to;
        return amkd_op_run(network->masks[step->node], AMKD_FORWARD, &args);
    }
    args = args_of(network, step->node, run);
    args.dy = from;
    args.dx = to;
    args.input = step->input;
    args.add = step->add;
    const amkd_pass pass =
        step->type == AMKD_STEP_DATA ? AMKD_BACKWARD_DATA : AMKD_BACKWARD_WEIGHTS;
    tell_work(network, step->node, pass, run);
    return amkd_op_run(network->ops[step->node], pass, &args);
}

static int check_run(const amkd_network *network, const amkd_batch *run)
{
    return run->nblocks > network->max_blocks
               ? amkd_fail("cannot run a network over %zu blocks, expected %zu at most",
                           run->nblocks, network->max_blocks)
               : 0;
}

static int run_forward(amkd_network *network, size_t n, const amkd_batch *run)
{
    const amkd_op_args args = args_of(network, n, run);
    tell_work(network, n, AMKD_FORWARD, run);
    return amkd_op_run(network->ops[n], AMKD_FORWARD, &args) ? fail_at(network, n, "")
                                                             : 0;
}

static int run_backward(amkd_network *network, size_t step, const amkd_batch *run)
{
    return run_step(network, step, run)
               ? fail_at(network, network->wiring.steps[step].node, ", backward")
               : 0;
}

static int is_pass(const amkd_step *step, size_t op, amkd_pass pass)
{
    return step->node == op &&
           ((pass == AMKD_BACKWARD_DATA && step->type == AMKD_STEP_DATA) ||
            (pass == AMKD_BACKWARD_WEIGHTS && step->type == AMKD_STEP_WEIGHTS));
}

int amkd_network_has_pass(const amkd_network *network, size_t op, amkd_pass pass)
{
    const amkd_wiring *s = &network->wiring;
    for (size_t step = 0; step < s->nsteps; step++)
        if (is_pass(&s->steps[step], op, pass))
            return 1;
    return pass == AMKD_FORWARD;
}

int amkd_network_run_op(amkd_network *network, size_t op, amkd_pass pass,
                        const amkd_batch *run)
{
    const amkd_wiring *s = &network->wiring;
    if (check_run(network, run))
        return -1;
    if (pass == AMKD_FORWARD)
        return run_forward(network, op, run);
    for (size_t step = 0; step < s->nsteps; step++)
        if (is_pass(&s->steps[step], op, pass) && run_backward(network, step, run))
            return -1;
    return 0;
}

/* The first node that is to run when value is there. */
static size_t first_node(const amkd_network *network, size_t value)
{
    const amkd_wiring *s = &network->wiring;
    size_t n = 0;
    while (n < s->nnodes && s->nodes[n].layer < value)
        n++;
    return n;
}

int amkd_network_forward(amkd_network *network, size_t first_value, const amkd_batch *run)
{
    if (!amkd_network_value(network, first_value))
        return amkd_fail("cannot run a network from value %zu, which is not stored",
                         first_value);
    if (check_run(network, run))
        return -1;
    for (size_t n = first_node(network, first_value); n < network->wiring.nnodes; n++)
        if (run_forward(network, n, run))
            return -1;
    amkd_profile_begin(network->device->profile, NULL);
    return 0;
}

int amkd_network_backward(amkd_network *network, const amkd_batch *run)
{
    const amkd_wiring *s = &network->wiring;
    if (check_run(network, run))
        return -1;
    for (size_t step = 0; step < s->nsteps; step++)
        if (run_backward(network, step, run))
            return -1;
    amkd_profile_begin(network->device->profile, NULL);
    return 0;
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
