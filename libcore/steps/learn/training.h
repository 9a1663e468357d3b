/* A training from files to a model's file: all that amkd-train does but its messages. */
#ifndef AMKD_STEPS_LEARN_TRAINING_H
#define AMKD_STEPS_LEARN_TRAINING_H

#include "steps/learn/train.h"
#include "steps/learn/train_check.h"
#include <jansson.h>

typedef struct amkd_training {
    amkd_train_plan plan;      /* without inputs: stdin */
    const char *const *images; /* [nimages] in place of those that labels name */
    size_t nimages;
    double holdout;     /* the share of the rows that is left out; 0: none */
    const char *device; /* one or several, as amkd_devices_open takes them, which go
                           through each batch together; in a team one, as
                           amkd_device_open_own takes it */
    amkd_team *team;    /* of processes that do this training together, each of which
                           reads all inputs; rank 0 writes and shows what there is. NULL:
                           alone */
    struct amkd_profile *profile; /* that times kernels (device/profile.h); NULL: none */
    const char *output;           /* a model's path, NULL or "-" for stdout */
    const char *metrics; /* the file that gets a line for each report; NULL: none */
    size_t nthreads;
    int quiet;
    json_t *command; /* for the provenance, borrowed */

    /* What there is to say meanwhile; context goes with each. */
    void *context;
    void (*said)(void *context, const char *text); /* of weights, of memory */
    /* more: what else is known, as text after the figures, ", val 0.9123" or "". */
    void (*reported)(void *context, const amkd_train_report *report, const char *more);
} amkd_training;

/* Trains and writes the model, which says where it comes from. options->assistant is set
 * by the plan's. */
int amkd_training_run(const amkd_training *training, const amkd_train_options *options);

#endif
