/* Scoring from the files on the command line to the picks: what is opened, in which
 * order, and the passes over the pairs. */
#include "steps/select/score.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/random.h"
#include "steps/select/lambdas.h"
#include "steps/select/score_header.h"
#include "steps/select/scorer.h"
#include "stream/stream.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The stream of the seed for the scores of random picks. RANDOM_CHUNK pairs at once. */
enum { SCORE_STREAM = 0x73636f72, RANDOM_CHUNK = 1 << 16 };

typedef struct scoring {
    const amkd_score_options *options; /* own */
    amkd_score_options own;            /* single images have their lambda */
    amkd_score_counts *counts;
    amkd_reader *reader;
    amkd_asked asked;
    amkd_pair_source source;
    double *coarse; /* [options->ncoarse]; NULL without refine */
    size_t nclasses;
    amkd_model *model; /* NULL for random, and once no sweep will be opened any more */
    amkd_images *images;
    uint32_t
        *sources; /* of the images, for max_per_image; NULL where they are no views */
    size_t nsources;
    amkd_diverse *diverse; /* NULL without */
    amkd_device *devices[AMKD_MAX_DEVICES];
    amkd_scorer scorers[AMKD_MAX_DEVICES];
    size_t ndevices;
    float *lambdas; /* of the pass, [nlambdas] */
    size_t nlambdas;
    amkd_selection *selection;
    amkd_progress *progress;
} scoring;

const char *amkd_score_by_name(amkd_score_by by)
{
    static const char *const names[] = {"c2", "c1", "random", "margin", "entropy"};
    return (size_t)by < sizeof names / sizeof *names ? names[by] : NULL;
}

/* ---------------------------------------------------------------- what is opened once --
 */

static int is_shard(const scoring *s)
{
    return json_object_get(amkd_reader_header(s->reader)->more, "shard") != NULL;
}

/* A mix of an image with itself is the image, which is written with lambda 1. */
static int take_single(scoring *s)
{
    static const double one = 1;
    if (!s->own.default_lambdas && (s->own.nlambdas != 1 || s->own.lambdas[0] != 1))
        return amkd_fail("'%s': the pool is of single images, whose lambda is 1",
                         amkd_reader_name(s->reader));
    if (s->coarse)
        return amkd_fail("'%s': the pool is of single images: nothing is to be refined",
                         amkd_reader_name(s->reader));
    s->own.lambdas = &one;
    s->own.nlambdas = 1;
    return 0;
}

/* Whether k picks can come of so many pairs, said before they are scored. A shard may
 * have fewer: the others have the rest. */
static int check_k(const scoring *s)
{
    const amkd_score_options *options = s->options;
    const json_t *rows = json_object_get(amkd_reader_header(s->reader)->more, "rows");
    const uint64_t neach = options->by == AMKD_BY_C1 ? options->nlambdas : 1;
    if (!rows || is_shard(s) || options->k <= (uint64_t)json_integer_value(rows) * neach)
        return 0;
    return amkd_fail("cannot pick %" PRIu64 ": the pool has %" PRIu64 " candidates",
                     options->k, (uint64_t)json_integer_value(rows) * neach);
}

static int open_pairs(scoring *s)
{
    const amkd_score_options *options = s->options;
    if (amkd_reader_open(&s->reader, options->pairs, "pairs", options->nthreads))
        return -1;
    const amkd_header *header = amkd_reader_header(s->reader);
    if (amkd_pairs_check(header) || amkd_images_refs_rows(&s->source.nimages, header))
        return amkd_fail_in("'%s'", amkd_reader_name(s->reader));
    if (s->coarse && is_shard(s))
        return amkd_fail("'%s': the pairs are a shard, which cannot be refined by itself",
                         amkd_reader_name(s->reader));
    if (options->diverse > 0 && is_shard(s))
        return amkd_fail("'%s': the pairs are a shard, whose lowest are not those of the "
                         "whole pool, which diverse picks are chosen of",
                         amkd_reader_name(s->reader));
    s->source.single = json_is_true(json_object_get(header->more, "single"));
    if (s->source.single && take_single(s))
        return -1;
    s->source.reader = s->reader;
    s->source.asked = &s->asked;
    return amkd_asked_load(&s->asked, options->exclude, options->nexclude, header,
                           options->nthreads);
}

static int open_student(scoring *s)
{
    const amkd_score_options *options = s->options;
    if (amkd_model_load(&s->model, options->student) ||
        amkd_images_load_refs(&s->images, amkd_reader_header(s->reader), options->pairs,
                              options->images, options->nimages, options->nthreads) ||
        amkd_devices_open(s->devices, &s->ndevices, options->device))
        return -1;
    s->counts->ndevices = options->by == AMKD_BY_RANDOM ? 0 : s->ndevices;
    s->nclasses = s->model->graph.nclasses;
    s->sources = s->images->sources;
    s->nsources = s->images->nsources;
    s->images->sources = NULL;
    return 0;
}

