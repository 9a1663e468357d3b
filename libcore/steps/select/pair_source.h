/* Where the pairs to score come from: a stream, without those asked before, or memory. */
#ifndef AMKD_STEPS_SELECT_PAIR_SOURCE_H
#define AMKD_STEPS_SELECT_PAIR_SOURCE_H

#include "base/progress.h"
#include "steps/ask/asked.h"
#include "steps/select/noise.h"
#include "stream/stream.h"

typedef struct amkd_pair_source {
    amkd_reader *reader; /* NULL: pairs, [npairs] of memory */
    const amkd_pair *pairs;
    size_t npairs;
    uint64_t nimages;         /* every pair must lie within */
    int single;               /* every pair must be (i, i), else i < j */
    const amkd_asked *asked;  /* pairs to leave out; reader only */
    amkd_thinning thinning;   /* leaves out more, unless without noise; reader only */
    amkd_progress *progress;  /* is told of those left out */
    uint64_t nread, nskipped; /* so far; skipped: asked before */
    uint64_t nthinned;        /* so far, by the thinning */
} amkd_pair_source;

/* Reads up to most pairs: *n is most but at the end. Fails on a pair that is none, naming
 * its row. */
int amkd_pair_source_read(amkd_pair_source *source, amkd_pair *pairs, size_t *n,
                          size_t most);

#endif
