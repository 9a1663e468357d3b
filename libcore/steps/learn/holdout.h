/* Answers held out of training, to measure a student by without buying others. */
#ifndef AMKD_STEPS_LEARN_HOLDOUT_H
#define AMKD_STEPS_LEARN_HOLDOUT_H

#include "steps/learn/dataset.h"

typedef enum amkd_holdout_side {
    AMKD_TRAINED_ON, /* the rows that are not held out */
    AMKD_HELD_OUT,
} amkd_holdout_side;

/* Keeps the rows of one side, in their order; share, 0 to 1, of all are held out. Which
 * they are is drawn from a row's pixels alone: the same ones whatever other rows, files,
 * orders or seeds there are, and the same pixels twice are on one side. Fails when
 * nothing is left. */
int amkd_dataset_hold_out(amkd_dataset *dataset, double share, amkd_holdout_side side);

#endif
