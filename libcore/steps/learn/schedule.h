/* Learning rates over the steps of a training. */
#ifndef AMKD_STEPS_LEARN_SCHEDULE_H
#define AMKD_STEPS_LEARN_SCHEDULE_H

#include <stdint.h>

typedef enum amkd_schedule {
    AMKD_CONSTANT,
    AMKD_COSINE,   /* from the rate to 0 along half a cosine */
    AMKD_ONECYCLE, /* rate / 25 up to the rate over the first 30 % of the steps, down to
                      rate / 250,000 over the rest, both along half a cosine, as
                      torch.optim.lr_scheduler.OneCycleLR without its momentum cycle */
} amkd_schedule;

/* "constant", "cosine" or "onecycle". */
int amkd_schedule_parse(amkd_schedule *schedule, const char *name);

/* The rate of step 0..nsteps-1. */
double amkd_schedule_rate(amkd_schedule schedule, double rate, uint64_t step,
                          uint64_t nsteps);

#endif
