/* The thread that runs the model over batches of several requests' images. */
#include "serve/batcher.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A part of a job within a batch. */
typedef struct part {
    amkd_job *job;
    size_t first, n;
} part;

struct amkd_batcher {
    amkd_predictor *predictor;
    const amkd_served *served;
    amkd_metrics *metrics;
    amkd_batcher_options options;
    pthread_t thread;
    pthread_mutex_t lock; /* of the queue */
    pthread_cond_t more;
    amkd_job *first, **last;
    size_t nqueued; /* images */
    size_t njobs;
    int closing;
    /* The thread's own: one batch. */
    part *parts; /* [batch] */
    size_t nparts, n;
    void *images;                 /* [batch] of either type */
    float *values[AMKD_NOUTPUTS]; /* [batch][nclasses] */
};

static size_t image_nbytes(const amkd_batcher *batcher, const amkd_question *question)
{
    const size_t size = amkd_shape_size(batcher->served->in);
    return question->pixels ? size : size * sizeof(float);
}

static const char *images_of(const amkd_batcher *batcher, const part *p)
{
    const amkd_question *question = &p->job->question;
    const char *images = question->pixels ? (const char *)question->pixels
                                          : (const char *)question->planes;
    return images + p->first * image_nbytes(batcher, question);
}

/* Waits for a first job; then, for the window, for a whole batch, as long as there are
 * requests on their way that could be part of it. Returns 0 when closing. */
static int wait_for_jobs(amkd_batcher *batcher)
{
    struct timespec until;
    while (!batcher->first && !batcher->closing)
        pthread_cond_wait(&batcher->more, &batcher->lock);
    if (batcher->closing || !(batcher->options.window > 0))
        return !batcher->closing;
    clock_gettime(CLOCK_MONOTONIC, &until);
    const long ns = until.tv_nsec + (long)(batcher->options.window * 1e9);
    until.tv_sec += ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    while (!batcher->closing && batcher->nqueued < batcher->options.batch &&
           (int64_t)batcher->njobs < atomic_load(&batcher->metrics->in_flight))
        if (pthread_cond_timedwait(&batcher->more, &batcher->lock, &until) == ETIMEDOUT)
            break;
    return !batcher->closing;
}

/* Takes jobs of one type of image from the queue's front, the last perhaps in part. */
static void gather(amkd_batcher *batcher)
{
    const int floats = !batcher->first->question.pixels;
    batcher->nparts = batcher->n = 0;
    while (batcher->first && batcher->n < batcher->options.batch) {
        amkd_job *job = batcher->first;
        const size_t left = job->question.n - job->nrun;
        const size_t room = batcher->options.batch - batcher->n;
        const size_t n = left < room ? left : room;
        if (floats != !job->question.pixels)
            break;
        batcher->parts[batcher->nparts++] = (part){job, job->nrun, n};
        batcher->n += n;
        job->nrun += n;
        if (job->nrun == job->question.n) {
            batcher->first = job->next;
            batcher->njobs--;
            if (!batcher->first)
                batcher->last = &batcher->first;
        }
    }
    batcher->nqueued -= batcher->n;
    atomic_store(&batcher->metrics->queued, (int64_t)batcher->nqueued);
}

/* Runs the batch; a single job's images are taken where they are. */
static int run(amkd_batcher *batcher)
{
    const amkd_question *first = &batcher->parts[0].job->question;
    const size_t nbytes = image_nbytes(batcher, first);
    const char *images = images_of(batcher, &batcher->parts[0]);
    char *to = batcher->images;
    int wanted[AMKD_NOUTPUTS] = {0};
    for (size_t p = 0; p < batcher->nparts; p++) {
        const part *q = &batcher->parts[p];
        for (int k = 0; k < AMKD_NOUTPUTS; k++)
            wanted[k] |= amkd_question_wants(&q->job->question, (amkd_output_kind)k);
        if (batcher->nparts > 1) {
            memcpy(to, images_of(batcher, q), q->n * nbytes);
            to += q->n * nbytes;
            images = batcher->images;
        }
    }
    const amkd_prediction prediction = {
        .pixels = first->pixels ? (const uint8_t *)images : NULL,
        .planes = first->pixels ? NULL : (const float *)images,
        .probs = wanted[AMKD_OUTPUT_PROBS] ? batcher->values[AMKD_OUTPUT_PROBS] : NULL,
        .logits =
            wanted[AMKD_OUTPUT_LOGITS] ? batcher->values[AMKD_OUTPUT_LOGITS] : NULL};
    amkd_histogram_add(&batcher->metrics->batches, (double)batcher->n);
    return amkd_predictor_predict(batcher->predictor, &prediction, batcher->n);
}

static void fail_job(amkd_job *job, const char *message)
{
    if (job->failed)
        return;
    job->failed = 1;
    snprintf(job->message, sizeof job->message, "%s", message);
}

