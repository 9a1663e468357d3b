/* Work shared out over threads, for host work such as decoding and compressing. */
#ifndef AMKD_BASE_PARALLEL_H
#define AMKD_BASE_PARALLEL_H

#include <stddef.h>

/* Does work(context, index) for index 0..n-1 on up to nthreads threads, in no set order.
 * The first failure (work returns -1) stops the handing out of further indices; its
 * message becomes the caller's error. Returns 0, or -1. */
int amkd_parallel(size_t n, size_t nthreads, int (*work)(void *context, size_t index),
                  void *context);

/* Fails for a thread that could not be started, with pthread_create's code. */
int amkd_fail_thread(int code);

/* The number of processors this process may run on, at least 1. */
size_t amkd_processors(void);

#endif
