/* A request fills up with images, waits for its time, flies, and is filled anew, or waits
 * again when its attempt failed. */
#include "base/clock.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "teacher/asker_internal.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Of a rate's images so many seconds' worth go at once, so that services that count each
 * second see no burst. */
static const double most_at_once = 0.1;

/* Seconds that a wait lasts at most, so that signals are noticed. */
static const double most_wait = 0.5;

/* Images a request. */
static size_t batch_of(const amkd_asker_options *options, const amkd_backend *backend)
{
    size_t batch = options->batch;
    const double even = fmax(options->rate * most_at_once, 1);
    if (backend->max_images && batch > backend->max_images)
        batch = backend->max_images;
    return options->rate > 0 && (double)batch > even ? (size_t)even : batch;
}

int amkd_asker_new(amkd_asker **out, amkd_teacher *teacher, amkd_journal *journal,
                   const amkd_asker_options *options)
{
    amkd_asker *asker = amkd_alloc(1, sizeof *asker);
    if (!asker)
        return -1;
    asker->options = *options;
    asker->teacher = teacher;
    asker->backend = amkd_teacher_backend(teacher);
    asker->journal = journal;
    asker->options.batch = batch_of(options, asker->backend);
    asker->nrequests = asker->backend->capacity;
    asker->requests = amkd_alloc(asker->nrequests, sizeof *asker->requests);
    for (size_t r = 0; asker->requests && r < asker->nrequests; r++) {
        request *q = &asker->requests[r];
        q->questions = amkd_alloc(asker->options.batch, sizeof *q->questions);
        q->pixels = amkd_alloc(asker->options.batch, options->image_nbytes);
        if (!q->questions || !q->pixels) {
            amkd_asker_free(asker);
            return -1;
        }
    }
    if (!asker->requests) {
        amkd_asker_free(asker);
        return -1;
    }
    *out = asker;
    return 0;
}

/* The failure that there is no memory to keep. */
static char no_memory[] = "out of memory";

void amkd_asker_free(amkd_asker *asker)
{
    if (!asker)
        return;
    for (size_t r = 0; asker->requests && r < asker->nrequests; r++) {
        free(asker->requests[r].questions);
        free(asker->requests[r].pixels);
    }
    free(asker->requests);
    if (asker->failure != no_memory)
        free(asker->failure);
    free(asker);
}

amkd_asker_counts amkd_asker_count(const amkd_asker *asker)
{
    return asker->counts;
}

void amkd_asker_give_up(amkd_asker *asker)
{
    if (!asker->failure)
        asker->failure = amkd_strdup(amkd_error());
    if (!asker->failure)
        asker->failure = no_memory;
}

static int stopped(const amkd_asker *asker)
{
    return asker->failure || amkd_interrupted();
}

static request *find_request(amkd_asker *asker, request_state state)
{
    for (size_t r = 0; r < asker->nrequests; r++)
        if (asker->requests[r].state == state)
            return &asker->requests[r];
    return NULL;
}

/* ------------------------------------------------------------------------- sending -- */

static double due(const amkd_asker *asker, const request *q)
{
    return fmax(q->due, fmax(asker->paused, asker->metered));
}

/* Until an answer came that could be used, requests go one at a time, and one that failed
 * goes again before any other does: what is wrong with all answers is paid for once. */
static int held_back(const amkd_asker *asker, const request *q)
{
    for (size_t r = 0; !asker->counts.answered && r < asker->nrequests; r++) {
        const request *other = &asker->requests[r];
        if (other->state == FLYING ||
            (other->state == WAITING && other->nattempts && !q->nattempts))
            return 1;
    }
    return 0;
}

/* Cuts the request to what the budget has room for: 0 when there is none. */
static size_t fit_budget(amkd_asker *asker, request *q)
{
    if (asker->options.budget)
        q->n = amkd_budget_fit(asker->options.budget, q->n);
    if (!q->n)
        q->state = FREE;
    return q->n;
}

/* Writes down every request whose time has come; they fly when all is on the disk. */
static int announce(amkd_asker *asker, double now, size_t *nannounced)
{
    *nannounced = 0;
    for (size_t r = 0; r < asker->nrequests; r++) {
        request *q = &asker->requests[r];
        if (q->state != WAITING || due(asker, q) > now || held_back(asker, q) ||
            !fit_budget(asker, q))
            continue;
        if (amkd_journal_send(asker->journal, q->questions, q->n))
            return -1;
        q->state = FLYING;
        q->due = INFINITY; /* announced, not submitted */
        if (asker->options.rate > 0)
            asker->metered =
                fmax(asker->metered, now) + (double)q->n / asker->options.rate;
        ++*nannounced;
    }
    return *nannounced ? amkd_journal_sync(asker->journal) : 0;
}

