/* Where the values of one sample lie in the scratch memory of a C program: those that are
 * needed at the same time beside each other, others where some lay before. */
#ifndef AMKD_EXPORT_SCRATCH_H
#define AMKD_EXPORT_SCRATCH_H

#include "graph/graph.h"

typedef struct amkd_scratch {
    size_t *offsets; /* [nlayers + 1], of values, in floats */
    size_t n;        /* floats of all */
} amkd_scratch;

/* The last value, the logits, lies elsewhere, and has no offset. */
int amkd_scratch_plan(amkd_scratch *scratch, const amkd_graph *graph);
void amkd_scratch_clear(amkd_scratch *scratch); /* a zeroed one is fine */

#endif