static int load_sources(scoring *s)
{
    const amkd_score_options *options = s->options;
    return amkd_images_load_sources(&s->sources, &s->nsources,
                                    amkd_reader_header(s->reader), options->pairs,
                                    options->images, options->nimages, options->nthreads);
}

/* What diverse picks, or a sweep of a far set, still need stays. */
static void close_student(scoring *s)
{
    int borrowed = s->diverse != NULL;
    for (size_t d = 0; d < s->ndevices; d++)
        borrowed |= s->scorers[d].sweep && amkd_sweep_borrows(s->scorers[d].sweep);
    if (!borrowed) {
        amkd_images_free(s->images);
        s->images = NULL;
    }
    amkd_model_free(s->model);
    s->model = NULL;
}

static void close_sweeps(scoring *s)
{
    for (size_t d = 0; d < s->ndevices; d++) {
        amkd_sweep_free(s->scorers[d].sweep);
        s->scorers[d].sweep = NULL;
    }
    free(s->lambdas);
    s->lambdas = NULL;
}

static int open_sweep(scoring *s, size_t d)
{
    const amkd_score_options *options = s->options;
    const amkd_sweep_options sweep = {
        .measure = options->by == AMKD_BY_MARGIN    ? AMKD_MARGIN
                   : options->by == AMKD_BY_ENTROPY ? AMKD_ENTROPY
                                                    : AMKD_CONFIDENCE,
        .lambdas = s->lambdas,
        .nlambdas = s->nlambdas,
        .every = options->by == AMKD_BY_C1,
        .engine = options->engine};
    amkd_device *device = s->devices[d];
    amkd_scorer *scorer = &s->scorers[d];
    scorer->device = device;
    if (amkd_sweep_new(&scorer->sweep, device, s->model, s->images, &sweep)) {
        if (s->ndevices > 1)
            amkd_fail_in("device %zu (%s)", device->index, device->name);
        return amkd_fail_in("'%s'", options->student);
    }
    amkd_score_share *share = &s->counts->shares[d];
    share->index = device->index;
    snprintf(share->device, sizeof share->device, "%s", device->name);
    share->engine = amkd_sweep_engine(scorer->sweep);
    const char *reason = amkd_sweep_reason(scorer->sweep);
    snprintf(share->reason, sizeof share->reason, "%s", reason ? reason : "");
    return 0;
}

/* The grid of a pass, and with a student its sweeps. */
static int open_pass(scoring *s, const double *lambdas, size_t nlambdas)
{
    s->nlambdas = nlambdas;
    s->lambdas = amkd_alloc(nlambdas, sizeof *s->lambdas);
    if (!s->lambdas)
        return -1;
    for (size_t l = 0; l < nlambdas; l++)
        s->lambdas[l] = (float)lambdas[l];
    for (size_t d = 0; d < s->counts->ndevices; d++)
        if (open_sweep(s, d))
            return -1;
    return 0;
}

static int open_selection(scoring *s)
{
    const amkd_score_options *options = s->options;
    const uint64_t nlowest =
        s->diverse ? (uint64_t)ceil(options->diverse * (double)options->k) : options->k;
    const amkd_selection_options selection = {
        .k = options->k,
        .max_per_image = options->max_per_image,
        .nimages = s->source.nimages,
        .sources = s->sources,
        .nsources = s->nsources,
        .diverse = s->diverse,
        .nlowest = nlowest,
        .ncoarse = s->coarse ? (uint64_t)ceil(options->refine * (double)nlowest) : 0,
        .shard = is_shard(s),
        .output = options->output,
        .nthreads = options->nthreads};
    amkd_header header = {0};
    int rc =
        amkd_score_header(&header, options, s->coarse, amkd_reader_header(s->reader));
    if (!rc)
        rc = amkd_selection_open(&s->selection, &header, &selection);
    amkd_header_clear(&header);
    return rc;
}

static int open_all(scoring *s)
{
    const amkd_score_options *options = s->options;
    if (options->refine > 0) {
        s->coarse = amkd_alloc(options->ncoarse, sizeof *s->coarse);
        if (!s->coarse)
            return -1;
        amkd_lambdas_coarse(s->coarse, options->ncoarse, options->lambdas,
                            options->nlambdas);
    }
    const int chance = options->by == AMKD_BY_RANDOM;
    /* What is wrong with the command line is said before kernels are compiled. */
    if (open_pairs(s) || check_k(s) ||
        amkd_output_probe(options->output, "a picks stream") ||
        ((!chance || options->diverse > 0) && open_student(s)) ||
        (options->diverse > 0 &&
         amkd_diverse_new(&s->diverse, s->devices[0], options->student, s->images,
                          options->quiet)) ||
        (!s->images && options->max_per_image && load_sources(s)) ||
        (s->coarse ? open_pass(s, s->coarse, options->ncoarse)
                   : open_pass(s, options->lambdas, options->nlambdas)))
        return -1;
    if (!s->coarse)
        close_student(s);
    return open_selection(s);
}

