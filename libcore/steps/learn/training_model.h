/* The network that a training begins with. */
#ifndef AMKD_STEPS_LEARN_TRAINING_MODEL_H
#define AMKD_STEPS_LEARN_TRAINING_MODEL_H

#include "steps/learn/training.h"

/* Fails where the model takes other images or knows other classes. */
int amkd_training_fits(const amkd_model *model, const amkd_dataset *dataset);

/* --init's network, of whatever architecture it is; what is odd about it is said. */
int amkd_training_load_init(amkd_model **model, const amkd_training *told);

/* Where *model is NULL, a network of --arch with fresh weights by the seed, or --init's.
 * It has --mean and --std where they are given, else init's or those of the data. Fails
 * where init does not fit the data. *model is the caller's to free, set or not. */
int amkd_training_open_model(amkd_model **model, const amkd_training *told,
                             const amkd_dataset *dataset, uint64_t seed);

#endif
