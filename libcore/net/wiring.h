/* How a network's graph runs: which ops it becomes, in which buffers their values and
 * gradients lie, and the steps of the backward pass. It is worked out without a device,
 * so that what a run takes is known before it begins.
 *
 * An activation goes into the op in front of it, where that can be. So does the sum of
 * two branches: the op that ends the later one adds the other, and backward its gradient
 * is that of the other one, too.
 *
 * Backward, nodes run in reverse. The one that reads a value last writes the gradient by
 * it, those in front add to that. The derivative of an activation goes into the gradient
 * with the last of them, the node that reads the value first, if its op can do both; else
 * it is a step of its own.
 *
 * A value has a buffer from the op that makes it to the last that reads it, and then
 * another value has it. */
#ifndef AMKD_NET_WIRING_H
#define AMKD_NET_WIRING_H

#include "graph/graph.h"

#define AMKD_NOWHERE SIZE_MAX

/* An op of the network. Values are those of the graph; what is an alias of another has
 * its number. An op may add its last input, the other branch of a sum, to what it makes
 * of those before. */
typedef struct amkd_node {
    size_t layer;     /* that it is */
    size_t sum_layer; /* the sum fused behind it; AMKD_NOWHERE: none */
    size_t act_layer; /* the activation fused behind both; AMKD_NOWHERE: none */
    size_t ninputs, inputs[AMKD_MAX_INPUTS], output;
    amkd_act act, previous_act;
    int masks; /* its activation's derivative is a step of its own */
} amkd_node;

typedef enum amkd_step_type {
    AMKD_STEP_MASK,    /* the derivative of a node's activation into its gradient, to */
    AMKD_STEP_WEIGHTS, /* from: the gradient by the output */
    AMKD_STEP_DATA,    /* from that to that by an input */
    AMKD_STEP_ADD,     /* to += from */
    AMKD_STEP_COPY,
} amkd_step_type;

typedef struct amkd_step {
    amkd_step_type type;
    size_t node, input;
    size_t from, to; /* buffers */
    int add;
} amkd_step;

typedef struct amkd_wiring {
    size_t nnodes, nsteps, nvalues, nbuffers;
    amkd_node *nodes;       /* forward, in order */
    amkd_step *steps;       /* backward; none without training */
    size_t *values;         /* [nvalues]: the buffer; AMKD_NOWHERE: never stored */
    size_t *sizes;          /* [nbuffers]: floats a sample */
    size_t *made_by;        /* [nvalues]: the node; AMKD_NOWHERE: none */
    size_t logits_gradient; /* buffer */
} amkd_wiring;

int amkd_wiring_new(amkd_wiring *wiring, const amkd_graph *graph, int train);
void amkd_wiring_clear(amkd_wiring *wiring); /* a zeroed one is fine */

/* Floats a sample of all buffers. */
size_t amkd_wiring_size(const amkd_wiring *wiring);

#endif
