/* Work shared out over threads: each takes the next index from a common counter. */
#include "base/parallel.h"
#include "base/error.h"
#include "base/memory.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct shared_work {
    size_t n;
    int (*work)(void *context, size_t index);
    void *context;
    atomic_size_t next;
    pthread_mutex_t lock; /* of what follows */
    size_t failed_index;  /* n: none failed */
    char message[16384];
} shared_work;

/* Indices are handed out in order, so the lowest that fails is always reached: its
 * message is kept, and the error does not depend on timing. */
static void note_failure(shared_work *crew, size_t index)
{
    atomic_store(&crew->next, crew->n);
    pthread_mutex_lock(&crew->lock);
    if (index < crew->failed_index) {
        crew->failed_index = index;
        strncpy(crew->message, amkd_error(), sizeof crew->message - 1);
    }
    pthread_mutex_unlock(&crew->lock);
}

static void *run(void *argument)
{
    shared_work *crew = argument;
    for (;;) {
        size_t index = atomic_load(&crew->next);
        do
            if (index >= crew->n)
                return NULL;
        while (!atomic_compare_exchange_weak(&crew->next, &index, index + 1));
        if (crew->work(crew->context, index))
            note_failure(crew, index);
    }
}

int amkd_parallel(size_t n, size_t nthreads, int (*work)(void *context, size_t index),
                  void *context)
{
    if (nthreads > n)
        nthreads = n;
    if (nthreads < 2) {
        for (size_t i = 0; i < n; i++)
            if (work(context, i))
                return -1;
        return 0;
    }
    shared_work *crew = amkd_alloc(1, sizeof *crew);
    pthread_t *threads = amkd_alloc(nthreads - 1, sizeof *threads);
    if (!crew || !threads) {
        free(crew);
        free(threads);
        return -1;
    }
    crew->n = crew->failed_index = n;
    crew->work = work;
    crew->context = context;
    pthread_mutex_init(&crew->lock, NULL);
    /* The caller works too; where no more threads can be had, fewer do the same. */
    size_t nstarted = 0;
    while (nstarted < nthreads - 1 &&
           !pthread_create(&threads[nstarted], NULL, run, crew))
        nstarted++;
    run(crew);
    for (size_t i = 0; i < nstarted; i++)
        pthread_join(threads[i], NULL);
    int result = crew->failed_index < n ? amkd_fail("%s", crew->message) : 0;
    pthread_mutex_destroy(&crew->lock);
    free(threads);
    free(crew);
    return result;
}

/* A limit of memory shows up as EAGAIN: no room for the thread's stack. */
int amkd_fail_thread(int code)
{
    return amkd_fail("cannot start a thread: %s%s", strerror(code), amkd_memory_limit());
}

size_t amkd_processors(void)
{
    cpu_set_t set;
    if (!sched_getaffinity(0, sizeof set, &set) && CPU_COUNT(&set) > 0)
        return (size_t)CPU_COUNT(&set);
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (size_t)n : 1;
}
