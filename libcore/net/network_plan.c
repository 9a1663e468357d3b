/* Choosing how a network's layers run on its device. */
#include "net/network_plan.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "net/ways.h"
#include "ops/op_plan.h"
#include <stdlib.h>

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

char *amkd_network_ways(const amkd_network *network)
{
    char *text = amkd_strdup("");
    for (size_t op = 0; text && op < amkd_network_nops(network); op++) {
        char layer[2 * AMKD_LAYER_NBYTES];
        const amkd_op *one = amkd_network_op(network, op);
        amkd_network_op_print(layer, sizeof layer, network, op);
        char *longer =
            amkd_format("%s%s: %s, %s, %s; ", text, layer, amkd_op_way(one, AMKD_FORWARD),
                        amkd_op_way(one, AMKD_BACKWARD_WEIGHTS),
                        amkd_op_way(one, AMKD_BACKWARD_DATA));
        free(text);
        text = longer;
    }
    return text;
}
