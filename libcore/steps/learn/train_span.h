/* Steps of a training that were enqueued one behind the other, and what is read back
 * behind them. */
#ifndef AMKD_STEPS_LEARN_TRAIN_SPAN_H
#define AMKD_STEPS_LEARN_TRAIN_SPAN_H

#include "steps/learn/learner.h"

typedef struct amkd_train_span {
    uint64_t first, end;
    size_t nsamples;
    float *parameters;                   /* the weights after the last step */
    float *losses, *agreements, *taught; /* as the learner's */
    cl_event done;                       /* NULL once it was waited for */
} amkd_train_span;

/* Room for what is read back of a learner of this network. */
int amkd_train_span_new(amkd_train_span *span, const amkd_learner *learner,
                        const amkd_graph *graph);
void amkd_train_span_clear(amkd_train_span *span); /* a zeroed one is fine */

/* Enqueues the reading: of the weights, or their average where one is kept, and of the
 * learner's sums. The event is that of the last. */
int amkd_train_span_read_later(amkd_train_span *span, const amkd_learner *learner,
                               const amkd_graph *graph);

/* What they come to, of all samples of the span, once it is done. */
enum { AMKD_SPAN_LOSS, AMKD_SPAN_AGREEMENT, AMKD_SPAN_TAUGHT, AMKD_SPAN_NSUMS };
void amkd_train_span_sum(double sums[AMKD_SPAN_NSUMS], const amkd_train_span *span,
                         const amkd_learner *learner);

#endif
