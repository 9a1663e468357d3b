/* Whether a dense layer runs by cl/dense.cl or by CLBlast, each direction by itself. */
#ifndef AMKD_COMPUTE_DENSE_PLAN_H
#define AMKD_COMPUTE_DENSE_PLAN_H

#include "compute/op_internal.h"

/* Puts CLBlast's runs in the place of the op's own where they are faster (plan.h).
 * Layers too small to matter, and devices whose work-items are vectors, keep their own:
 * CLBlast has no kernels for those, and takes seconds to compile there what was measured
 * at a tenth of cl/dense.cl's speed. */
int amkd_dense_plan(amkd_op *op, int train);

#endif
