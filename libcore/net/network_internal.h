/* What a network on a device is made of, for what makes it and what runs it. */
#ifndef AMKD_NET_NETWORK_INTERNAL_H
#define AMKD_NET_NETWORK_INTERNAL_H

#include "net/network.h"
#include "net/wiring.h"

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

/* The layer whose op node n is. */
static inline const amkd_layer *amkd_network_layer(const amkd_network *network, size_t n)
{
    return &network->graph.layers[network->wiring.nodes[n].layer];
}

/* The error so far is said to be node n's; -1. */
int amkd_network_fail_at(const amkd_network *network, size_t n, const char *what);

#endif
