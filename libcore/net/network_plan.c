/* Choosing how a network's layers run on its device. */
#include "net/network_plan.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "net/ways.h"
#include "ops/op_plan.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a planning has to do with. */
typedef struct planner {
    amkd_network *network;
    const amkd_ways *ways; /* fixed by the user; NULL: none */
    double deadline;
    amkd_network_planned *planned;
    void *context;
} planner;

static int plan_pass(const planner *p, size_t op, amkd_pass pass)
{
    amkd_plan plan;
    char layer[2 * AMKD_LAYER_NBYTES];
    amkd_network_op_print(layer, sizeof layer, p->network, op);
    int rc = amkd_op_plan(&plan, amkd_network_op(p->network, op), pass,
                          amkd_ways_find(p->ways, layer, pass), p->deadline,
                          p->planned != NULL);
    if (rc)
        amkd_fail_in("layer '%s'", layer);
    else if (p->planned && plan.nways)
        rc = p->planned(p->context, &plan, op, pass);
    amkd_plan_clear(&plan);
    return rc;
}

int amkd_network_plan(amkd_network *network, double seconds,
                      amkd_network_planned *planned, void *context)
{
    amkd_ways *ways;
    int rc = amkd_ways_open(&ways);
    const planner p = {network, ways, amkd_now() + seconds, planned, context};
    for (size_t op = 0; !rc && op < amkd_network_nops(network); op++)
        for (amkd_pass pass = 0; !rc && pass < AMKD_NPASSES; pass++)
            if (amkd_network_has_pass(network, op, pass))
                rc = plan_pass(&p, op, pass);
    amkd_ways_free(ways);
    return rc;
}

/* The name of a way. */
typedef struct way_name {
    char text[sizeof((amkd_way *)NULL)->name];
} way_name;

static size_t count_ways(const amkd_network *network)
{
    return amkd_network_nops(network) * AMKD_NPASSES;
}

/* names[op][pass] */
static void list_ways(way_name *names, const amkd_network *network)
{
    for (size_t w = 0; w < count_ways(network); w++)
        snprintf(names[w].text, sizeof names[w].text, "%s",
                 amkd_op_way(amkd_network_op(network, w / AMKD_NPASSES),
                             (amkd_pass)(w % AMKD_NPASSES)));
}

static int take_way(amkd_network *network, size_t op, amkd_pass pass, const char *name)
{
    amkd_plan plan;
    amkd_op *one = amkd_network_op(network, op);
    if (!strcmp(amkd_op_way(one, pass), name) ||
        !amkd_network_has_pass(network, op, pass))
        return 0;
    const int rc = amkd_op_plan(&plan, one, pass, name, 0, 0);
    amkd_plan_clear(&plan);
    return rc;
}

static int take_ways(amkd_network *network, const way_name *names)
{
    for (size_t w = 0; w < count_ways(network); w++)
        if (take_way(network, w / AMKD_NPASSES, (amkd_pass)(w % AMKD_NPASSES),
                     names[w].text))
            return -1;
    return 0;
}

int amkd_network_copy_ways(amkd_network *network, const amkd_network *from)
{
    way_name *names = amkd_alloc(count_ways(from), sizeof *names);
    if (!names)
        return -1;
    list_ways(names, from);
    const int rc = take_ways(network, names);
    free(names);
    return rc;
}

int amkd_network_share_ways(amkd_network *network, amkd_team *team)
{
    const size_t n = count_ways(network);
    way_name *names = amkd_alloc(n, sizeof *names);
    int rc = amkd_team_agree(team, !names);
    if (!rc) {
        list_ways(names, network);
        rc = amkd_team_broadcast(team, names, n * sizeof *names);
    }
    if (!rc && amkd_team_rank(team))
        rc = take_ways(network, names);
    free(names);
    return rc;
}
