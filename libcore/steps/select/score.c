/* Scoring from the files on the command line to the picks: what is opened, in which
 * order, and the passes over the candidates. */
#include "steps/select/score.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/progress.h"
#include "data/images_refs.h"
#include "steps/select/candidates.h"
#include "steps/select/lambdas.h"
#include "steps/select/score_header.h"
#include "steps/select/scorer.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct scoring {
    const amkd_score_options *options; /* own */
    amkd_score_options own;            /* single images have their lambda */
    amkd_score_counts *counts;
    amkd_candidates candidates;
    double *coarse;      /* [options->ncoarse]; NULL without refine */
    amkd_model *model;   /* NULL for random, and once no scorer will be opened any more */
    amkd_images *images; /* NULL for random, and once nobody needs them any more */
    uint32_t
        *sources; /* of the images, for max_per_image; NULL where they are no views */
    size_t nsources;
    amkd_diverse *diverse; /* NULL without */
    amkd_device *devices[AMKD_MAX_DEVICES];
    size_t ndevices;
    amkd_selection *selection;
    float *lambdas; /* of the pass, [nlambdas] */
    size_t nlambdas;
    amkd_scorer scorers[AMKD_MAX_DEVICES];
    size_t nscorers;
    amkd_progress *progress;
} scoring;

const char *amkd_score_by_name(amkd_score_by by)
{
    static const char *const names[] = {"c2", "c1", "random", "margin", "entropy"};
    return (size_t)by < sizeof names / sizeof *names ? names[by] : NULL;
}

static int by_chance(const scoring *s)
{
    return s->options->by == AMKD_BY_RANDOM;
}

/* ------------------------------------------------------------- what is opened once -- */

static int make_coarse(scoring *s)
{
    const amkd_score_options *options = s->options;
    s->coarse = amkd_alloc(options->ncoarse, sizeof *s->coarse);
    if (!s->coarse)
        return -1;
    amkd_lambdas_coarse(s->coarse, options->ncoarse, options->lambdas, options->nlambdas);
    return 0;
}

static void take_sources(scoring *s)
{
    s->sources = s->images->sources;
    s->nsources = s->images->nsources;
    s->images->sources = NULL;
}

static int open_candidates(scoring *s)
{
    static const double one = 1;
    const amkd_score_options *options = s->options;
    const int rc = options->nbought ? amkd_candidates_open_bought(&s->candidates, options)
                                    : amkd_candidates_open_pairs(&s->candidates, options);
    s->images = s->candidates.images;
    if (s->images)
        take_sources(s);
    if (s->candidates.single) {
        s->own.lambdas = &one;
        s->own.nlambdas = 1;
    }
    return rc;
}

static int open_student(scoring *s)
{
    const amkd_score_options *options = s->options;
    if (amkd_model_load(&s->model, options->student))
        return -1;
    if (!s->images) {
        if (amkd_images_load_refs(&s->images, s->candidates.header, options->pairs,
                                  options->images, options->nimages, options->nthreads))
            return -1;
        take_sources(s);
    }
    if (!options->nbought)
        return amkd_devices_open(s->devices, &s->ndevices, options->device);
    if (amkd_device_open(&s->devices[0], options->device))
        return -1;
    s->ndevices = 1;
    return 0;
}

static int load_sources(scoring *s)
{
    const amkd_score_options *options = s->options;
    return amkd_images_load_sources(&s->sources, &s->nsources, s->candidates.header,
                                    options->pairs, options->images, options->nimages,
                                    options->nthreads);
}

static int open_selection(scoring *s)
{
    const amkd_score_options *options = s->options;
    const uint64_t nlowest =
        s->diverse ? (uint64_t)ceil(options->diverse * (double)options->k) : options->k;
    const amkd_selection_options selection = {
        .k = options->k,
        .max_per_image = options->max_per_image,
        .nimages = s->candidates.nimages,
        .sources = s->sources,
        .nsources = s->nsources,
        .diverse = s->diverse,
        .nlowest = nlowest,
        .ncoarse = s->coarse ? (uint64_t)ceil(options->refine * (double)nlowest) : 0,
        .shard = s->candidates.shard,
        .output = options->output,
        .nthreads = options->nthreads};
    amkd_header header = {0};
    int rc = amkd_score_header(&header, options, s->coarse, s->candidates.header);
    if (!rc)
        rc = amkd_selection_open(&s->selection, &header, &selection);
    amkd_header_clear(&header);
    return rc;
}

/* ------------------------------------------------------ what a pass is scored by -- */

static int open_sweep(scoring *s, size_t d)
{
    const amkd_score_options *options = s->options;
    const amkd_scorer_sweep sweep = {
        .sweep = {.measure = options->by == AMKD_BY_MARGIN    ? AMKD_MARGIN
                             : options->by == AMKD_BY_ENTROPY ? AMKD_ENTROPY
                                                              : AMKD_CONFIDENCE,
                  .lambdas = s->lambdas,
                  .nlambdas = s->nlambdas,
                  .every = options->by == AMKD_BY_C1,
                  .engine = options->engine},
        .student = options->student,
        .noise = amkd_selection_noise(s->selection),
        .several = s->ndevices > 1};
    return amkd_scorer_open_sweep(&s->scorers[d], s->devices[d], s->model, s->images,
                                  &sweep);
}

static int open_scorer(scoring *s, size_t d)
{
    const amkd_score_options *options = s->options;
    if (by_chance(s))
        return amkd_scorer_open_chance(&s->scorers[d], options->seed,
                                       s->candidates.chance, s->lambdas, s->nlambdas);
    if (options->nbought)
        return amkd_scorer_open_predictions(&s->scorers[d], s->devices[d], s->model,
                                            s->images, options->student,
                                            s->candidates.nclasses, options->by);
    return open_sweep(s, d);
}

