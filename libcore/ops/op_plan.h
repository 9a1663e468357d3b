/* The ways of running an op's passes, and the choice between them: work-groups of
 * different shapes on devices that run work-items in lockstep, and CLBlast for dense
 * layers. On a CPU a layer's way is reckoned from its shape, and times are to be seen. */
#ifndef AMKD_OPS_OP_PLAN_H
#define AMKD_OPS_OP_PLAN_H

#include "device/plan.h"
#include "ops/op.h"

/* Chooses how op runs a pass from now on, by what is remembered or, while there is time
 * before deadline, by trials on buffers of its own. *plan, cleared by the caller, is what
 * came out; without ways for pools, which have one alone, and without times where the
 * layer is too small to matter. way: the one to take by its name, whatever times say;
 * NULL: none is fixed. Fails where the pass has ways and none of that name. time_all:
 * also times where there is no choice, to be seen. On a device with a listing
 * (device/listing.h) no way is timed or remembered, but all are made. */
int amkd_op_plan(amkd_plan *plan, amkd_op *op, amkd_pass pass, const char *way,
                 double deadline, int time_all);

/* How the op runs a pass: "own", or the name of another way. */
const char *amkd_op_way(const amkd_op *op, amkd_pass pass);

#endif
