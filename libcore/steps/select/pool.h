/* The pool of candidate pairs: numbered, never held. All pairs in order, or some of them
 * drawn without replacement, from one image set or across two; or single images. */
#ifndef AMKD_STEPS_SELECT_POOL_H
#define AMKD_STEPS_SELECT_POOL_H

#include "base/random.h"
#include "stream/rows.h"
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* The pairs by number: of one set of n images i < j in the order (0, 1), (0, 2), ...
 * (0, n - 1), (1, 2), ...; of two sets every i of the first with every j of the second,
 * j counted over both sets in turn. With sources (data/images.h), the pairs of one source
 * are left out as if they were not there. Single images are the pairs (i, i), over both
 * sets. */
typedef struct amkd_pool {
    uint64_t nfirst, nsecond; /* images; nsecond 0 for one set */
    int single;               /* pairs (i, i) */
    uint64_t ntotal;          /* pairs there are */
    uint64_t nrows;           /* pairs in the pool: all, or those drawn */
    int drawn; /* row -> pair number by the permutation, else the identity */
    amkd_permutation permutation;
    /* Of sources only: they themselves; for each image the next one behind it, in the
     * second set if there is one, of the same source, or a number past all; and how many
     * pairs come before the image's own, [nfirst + 1]. */
    uint32_t *sources;
    uint64_t *next_same, *nbefore;
} amkd_pool;

/* A pool over nfirst images, or across nfirst and nsecond. sources: [nfirst + nsecond],
 * all below nsources; NULL where all images differ. ndraw: how many pairs to draw by
 * seed; 0 for all of them in order. Fails when there are no pairs, fewer than ndraw, or
 * more than 2^32 images. Cleared with amkd_pool_clear. */
int amkd_pool_init(amkd_pool *pool, uint64_t nfirst, uint64_t nsecond,
                   const uint32_t *sources, uint64_t nsources, uint64_t ndraw,
                   uint64_t seed);

/* As amkd_pool_init, of single images: nimages of them, or ndraw drawn. */
int amkd_pool_init_single(amkd_pool *pool, uint64_t nimages, uint64_t ndraw,
                          uint64_t seed);

/* Frees what the pool owns. A zeroed pool is fine. */
void amkd_pool_clear(amkd_pool *pool);

/* pairs[n] become rows first, first + 1, ... of the pool, all below pool->nrows. */
void amkd_pool_rows(const amkd_pool *pool, amkd_pair *pairs, uint64_t first, size_t n);

/* Rows *first to *first + *n - 1 are shard number index of count: contiguous, all of the
 * same size or one more. */
void amkd_pool_shard(uint64_t *first, uint64_t *n, const amkd_pool *pool, uint64_t index,
                     uint64_t count);

typedef struct amkd_pool_options {
    const char *images,
        *second;        /* paths, NULL or "-" for stdin; second NULL for one set */
    const char *output; /* NULL or "-" for stdout */
    uint64_t ndraw, seed;
    int single;              /* images by themselves: "single" in the header */
    uint64_t shard, nshards; /* nshards 0: the whole pool, and no "shard" in the header */
    size_t nthreads;
    int quiet;
    const json_t *command; /* for the provenance, borrowed */
} amkd_pool_options;

/* Writes a pairs stream, *pool being what it was made from, cleared but for its numbers.
 * Its header says "rows", "pool": the rows of all shards, for a shard "shard":
 * {"index", "count"}, and for single images "single": true. */
int amkd_pool_write(amkd_pool *pool, const amkd_pool_options *options);

/* Fails where the headers of the images that are there tell that this would: of views,
 * whose pairs are counted by their rows, that is their kind alone. */
int amkd_pool_check(const amkd_pool_options *options);

#endif
