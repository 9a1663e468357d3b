/* What a training is, as text: all that the weights it ends with depend on. */
#ifndef AMKD_STEPS_LEARN_TRAIN_DESCRIBE_H
#define AMKD_STEPS_LEARN_TRAIN_DESCRIBE_H

#include "steps/learn/train.h"

/* The text by which a checkpoint is known to be of this training of nsteps, which starts
 * with the model's weights. Freed with free(); NULL without memory. */
char *amkd_train_describe(const amkd_model *model, const amkd_dataset *dataset,
                          const amkd_train_options *options, uint64_t nsteps);

#endif
