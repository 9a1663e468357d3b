/* One thread that runs the model: what requests ask at the same time is gathered into
 * batches. While the device is busy questions queue up, so a loaded server's batches fill
 * by themselves; only a device that is idle may be kept waiting, for up to the window,
 * while requests are on their way in. */
#ifndef AMKD_SERVE_BATCHER_H
#define AMKD_SERVE_BATCHER_H

#include "net/predict.h"
#include "serve/metrics.h"
#include "serve/question.h"

typedef struct amkd_batcher amkd_batcher;

typedef struct amkd_job {
    amkd_question question;
    float *values[AMKD_NOUTPUTS]; /* the answers; owned by the job */
    int failed;                   /* then message says why */
    char message[256];
    void (*done)(struct amkd_job *job); /* called once, in the batcher's thread; the job
                                           is then the owner's again */
    size_t nrun;                        /* the batcher's: images that have been run */
    struct amkd_job *next;              /* the batcher's */
} amkd_job;                             /* begins zeroed but for question and done */

typedef struct amkd_batcher_options {
    size_t batch;      /* images of a run at most */
    size_t max_queued; /* images that may wait */
    double window;     /* seconds to wait for more; 0: none */
} amkd_batcher_options;

/* Predictor, served and metrics must outlive the batcher. */
int amkd_batcher_open(amkd_batcher **out, amkd_predictor *predictor,
                      const amkd_served *served, amkd_metrics *metrics,
                      const amkd_batcher_options *options);

/* Makes room for the answers and queues the job. Returns 0; 1 when too many images wait,
 * or the batcher was stopped; -1 when there is no memory. */
int amkd_batcher_add(amkd_batcher *batcher, amkd_job *job);

/* Ends the thread, once, when the batch that runs is done; fails what is still queued. */
void amkd_batcher_stop(amkd_batcher *batcher);

/* Frees a batcher that was stopped; NULL is fine. */
void amkd_batcher_free(amkd_batcher *batcher);

void amkd_job_clear(amkd_job *job);

#endif
