/* The passes of a network: its ops, one after the other, as the wiring has them. */
#include "base/error.h"
#include "net/network_internal.h"
#include "net/network_profile.h"

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
    amkd_network_tell(network->device->profile, amkd_network_layer(network, n), text,
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
    return amkd_op_run(network->ops[n], AMKD_FORWARD, &args)
               ? amkd_network_fail_at(network, n, "")
               : 0;
}

static int run_backward(amkd_network *network, size_t step, const amkd_batch *run)
{
    return run_step(network, step, run)
               ? amkd_network_fail_at(network, network->wiring.steps[step].node,
                                      ", backward")
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
