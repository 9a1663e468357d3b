/* Choosing how a network's layers run on its device. */
#include "net/network_plan.h"
#include "base/clock.h"
#include "base/error.h"
#include "ops/op_plan.h"

static int plan_pass(amkd_network *network, size_t op, amkd_pass pass, double deadline,
                     amkd_network_planned *planned, void *context)
{
    amkd_plan plan;
    int rc = amkd_op_plan(&plan, amkd_network_op(network, op), pass, deadline,
                          planned != NULL);
    if (rc)
        amkd_fail_in("layer %zu", amkd_network_op_layer(network, op));
    else if (planned && plan.nways)
        rc = planned(context, &plan, op, pass);
    amkd_plan_clear(&plan);
    return rc;
}

int amkd_network_plan(amkd_network *network, double seconds,
                      amkd_network_planned *planned, void *context)
{
    const double deadline = amkd_now() + seconds;
    for (size_t op = 0; op < amkd_network_nops(network); op++)
        for (int pass = 0; pass < AMKD_NPASSES; pass++) {
            if (!amkd_network_has_pass(network, op, (amkd_pass)pass))
                continue;
            if (plan_pass(network, op, (amkd_pass)pass, deadline, planned, context))
                return -1;
        }
    return 0;
}
