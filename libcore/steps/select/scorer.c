/* A thread a device, with two chunks in flight: while the device sweeps one, its thread
 * selects from the one before and reads the one behind. Chunks grow and shrink to what a
 * device does in a fraction of a second, so that no slow one keeps all others waiting at
 * the end. */
#include "steps/select/scorer.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

enum { IN_FLIGHT = 2, FIRST_CHUNK = 64 /* so much smaller than the largest */ };

/* Seconds that a thread waits for its device: below, larger chunks pay; above, smaller.
 */
static const double SHORT_WAIT = 0.1, LONG_WAIT = 0.4;

typedef struct worker {
    amkd_scorer *scorer;
    size_t chunk, max_chunk;     /* pairs */
    uint64_t numbers[IN_FLIGHT]; /* of its chunks under way, in turn */
    size_t nstarted, nfinished;
    amkd_pair *pairs; /* [max_chunk] */
    amkd_pick *picks; /* [max_chunk][neach] */
} worker;

typedef struct crew {
    const amkd_scorer_job *job;
    worker *workers;
    size_t n;
    pthread_mutex_t reading; /* of the source and nread */
    uint64_t nread;          /* chunks */
    pthread_mutex_t adding;  /* of the selection and what follows */
    pthread_cond_t turn;     /* nadded or failed have changed */
    uint64_t nadded;         /* chunks */
    int failed;
} crew;

static int fail_device(const crew *c, const worker *w)
{
    const amkd_device *device = w->scorer->device;
    return c->n > 1 ? amkd_fail_in("device %zu (%s)", device->index, device->name) : -1;
}

/* The next chunk of the source; *n is 0 at its end and when another device has failed. */
static int read_chunk(crew *c, worker *w, size_t *n, float *threshold)
{
    pthread_mutex_lock(&c->adding);
    const int failed = c->failed;
    *threshold = amkd_selection_threshold(c->job->selection);
    const double cutoff = amkd_selection_cutoff(c->job->selection);
    pthread_mutex_unlock(&c->adding);
    *n = 0;
    if (failed)
        return 0;
    pthread_mutex_lock(&c->reading);
    c->job->source->thinning.cutoff = cutoff;
    const int rc = amkd_pair_source_read(c->job->source, w->pairs, n, w->chunk);
    w->numbers[w->nstarted % IN_FLIGHT] = c->nread++;
    pthread_mutex_unlock(&c->reading);
    return rc;
}

static int make_picks(const crew *c, worker *w, const amkd_sweep_result *result)
{
    const amkd_scorer_job *job = c->job;
    const amkd_noise *noise = amkd_selection_noise(job->selection);
    for (size_t p = 0; p < result->n; p++) {
        const amkd_sweep_score found = result->scores[p];
        const amkd_pair pair = result->pairs[found.evaluation / job->nlambdas];
        if (!isfinite(found.score))
            return amkd_fail("'%s': the score of pair (%" PRIu32 ", %" PRIu32
                             ") is not a number: the student's sums overflow",
                             job->student, pair.i, pair.j);
        size_t lambda = found.evaluation % job->nlambdas;
        /* By C1 each lambda is at random or not; else a pair is, and has one drawn. */
        if (!noise->each_lambda && amkd_noise_is_random(noise, pair, 0))
            lambda = amkd_noise_draw_lambda(noise->seed, pair, job->nlambdas);
        w->picks[p] = (amkd_pick){pair.i, pair.j, job->lambdas[lambda], found.score};
    }
    return 0;
}

static int add_picks(crew *c, const worker *w, size_t n)
{
    const uint64_t number = w->numbers[w->nfinished % IN_FLIGHT];
    pthread_mutex_lock(&c->adding);
    while (c->job->ordered && c->nadded != number && !c->failed)
        pthread_cond_wait(&c->turn, &c->adding);
    int rc = 0;
    if (!c->failed) {
        rc = amkd_selection_add(c->job->selection, w->picks, n);
        c->nadded++;
        pthread_cond_broadcast(&c->turn);
    }
    pthread_mutex_unlock(&c->adding);
    return rc;
}

/* Selects from the worker's older chunk under way. */
static int take_result(crew *c, worker *w)
{
    amkd_sweep_result result;
    const double start = amkd_now();
    const int rc = amkd_sweep_finish(w->scorer->sweep, &result);
    const double waited = amkd_now() - start;
    if (rc <= 0)
        return rc ? fail_device(c, w) : 0;
    if (waited < SHORT_WAIT)
        w->chunk = w->chunk > w->max_chunk / 2 ? w->max_chunk : 2 * w->chunk;
    else if (waited > LONG_WAIT)
        w->chunk = (w->chunk + 1) / 2;
    w->scorer->nmixes += result.npairs * c->job->nlambdas;
    amkd_progress_add(c->job->progress, result.npairs);
    if (make_picks(c, w, &result) || add_picks(c, w, result.n))
        return -1;
    w->nfinished++;
    return 0;
}

static int score_chunks(crew *c, worker *w)
{
    size_t n;
    float threshold;
    for (;;) {
        if (read_chunk(c, w, &n, &threshold))
            return -1;
        if (!n)
            return take_result(c, w);
        if (amkd_sweep_start(w->scorer->sweep, w->pairs, n, threshold))
            return fail_device(c, w);
        if (w->nstarted++ && take_result(c, w))
            return -1;
    }
}

static int work(void *context, size_t index)
{
    crew *c = context;
    if (!score_chunks(c, &c->workers[index]))
        return 0;
    pthread_mutex_lock(&c->adding);
    c->failed = 1;
    pthread_cond_broadcast(&c->turn);
    pthread_mutex_unlock(&c->adding);
    return -1;
}

static int new_worker(worker *w, amkd_scorer *scorer, size_t neach)
{
    w->scorer = scorer;
    w->max_chunk = amkd_sweep_max_pairs(scorer->sweep);
    w->chunk = (w->max_chunk - 1) / FIRST_CHUNK + 1;
    w->pairs = amkd_alloc(w->max_chunk, sizeof *w->pairs);
    w->picks = amkd_alloc(w->max_chunk, neach * sizeof *w->picks);
    return w->pairs && w->picks ? 0 : -1;
}

int amkd_scorer_run(amkd_scorer *scorers, size_t n, const amkd_scorer_job *job)
{
    crew c = {.job = job, .n = n, .workers = amkd_alloc(n, sizeof *c.workers)};
    int rc = c.workers ? 0 : -1;
    for (size_t d = 0; !rc && d < n; d++)
        rc = new_worker(&c.workers[d], &scorers[d], job->neach);
    if (!rc) {
        pthread_mutex_init(&c.reading, NULL);
        pthread_mutex_init(&c.adding, NULL);
        pthread_cond_init(&c.turn, NULL);
        rc = amkd_parallel(n, n, work, &c);
        pthread_cond_destroy(&c.turn);
        pthread_mutex_destroy(&c.adding);
        pthread_mutex_destroy(&c.reading);
    }
    for (size_t d = 0; c.workers && d < n; d++) {
        free(c.workers[d].pairs);
        free(c.workers[d].picks);
    }
    free(c.workers);
    return rc;
}
