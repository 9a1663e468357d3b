/* Streaming selection of the lowest picks: a buffer that is sorted and cut whenever it is
 * full, and a cutoff that turns most candidates away at the door.
 *
 * What may be cut without a limit per image: all behind the k-th.
 *
 * With a limit M the greedy picks are a matching in the graph whose nodes are the images,
 * M edges a node at most, and a candidate that is passed over now may come back: a later,
 * lower candidate can fill the other image of the pick that stood in its way. Not even
 * the score of the k-th greedy pick only falls: one new pick can take the place of two.
 * What holds is that no candidate can be added to the greedy picks at or below a cutoff
 * c, so that they are a maximal matching, and a maximal matching has at least half as
 * many edges as any other one (each edge of the other touches an image that is full in
 * ours). So once the candidates at or below c contain 2k - 1 greedy picks, then whatever
 * else arrives at least k are picked at or below c, and all behind c may be cut. Below c
 * nothing may: later candidates could fill any choice of images and leave just the edge
 * we dropped. */
#include "steps/select/lowest.h"
#include "base/error.h"
#include "base/memory.h"
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 4096 };

/* A candidate and what it is ranked by. */
typedef struct ranked {
    double key;
    amkd_pick pick;
} ranked;

struct amkd_lowest {
    size_t k, max_per_image, nimages;
    size_t ncertain; /* greedy picks after which all the rest may be cut */
    amkd_noise noise;
    ranked *kept; /* [capacity], n in use, none behind the cutoff */
    size_t n, capacity;
    int full;                /* whether there is a cutoff yet */
    ranked cutoff;           /* what is not below it is turned away */
    const uint32_t *sources; /* of the images; NULL: each its own */
    size_t nsources;
    size_t *npicks;   /* [nsources] picks of each; NULL without a limit */
    amkd_pick *picks; /* [n] once finished */
};

int amkd_pick_compare(const void *a, const void *b)
{
    const amkd_pick *p = a, *q = b;
    if (p->score != q->score)
        return p->score < q->score ? -1 : 1;
    if (p->i != q->i)
        return p->i < q->i ? -1 : 1;
    if (p->j != q->j)
        return p->j < q->j ? -1 : 1;
    return (p->lambda > q->lambda) - (p->lambda < q->lambda);
}

int amkd_pair_compare(const void *a, const void *b)
{
    const amkd_pair *p = a, *q = b;
    return p->i != q->i ? (p->i < q->i ? -1 : 1) : (p->j > q->j) - (p->j < q->j);
}

static int compare_ranked(const void *a, const void *b)
{
    const ranked *p = a, *q = b;
    if (p->key != q->key)
        return p->key < q->key ? -1 : 1;
    return amkd_pick_compare(&p->pick, &q->pick);
}

int amkd_lowest_new(amkd_lowest **out, size_t k, size_t max_per_image, size_t nimages)
{
    if (k == 0 || k > SIZE_MAX / 2)
        return amkd_fail("cannot keep the %zu lowest picks, expected 1 or more", k);
    amkd_lowest *lowest = amkd_alloc(1, sizeof *lowest);
    if (!lowest)
        return -1;
    lowest->k = k;
    lowest->max_per_image = max_per_image;
    lowest->nimages = lowest->nsources = nimages;
    lowest->ncertain = max_per_image ? 2 * k - 1 : k;
    lowest->capacity = FIRST_CAPACITY;
    lowest->kept = amkd_alloc(lowest->capacity, sizeof *lowest->kept);
    if (max_per_image)
        lowest->npicks = amkd_alloc(nimages ? nimages : 1, sizeof *lowest->npicks);
    if (!lowest->kept || (max_per_image && !lowest->npicks)) {
        amkd_lowest_free(lowest);
        return -1;
    }
    *out = lowest;
    return 0;
}

int amkd_lowest_sources(amkd_lowest *lowest, const uint32_t *sources, size_t nsources)
{
    if (!sources || !lowest->max_per_image)
        return 0;
    size_t *npicks = amkd_realloc(lowest->npicks, nsources, sizeof *npicks);
    if (!npicks)
        return -1;
    lowest->npicks = npicks;
    lowest->sources = sources;
    lowest->nsources = nsources;
    return 0;
}

void amkd_lowest_noise(amkd_lowest *lowest, const amkd_noise *noise)
{
    lowest->noise = *noise;
}

/* Whether the greedy walk takes this candidate, and if so counts it. */
static int take(amkd_lowest *lowest, const amkd_pick *pick)
{
    size_t *npicks = lowest->npicks, limit = lowest->max_per_image;
    if (!npicks)
        return 1;
    const uint32_t i = lowest->sources ? lowest->sources[pick->i] : pick->i;
    const uint32_t j = lowest->sources ? lowest->sources[pick->j] : pick->j;
    if (npicks[i] >= limit || npicks[j] >= limit)
        return 0;
    npicks[i]++;
    if (i != j)
        npicks[j]++;
    return 1;
}

static void start_walk(amkd_lowest *lowest)
{
    if (lowest->npicks)
        memset(lowest->npicks, 0, lowest->nsources * sizeof *lowest->npicks);
}

