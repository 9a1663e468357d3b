/* A team of threads: members publish where their bytes lie, meet at a barrier, read each
 * other's memory, and meet again before any of it changes. */
#include "team/team_threads.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "team/team_internal.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct member member;

typedef struct crew {
    member *members;
    pthread_barrier_t barrier;
    int (*work)(void *context, amkd_team *team);
    void *context;
    pthread_mutex_t start; /* held until all threads are there */
    int cancelled;         /* one could not be started: none works */
} crew;

struct member {
    amkd_team team;
    crew *crew;
    pthread_t thread;
    /* What the others may read between two barriers. */
    int64_t words[AMKD_TEAM_NWORDS];
    const void *bytes;
    const float *sum;
    size_t n; /* copies or items */
};

static void wait_for_all(const member *self)
{
    pthread_barrier_wait(&self->crew->barrier);
}

static int least(amkd_team *team, int64_t *words)
{
    member *self = (member *)team;
    memcpy(self->words, words, sizeof self->words);
    wait_for_all(self);
    for (size_t m = 0; m < team->size; m++)
        for (size_t w = 0; w < AMKD_TEAM_NWORDS; w++) {
            const int64_t word = self->crew->members[m].words[w];
            words[w] = word < words[w] ? word : words[w];
        }
    wait_for_all(self);
    return 0;
}

static int broadcast(amkd_team *team, void *bytes, size_t nbytes, size_t from)
{
    member *self = (member *)team;
    self->bytes = bytes;
    wait_for_all(self);
    if (team->rank != from)
        memcpy(bytes, self->crew->members[from].bytes, nbytes);
    wait_for_all(self);
    return 0;
}

static int all_gather(amkd_team *team, void *all, const void *mine, size_t nbytes)
{
    member *self = (member *)team;
    self->bytes = mine;
    wait_for_all(self);
    for (size_t m = 0; m < team->size; m++)
        memcpy((char *)all + m * nbytes, self->crew->members[m].bytes, nbytes);
    wait_for_all(self);
    return 0;
}

static int collect(amkd_team *team, const void *items, size_t n, size_t item_nbytes,
                   amkd_team_taker *taker)
{
    member *self = (member *)team;
    (void)item_nbytes;
    self->bytes = items;
    self->n = n;
    wait_for_all(self);
    for (size_t m = 1; team->rank == 0 && m < team->size; m++)
        if (self->crew->members[m].n)
            amkd_team_take(taker, self->crew->members[m].bytes, self->crew->members[m].n);
    wait_for_all(self);
    return 0;
}

/* Where piece m of n values begins; that of m + 1 is where it ends. */
static size_t piece_start(const amkd_team *team, size_t m, size_t n)
{
    return n / team->size * m + n % team->size * m / team->size;
}

/* Each member sums its own piece, and copies the other pieces from those who did. */
static int sum_copies(amkd_team *team, float *sum, const float *copies, size_t ncopies,
                      size_t n)
{
    member *self = (member *)team;
    const member *members = self->crew->members;
    self->bytes = copies;
    self->n = ncopies;
    self->sum = sum;
    wait_for_all(self);
    const size_t start = piece_start(team, team->rank, n);
    const size_t length = piece_start(team, team->rank + 1, n) - start;
    memset(sum + start, 0, length * sizeof *sum);
    for (size_t m = 0; m < team->size; m++)
        if (members[m].n)
            amkd_team_add(sum + start, (const float *)members[m].bytes + start,
                          members[m].n, n, length);
    wait_for_all(self);
    for (size_t m = 0; m < team->size; m++) {
        const size_t from = piece_start(team, m, n), to = piece_start(team, m + 1, n);
        if (m != team->rank)
            memcpy(sum + from, members[m].sum + from, (to - from) * sizeof *sum);
    }
    wait_for_all(self);
    return 0;
}

void amkd_team_call(amkd_team *team, const char *name)
{
    if (team)
        snprintf(team->name, sizeof team->name, "%s", name);
}

static const amkd_team_kind threads = {least, broadcast, all_gather, collect, sum_copies};

static int work_as(member *self)
{
    const crew *all = self->crew;
    return amkd_team_leave(&self->team, all->work(all->context, &self->team) != 0);
}

static void *run(void *argument)
{
    member *self = argument;
    pthread_mutex_lock(&self->crew->start);
    const int cancelled = self->crew->cancelled;
    pthread_mutex_unlock(&self->crew->start);
    if (!cancelled)
        work_as(self);
    return NULL;
}

static void set_up(crew *all, size_t size)
{
    for (size_t m = 0; m < size; m++) {
        member *one = &all->members[m];
        one->crew = all;
        one->team.kind = &threads;
        one->team.rank = one->team.place = m;
        one->team.size = size;
        snprintf(one->team.name, sizeof one->team.name, "member %zu", m);
    }
}

/* Starts the others, then works as rank 0. */
static int run_all(crew *all, size_t size)
{
    size_t nstarted = 1;
    int code = 0;
    pthread_mutex_lock(&all->start);
    while (nstarted < size && !code) {
        member *one = &all->members[nstarted];
        code = pthread_create(&one->thread, NULL, run, one);
        nstarted += !code;
    }
    all->cancelled = code != 0;
    pthread_mutex_unlock(&all->start);
    const int rc = code ? amkd_fail_thread(code) : work_as(&all->members[0]);
    while (--nstarted)
        pthread_join(all->members[nstarted].thread, NULL);
    return rc;
}

int amkd_team_threads(size_t size, int (*work)(void *context, amkd_team *team),
                      void *context)
{
    if (size == 1)
        return work(context, NULL) ? -1 : 0;
    crew all = {.members = amkd_alloc(size, sizeof *all.members),
                .work = work,
                .context = context,
                .start = PTHREAD_MUTEX_INITIALIZER};
    if (!all.members)
        return -1;
    set_up(&all, size);
    int code = pthread_barrier_init(&all.barrier, NULL, (unsigned)size);
    int rc =
        code ? amkd_fail("%zu threads: %s", size, strerror(code)) : run_all(&all, size);
    if (!code)
        pthread_barrier_destroy(&all.barrier);
    pthread_mutex_destroy(&all.start);
    free(all.members);
    return rc;
}
