/* Learning rates of their own for some parameters: --freeze and --lr-scale of amkd-train.
 */
#ifndef AMKD_STEPS_LEARN_RATES_H
#define AMKD_STEPS_LEARN_RATES_H

#include "graph/graph.h"

/* Parameters whose names, "layer1.0.conv1.weight", or whose modules' names,
 * "layer1.0.conv1", the glob pattern matches ("*" is any text) learn at factor times the
 * rate. */
typedef struct amkd_rate_rule {
    char pattern[AMKD_MODULE_NBYTES + 32];
    double factor; /* 0: they stay as they are, to the bit */
} amkd_rate_rule;

/* factors[graph->ntrained]: of each parameter that of the last rule that matches it, else
 * 1; NULL is for checking alone. Fails on a rule that matches nothing that is trained,
 * and where nothing is left to learn. */
int amkd_rates_make(float *factors, const amkd_graph *graph, const amkd_rate_rule *rules,
                    size_t nrules);

/* Fails where the last layer, which starts afresh, would learn nothing of its weights. */
int amkd_rates_check_head(const amkd_graph *graph, const amkd_rate_rule *rules,
                          size_t nrules);

#endif