/* ------------------------------------------------------------------ pairs to picks -- */

static int score_by_student(scoring *s)
{
    const amkd_score_options *options = s->options;
    s->source.thinning = (amkd_thinning){.noise = amkd_selection_noise(s->selection),
                                         .nclasses = s->nclasses,
                                         .lambdas = s->lambdas,
                                         .nlambdas = s->nlambdas};
    const amkd_scorer_job job = {.source = &s->source,
                                 .selection = s->selection,
                                 .student = options->student,
                                 .lambdas = s->lambdas,
                                 .nlambdas = s->nlambdas,
                                 .neach = options->by == AMKD_BY_C1 ? s->nlambdas : 1,
                                 .ordered = !options->k,
                                 .progress = s->progress};
    return amkd_scorer_run(s->scorers, s->ndevices, &job);
}

/* The lowest of the coarse pass again, at all lambdas. */
static int refine(scoring *s)
{
    amkd_pair *pairs = NULL;
    size_t n;
    close_sweeps(s);
    int rc = amkd_selection_refine(s->selection, &pairs, &n);
    if (!rc)
        rc = open_pass(s, s->options->lambdas, s->options->nlambdas);
    close_student(s);
    if (!rc) {
        amkd_progress_free(s->progress);
        s->progress =
            amkd_progress_new("amkd-score, fine", "pairs", n, s->options->quiet);
        s->source = (amkd_pair_source){.pairs = pairs, .npairs = n};
        rc = score_by_student(s);
    }
    free(pairs);
    return rc;
}

static void draw_picks(const scoring *s, amkd_pick *picks, const amkd_pair *pairs,
                       size_t n)
{
    const uint64_t seed = s->options->seed;
    for (size_t p = 0; p < n; p++) {
        const amkd_pair pair = pairs[p];
        const uint64_t index = (uint64_t)pair.i << 32 | pair.j;
        const size_t lambda = amkd_noise_draw_lambda(seed, pair, s->nlambdas);
        picks[p] = (amkd_pick){pair.i, pair.j, s->lambdas[lambda],
                               (float)amkd_random_uniform(seed, SCORE_STREAM, index)};
    }
}

static int score_by_chance(scoring *s)
{
    amkd_pair *pairs = amkd_alloc(RANDOM_CHUNK, sizeof *pairs);
    amkd_pick *picks = amkd_alloc(RANDOM_CHUNK, sizeof *picks);
    int rc = pairs && picks ? 0 : -1;
    size_t n = RANDOM_CHUNK;
    while (!rc && n == RANDOM_CHUNK) {
        rc = amkd_pair_source_read(&s->source, pairs, &n, RANDOM_CHUNK);
        if (rc)
            break;
        draw_picks(s, picks, pairs, n);
        amkd_progress_add(s->progress, n);
        rc = amkd_selection_add(s->selection, picks, n);
    }
    free(pairs);
    free(picks);
    return rc;
}

static int run(scoring *s)
{
    const json_t *rows = json_object_get(amkd_reader_header(s->reader)->more, "rows");
    s->progress =
        amkd_progress_new(s->coarse ? "amkd-score, coarse" : "amkd-score", "pairs",
                          (uint64_t)json_integer_value(rows), s->options->quiet);
    s->source.progress = s->progress;
    int rc = s->counts->ndevices ? score_by_student(s) : score_by_chance(s);
    s->counts->pairs = s->source.nread;
    s->counts->asked = s->source.nskipped;
    s->counts->thinned = s->source.nthinned;
    if (!rc && s->coarse)
        rc = refine(s);
    amkd_progress_free(s->progress);
    if (!rc) {
        rc = amkd_selection_close(s->selection, &s->counts->picks, s->counts->asked);
        s->selection = NULL;
    }
    for (size_t d = 0; d < s->counts->ndevices; d++)
        s->counts->shares[d].nmixes = s->scorers[d].nmixes;
    return rc;
}

int amkd_score(amkd_score_counts *counts, const amkd_score_options *options)
{
    scoring s = {.own = *options, .counts = counts};
    s.options = &s.own;
    *counts = (amkd_score_counts){0};
    const int rc = open_all(&s) ? -1 : run(&s);
    amkd_selection_discard(s.selection);
    close_sweeps(&s);
    amkd_diverse_free(s.diverse);
    s.diverse = NULL;
    close_student(&s);
    for (size_t d = 0; d < s.ndevices; d++)
        amkd_device_close(s.devices[d]);
    amkd_reader_close(s.reader);
    amkd_asked_clear(&s.asked);
    free(s.coarse);
    free(s.sources);
    return rc;
}
