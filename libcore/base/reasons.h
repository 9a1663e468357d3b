/* What a step left out, counted by the reason, each with an example: the short account of
 * what notes.h tells one by one. */
#ifndef AMKD_BASE_REASONS_H
#define AMKD_BASE_REASONS_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

enum { AMKD_MAX_REASONS = 256 };

typedef struct amkd_reason {
    char *text, *example; /* control characters, as file names may have them, are '?' */
    uint64_t n;
    uint64_t order; /* of the example */
} amkd_reason;

typedef struct amkd_reasons {
    pthread_mutex_t lock;
    uint64_t n; /* of all that was left out, also for reasons that there is no room for */
    size_t nreasons;
    amkd_reason reasons[AMKD_MAX_REASONS];
} amkd_reasons;

void amkd_reasons_init(amkd_reasons *reasons);

/* Counts one thing; safe from several threads, which may come in any order. The example
 * of a reason that stays is the one of the lowest order, then the first by text. Without
 * memory it is counted among all only: this is never an error. */
void amkd_reasons_add(amkd_reasons *reasons, uint64_t order, const char *text,
                      const char *example);

/* Brings reasons[nreasons] in order: the most frequent first, then by text. */
void amkd_reasons_sort(amkd_reasons *reasons);

void amkd_reasons_clear(amkd_reasons *reasons);

#endif
