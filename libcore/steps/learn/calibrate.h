/* A model given the temperature at which it says best what was answered, and what that
 * changes. */
#ifndef AMKD_STEPS_LEARN_CALIBRATE_H
#define AMKD_STEPS_LEARN_CALIBRATE_H

#include "steps/learn/evaluate.h"

typedef struct amkd_calibrating {
    double before, after;   /* temperatures */
    amkd_agreement was, is; /* at these */
} amkd_calibrating;

/* Fits model->temperature to the dataset's answers (steps/learn/temperature.h), of which
 * the model should have learned none. predictors: the model's, which go on at the new
 * temperature. */
int amkd_calibrate(amkd_calibrating *calibrating, amkd_model *model,
                   amkd_predictors *predictors, const amkd_dataset *dataset);

/* As text for people, or as one JSON object {"temperature", "temperature_before",
 * "before", "after": each as amkd_agreement_text has it}; freed with free(). */
int amkd_calibrating_text(char **text, const amkd_calibrating *calibrating, int json);

#endif
