/* A network as a list of ops: which layers an op stands for, and the buffers between. */
#include "net/network.h"
#include "base/error.h"
#include "base/memory.h"
#include "ops/op.h"
#include <stdint.h>
#include <stdlib.h>

struct amkd_network {
    amkd_device *device;
    size_t max_blocks, nlayers, nops, nslices;
    amkd_op **ops;        /* [nops] */
    size_t *first_layers; /* [nops + 1]: the layer whose input is the op's input */
    size_t *values;       /* [nlayers + 1]: the op whose input is this layer's input,
                             NOT_STORED if an activation is fused there */
    cl_mem *activations;  /* [nops + 1]: the input of each op, and the logits */
    cl_mem *gradients;    /* [nops + 1]: the same values' gradients; none for input */
    cl_mem parameters, parameter_gradients;
};

#define NOT_STORED SIZE_MAX

static amkd_activation activation_of(const amkd_layer *layer)
{
    return layer->type == AMKD_RELU   ? AMKD_ACT_RELU
           : layer->type == AMKD_TANH ? AMKD_ACT_TANH
                                      : AMKD_ACT_NONE;
}

/* Copies of the weight gradients: enough that a device has work in layers with few
 * weights, few enough that summing them stays small. It depends on the kind of device
 * alone, not on how many of its units are in use, and so do the bits of the sums. */
static size_t choose_nslices(const amkd_device *device, size_t max_blocks)
{
    const size_t n = device->vector_width > 1 ? 2 : 8;
    return n < max_blocks ? n : max_blocks;
}

/* The op for layers[at] and the activation behind it; *next is the layer after both. */
static int add_op(amkd_network *network, const amkd_arch *arch, size_t at, size_t *next,
                  amkd_activation previous, int train)
{
    const amkd_layer *layer = &arch->layers[at];
    const int bare = activation_of(layer) != AMKD_ACT_NONE;
    *next = at + 1;
    amkd_op_shape shape = {
        .in_channels = layer->in.channels,
        .in_height = layer->in.height,
        .in_width = layer->in.width,
        .out_channels = layer->out.channels,
        .out_height = layer->out.height,
        .out_width = layer->out.width,
        .kernel = bare ? 1 : layer->kernel,
        .stride = bare ? 1 : layer->stride,
        .padding = layer->padding,
        .average = layer->type == AMKD_AVGPOOL,
        .act = activation_of(layer),
        .previous_act = previous,
        .weights = layer->weights,
        .biases = layer->biases,
        .nparameters = arch->nparameters,
        .nslices = network->nslices,
        .max_blocks = network->max_blocks,
    };
    if (!bare && *next < arch->nlayers && activation_of(layer + 1) != AMKD_ACT_NONE) {
        shape.act = activation_of(layer + 1);
        (*next)++;
    }
    const int covers = layer->type == AMKD_CONV && !layer->padding &&
                       layer->kernel == layer->in.height &&
                       layer->kernel == layer->in.width;
    amkd_op **op = &network->ops[network->nops];
    network->first_layers[network->nops] = at;
    int rc = layer->type == AMKD_FC || covers
                 ? amkd_dense_new(op, network->device, &shape, train)
             : layer->type == AMKD_CONV
                 ? amkd_conv_new(op, network->device, &shape, train)
                 : amkd_pool_new(op, network->device, &shape, train);
    if (rc)
        return amkd_fail_in("layer %zu", at);
    network->nops++;
    return 0;
}

static int add_buffers(amkd_network *network, const amkd_arch *arch, size_t value,
                       amkd_shape shape, int train)
{
    amkd_device *device = network->device;
    const size_t nbytes =
        amkd_shape_size(shape) * network->max_blocks * device->nlanes * sizeof(float);
    if (amkd_buffer_new(&network->activations[value], device, CL_MEM_READ_WRITE, nbytes,
                        NULL))
        return amkd_fail_in("activations of layer %zu of '%s'",
                            network->first_layers[value], arch->text);
    if (train && value > 0 &&
        amkd_buffer_new(&network->gradients[value], device, CL_MEM_READ_WRITE, nbytes,
                        NULL))
        return amkd_fail_in("gradients of layer %zu of '%s'",
                            network->first_layers[value], arch->text);
    return 0;
}

static int add_ops(amkd_network *network, const amkd_arch *arch, int train)
{
    amkd_activation previous = AMKD_ACT_NONE;
    for (size_t at = 0, next; at < arch->nlayers; at = next) {
        const amkd_layer *layer = &arch->layers[at];
        next = at + 1;
        network->values[at] = network->nops;
        if (layer->type == AMKD_FLATTEN)
            continue;
        network->first_layers[network->nops] = at;
        if (add_buffers(network, arch, network->nops, layer->in, train) ||
            add_op(network, arch, at, &next, previous, train))
            return -1;
        if (next == at + 2)
            network->values[at + 1] = NOT_STORED;
        previous = activation_of(&arch->layers[next - 1]);
    }
    network->first_layers[network->nops] = arch->nlayers;
    network->values[arch->nlayers] = network->nops;
    return add_buffers(network, arch, network->nops, arch->layers[arch->nlayers - 1].out,
                       train);
}

