/* Several backends of one kind as one: each has a thread of its own, so that those that
 * work in the calling thread answer side by side. */
#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "teacher/backend.h"
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef enum member_state {
    IDLE,
    BUSY,
    DONE,  /* its reply waits to be taken */
    TAKEN, /* its values are in use until the next wait */
} member_state;

typedef struct member {
    struct pool *pool;
    amkd_backend backend;
    pthread_t thread;
    int started;
    member_state state;
    uint64_t ticket;
    const uint8_t *pixels;
    size_t n;
    amkd_reply reply;
} member;

typedef struct pool {
    pthread_mutex_t lock; /* of every member's state, and of closing */
    pthread_cond_t work, done;
    int closing;
    size_t nmembers;
    member members[];
} pool;

/* One attempt from its submit to its reply. A member that is broken for good ends its own
 * attempt alone: the others' answers are still to come. */
static void answer(member *m)
{
    amkd_backend *backend = &m->backend;
    const int refused = backend->submit(backend, m->ticket, m->pixels, m->n);
    int rc = refused ? -1 : 0;
    while (rc == 0)
        rc = backend->wait(backend, &m->reply, 1);
    if (rc > 0)
        return;
    m->reply = (amkd_reply){.ticket = m->ticket,
                            .outcome = refused ? AMKD_REFUSED : AMKD_UNREADABLE,
                            .retry_after = -1,
                            .n = m->n};
    snprintf(m->reply.message, sizeof m->reply.message, "%s", amkd_error());
}

static void *serve(void *context)
{
    member *m = context;
    pool *p = m->pool;
    pthread_mutex_lock(&p->lock);
    while (!p->closing) {
        if (m->state != BUSY) {
            pthread_cond_wait(&p->work, &p->lock);
            continue;
        }
        pthread_mutex_unlock(&p->lock);
        answer(m);
        pthread_mutex_lock(&p->lock);
        m->state = DONE;
        pthread_cond_signal(&p->done);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

static member *find(pool *p, member_state state)
{
    for (size_t i = 0; i < p->nmembers; i++)
        if (p->members[i].state == state)
            return &p->members[i];
    return NULL;
}

static int submit(amkd_backend *backend, uint64_t ticket, const uint8_t *pixels, size_t n)
{
    pool *p = backend->state;
    pthread_mutex_lock(&p->lock);
    member *m = find(p, IDLE);
    if (m) {
        m->ticket = ticket;
        m->pixels = pixels;
        m->n = n;
        m->state = BUSY;
        pthread_cond_broadcast(&p->work);
    }
    pthread_mutex_unlock(&p->lock);
    return m ? 0 : amkd_fail("all %zu workers are busy", p->nmembers);
}

/* Waits for a reply while any is to come. The lock is held. */
static member *wait_done(pool *p, double timeout)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    const double end = (double)until.tv_nsec * 1e-9 + timeout;
    until.tv_sec += (time_t)floor(end);
    until.tv_nsec = (long)((end - floor(end)) * 1e9);
    member *m;
    while (!(m = find(p, DONE)) && find(p, BUSY))
        if (pthread_cond_timedwait(&p->done, &p->lock, &until))
            return find(p, DONE);
    return m;
}

static int wait_for(amkd_backend *backend, amkd_reply *reply, double timeout)
{
    pool *p = backend->state;
    pthread_mutex_lock(&p->lock);
    member *m;
    while ((m = find(p, TAKEN)))
        m->state = IDLE;
    m = wait_done(p, timeout);
    if (m)
        m->state = TAKEN;
    pthread_mutex_unlock(&p->lock);
    if (!m)
        return 0;
    *reply = m->reply;
    if (reply->outcome == AMKD_ANSWERED)
        backend->nclasses = m->backend.nclasses;
    return 1;
}

/* A member that is at work ends with its answer, or its timeout. */
static void close_pool(amkd_backend *backend)
{
    pool *p = backend->state;
    pthread_mutex_lock(&p->lock);
    p->closing = 1;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    for (size_t i = 0; i < p->nmembers; i++) {
        if (p->members[i].started)
            pthread_join(p->members[i].thread, NULL);
        if (p->members[i].backend.close)
            p->members[i].backend.close(&p->members[i].backend);
    }
    pthread_cond_destroy(&p->work);
    pthread_cond_destroy(&p->done);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

static int init_locks(pool *p)
{
    pthread_condattr_t monotonic;
    const int code = pthread_condattr_init(&monotonic) ||
                     pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) ||
                     pthread_mutex_init(&p->lock, NULL) ||
                     pthread_cond_init(&p->work, NULL) ||
                     pthread_cond_init(&p->done, &monotonic);
    return code ? amkd_fail("no memory for the workers' locks") : 0;
}

int amkd_backend_open_pool(amkd_backend *backend, size_t nmembers,
                           amkd_backend_open *open, const char *rest,
                           const amkd_teacher_options *options)
{
    pool *p = amkd_alloc(1, sizeof *p + nmembers * sizeof *p->members);
    if (!p || init_locks(p)) {
        free(p);
        return -1;
    }
    p->nmembers = nmembers;
    *backend = (amkd_backend){.state = p,
                              .capacity = nmembers,
                              .submit = submit,
                              .wait = wait_for,
                              .close = close_pool};
    for (size_t i = 0; i < nmembers; i++) {
        member *m = &p->members[i];
        m->pool = p;
        if (open(&m->backend, rest, options))
            return -1;
        const int code = pthread_create(&m->thread, NULL, serve, m);
        if (code) {
            amkd_fail_thread(code);
            return amkd_fail_in("worker %zu of %zu", i + 1, nmembers);
        }
        m->started = 1;
    }
    backend->nclasses = p->members[0].backend.nclasses;
    backend->class_names = p->members[0].backend.class_names;
    backend->identity = p->members[0].backend.identity;
    return 0;
}
