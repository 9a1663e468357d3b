/* A network on a device: its parameters, the values of a batch and the kernels that run
 * it forward and backward. Values lie as [block][channel][y][x][lane], a lane block being
 * device->nlanes samples side by side (CHWN in blocks). wiring.h says what runs when.
 */
#ifndef AMKD_NET_NETWORK_H
#define AMKD_NET_NETWORK_H

#include "graph/graph.h"
#include "ops/op.h"

typedef struct amkd_network amkd_network;

/* Builds kernels and buffers for up to max_blocks lane blocks. train: gradients too.
 * The device must outlive the network. */
int amkd_network_new(amkd_network **out, amkd_device *device, const amkd_graph *graph,
                     size_t max_blocks, int train);

/* The same for a member of a team, whose batches have up to max_blocks lane blocks: of
 * these it goes through its slices (ops/op.h, amkd_batch_share). NULL: alone. Fails where
 * there are fewer slices than members. */
int amkd_network_new_member(amkd_network **out, amkd_device *device,
                            const amkd_graph *graph, size_t max_blocks, int train,
                            const amkd_team *team);

/* The parameters on the device, float [graph.nparameters] in the order of their offsets;
 * written and read with amkd_buffer_write and amkd_buffer_read. A run that trains writes
 * the state among them. */
cl_mem amkd_network_parameters(const amkd_network *network);

/* The buffer that holds a value: 0 is the network's input, l + 1 what layer l makes.
 * Others may lie there when it is no longer read, but for the input, the logits and the
 * input of the last layer. NULL where the value is never stored: the layer that makes it
 * applies the activation behind it, or adds another branch, as it writes. */
cl_mem amkd_network_value(const amkd_network *network, size_t value);

/* The value that is the logits, float [block][class][lane]. */
cl_mem amkd_network_logits(const amkd_network *network);

/* Runs the layers behind first_value, which must be in its buffer, to the logits; 0 for
 * all. */
int amkd_network_forward(amkd_network *network, size_t first_value,
                         const amkd_batch *run);

/* The gradient of the loss by the logits, float [block][class][lane], written by the loss
 * before amkd_network_backward. */
cl_mem amkd_network_logits_gradient(const amkd_network *network);

/* Runs all layers backward; run is that of the last forward. The gradient of trained
 * parameter p is the sum over s of gradients[s * ntrained + p], with s below
 * amkd_network_nslices. */
int amkd_network_backward(amkd_network *network, const amkd_batch *run);
cl_mem amkd_network_gradients(const amkd_network *network);
size_t amkd_network_nslices(const amkd_network *network);

/* The ops that the layers became, one by one, for plans and measurements. */
size_t amkd_network_nops(const amkd_network *network);

/* Borrowed. */
amkd_op *amkd_network_op(const amkd_network *network, size_t op);

/* The layer that an op is. */
size_t amkd_network_op_layer(const amkd_network *network, size_t op);

/* "conv 6 k5 + branch | relu": the op's layer, and the sum and the activation that are
 * fused behind it. */
void amkd_network_op_print(char *text, size_t nbytes, const amkd_network *network,
                           size_t op);

/* Whether a whole run has this pass of the op. */
int amkd_network_has_pass(const amkd_network *network, size_t op, amkd_pass pass);

/* The op's part of a pass, over buffers as the last whole run left them. */
int amkd_network_run_op(amkd_network *network, size_t op, amkd_pass pass,
                        const amkd_batch *run);

void amkd_network_free(amkd_network *network); /* NULL is fine */

#endif