/* Hands each job its answers; a job is done when its last part is. */
static void hand_out(amkd_batcher *batcher, const char *failure)
{
    const size_t nclasses = batcher->served->nclasses;
    size_t at = 0;
    for (size_t p = 0; p < batcher->nparts; p++) {
        const part *q = &batcher->parts[p];
        amkd_job *job = q->job;
        for (int k = 0; k < AMKD_NOUTPUTS; k++)
            if (job->values[k] && !failure)
                memcpy(job->values[k] + q->first * nclasses,
                       batcher->values[k] + at * nclasses,
                       q->n * nclasses * sizeof(float));
        at += q->n;
        if (failure)
            fail_job(job, failure);
        if (q->first + q->n == job->question.n)
            job->done(job);
    }
}

static void *work(void *context)
{
    amkd_batcher *batcher = context;
    pthread_mutex_lock(&batcher->lock);
    while (wait_for_jobs(batcher)) {
        gather(batcher);
        pthread_mutex_unlock(&batcher->lock);
        hand_out(batcher, run(batcher) ? amkd_error() : NULL);
        pthread_mutex_lock(&batcher->lock);
    }
    amkd_job *left = batcher->first;
    batcher->first = NULL;
    batcher->last = &batcher->first;
    pthread_mutex_unlock(&batcher->lock);
    while (left) {
        amkd_job *next = left->next; /* the job is no longer ours once it is done */
        fail_job(left, "the server was stopped");
        left->done(left);
        left = next;
    }
    return NULL;
}

/* Everything but the thread. */
static int prepare(amkd_batcher *batcher)
{
    const size_t batch = batcher->options.batch;
    const size_t nvalues = batch * batcher->served->nclasses;
    pthread_condattr_t attributes;
    batcher->last = &batcher->first;
    batcher->parts = amkd_alloc(batch, sizeof *batcher->parts);
    batcher->images =
        amkd_alloc(batch, amkd_shape_size(batcher->served->in) * sizeof(float));
    for (int k = 0; k < AMKD_NOUTPUTS; k++)
        batcher->values[k] = amkd_alloc(nvalues, sizeof(float));
    pthread_mutex_init(&batcher->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&batcher->more, &attributes);
    pthread_condattr_destroy(&attributes);
    return batcher->parts && batcher->images && batcher->values[AMKD_OUTPUT_PROBS] &&
                   batcher->values[AMKD_OUTPUT_LOGITS]
               ? 0
               : -1;
}

int amkd_batcher_open(amkd_batcher **out, amkd_predictor *predictor,
                      const amkd_served *served, amkd_metrics *metrics,
                      const amkd_batcher_options *options)
{
    amkd_batcher *batcher = amkd_alloc(1, sizeof *batcher);
    if (!batcher)
        return -1;
    batcher->predictor = predictor;
    batcher->served = served;
    batcher->metrics = metrics;
    batcher->options = *options;
    int rc = prepare(batcher);
    if (!rc) {
        const int code = pthread_create(&batcher->thread, NULL, work, batcher);
        rc = code ? amkd_fail_thread(code) : 0;
    }
    if (rc) {
        amkd_batcher_free(batcher);
        return -1;
    }
    *out = batcher;
    return 0;
}

int amkd_batcher_add(amkd_batcher *batcher, amkd_job *job)
{
    const size_t n = job->question.n;
    for (int k = 0; k < AMKD_NOUTPUTS; k++)
        if (amkd_question_wants(&job->question, (amkd_output_kind)k)) {
            job->values[k] = amkd_alloc(n, batcher->served->nclasses * sizeof(float));
            if (!job->values[k])
                return -1;
        }
    pthread_mutex_lock(&batcher->lock);
    const int full = batcher->closing || n > batcher->options.max_queued ||
                     batcher->nqueued > batcher->options.max_queued - n;
    if (!full) {
        job->next = NULL;
        *batcher->last = job;
        batcher->last = &job->next;
        batcher->nqueued += n;
        batcher->njobs++;
        atomic_store(&batcher->metrics->queued, (int64_t)batcher->nqueued);
        pthread_cond_signal(&batcher->more);
    }
    pthread_mutex_unlock(&batcher->lock);
    return full;
}

void amkd_batcher_stop(amkd_batcher *batcher)
{
    pthread_mutex_lock(&batcher->lock);
    batcher->closing = 1;
    pthread_cond_signal(&batcher->more);
    pthread_mutex_unlock(&batcher->lock);
    pthread_join(batcher->thread, NULL);
}

void amkd_batcher_free(amkd_batcher *batcher)
{
    if (!batcher)
        return;
    pthread_cond_destroy(&batcher->more);
    pthread_mutex_destroy(&batcher->lock);
    free(batcher->parts);
    free(batcher->images);
    for (int k = 0; k < AMKD_NOUTPUTS; k++)
        free(batcher->values[k]);
    free(batcher);
}

void amkd_job_clear(amkd_job *job)
{
    amkd_question_clear(&job->question);
    for (int k = 0; k < AMKD_NOUTPUTS; k++) {
        free(job->values[k]);
        job->values[k] = NULL;
    }
}
