/* The sample is the candidates with the lowest random numbers: so it needs not be known
 * beforehand how many candidates there are. */
#include "steps/select/recall.h"
#include "base/memory.h"
#include "base/random.h"
#include <stdlib.h>

enum { RECALL_STREAM = 0x72636c6c, AT_ONCE = 256 };

/* A pair of the sample, first in it so that it is compared as a pair. */
typedef struct sampled {
    amkd_pair pair;
    int kept; /* by the coarse pass */
} sampled;

struct amkd_recall {
    size_t least, most;
    uint64_t noffered;
    amkd_lowest *drawn; /* NULL once the drawing has ended */
    sampled *sample;    /* [n], sorted; then */
    size_t n;
    double weight; /* candidates to each of the sample */
    amkd_recall_figures figures;
};

int amkd_recall_new(amkd_recall **out, size_t least, size_t most, size_t nimages)
{
    amkd_recall *recall = amkd_alloc(1, sizeof *recall);
    if (!recall)
        return -1;
    recall->least = least;
    recall->most = most;
    if (amkd_lowest_new(&recall->drawn, most, 0, nimages)) {
        amkd_recall_free(recall);
        return -1;
    }
    *out = recall;
    return 0;
}

int amkd_recall_offer(amkd_recall *recall, const amkd_pair *pairs, size_t n)
{
    amkd_pick numbers[AT_ONCE];
    recall->noffered += n;
    for (size_t done = 0, count; done < n; done += count) {
        count = n - done < AT_ONCE ? n - done : AT_ONCE;
        for (size_t p = 0; p < count; p++) {
            const amkd_pair pair = pairs[done + p];
            const uint64_t index = (uint64_t)pair.i << 32 | pair.j;
            numbers[p] = (amkd_pick){pair.i, pair.j, 0,
                                     (float)amkd_random_uniform(0, RECALL_STREAM, index)};
        }
        if (amkd_lowest_offer(recall->drawn, numbers, count))
            return -1;
    }
    return 0;
}

static int end_drawing(amkd_recall *recall)
{
    const amkd_pick *picks;
    size_t n;
    if (amkd_lowest_finish(recall->drawn, &picks, &n))
        return -1;
    const uint64_t share = recall->noffered / AMKD_RECALL_ONE_IN;
    const uint64_t wanted = share < recall->least ? recall->least : share;
    recall->n = wanted < n ? (size_t)wanted : n;
    /* Fewer than the most are all there are, each counted once. */
    const uint64_t nall = n < recall->most ? n : recall->noffered;
    recall->weight = recall->n ? (double)nall / (double)recall->n : 1;
    recall->sample = amkd_alloc(recall->n ? recall->n : 1, sizeof *recall->sample);
    if (!recall->sample)
        return -1;
    for (size_t p = 0; p < recall->n; p++)
        recall->sample[p].pair = (amkd_pair){picks[p].i, picks[p].j};
    qsort(recall->sample, recall->n, sizeof *recall->sample, amkd_pair_compare);
    amkd_lowest_free(recall->drawn);
    recall->drawn = NULL;
    return 0;
}

int amkd_recall_join(amkd_recall *recall, amkd_pair **pairs, size_t *n)
{
    if (end_drawing(recall))
        return -1;
    const size_t nkept = *n;
    amkd_pair *all = amkd_realloc(*pairs, nkept + recall->n + 1, sizeof *all);
    if (!all)
        return -1;
    *pairs = all;
    qsort(all, nkept, sizeof *all, amkd_pair_compare);
    for (size_t p = 0; p < recall->n; p++) {
        sampled *one = &recall->sample[p];
        one->kept =
            bsearch(&one->pair, all, nkept, sizeof *all, amkd_pair_compare) != NULL;
        if (!one->kept)
            all[(*n)++] = one->pair;
    }
    qsort(all, *n, sizeof *all, amkd_pair_compare);
    return 0;
}

void amkd_recall_count(amkd_recall *recall, const amkd_noise *noise,
                       const amkd_pick *picks, size_t n)
{
    double rank = 0; /* of a pick among those of the whole grid */
    for (size_t p = 0; p < n; p++) {
        const amkd_pair pair = {picks[p].i, picks[p].j};
        const sampled *one = bsearch(&pair, recall->sample, recall->n,
                                     sizeof *recall->sample, amkd_pair_compare);
        rank += one && !one->kept ? recall->weight : 1;
        if (rank > (double)n)
            return;
        if (!one || amkd_noise_is_random(noise, pair, picks[p].lambda))
            continue;
        recall->figures.nsampled++;
        recall->figures.nfound += (uint64_t)one->kept;
    }
}

amkd_recall_figures amkd_recall_read(const amkd_recall *recall)
{
    return recall->figures;
}

int amkd_recall_save(amkd_recall *recall, amkd_kept *sample, uint64_t *noffered)
{
    *noffered = recall->noffered;
    return amkd_lowest_save(recall->drawn, sample);
}

int amkd_recall_restore(amkd_recall *recall, const amkd_kept *sample, uint64_t noffered)
{
    recall->noffered = noffered;
    return amkd_lowest_offer(recall->drawn, sample->picks, sample->n);
}

void amkd_recall_free(amkd_recall *recall)
{
    if (!recall)
        return;
    amkd_lowest_free(recall->drawn);
    free(recall->sample);
    free(recall);
}