static void sort_distinct(amkd_lowest *lowest)
{
    ranked *kept = lowest->kept;
    qsort(kept, lowest->n, sizeof *kept, compare_ranked);
    size_t n = 0;
    for (size_t c = 0; c < lowest->n; c++)
        if (n == 0 || compare_ranked(&kept[n - 1], &kept[c]) != 0)
            kept[n++] = kept[c];
    lowest->n = n;
}

/* Sorts, and cuts what can never be picked. */
static void cut(amkd_lowest *lowest)
{
    sort_distinct(lowest);
    start_walk(lowest);
    size_t ntaken = 0;
    for (size_t c = 0; c < lowest->n; c++) {
        ntaken += (size_t)take(lowest, &lowest->kept[c].pick);
        if (ntaken == lowest->ncertain) {
            lowest->n = c + 1;
            lowest->cutoff = lowest->kept[c];
            lowest->full = 1;
            return;
        }
    }
}

/* Room for one more. The buffer is left at least half empty, so that a sort is paid for
 * by as many candidates as it moves. */
static int make_room(amkd_lowest *lowest)
{
    if (lowest->n >= lowest->ncertain)
        cut(lowest);
    if (lowest->n <= lowest->capacity / 2)
        return 0;
    ranked *kept = amkd_realloc(lowest->kept, lowest->capacity, 2 * sizeof *kept);
    if (!kept)
        return -1;
    lowest->kept = kept;
    lowest->capacity *= 2;
    return 0;
}

static int check(const amkd_lowest *lowest, const amkd_pick *pick, double key)
{
    if (isnan(pick->score))
        return amkd_fail("pair (%" PRIu32 ", %" PRIu32 "): the score is not a number",
                         pick->i, pick->j);
    if (isnan(key))
        return amkd_fail("pair (%" PRIu32 ", %" PRIu32 "): score %g has no logarithm",
                         pick->i, pick->j, (double)pick->score);
    if (!(pick->lambda >= 0 && pick->lambda <= 1))
        return amkd_fail("pair (%" PRIu32 ", %" PRIu32 "): lambda %g is outside [0, 1]",
                         pick->i, pick->j, pick->lambda);
    if (pick->i >= lowest->nimages || pick->j >= lowest->nimages)
        return amkd_fail("pair (%" PRIu32 ", %" PRIu32
                         ") is outside the set of %zu images",
                         pick->i, pick->j, lowest->nimages);
    return 0;
}

int amkd_lowest_offer(amkd_lowest *lowest, const amkd_pick *candidates, size_t n)
{
    for (size_t c = 0; c < n; c++) {
        const ranked candidate = {amkd_noise_key(&lowest->noise, &candidates[c]),
                                  candidates[c]};
        if (check(lowest, &candidate.pick, candidate.key))
            return -1;
        if (lowest->full && compare_ranked(&candidate, &lowest->cutoff) >= 0)
            continue;
        if (lowest->n == lowest->capacity && make_room(lowest))
            return -1;
        lowest->kept[lowest->n++] = candidate;
    }
    return 0;
}

float amkd_lowest_threshold(const amkd_lowest *lowest)
{
    /* Where the key is the score. */
    const int by_score =
        lowest->noise.temperature == 0 && lowest->noise.random_below == 0;
    return by_score ? (float)amkd_lowest_cutoff(lowest) : INFINITY;
}

double amkd_lowest_cutoff(const amkd_lowest *lowest)
{
    return lowest->full ? lowest->cutoff.key : (double)INFINITY;
}

/* The picks that are the first n of kept; freed with free(). */
static amkd_pick *copy_picks(const amkd_lowest *lowest)
{
    amkd_pick *picks = amkd_alloc(lowest->n ? lowest->n : 1, sizeof *picks);
    for (size_t p = 0; picks && p < lowest->n; p++)
        picks[p] = lowest->kept[p].pick;
    return picks;
}

int amkd_lowest_save(amkd_lowest *lowest, amkd_kept *kept)
{
    cut(lowest);
    amkd_pick *picks = copy_picks(lowest);
    if (!picks)
        return -1;
    free(kept->picks);
    *kept = (amkd_kept){picks, lowest->n};
    return 0;
}

static int hand_over(amkd_lowest *lowest, const amkd_pick **picks, size_t *n)
{
    lowest->picks = copy_picks(lowest);
    if (!lowest->picks)
        return -1;
    free(lowest->kept);
    lowest->kept = NULL;
    *picks = lowest->picks;
    *n = lowest->n;
    return 0;
}

int amkd_lowest_finish_shard(amkd_lowest *lowest, const amkd_pick **candidates, size_t *n)
{
    cut(lowest);
    return hand_over(lowest, candidates, n);
}

int amkd_lowest_finish(amkd_lowest *lowest, const amkd_pick **picks, size_t *n)
{
    sort_distinct(lowest);
    start_walk(lowest);
    size_t ntaken = 0;
    for (size_t c = 0; c < lowest->n && ntaken < lowest->k; c++)
        if (take(lowest, &lowest->kept[c].pick))
            lowest->kept[ntaken++] = lowest->kept[c];
    lowest->n = ntaken;
    return hand_over(lowest, picks, n);
}

void amkd_lowest_free(amkd_lowest *lowest)
{
    if (!lowest)
        return;
    free(lowest->kept);
    free(lowest->npicks);
    free(lowest->picks);
    free(lowest);
}
