/* What amkd-train is told on its command line. */
#ifndef AMKD_TOOLS_TRAIN_OPTIONS_H
#define AMKD_TOOLS_TRAIN_OPTIONS_H

#include "base/cli.h"
#include "data/views.h"
#include "steps/learn/train.h"

enum { TRAIN_MAX_OPTIONS = 60, TRAIN_MAX_RATES = 64 };

typedef struct train_arguments {
    amkd_common common;
    const char *arch, *init, *val, *device, *profile, *optimizer, *schedule, *milestones;
    const char *metrics;
    char *arch_names; /* what arch may be, beside a text; NULL where memory was short */
    amkd_texts images, freeze, rate_scales;
    amkd_rate_rule rates[TRAIN_MAX_RATES]; /* what these two say */
    const char *assistant, *augment, *mean, *std;
    const char *memory, *input;
    amkd_shape shape; /* what input says */
    int summary, json;
    amkd_view_options views; /* what augment says */
    int augment_answers;
    double holdout;
    uint64_t nclasses; /* for --check */
    amkd_train_options train;
} train_arguments;

/* Puts the defaults into args, and the options into the table, ended by a zeroed one. The
 * args are cleared by the caller. */
void train_options_list(amkd_option *options, train_arguments *args);
void train_options_clear(train_arguments *args);

/* Looks up what was given by name, and fails where options do not go together. */
int train_options_read(train_arguments *args, const amkd_cli *cli);

#endif
