/* The second half of a schedule. */
#ifndef AMKD_NET_SCHEDULE_INTERNAL_H
#define AMKD_NET_SCHEDULE_INTERNAL_H

#include "net/schedule.h"

/* Lists the backward steps of the nodes and gives all values and gradients buffers. same:
 * the value whose alias each is. */
int amkd_schedule_arrange(amkd_schedule *schedule, const amkd_graph *graph,
                          const size_t *same, int train);

#endif
