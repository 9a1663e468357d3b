/* How the work of a lambda sweep is counted, by its kernels and by the whole tool. */
#ifndef AMKD_BENCH_SWEEP_WORK_H
#define AMKD_BENCH_SWEEP_WORK_H

#include "graph/graph.h"

/* The paper's grid. */
enum { SWEEP_NLAMBDAS = 11 };

/* The students that are scored, each with all pairs of nimages images: seconds of work.
 */
typedef struct sweep_student {
    const char *name, *arch;
    size_t nimages;
} sweep_student;

enum { SWEEP_NSTUDENTS = 4, SWEEP_QUICK_NIMAGES = 20 };
extern const sweep_student sweep_students[SWEEP_NSTUDENTS];
/* Bars are set for this one alone. */
enum { SWEEP_LENET5_HALF = 0 };

/* Useful operations of one evaluation: all layers but the first with weights, which is
 * linear and runs once for each image (Eq. 1 mixes its output). */
static inline double sweep_flops(const amkd_graph *graph)
{
    amkd_graph rest = *graph;
    int first = 1;
    while (rest.nlayers && first) {
        first = !rest.layers->nparameters;
        rest.layers++;
        rest.nlayers--;
    }
    return 2 * amkd_graph_nmacs(&rest);
}

#endif
