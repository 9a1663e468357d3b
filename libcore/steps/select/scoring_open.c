/* What a scoring is made of, opened in an order in which what is wrong with the command
 * line is said before anything takes long. */
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "data/images_refs.h"
#include "device/profile.h"
#include "steps/select/lambdas.h"
#include "steps/select/score_header.h"
#include "steps/select/scoring_internal.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

int amkd_scoring_by_chance(const amkd_scoring *s)
{
    return s->options->by == AMKD_BY_RANDOM;
}

static int make_coarse(amkd_scoring *s)
{
    const amkd_score_options *options = s->options;
    s->coarse = amkd_alloc(options->ncoarse, sizeof *s->coarse);
    if (!s->coarse)
        return -1;
    amkd_lambdas_coarse(s->coarse, options->ncoarse, options->lambdas, options->nlambdas);
    return 0;
}

static void take_sources(amkd_scoring *s)
{
    s->sources = s->images->sources;
    s->nsources = s->images->nsources;
    s->images->sources = NULL;
}

static int open_candidates(amkd_scoring *s)
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

/* Each member on a machine has one of its devices. */
static int open_own_device(amkd_scoring *s)
{
    const amkd_score_options *options = s->options;
    if (amkd_device_open_own(&s->devices[0], options->device,
                             amkd_team_place(options->team)))
        return -1;
    s->ndevices = 1;
    return 0;
}

static int open_student(amkd_scoring *s)
{
    const amkd_score_options *options = s->options;
    int rc;
    if (amkd_model_load(&s->model, options->student))
        return -1;
    /* A sweep goes by the network's own logits; so does every other way of scoring. */
    s->model->temperature = 1;
    if (!s->images) {
        if (amkd_images_load_refs(&s->images, s->candidates.header, options->pairs,
                                  options->images, options->nimages, options->nthreads))
            return -1;
        take_sources(s);
    }
    rc = options->team ? open_own_device(s)
                       : amkd_devices_open(s->devices, &s->ndevices, options->device);
    for (size_t d = 0; !rc && d < s->ndevices; d++)
        rc = amkd_profile_attach(options->profile, s->devices[d]);
    return rc;
}

static int load_sources(amkd_scoring *s)
{
    const amkd_score_options *options = s->options;
    return amkd_images_load_sources(&s->sources, &s->nsources, s->candidates.header,
                                    options->pairs, options->images, options->nimages,
                                    options->nthreads);
}

static int open_selection(amkd_scoring *s)
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
        .recall = s->recall,
        .shard = s->candidates.shard,
        .held = amkd_team_rank(options->team) > 0,
        .output = options->output,
        .nthreads = options->nthreads};
    amkd_header header = {0};
    int rc = amkd_score_header(&header, options, s->coarse, s->candidates.header);
    if (!rc && (options->checkpoint || options->resume || options->team)) {
        s->described =
            amkd_score_describe(options, &header, s->candidates.excluded, s->model);
        rc = s->described ? 0 : amkd_fail("out of memory");
    }
    if (!rc)
        rc = amkd_selection_open(&s->selection, &header, &selection);
    amkd_header_clear(&header);
    return rc;
}

static int open_recall(amkd_scoring *s)
{
    const amkd_score_options *options = s->options;
    if (!s->coarse || !options->sample_most)
        return 0;
    const int rc = amkd_recall_new(&s->recall, options->sample_least,
                                   options->sample_most, s->candidates.nimages);
    s->candidates.recall = s->recall;
    return rc;
}

/* Files that can be written, by who writes them. */
static int probe_outputs(const amkd_score_options *options)
{
    if (amkd_team_rank(options->team))
        return 0;
    return amkd_output_probe(options->output, "a picks stream") ||
                   (options->checkpoint &&
                    amkd_output_probe(options->checkpoint, "a checkpoint"))
               ? -1
               : 0;
}

/* Every member reads the pairs. */
static int check_team(const amkd_score_options *options)
{
    if (!options->team)
        return 0;
    if (options->nbought)
        return amkd_fail("what was bought is scored by one process alone");
    if (!options->pairs || strcmp(options->pairs, "-") == 0)
        return amkd_fail("stdin: several processes score pairs from a file alone, which "
                         "each of them reads");
    if (!options->output || strcmp(options->output, "-") == 0)
        return amkd_fail("stdout: several processes write their picks to a file alone: "
                         "their launcher says things of its own there");
    return 0;
}

int amkd_scoring_open(amkd_scoring *s)
{
    const amkd_score_options *options = s->options;
    /* What is wrong with the command line is said before kernels are compiled. */
    if (check_team(options) || (options->refine > 0 && make_coarse(s)) ||
        open_candidates(s) || probe_outputs(options) ||
        ((!amkd_scoring_by_chance(s) || options->diverse > 0) && open_student(s)) ||
        (options->diverse > 0 &&
         amkd_diverse_new(&s->diverse, s->devices, s->ndevices, options->student,
                          s->images, options->quiet)) ||
        (!s->images && options->max_per_image && load_sources(s)) || open_recall(s) ||
        open_selection(s) || (options->team && amkd_scoring_same_work(s)) ||
        (options->resume && amkd_scoring_resume(s)))
        return -1;
    if (!amkd_scoring_by_chance(s) && !options->nbought)
        s->candidates.thinning =
            (amkd_thinning){.noise = amkd_selection_noise(s->selection),
                            .nclasses = s->model->graph.nclasses};
    if (s->state.fine)
        return 0;
    return s->coarse ? amkd_scoring_open_pass(s, s->coarse, options->ncoarse)
                     : amkd_scoring_open_pass(s, options->lambdas, options->nlambdas);
}

void amkd_scoring_close_student(amkd_scoring *s)
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

void amkd_scoring_close(amkd_scoring *s)
{
    amkd_selection_discard(s->selection);
    amkd_scoring_close_pass(s);
    amkd_diverse_free(s->diverse);
    s->diverse = NULL;
    amkd_scoring_close_student(s);
    amkd_devices_close(s->devices, &s->ndevices);
    amkd_candidates_close(&s->candidates);
    amkd_recall_free(s->recall);
    amkd_score_state_clear(&s->state);
    json_decref(s->described);
    free(s->coarse);
    free(s->sources);
}
