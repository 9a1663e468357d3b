/* A temperature fitted to answers that a network did not learn from, so that its
 * probabilities say how often it is right (C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger,
 * "On calibration of modern neural networks", ICML 2017). No top class changes. */
#ifndef AMKD_STEPS_LEARN_TEMPERATURE_H
#define AMKD_STEPS_LEARN_TEMPERATURE_H

#include <stddef.h>

/* The temperature T at which the mean cross entropy - sum target log softmax(logits / T)
 * is lowest, which is unique; logits, targets: [n][nclasses], targets probabilities.
 * Fails where a logit is not finite, and where none between 0.01 and 100 is best, as when
 * the logits say nothing of the targets. */
int amkd_temperature_fit(float *temperature, const float *logits, const float *targets,
                         size_t n, size_t nclasses);

#endif