static int submit(amkd_asker *asker, request *q, double now)
{
    q->due = 0;
    q->first = q->nattempts ? q->first : now;
    asker->counts.retries += q->nattempts > 0;
    q->nattempts++;
    const uint64_t ticket = (uint64_t)(q - asker->requests);
    if (!asker->backend->submit(asker->backend, ticket, q->pixels, q->n))
        return 0;
    amkd_teacher_fail_in(asker->teacher);
    q->state = FREE;
    return amkd_journal_return(asker->journal, q->questions, q->n), -1;
}

static void send_due(amkd_asker *asker, double now)
{
    size_t nannounced;
    const int rc = announce(asker, now, &nannounced);
    if (rc)
        amkd_asker_give_up(asker);
    for (size_t r = 0; r < asker->nrequests; r++) {
        request *q = &asker->requests[r];
        if (q->state != FLYING || !isinf(q->due))
            continue;
        if (rc) { /* it was never sent: when the journal says so, it says both */
            amkd_journal_return(asker->journal, q->questions, q->n);
            q->state = FREE;
        } else if (submit(asker, q, now))
            amkd_asker_give_up(asker);
    }
}

/* ------------------------------------------------------------------------- replies -- */

/* The backend is broken for good: what is under way stays doubtful, and nobody waits for
 * it any more. */
static void abandon(amkd_asker *asker)
{
    amkd_teacher_fail_in(asker->teacher);
    amkd_asker_give_up(asker);
    for (size_t r = 0; r < asker->nrequests; r++)
        if (asker->requests[r].state == FLYING)
            asker->requests[r].state = FREE;
}

/* Takes the reply that comes within timeout and all that came with it. */
static int take_replies(amkd_asker *asker, double timeout)
{
    const uint64_t before = asker->counts.answered;
    amkd_reply reply;
    int came, ntaken = 0;
    while ((came = asker->backend->wait(asker->backend, &reply, timeout)) == 1) {
        if (amkd_asker_take_reply(asker, &reply))
            return -1;
        ntaken++;
        timeout = 0;
    }
    if (came < 0)
        abandon(asker);
    if (ntaken && amkd_journal_sync(asker->journal))
        return -1;
    const size_t n = (size_t)(asker->counts.answered - before);
    if (n && asker->options.answered(asker->options.context, n))
        amkd_asker_give_up(asker);
    return came < 0 ? amkd_fail("%s", asker->failure) : 0;
}

/* ----------------------------------------------------------------------- the loop -- */

static double seconds_to_next(const amkd_asker *asker, double now)
{
    double wait = most_wait;
    for (size_t r = 0; r < asker->nrequests; r++)
        if (asker->requests[r].state == WAITING && !held_back(asker, &asker->requests[r]))
            wait = fmin(wait, due(asker, &asker->requests[r]) - now);
    return fmax(wait, 0);
}

static void pause_for(double seconds)
{
    const struct timespec wait = {(time_t)seconds,
                                  (long)((seconds - floor(seconds)) * 1e9)};
    nanosleep(&wait, NULL);
}

/* Sends what is due, then waits for a reply or for the next request's time. Fails when
 * replies can no longer be had or kept. */
static int step(amkd_asker *asker)
{
    const double now = amkd_now();
    if (!stopped(asker))
        send_due(asker, now);
    const double wait = seconds_to_next(asker, now);
    if (find_request(asker, FLYING))
        return take_replies(asker, wait);
    if (find_request(asker, WAITING) && !stopped(asker))
        pause_for(wait);
    return 0;
}

int amkd_asker_add(amkd_asker *asker, amkd_question_key question, const uint8_t *pixels)
{
    const amkd_asker_options *o = &asker->options;
    request *q = find_request(asker, FILLING);
    while (!q && !stopped(asker) && !(q = find_request(asker, FREE)))
        if (step(asker))
            return -1;
    if (asker->failure)
        return -1;
    if (stopped(asker) || (o->budget && !amkd_budget_fit(o->budget, 1)))
        return 0;
    if (q->state == FREE)
        *q = (request){FILLING, 0, q->questions, q->pixels, 0, 0, 0, 0};
    q->questions[q->n] = question;
    memcpy(q->pixels + q->n * o->image_nbytes, pixels, o->image_nbytes);
    if (++q->n == o->batch) {
        q->state = WAITING;
        send_due(asker, amkd_now());
    }
    return 1;
}

int amkd_asker_finish(amkd_asker *asker)
{
    request *last = find_request(asker, FILLING);
    if (last)
        last->state = WAITING;
    while (find_request(asker, FLYING) ||
           (!stopped(asker) && find_request(asker, WAITING)))
        if (step(asker))
            return -1;
    return asker->failure ? amkd_fail("%s", asker->failure) : 0;
}
