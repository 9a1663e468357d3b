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
 * we dropped.
 *
 * With a limit per class the same is done apart for the candidates of each two classes,
 * which the limit M of the classes treats alike: of one sort at most M are ever picked,
 * so that without a limit per image all behind its M-th (or k-th) may be cut. With one,
 * all behind its (2k - 1)-th greedy pick: of fewer than k picks of any sort fewer than
 * half as many edges can be in the way. */
#include "steps/lowest.h"
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
    uint32_t sort; /* of its two classes */
} ranked;

/* What is kept out of a sort. */
typedef struct door {
    int closed;    /* whether there is a cutoff yet */
    ranked cutoff; /* what is not below it is turned away */
} door;

struct amkd_lowest {
    size_t k, max_per_image, nimages;
    size_t ncertain; /* greedy picks of a sort after which all its rest may be cut */
    amkd_noise noise;
    ranked *kept; /* [capacity], n in use, none behind its sort's cutoff */
    size_t n, capacity;
    door *doors; /* [nsorts] */
    size_t nsorts, nclosed;
    const uint32_t *classes; /* of the images; NULL: all of one sort, without a limit */
    size_t nclasses, max_per_class;
    size_t *nper_class;      /* [nclasses] picks of each */
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

static int compare_ranked(const void *a, const void *b)
{
    const ranked *p = a, *q = b;
    if (p->key != q->key)
        return p->key < q->key ? -1 : 1;
    return amkd_pick_compare(&p->pick, &q->pick);
}

static int compare_sorts(const void *a, const void *b)
{
    const ranked *p = a, *q = b;
    if (p->sort != q->sort)
        return p->sort < q->sort ? -1 : 1;
    return compare_ranked(a, b);
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
    lowest->nsorts = 1;
    lowest->doors = amkd_alloc(1, sizeof *lowest->doors);
    lowest->capacity = FIRST_CAPACITY;
    lowest->kept = amkd_alloc(lowest->capacity, sizeof *lowest->kept);
    if (max_per_image)
        lowest->npicks = amkd_alloc(nimages ? nimages : 1, sizeof *lowest->npicks);
    if (!lowest->kept || !lowest->doors || (max_per_image && !lowest->npicks)) {
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

int amkd_lowest_classes(amkd_lowest *lowest, size_t max_per_class,
                        const uint32_t *classes, size_t nclasses)
{
    const size_t nsorts = nclasses * (nclasses + 1) / 2;
    door *doors = amkd_realloc(lowest->doors, nsorts, sizeof *doors);
    if (!doors)
        return -1;
    memset(doors, 0, nsorts * sizeof *doors);
    lowest->doors = doors;
    lowest->nper_class = amkd_alloc(nclasses, sizeof *lowest->nper_class);
    if (!lowest->nper_class)
        return -1;
    lowest->nsorts = nsorts;
    lowest->classes = classes;
    lowest->nclasses = nclasses;
    lowest->max_per_class = max_per_class;
    if (!lowest->max_per_image && max_per_class < lowest->k)
        lowest->ncertain = max_per_class;
    return 0;
}

void amkd_lowest_noise(amkd_lowest *lowest, const amkd_noise *noise)
{
    lowest->noise = *noise;
}

static uint32_t sort_of(const amkd_lowest *lowest, const amkd_pick *pick)
{
    if (!lowest->classes)
        return 0;
    const uint32_t a = lowest->classes[pick->i], b = lowest->classes[pick->j];
    return a < b ? b * (b + 1) / 2 + a : a * (a + 1) / 2 + b;
}

static uint32_t source_of(const amkd_lowest *lowest, uint32_t image)
{
    return lowest->sources ? lowest->sources[image] : image;
}

static void count(size_t *counts, uint32_t a, uint32_t b)
{
    counts[a]++;
    if (a != b)
        counts[b]++;
}

/* Whether the greedy walk takes this candidate, and if so counts it. by_class: with the
 * limit per class. */
static int take(amkd_lowest *lowest, const amkd_pick *pick, int by_class)
{
    const size_t limit = lowest->max_per_image, most = lowest->max_per_class;
    size_t *npicks = lowest->npicks, *nper_class = by_class ? lowest->nper_class : NULL;
    const uint32_t i = source_of(lowest, pick->i), j = source_of(lowest, pick->j);
    const uint32_t a = nper_class ? lowest->classes[pick->i] : 0;
    const uint32_t b = nper_class ? lowest->classes[pick->j] : 0;
    if (npicks && (npicks[i] >= limit || npicks[j] >= limit))
        return 0;
    if (nper_class && (nper_class[a] >= most || nper_class[b] >= most))
        return 0;
    if (npicks)
        count(npicks, i, j);
    if (nper_class)
        count(nper_class, a, b);
    return 1;
}

static void start_walk(amkd_lowest *lowest)
{
    if (lowest->npicks)
        memset(lowest->npicks, 0, lowest->nsources * sizeof *lowest->npicks);
    if (lowest->nper_class)
        memset(lowest->nper_class, 0, lowest->nclasses * sizeof *lowest->nper_class);
}

static void forget(amkd_lowest *lowest, const amkd_pick *pick)
{
    if (!lowest->npicks)
        return;
    lowest->npicks[source_of(lowest, pick->i)] = 0;
    lowest->npicks[source_of(lowest, pick->j)] = 0;
}

static void sort_distinct(amkd_lowest *lowest, int (*compare)(const void *, const void *))
{
    ranked *kept = lowest->kept;
    qsort(kept, lowest->n, sizeof *kept, compare);
    size_t n = 0;
    for (size_t c = 0; c < lowest->n; c++)
        if (n == 0 || compare_ranked(&kept[n - 1], &kept[c]) != 0)
            kept[n++] = kept[c];
    lowest->n = n;
}

/* How many of n candidates, all of one sort and in order, may still be picked. */
static size_t cut_sort(amkd_lowest *lowest, const ranked *candidates, size_t n)
{
    size_t ntaken = 0, nleft = 0;
    while (nleft < n && ntaken < lowest->ncertain)
        ntaken += (size_t)take(lowest, &candidates[nleft++].pick, 0);
    for (size_t c = 0; c < nleft; c++)
        forget(lowest, &candidates[c].pick);
    if (ntaken == lowest->ncertain) {
        door *d = &lowest->doors[candidates->sort];
        lowest->nclosed += !d->closed;
        *d = (door){1, candidates[nleft - 1]};
    }
    return nleft;
}

/* Sorts, and cuts what can never be picked. */
static void cut(amkd_lowest *lowest)
{
    ranked *kept = lowest->kept;
    size_t nleft = 0;
    sort_distinct(lowest, compare_sorts);
    start_walk(lowest);
    for (size_t first = 0, end; first < lowest->n; first = end) {
        for (end = first; end < lowest->n && kept[end].sort == kept[first].sort;)
            end++;
        const size_t n = cut_sort(lowest, kept + first, end - first);
        memmove(kept + nleft, kept + first, n * sizeof *kept);
        nleft += n;
    }
    lowest->n = nleft;
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
                                  candidates[c], 0};
        if (check(lowest, &candidate.pick, candidate.key))
            return -1;
        const uint32_t sort = sort_of(lowest, &candidate.pick);
        const door *d = &lowest->doors[sort];
        if (d->closed && compare_ranked(&candidate, &d->cutoff) >= 0)
            continue;
        if (lowest->n == lowest->capacity && make_room(lowest))
            return -1;
        lowest->kept[lowest->n] = candidate;
        lowest->kept[lowest->n++].sort = sort;
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
    double cutoff = -(double)INFINITY;
    if (lowest->nclosed < lowest->nsorts)
        return (double)INFINITY;
    for (size_t s = 0; s < lowest->nsorts; s++)
        if (lowest->doors[s].cutoff.key > cutoff)
            cutoff = lowest->doors[s].cutoff.key;
    return cutoff;
}

/* The picks are the first n of kept. */
static int hand_over(amkd_lowest *lowest, const amkd_pick **picks, size_t *n)
{
    lowest->picks = amkd_alloc(lowest->n ? lowest->n : 1, sizeof *lowest->picks);
    if (!lowest->picks)
        return -1;
    for (size_t p = 0; p < lowest->n; p++)
        lowest->picks[p] = lowest->kept[p].pick;
    free(lowest->kept);
    lowest->kept = NULL;
    *picks = lowest->picks;
    *n = lowest->n;
    return 0;
}

int amkd_lowest_finish_shard(amkd_lowest *lowest, const amkd_pick **candidates, size_t *n)
{
    cut(lowest);
    sort_distinct(lowest, compare_ranked);
    return hand_over(lowest, candidates, n);
}

int amkd_lowest_finish(amkd_lowest *lowest, const amkd_pick **picks, size_t *n)
{
    sort_distinct(lowest, compare_ranked);
    start_walk(lowest);
    size_t ntaken = 0;
    for (size_t c = 0; c < lowest->n && ntaken < lowest->k; c++)
        if (take(lowest, &lowest->kept[c].pick, 1))
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
    free(lowest->nper_class);
    free(lowest->doors);
    free(lowest->picks);
    free(lowest);
}
