/* How far several students' answers about one image are from each other. */
#ifndef AMKD_STEPS_DIVERGENCE_H
#define AMKD_STEPS_DIVERGENCE_H

#include <stddef.h>

/* The mean Kullback-Leibler divergence of n answers from their mean,
 *
 *     1/n sum_m sum_c p_mc log(p_mc / q_c),   q_c = 1/n sum_m p_mc
 *
 * in nats: 0 where all agree, log n at most (McCallum and Nigam, Employing EM and
 * pool-based active learning for text classification, ICML 1998; the Jensen-Shannon
 * divergence). Answer m stands at probs + m * stride, [nclasses]. */
double amkd_divergence(const float *probs, size_t stride, size_t n, size_t nclasses);

#endif
