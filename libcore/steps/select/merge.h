/* The picks of a pool's shards put together: the same bytes as from the unsharded pool.
 */
#ifndef AMKD_STEPS_SELECT_MERGE_H
#define AMKD_STEPS_SELECT_MERGE_H

#include <stddef.h>
#include <stdint.h>

typedef struct amkd_merge_options {
    const char *const *paths;  /* of picks streams, "-" for stdin */
    size_t npaths;             /* 1 or more */
    const char *output;        /* NULL or "-" for stdout */
    const char *const *images; /* [nimages] in place of the paths in the picks' headers */
    size_t nimages;
    uint64_t k; /* how many to keep; 0: as many as the picks' headers say */
    size_t nthreads;
    int quiet;
} amkd_merge_options;

typedef struct amkd_merge_counts {
    uint64_t read, kept; /* picks */
} amkd_merge_counts;

/* Merges picks that differ in their shard alone: all headers must refer to the same
 * images and agree in every other key but "rows", and if they say "shard" each of its
 * parts must be there once. The k lowest are kept, under the headers' "max_per_image",
 * for which image sets that are views are loaded;
 * headers that say no "k" have all their picks put one behind the other, in the order of
 * the shards. Fails when there are fewer than k. The header is that of the first shard
 * without "shard". */
int amkd_merge_write(amkd_merge_counts *counts, const amkd_merge_options *options);

#endif
