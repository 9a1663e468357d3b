/* A selection: amkd_lowest with a stream behind it, or the stream alone. */
#include "steps/select/selection.h"
#include "base/error.h"
#include "base/memory.h"
#include "stream/keys.h"
#include "stream/stream.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct amkd_selection {
    amkd_selection_options options;
    amkd_header header;
    amkd_noise noise;
    amkd_lowest *lowest; /* NULL without k */
    amkd_writer *writer; /* NULL with k until the end, and where they are held */
    amkd_kept held;      /* room for nroom */
    size_t nroom;
    uint64_t npicks;
    /* Of a coarse pass with a limit per image: k picks that keep to it, and their pairs,
     * sorted, for the fine pass, where these alone may be chosen again. What the larger
     * limit of the coarse pass lets in may have too few. NULL else. */
    amkd_lowest *certain;
    amkd_pair *certain_pairs;
    size_t ncertain;
};

/* How many of the lowest are kept: the picks, or what these are chosen of. */
static uint64_t nlowest(const amkd_selection_options *options)
{
    return options->diverse ? options->nlowest : options->k;
}

static int new_lowest(amkd_lowest **lowest, const amkd_selection *selection, uint64_t k)
{
    const amkd_selection_options *options = &selection->options;
    const uint64_t usual = nlowest(options);
    /* C times the limit for C times the picks of a coarse pass: with the picks' own, each
     * image would go into the fine pass with the pairs of its coarse picks alone. */
    if (amkd_lowest_new(lowest, k, k / usual * options->max_per_image, options->nimages))
        return -1;
    amkd_lowest_noise(*lowest, &selection->noise);
    return amkd_lowest_sources(*lowest, options->sources, options->nsources);
}

static int open_lowest(amkd_selection *selection)
{
    const amkd_selection_options *options = &selection->options;
    const amkd_picks_limits limits = {options->k, options->max_per_image};
    if (amkd_picks_put_limits(&selection->header, &limits))
        return -1;
    const uint64_t n = nlowest(options);
    if (options->max_per_image && options->ncoarse / n > 1 &&
        new_lowest(&selection->certain, selection, n))
        return -1;
    return new_lowest(&selection->lowest, selection,
                      options->ncoarse ? options->ncoarse : n);
}

int amkd_selection_open(amkd_selection **out, const amkd_header *header,
                        const amkd_selection_options *options)
{
    amkd_selection *selection = amkd_alloc(1, sizeof *selection);
    if (!selection)
        return -1;
    selection->options = *options;
    if (amkd_header_copy(&selection->header, header) ||
        amkd_noise_get(&selection->noise, header) ||
        (options->k      ? open_lowest(selection)
         : options->held ? 0
                         : amkd_writer_open(&selection->writer, options->output,
                                            &selection->header, options->nthreads))) {
        amkd_selection_discard(selection);
        return -1;
    }
    *out = selection;
    return 0;
}

static int add_certain(amkd_selection *selection, const amkd_pick *picks, size_t n)
{
    if (!selection->certain_pairs)
        return amkd_lowest_offer(selection->certain, picks, n);
    for (size_t p = 0; p < n; p++) {
        const amkd_pair pair = {picks[p].i, picks[p].j};
        if (bsearch(&pair, selection->certain_pairs, selection->ncertain, sizeof pair,
                    amkd_pair_compare) &&
            amkd_lowest_offer(selection->certain, &picks[p], 1))
            return -1;
    }
    return 0;
}

static int hold(amkd_selection *selection, const amkd_pick *picks, size_t n)
{
    amkd_kept *held = &selection->held;
    if (n > selection->nroom - held->n) {
        const size_t nroom = 2 * (held->n + n);
        amkd_pick *grown = amkd_realloc(held->picks, nroom, sizeof *grown);
        if (!grown)
            return -1;
        held->picks = grown;
        selection->nroom = nroom;
    }
    if (n)
        memcpy(held->picks + held->n, picks, n * sizeof *picks);
    held->n += n;
    return 0;
}

