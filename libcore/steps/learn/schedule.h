/* Learning rates over the steps of a training. */
#ifndef AMKD_STEPS_LEARN_SCHEDULE_H
#define AMKD_STEPS_LEARN_SCHEDULE_H

#include <stddef.h>
#include <stdint.h>

typedef enum amkd_schedule_kind {
    AMKD_CONSTANT,
    AMKD_COSINE,    /* from the rate to 0 along half a cosine */
    AMKD_ONECYCLE,  /* rate / 25 up to the rate over the first 30 % of the steps, down to
                       rate / 250,000 over the rest, both along half a cosine, as
                       torch.optim.lr_scheduler.OneCycleLR without its momentum cycle */
    AMKD_MULTISTEP, /* a tenth of the rate from each milestone on */
} amkd_schedule_kind;

enum { AMKD_MAX_MILESTONES = 8 };

typedef struct amkd_schedule {
    amkd_schedule_kind kind;
    double rate;   /* the highest */
    double warmup; /* The share of the steps in which the rate rises in a straight line,
                      from one part of it to the whole. A cosine begins behind them, while
                      milestones count from the first step. Not of onecycle, which rises
                      by itself. */
    double milestones[AMKD_MAX_MILESTONES]; /* of multistep: rising shares of the steps */
    size_t nmilestones;
} amkd_schedule;

/* Sets the kind to "constant", "cosine", "onecycle" or "multistep". */
int amkd_schedule_parse(amkd_schedule *schedule, const char *name);

/* Sets the milestones, rising numbers between 0 and 1, with commas: "0.5,0.75". */
int amkd_schedule_parse_milestones(amkd_schedule *schedule, const char *text);

/* Fails where parts of it do not go together. */
int amkd_schedule_check(const amkd_schedule *schedule);

/* The rate of step 0..nsteps-1. */
double amkd_schedule_rate(const amkd_schedule *schedule, uint64_t step, uint64_t nsteps);

#endif
