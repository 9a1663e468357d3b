/* A process kept open, that answers each request on its stdin by one on its stdout. */
#ifndef AMKD_TEACHER_WORKER_H
#define AMKD_TEACHER_WORKER_H

#include <stddef.h>

typedef struct amkd_worker amkd_worker;

/* Starts sh -c command, in a process group of its own; its stderr is ours, and nothing
 * else that is open here goes to it. */
int amkd_worker_open(amkd_worker **out, const char *command);

typedef struct amkd_request {
    const void *head, *body; /* sent one behind the other */
    size_t head_nbytes, body_nbytes;
    double timeout; /* seconds from now to the whole answer; 0: for ever */
    /* How long the answer is, from the nbytes that came so far: 1 when *needed is the
     * whole length, 0 when at least *needed must come to know more, -1 on error. Asked
     * first with none. */
    int (*measure)(void *context, size_t *needed, const void *bytes, size_t nbytes);
    void *context;
} amkd_request;

/* Sends a request and takes the answer: *answer of *nbytes, owned by the worker and valid
 * until the next call. Both pipes are served at once, so that neither side waits for the
 * other however long request and answer are. Fails when the worker ends, is too slow, or
 * says more than its answer. */
int amkd_worker_ask(amkd_worker *worker, const void **answer, size_t *nbytes,
                    const amkd_request *request);

/* Closes its pipes, gives it two seconds to end, kills its process group after that. */
void amkd_worker_close(amkd_worker *worker); /* NULL is fine */

#endif
