/* A network on a device: its parameters, the activations of a batch and the kernels that
 * run it forward and backward. Activations lie as [block][channel][y][x][lane], a lane
 * block being device->nlanes samples side by side (CHWN in blocks). */
#ifndef AMKD_NET_NETWORK_H
#define AMKD_NET_NETWORK_H

#include "net/arch.h"
#include "ops/op.h"

typedef struct amkd_network amkd_network;

/* Builds kernels and buffers for up to max_blocks lane blocks. train: gradients too.
 * The device must outlive the network. */
int amkd_network_new(amkd_network **out, amkd_device *device, const amkd_arch *arch,
                     size_t max_blocks, int train);

/* The parameters on the device, float [arch.nparameters] in amkd_layer's order; written
 * and read with amkd_buffer_write and amkd_buffer_read. */
cl_mem amkd_network_parameters(const amkd_network *network);

/* The buffer holding the input of a layer; layer 0 is the network's input, nlayers the
 * logits. NULL where that value is never stored: an activation right behind a conv, fc or
 * pool is applied as they write. */
cl_mem amkd_network_activation(const amkd_network *network, size_t layer);

/* The number of layers of its arch, so that the logits are activation nlayers. */
size_t amkd_network_nlayers(const amkd_network *network);

/* Runs the layers from first_layer, whose input must be in its buffer, to the logits. */
int amkd_network_forward(amkd_network *network, size_t first_layer, size_t nblocks);

/* The gradient of the loss by the logits, float [block][class][lane], written by the loss
 * before amkd_network_backward. */
cl_mem amkd_network_logits_gradient(const amkd_network *network);

/* Runs all layers backward. The gradient of parameter p is the sum over s of
 * gradients[s * nparameters + p], with s below amkd_network_nslices. */
int amkd_network_backward(amkd_network *network, size_t nblocks);
cl_mem amkd_network_gradients(const amkd_network *network);
size_t amkd_network_nslices(const amkd_network *network);

/* The ops that the layers became, one by one, for measurements: op's part of a pass over
 * buffers as the last whole run left them. Op 0 has no backward data. */
size_t amkd_network_nops(const amkd_network *network);

/* Borrowed. */
amkd_op *amkd_network_op(const amkd_network *network, size_t op);

/* The layer that an op begins with; for op nops, the number of layers. */
size_t amkd_network_op_layer(const amkd_network *network, size_t op);

int amkd_network_run_op(amkd_network *network, size_t op, amkd_pass pass, size_t nblocks);

void amkd_network_free(amkd_network *network); /* NULL is fine */

#endif
