/* How the work of a lambda sweep is counted, by its kernels and by the whole tool. */
#ifndef AMKD_BENCH_SWEEP_WORK_H
#define AMKD_BENCH_SWEEP_WORK_H

#include "net/arch.h"

/* The paper's grid. */
enum { SWEEP_NLAMBDAS = 11 };

/* Useful operations of one evaluation: all layers but the first, which is linear and runs
 * once for each image (Eq. 1 mixes its output). */
static inline double sweep_flops(const amkd_arch *arch)
{
    amkd_arch rest = *arch;
    rest.layers++;
    rest.nlayers--;
    return 2 * amkd_arch_nmacs(&rest);
}

#endif
