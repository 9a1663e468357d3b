/* Whether a network can be trained on data that are there. */
#ifndef AMKD_STEPS_LEARN_TRAIN_CHECK_DATA_H
#define AMKD_STEPS_LEARN_TRAIN_CHECK_DATA_H

#include "steps/learn/train.h"

/* Fails where there are no data, where model or assistant take other images or classes,
 * and where a batch norm would meet one value a channel. */
int amkd_train_check_data(const amkd_model *model, const amkd_dataset *dataset,
                          const amkd_train_options *options);

#endif
