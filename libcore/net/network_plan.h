/* Choosing how a network's layers run on its device, each pass by itself. */
#ifndef AMKD_NET_NETWORK_PLAN_H
#define AMKD_NET_NETWORK_PLAN_H

#include "device/plan.h"
#include "net/network.h"
#include "team/team.h"

/* What planning may take before work of any length. */
#define AMKD_PLAN_SECONDS 1.0

/* Told of every plan: what op it is for, by number, and which pass. The plan goes away
 * when it returns. Non-zero ends the planning as a failure. */
typedef int amkd_network_planned(void *context, const amkd_plan *plan, size_t op,
                                 amkd_pass pass);

/* Chooses for every op and every pass that the network runs, by the user's ways
 * (net/ways.h), by what is remembered of
 * earlier runs and, for seconds at most, by trials; what there is no time for keeps its
 * first way until a later run. With 0 seconds it only remembers. Work of a single trial
 * once begun is not interrupted. planned may be NULL; it also sees times where there is
 * no choice. */
int amkd_network_plan(amkd_network *network, double seconds,
                      amkd_network_planned *planned, void *context);

/* Has the network run every pass as another one of the same graph, on a device of the
 * same kind: then both leave the same bits. */
int amkd_network_copy_ways(amkd_network *network, const amkd_network *from);

/* The same for all members of a team, by rank 0's network. */
int amkd_network_share_ways(amkd_network *network, amkd_team *team);

#endif
