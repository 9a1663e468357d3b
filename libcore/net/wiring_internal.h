/* The second half of a wiring. */
#ifndef AMKD_NET_WIRING_INTERNAL_H
#define AMKD_NET_WIRING_INTERNAL_H

#include "net/wiring.h"

/* Lists the backward steps of the nodes and gives all values and gradients buffers. same:
 * the value whose alias each is. */
int amkd_wiring_arrange(amkd_wiring *wiring, const amkd_graph *graph, const size_t *same,
                        int train);

#endif
