/* What may be picked, wherever it comes from: a stream of pairs, pairs in memory, or
 * mixes that were bought. */
#ifndef AMKD_STEPS_SELECT_CANDIDATES_H
#define AMKD_STEPS_SELECT_CANDIDATES_H

#include "base/progress.h"
#include "data/images.h"
#include "steps/select/noise.h"
#include "steps/select/recall.h"
#include "steps/select/score.h"
#include "steps/select/share.h"
#include "stream/rows.h"
#include <sys/types.h>

typedef struct amkd_candidates {
    void *state;
    const char *name;          /* of the stream, for messages */
    const char *what;          /* "pairs" or "mixes" */
    const amkd_header *header; /* the stream's; borrowed from the state */
    uint64_t n;       /* all there are, asked before or not; 0 where that is not known */
    uint64_t nimages; /* that they are of */
    amkd_images *images; /* these, where they had to be loaded, for the caller to free and
                            the state's until its close; NULL: not loaded */
    size_t nclasses;     /* of the answers that they have; 0 without any */
    uint32_t chance;     /* the stream of the seed for the scores of random picks */
    int single;          /* each is one image, (i, i) */
    int shard;           /* others have the rest of the pool */
    amkd_share share;    /* of pairs: what is read of the others is passed over */
    int ended;           /* of pairs: all were read */

    amkd_thinning
        thinning;        /* leaves out more of a stream of pairs, unless without noise */
    amkd_recall *recall; /* is offered those of a stream of pairs that were not asked
                            before, thinned or not; NULL: none is */
    amkd_progress *progress; /* is told of those left out */
    uint64_t digest;         /* of the rows of a stream that were read, in their order */
    uint64_t excluded;       /* of a stream, the digest of what was asked before */
    uint64_t nread;          /* so far, and of these */
    uint64_t nasked;         /* left out as asked before */
    uint64_t nthinned;       /* left out by the thinning, of one's own share */

    /* Reads up to most candidates: *n is most but at the end and a pause. Of pairs lambda
     * is NaN: it is for their scorer to find. */
    int (*read)(struct amkd_candidates *candidates, amkd_label_key *keys, size_t *n,
                size_t most);
    /* Reads up to most of them as they are. NULL: they are in memory. */
    ssize_t (*pass)(struct amkd_candidates *candidates, uint64_t most);
    void (*close)(struct amkd_candidates *candidates); /* NULL for nothing */
} amkd_candidates;

/* The pairs of options->pairs without those of options->exclude. Fails where their header
 * or options tell that they cannot be scored so; read fails on a pair that is none,
 * naming its row. */
int amkd_candidates_open_pairs(amkd_candidates *candidates,
                               const amkd_score_options *options);

/* pairs[n], borrowed. */
void amkd_candidates_of_pairs(amkd_candidates *candidates, const amkd_pair *pairs,
                              size_t n);

/* The rows of the labels options->bought, each at its own lambda, without the pairs of
 * options->exclude. */
int amkd_candidates_open_bought(amkd_candidates *candidates,
                                const amkd_score_options *options);

/* Passes over the next n as read, whatever they are; fails where there are fewer. Not for
 * bought ones. */
int amkd_candidates_skip(amkd_candidates *candidates, uint64_t n);

/* Frees what is left of them, but for images. Zeroed ones are fine. */
void amkd_candidates_close(amkd_candidates *candidates);

#endif
