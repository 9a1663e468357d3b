/* The dense layer by CLBlast's matrix products, for devices on which they are faster than
 * cl/dense.cl: another op with the same results. */
#ifndef AMKD_OPS_DENSE_GEMM_H
#define AMKD_OPS_DENSE_GEMM_H

#include "ops/op_internal.h"

/* Makes CLBlast the other way of a dense op, unfit for CPUs: it takes up to a minute
 * to compile there what was measured at a tenth of the speed of cl/dense.cl. */
void amkd_dense_gemm_offer(amkd_op *op);

#endif