amkd_kept amkd_selection_held(const amkd_selection *selection)
{
    return selection->held;
}

void amkd_selection_drop_held(amkd_selection *selection)
{
    selection->held.n = 0;
}

int amkd_selection_add(amkd_selection *selection, const amkd_pick *picks, size_t n)
{
    if (selection->certain && add_certain(selection, picks, n))
        return -1;
    if (selection->lowest)
        return amkd_lowest_offer(selection->lowest, picks, n);
    if (selection->options.held)
        return hold(selection, picks, n);
    selection->npicks += n;
    return amkd_writer_write(selection->writer, picks, n);
}

float amkd_selection_threshold(const amkd_selection *selection)
{
    if (!selection->lowest)
        return INFINITY;
    const float threshold = amkd_lowest_threshold(selection->lowest);
    return selection->certain
               ? fmaxf(threshold, amkd_lowest_threshold(selection->certain))
               : threshold;
}

const amkd_noise *amkd_selection_noise(const amkd_selection *selection)
{
    return &selection->noise;
}

double amkd_selection_cutoff(const amkd_selection *selection)
{
    if (!selection->lowest)
        return (double)INFINITY;
    const double cutoff = amkd_lowest_cutoff(selection->lowest);
    return selection->certain ? fmax(cutoff, amkd_lowest_cutoff(selection->certain))
                              : cutoff;
}

/* The pairs of what lowest has kept, sorted; a new lowest takes its place. */
static int take_pairs(amkd_pair **pairs, size_t *n, amkd_lowest **lowest,
                      const amkd_selection *selection)
{
    const amkd_pick *picks;
    if (amkd_lowest_finish(*lowest, &picks, n))
        return -1;
    *pairs = amkd_alloc(*n ? *n : 1, sizeof **pairs);
    if (!*pairs)
        return -1;
    for (size_t p = 0; p < *n; p++)
        (*pairs)[p] = (amkd_pair){picks[p].i, picks[p].j};
    qsort(*pairs, *n, sizeof **pairs, amkd_pair_compare);
    amkd_lowest_free(*lowest);
    *lowest = NULL;
    return new_lowest(lowest, selection, nlowest(&selection->options));
}

/* Adds those of the certain pairs that are not among the n sorted ones. */
static int join_certain(const amkd_selection *selection, amkd_pair **pairs, size_t *n)
{
    const amkd_pair *more = selection->certain_pairs;
    const size_t nmore = selection->ncertain, nbefore = *n;
    amkd_pair *all = amkd_realloc(*pairs, nbefore + nmore + 1, sizeof *all);
    if (!all)
        return -1;
    *pairs = all;
    for (size_t p = 0; p < nmore; p++)
        if (!bsearch(&more[p], all, nbefore, sizeof *all, amkd_pair_compare))
            all[(*n)++] = more[p];
    return 0;
}

int amkd_selection_refine(amkd_selection *selection, amkd_pair **pairs, size_t *n)
{
    if (take_pairs(pairs, n, &selection->lowest, selection))
        return -1;
    if (selection->certain && (take_pairs(&selection->certain_pairs, &selection->ncertain,
                                          &selection->certain, selection) ||
                               join_certain(selection, pairs, n)))
        return -1;
    amkd_recall *recall = selection->options.recall;
    return recall ? amkd_recall_join(recall, pairs, n) : 0;
}

int amkd_selection_save(amkd_selection *selection, amkd_kept *lowest, amkd_kept *certain)
{
    return amkd_lowest_save(selection->lowest, lowest) ||
                   (selection->certain && amkd_lowest_save(selection->certain, certain))
               ? -1
               : 0;
}