int amkd_network_new(amkd_network **out, amkd_device *device, const amkd_arch *arch,
                     size_t max_blocks, int train)
{
    amkd_network *network = amkd_alloc(1, sizeof *network);
    if (!network)
        return -1;
    network->device = device;
    network->max_blocks = max_blocks;
    network->nlayers = arch->nlayers;
    network->nslices = choose_nslices(device, max_blocks);
    network->ops = amkd_alloc(arch->nlayers, sizeof *network->ops);
    network->first_layers = amkd_alloc(arch->nlayers + 1, sizeof *network->first_layers);
    network->values = amkd_alloc(arch->nlayers + 1, sizeof *network->values);
    network->activations = amkd_alloc(arch->nlayers + 1, sizeof *network->activations);
    network->gradients = amkd_alloc(arch->nlayers + 1, sizeof *network->gradients);
    const size_t nbytes = arch->nparameters * sizeof(float);
    if (!network->ops || !network->first_layers || !network->values ||
        !network->activations || !network->gradients || add_ops(network, arch, train) ||
        amkd_buffer_new(&network->parameters, device, CL_MEM_READ_WRITE, nbytes, NULL) ||
        (train && amkd_buffer_new(&network->parameter_gradients, device,
                                  CL_MEM_READ_WRITE, nbytes * network->nslices, NULL))) {
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
    return network->parameter_gradients;
}

size_t amkd_network_nlayers(const amkd_network *network)
{
    return network->nlayers;
}

size_t amkd_network_nslices(const amkd_network *network)
{
    return network->nslices;
}

cl_mem amkd_network_logits_gradient(const amkd_network *network)
{
    return network->gradients[network->nops];
}

cl_mem amkd_network_activation(const amkd_network *network, size_t layer)
{
    const size_t value = network->values[layer];
    return value == NOT_STORED ? NULL : network->activations[value];
}

size_t amkd_network_nops(const amkd_network *network)
{
    return network->nops;
}

amkd_op *amkd_network_op(const amkd_network *network, size_t op)
{
    return network->ops[op];
}

size_t amkd_network_op_layer(const amkd_network *network, size_t op)
{
    return network->first_layers[op];
}

int amkd_network_run_op(amkd_network *network, size_t o, amkd_pass pass, size_t nblocks)
{
    amkd_op *op = network->ops[o];
    cl_mem x = network->activations[o], dy = network->gradients[o + 1];
    int rc;
    if (nblocks > network->max_blocks)
        return amkd_fail("cannot run a network over %zu blocks, expected %zu at most",
                         nblocks, network->max_blocks);
    if (pass == AMKD_FORWARD)
        rc = amkd_op_forward(op, x, network->parameters, network->activations[o + 1],
                             nblocks);
    else if (pass == AMKD_BACKWARD_WEIGHTS)
        rc = amkd_op_backward_weights(op, x, dy, network->parameter_gradients, nblocks);
    else
        rc = amkd_op_backward_data(op, x, network->parameters, dy, network->gradients[o],
                                   nblocks);
    return rc ? amkd_fail_in("layer %zu%s", network->first_layers[o],
                             pass == AMKD_FORWARD ? "" : ", backward")
              : 0;
}

int amkd_network_forward(amkd_network *network, size_t first_layer, size_t nblocks)
{
    const size_t first = network->values[first_layer];
    if (first == NOT_STORED)
        return amkd_fail("cannot run a network from layer %zu, whose input is not stored",
                         first_layer);
    for (size_t o = first; o < network->nops; o++)
        if (amkd_network_run_op(network, o, AMKD_FORWARD, nblocks))
            return -1;
    return 0;
}

int amkd_network_backward(amkd_network *network, size_t nblocks)
{
    for (size_t o = network->nops; o-- > 0;)
        if (amkd_network_run_op(network, o, AMKD_BACKWARD_WEIGHTS, nblocks) ||
            (o > 0 && amkd_network_run_op(network, o, AMKD_BACKWARD_DATA, nblocks)))
            return -1;
    return 0;
}

void amkd_network_free(amkd_network *network)
{
    if (!network)
        return;
    for (size_t v = 0; network->ops && network->activations && network->gradients &&
                       v <= network->nlayers;
         v++) {
        if (v < network->nops)
            amkd_op_free(network->ops[v]);
        amkd_buffer_free(network->activations[v]);
        amkd_buffer_free(network->gradients[v]);
    }
    amkd_buffer_free(network->parameters);
    amkd_buffer_free(network->parameter_gradients);
    free(network->ops);
    free(network->first_layers);
    free(network->values);
    free(network->activations);
    free(network->gradients);
    free(network);
}
