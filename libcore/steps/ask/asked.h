/* The pairs and single images that a teacher was asked about before, so that none is
 * chosen again. */
#ifndef AMKD_STEPS_ASK_ASKED_H
#define AMKD_STEPS_ASK_ASKED_H

#include "stream/rows.h"
#include <stddef.h>
#include <stdint.h>

typedef struct amkd_asked {
    size_t n;
    uint64_t *pairs; /* [n] i << 32 | j, ascending, each once */
} amkd_asked;

/* Adds the pairs of labels streams, whatever their lambda; a real image is the pair
 * (i, i). Fails unless they refer to the same image sets as header. */
int amkd_asked_load(amkd_asked *asked, const char *const *paths, size_t npaths,
                    const amkd_header *header, size_t nthreads);

int amkd_asked_has(const amkd_asked *asked, amkd_pair pair);

/* Drops the pairs asked before from pairs[n]; returns how many are left, in order. */
size_t amkd_asked_drop(const amkd_asked *asked, amkd_pair *pairs, size_t n);

void amkd_asked_clear(amkd_asked *asked); /* a zeroed one is fine */

#endif
