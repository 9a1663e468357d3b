/* How the layers of a model run on a device: the ways chosen, and what each was worth. */
#ifndef AMKD_STEPS_SHOW_PLANS_H
#define AMKD_STEPS_SHOW_PLANS_H

#include "device/device.h"
#include <stdio.h>

typedef struct amkd_plans_options {
    const char *model; /* a model file */
    size_t batch;      /* samples of a training step */
    int json;          /* an array of objects instead of a table */
} amkd_plans_options;

/* Plans a training of the model as amkd_train does, but with time for all trials that are
 * not remembered (a minute), and writes the plans: a line for each layer and pass. What
 * was planned is remembered. */
int amkd_plans_write(FILE *out, amkd_device *device, const amkd_plans_options *options);

#endif
