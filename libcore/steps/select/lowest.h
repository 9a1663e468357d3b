/* The k lowest picks of a stream of any length, in memory that does not grow with the
 * stream: ordered by (score, i, j, lambda), or by (key, score, i, j, lambda) where there
 * is noise, so that the result depends neither on order nor on shards. */
#ifndef AMKD_STEPS_SELECT_LOWEST_H
#define AMKD_STEPS_SELECT_LOWEST_H

#include "steps/select/noise.h"
#include "stream/rows.h"
#include <stddef.h>

typedef struct amkd_lowest amkd_lowest;

/* Candidates in a block of their own, freed with free(). */
typedef struct amkd_kept {
    amkd_pick *picks; /* [n] */
    size_t n;
} amkd_kept;

/* k: how many to keep, at least 1; max_per_image: how many picks one image may take part
 * in, 0 for no limit. With a limit the result is the greedy one: walking all candidates
 * from the lowest up, a candidate is kept when both of its images are below the limit.
 * nimages bounds i and j. Memory is O(k) without a limit; with one it is O(k + the
 * candidates that the limit passes over on the way to the 2k-th pick). */
int amkd_lowest_new(amkd_lowest **out, size_t k, size_t max_per_image, size_t nimages);

/* Limits by what stands in sources, [nimages] below nsources and borrowed, in place of
 * the images themselves: views of one image count together (data/images.h). Before the
 * first offer; NULL, and sources without a limit, change nothing. */
int amkd_lowest_sources(amkd_lowest *lowest, const uint32_t *sources, size_t nsources);

/* Ranks by amkd_noise_key, copied, in place of the score. Before the first offer. */
void amkd_lowest_noise(amkd_lowest *lowest, const amkd_noise *noise);

/* Offers n candidates. A candidate offered twice, the same in all four fields, counts
 * once. Fails on a score that is not a number (with noise: that has no logarithm), a
 * lambda outside [0, 1] and images outside the set. */
int amkd_lowest_offer(amkd_lowest *lowest, const amkd_pick *candidates, size_t n);

/* Any candidate with a score above this cannot enter (INFINITY while not yet full, and
 * with noise or a random share): lets callers skip work. */
float amkd_lowest_threshold(const amkd_lowest *lowest);

/* The same of amkd_noise_key, with noise and without. */
double amkd_lowest_cutoff(const amkd_lowest *lowest);

/* The picks kept, sorted, at most k; *picks is owned by lowest and valid until it is
 * freed. Nothing can be offered afterwards. */
int amkd_lowest_finish(amkd_lowest *lowest, const amkd_pick **picks, size_t *n);

/* In place of amkd_lowest_finish where the candidates are one shard of a pool: all that
 * the merge of the shards may still pick, sorted. Without a limit these are the picks.
 * With one they are more than k: a pick of another shard can take the place of one of
 * ours, and let in a third that ours kept out. Offering the candidates of all shards to
 * an amkd_lowest with the same k, max_per_image and nimages gives the picks of the whole
 * pool. */
int amkd_lowest_finish_shard(amkd_lowest *lowest, const amkd_pick **candidates,
                             size_t *n);

/* What is kept so far, in place of what kept held before: offered to a fresh one with the
 * same k, limit and noise, and then whatever comes behind, it gives the same picks. */
int amkd_lowest_save(amkd_lowest *lowest, amkd_kept *kept);

void amkd_lowest_free(amkd_lowest *lowest); /* NULL is fine */

/* The total order of picks: by score, i, j, lambda. Below, at or above zero, as qsort's.
 */
int amkd_pick_compare(const void *a, const void *b);

/* That of pairs, by i and j. */
int amkd_pair_compare(const void *a, const void *b);

#endif