static void note_share(scoring *s, size_t d)
{
    const amkd_scorer *scorer = &s->scorers[d];
    amkd_score_share *share = &s->counts->shares[d];
    share->index = s->devices[d]->index;
    snprintf(share->device, sizeof share->device, "%s", s->devices[d]->name);
    share->engine = scorer->engine;
    snprintf(share->reason, sizeof share->reason, "%s",
             scorer->reason ? scorer->reason : "");
}

/* The grid of a pass, and its scorers. */
static int open_pass(scoring *s, const double *lambdas, size_t nlambdas)
{
    s->nlambdas = nlambdas;
    s->lambdas = amkd_alloc(nlambdas ? nlambdas : 1, sizeof *s->lambdas);
    if (!s->lambdas)
        return -1;
    for (size_t l = 0; l < nlambdas; l++)
        s->lambdas[l] = (float)lambdas[l];
    s->counts->ndevices = by_chance(s) ? 0 : s->ndevices;
    s->nscorers = by_chance(s) ? 1 : s->ndevices;
    for (size_t d = 0; d < s->nscorers; d++) {
        if (open_scorer(s, d))
            return -1;
        if (!by_chance(s))
            note_share(s, d);
    }
    return 0;
}

static void close_pass(scoring *s)
{
    for (size_t d = 0; d < s->nscorers; d++) {
        s->counts->shares[d].nmixes += s->scorers[d].nmixes;
        amkd_scorer_close(&s->scorers[d]);
    }
    s->nscorers = 0;
    free(s->lambdas);
    s->lambdas = NULL;
}

/* Once no scorer is opened any more. What diverse picks or a scorer still need stays. */
static void close_student(scoring *s)
{
    int borrowed = s->diverse != NULL;
    for (size_t d = 0; d < s->nscorers; d++)
        borrowed |= s->scorers[d].borrows;
    if (!borrowed) {
        amkd_images_free(s->images);
        s->images = NULL;
    }
    amkd_model_free(s->model);
    s->model = NULL;
}

static int open_all(scoring *s)
{
    const amkd_score_options *options = s->options;
    /* What is wrong with the command line is said before kernels are compiled. */
    if ((options->refine > 0 && make_coarse(s)) || open_candidates(s) ||
        amkd_output_probe(options->output, "a picks stream") ||
        ((!by_chance(s) || options->diverse > 0) && open_student(s)) ||
        (options->diverse > 0 &&
         amkd_diverse_new(&s->diverse, s->devices[0], options->student, s->images,
                          options->quiet)) ||
        (!s->images && options->max_per_image && load_sources(s)) || open_selection(s))
        return -1;
    if (!by_chance(s) && !options->nbought)
        s->candidates.thinning =
            (amkd_thinning){.noise = amkd_selection_noise(s->selection),
                            .nclasses = s->model->graph.nclasses};
    return s->coarse ? open_pass(s, s->coarse, options->ncoarse)
                     : open_pass(s, options->lambdas, options->nlambdas);
}

/* ---------------------------------------------------------- candidates to picks -- */

/* All candidates, by the scorers of the pass. */
static int score_all(scoring *s, const char *title)
{
    amkd_candidates *candidates = &s->candidates;
    s->progress =
        amkd_progress_new(title, candidates->what, candidates->n, s->options->quiet);
    candidates->progress = s->progress;
    candidates->thinning.lambdas = s->lambdas;
    candidates->thinning.nlambdas = s->nlambdas;
    const amkd_scorer_job job = {.candidates = candidates,
                                 .selection = s->selection,
                                 .ordered = !s->options->k,
                                 .progress = s->progress};
    const int rc = amkd_scorer_run(s->scorers, s->nscorers, &job);
    amkd_progress_free(s->progress);
    return rc;
}

/* The lowest of the coarse pass again, at all lambdas. */
static int refine(scoring *s)
{
    amkd_pair *pairs = NULL;
    size_t n;
    close_pass(s);
    int rc = amkd_selection_refine(s->selection, &pairs, &n);
    if (!rc)
        rc = open_pass(s, s->options->lambdas, s->options->nlambdas);
    close_student(s);
    if (!rc) {
        amkd_candidates_close(&s->candidates);
        amkd_candidates_of_pairs(&s->candidates, pairs, n);
        rc = score_all(s, "amkd-score, fine");
    }
    free(pairs);
    return rc;
}

static int run(scoring *s)
{
    amkd_score_counts *counts = s->counts;
    if (!s->coarse)
        close_student(s);
    int rc = score_all(s, s->coarse ? "amkd-score, coarse" : "amkd-score");
    counts->pairs = s->candidates.nread;
    counts->asked = s->candidates.nasked;
    counts->thinned = s->candidates.nthinned;
    if (!rc && s->coarse)
        rc = refine(s);
    if (!rc) {
        rc = amkd_selection_close(s->selection, &counts->picks, counts->asked);
        s->selection = NULL;
    }
    return rc;
}

int amkd_score(amkd_score_counts *counts, const amkd_score_options *options)
{
    scoring s = {.own = *options, .counts = counts};
    s.options = &s.own;
    *counts = (amkd_score_counts){0};
    const int rc = open_all(&s) ? -1 : run(&s);
    amkd_selection_discard(s.selection);
    close_pass(&s);
    amkd_diverse_free(s.diverse);
    s.diverse = NULL;
    close_student(&s);
    for (size_t d = 0; d < s.ndevices; d++)
        amkd_device_close(s.devices[d]);
    amkd_candidates_close(&s.candidates);
    free(s.coarse);
    free(s.sources);
    return rc;
}
