/* The k lowest picks of a stream of any length, in O(k) memory: a bounded heap, ordered by
 * (score, i, j, lambda), so that the result depends neither on order nor on shards. */
#ifndef AMKD_STEPS_LOWEST_H
#define AMKD_STEPS_LOWEST_H

#include "stream/rows.h"
#include <stddef.h>

typedef struct amkd_lowest amkd_lowest;

/* k: how many to keep; max_per_image: how many picks one image may take part in, 0 for no
 * limit. With a limit the result is the greedy one: walking all candidates from the lowest
 * up, a candidate is kept when both of its images are below the limit. nimages bounds
 * i and j. */
int amkd_lowest_new(amkd_lowest **out, size_t k, size_t max_per_image, size_t nimages);

/* Offers n candidates. */
int amkd_lowest_offer(amkd_lowest *lowest, const amkd_pick *candidates, size_t n);

/* Any candidate with a score above this cannot enter (INFINITY while not yet full): lets
 * callers skip work. */
float amkd_lowest_threshold(const amkd_lowest *lowest);

/* The picks kept, sorted; *picks is owned by lowest and valid until it is freed. */
int amkd_lowest_finish(amkd_lowest *lowest, const amkd_pick **picks, size_t *n);

void amkd_lowest_free(amkd_lowest *lowest);

/* The total order of picks: by score, i, j, lambda. Below, at or above zero, as qsort's. */
int amkd_pick_compare(const void *a, const void *b);

#endif
