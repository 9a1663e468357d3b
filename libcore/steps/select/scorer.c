/* A thread a scorer. Where two chunks may be under way, the thread selects from one and
 * reads the one behind while the device is at work on another. Chunks grow and shrink to
 * what a device does in a fraction of a second, so that no slow one keeps all others
 * waiting at the end. */
#include "steps/select/scorer.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/parallel.h"
#include <pthread.h>
#include <stdlib.h>

enum { IN_FLIGHT = 2, FIRST_CHUNK = 64 /* so much smaller than the largest */ };

/* Seconds that a thread waits for its scorer: below, larger chunks pay; above, smaller.
 */
static const double SHORT_WAIT = 0.1, LONG_WAIT = 0.4;

typedef struct worker {
    amkd_scorer *scorer;
    uint64_t numbers[IN_FLIGHT]; /* of its chunks under way, in turn */
    size_t nstarted, nfinished;
    amkd_label_key *keys; /* [scorer->most] */
} worker;

typedef struct crew {
    const amkd_scorer_job *job;
    worker *workers;
    pthread_mutex_t reading; /* of the candidates and nread */
    uint64_t nread;          /* chunks */
    int ended;               /* no candidates are left */
    pthread_mutex_t adding;  /* of the selection and what follows */
    pthread_cond_t turn;     /* nadded or failed have changed */
    uint64_t nadded;         /* chunks */
    int failed;
} crew;

/* Each scores something before it stops: so there is an end, however often it must. */
static int is_time(const crew *c, const worker *w)
{
    return c->job->until > 0 && w->nstarted > 0 && amkd_now() >= c->job->until;
}

/* The next chunk; *n is 0 at the end, when it is time to stop, and when another scorer
 * has failed. */
static int read_chunk(crew *c, worker *w, size_t *n, float *threshold)
{
    pthread_mutex_lock(&c->adding);
    const int failed = c->failed;
    *threshold = amkd_selection_threshold(c->job->selection);
    const double cutoff = amkd_selection_cutoff(c->job->selection);
    pthread_mutex_unlock(&c->adding);
    *n = 0;
    if (failed || is_time(c, w))
        return 0;
    pthread_mutex_lock(&c->reading);
    amkd_candidates *candidates = c->job->candidates;
    candidates->thinning.cutoff = cutoff;
    const int rc = candidates->read(candidates, w->keys, n, w->scorer->chunk);
    c->ended |= !rc && !*n;
    w->numbers[w->nstarted % IN_FLIGHT] = c->nread++;
    pthread_mutex_unlock(&c->reading);
    return rc;
}

static int add_picks(crew *c, const worker *w, const amkd_scored *scored)
{
    const uint64_t number = w->numbers[w->nfinished % IN_FLIGHT];
    pthread_mutex_lock(&c->adding);
    while (c->job->ordered && c->nadded != number && !c->failed)
        pthread_cond_wait(&c->turn, &c->adding);
    int rc = 0;
    if (!c->failed) {
        rc = amkd_selection_add(c->job->selection, scored->picks, scored->n);
        c->nadded++;
        pthread_cond_broadcast(&c->turn);
    }
    pthread_mutex_unlock(&c->adding);
    return rc;
}

/* Selects from the worker's chunk that is longest under way. */
static int take_result(crew *c, worker *w)
{
    amkd_scored scored;
    amkd_scorer *scorer = w->scorer;
    const size_t most = scorer->most;
    const double start = amkd_now();
    if (scorer->finish(scorer, &scored) != 1)
        return -1;
    const double waited = amkd_now() - start;
    if (waited < SHORT_WAIT)
        scorer->chunk = scorer->chunk > most / 2 ? most : 2 * scorer->chunk;
    else if (waited > LONG_WAIT)
        scorer->chunk = (scorer->chunk + 1) / 2;
    amkd_progress_add(c->job->progress, scored.ncandidates);
    if (add_picks(c, w, &scored))
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
            break;
        if (w->scorer->start(w->scorer, w->keys, n, threshold))
            return -1;
        w->nstarted++;
        if (w->nstarted - w->nfinished == w->scorer->nunderway && take_result(c, w))
            return -1;
    }
    while (w->nfinished < w->nstarted)
        if (take_result(c, w))
            return -1;
    return 0;
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

static int new_worker(worker *w, amkd_scorer *scorer)
{
    w->scorer = scorer;
    if (!scorer->chunk)
        scorer->chunk = (scorer->most - 1) / FIRST_CHUNK + 1;
    w->keys = amkd_alloc(scorer->most, sizeof *w->keys);
    return w->keys ? 0 : -1;
}

int amkd_scorer_run(amkd_scorer *scorers, size_t n, const amkd_scorer_job *job)
{
    crew c = {.job = job, .workers = amkd_alloc(n, sizeof *c.workers)};
    int rc = c.workers ? 0 : -1;
    for (size_t d = 0; !rc && d < n; d++)
        rc = new_worker(&c.workers[d], &scorers[d]);
    if (!rc) {
        pthread_mutex_init(&c.reading, NULL);
        pthread_mutex_init(&c.adding, NULL);
        pthread_cond_init(&c.turn, NULL);
        rc = amkd_parallel(n, n, work, &c);
        pthread_cond_destroy(&c.turn);
        pthread_mutex_destroy(&c.adding);
        pthread_mutex_destroy(&c.reading);
    }
    for (size_t d = 0; c.workers && d < n; d++)
        free(c.workers[d].keys);
    free(c.workers);
    return rc ? -1 : !c.ended;
}

void amkd_scorer_close(amkd_scorer *scorer)
{
    if (scorer->close)
        scorer->close(scorer);
    *scorer = (amkd_scorer){0};
}
