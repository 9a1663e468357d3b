/* Students at work on pairs, on several devices at once: each takes the next chunk of
 * pairs when it is done with its last, so that a faster one takes more. */
#ifndef AMKD_STEPS_SELECT_SCORER_H
#define AMKD_STEPS_SELECT_SCORER_H

#include "steps/select/pair_source.h"
#include "steps/select/selection.h"
#include "sweep/sweep.h"

/* One device's part. */
typedef struct amkd_scorer {
    amkd_device *device;
    amkd_sweep *sweep; /* of this device; all of one student, grid and measure */
    uint64_t nmixes;   /* grows by the evaluations done */
} amkd_scorer;

typedef struct amkd_scorer_job {
    amkd_pair_source *source;
    amkd_selection *selection;
    const char *student; /* its name, for messages */
    const float *lambdas;
    size_t nlambdas;
    size_t neach; /* candidates that a pair may have: 1, or nlambdas */
    int ordered;  /* the selection gets its candidates in the order of the pairs */
    amkd_progress *progress;
} amkd_scorer_job;

/* Scores all pairs of the source and adds them to the selection, but for those above its
 * threshold. What is added does not depend on which device took what, nor on how many
 * there are, as far as their kernels agree. An error of one ends the work of all and,
 * with several, names the device. */
int amkd_scorer_run(amkd_scorer *scorers, size_t n, const amkd_scorer_job *job);

#endif