int amkd_selection_restore(amkd_selection *selection, const amkd_kept *lowest,
                           const amkd_kept *certain)
{
    if (amkd_lowest_offer(selection->lowest, lowest->picks, lowest->n))
        return -1;
    if (!selection->certain)
        return certain->n ? amkd_fail("picks that keep to a limit, where there is none")
                          : 0;
    return add_certain(selection, certain->picks, certain->n);
}

static int fail_few(const amkd_selection_options *options, size_t n, uint64_t nasked)
{
    char limit[80] = "", asked[80] = "";
    if (options->max_per_image)
        snprintf(limit, sizeof limit, " when an image takes part in at most %" PRIu64,
                 options->max_per_image);
    if (nasked)
        snprintf(asked, sizeof asked, ", without the %" PRIu64 " pairs asked before",
                 nasked);
    return amkd_fail("cannot pick %" PRIu64 ": the pool has %zu candidates%s%s",
                     options->k, n, limit, asked);
}

static int write_picks(amkd_selection *selection, const amkd_pick *picks, size_t n)
{
    const amkd_selection_options *options = &selection->options;
    if (options->recall) {
        const amkd_recall_figures figures = amkd_recall_read(options->recall);
        if (amkd_picks_put_recall(&selection->header, figures.nsampled, figures.nfound))
            return -1;
    }
    if (amkd_header_put_rows(&selection->header, n) ||
        amkd_writer_open(&selection->writer, options->output, &selection->header,
                         options->nthreads))
        return -1;
    selection->npicks = n;
    return amkd_writer_write(selection->writer, picks, n);
}

/* The diverse ones of the candidates, and those at random, which come first. */
static int write_chosen(amkd_selection *selection, const amkd_pick *candidates, size_t n)
{
    const amkd_selection_options *options = &selection->options;
    size_t nrandom = 0;
    while (nrandom < n &&
           amkd_noise_is_random(&selection->noise,
                                (amkd_pair){candidates[nrandom].i, candidates[nrandom].j},
                                candidates[nrandom].lambda))
        nrandom++;
    amkd_pick *chosen = amkd_alloc(options->k, sizeof *chosen);
    int rc = chosen ? amkd_diverse_choose(options->diverse, chosen, options->k,
                                          candidates, n, nrandom)
                    : -1;
    if (!rc)
        rc = write_picks(selection, chosen, options->k);
    free(chosen);
    return rc;
}

static int write_lowest(amkd_selection *selection, uint64_t nasked)
{
    const amkd_selection_options *options = &selection->options;
    const amkd_pick *picks;
    size_t n;
    if (options->shard) {
        if (amkd_lowest_finish_shard(selection->lowest, &picks, &n))
            return -1;
    } else {
        if (amkd_lowest_finish(selection->lowest, &picks, &n))
            return -1;
        if (options->recall)
            amkd_recall_count(options->recall, &selection->noise, picks, n);
        if (n < options->k && selection->certain &&
            amkd_lowest_finish(selection->certain, &picks, &n))
            return -1;
        if (n < options->k)
            return fail_few(options, n, nasked);
    }
    return options->diverse ? write_chosen(selection, picks, n)
                            : write_picks(selection, picks, n);
}

static void free_selection(amkd_selection *selection)
{
    amkd_lowest_free(selection->lowest);
    amkd_lowest_free(selection->certain);
    free(selection->certain_pairs);
    free(selection->held.picks);
    amkd_header_clear(&selection->header);
    free(selection);
}

int amkd_selection_close(amkd_selection *selection, uint64_t *npicks, uint64_t nasked)
{
    if (selection->lowest && write_lowest(selection, nasked)) {
        amkd_selection_discard(selection);
        return -1;
    }
    *npicks = selection->npicks;
    const int rc = amkd_writer_close(selection->writer);
    free_selection(selection);
    return rc;
}

void amkd_selection_discard(amkd_selection *selection)
{
    if (!selection)
        return;
    amkd_writer_discard(selection->writer);
    free_selection(selection);
}
