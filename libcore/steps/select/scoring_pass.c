/* What a pass is scored by. */
#include "base/memory.h"
#include "net/network_plan.h"
#include "steps/select/scoring_internal.h"
#include <stdio.h>
#include <stdlib.h>

static int open_sweep(amkd_scoring *s, size_t d)
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
        .ndevices = s->ndevices};
    return amkd_scorer_open_sweep(&s->scorers[d], s->devices[d], s->model, s->images,
                                  &sweep);
}

static int open_predictions(amkd_scoring *s, size_t d)
{
    const amkd_scorer_prediction options = {.student = s->options->student,
                                            .nclasses = s->candidates.nclasses,
                                            .by = s->options->by,
                                            .ndevices = s->ndevices};
    return amkd_scorer_open_predictions(&s->scorers[d], s->devices[d], s->model,
                                        s->images, &options);
}

static int open_scorer(amkd_scoring *s, size_t d)
{
    const amkd_score_options *options = s->options;
    if (amkd_scoring_by_chance(s))
        return amkd_scorer_open_chance(&s->scorers[d], options->seed,
                                       s->candidates.chance, s->lambdas, s->nlambdas);
    if (options->nbought)
        return open_predictions(s, d);
    return open_sweep(s, d);
}

/* With what has to be compiled shown. */
static int open_watched(amkd_scoring *s, size_t d)
{
    amkd_device *device = amkd_scoring_by_chance(s) ? NULL : s->devices[d];
    if (device && !s->options->quiet)
        amkd_device_watch(device, "amkd-score, compiling");
    const int rc = open_scorer(s, d);
    if (device)
        amkd_device_unwatch(device);
    return rc;
}

/* Devices of a kind run layers the same way. */
static int share_ways(const amkd_scoring *s, size_t d)
{
    amkd_network *network = s->scorers[d].network, *first = s->scorers[0].network;
    return network && first && amkd_device_is_like(s->devices[d], s->devices[0])
               ? amkd_network_copy_ways(network, first)
               : 0;
}

static void note_share(amkd_scoring *s, size_t d)
{
    const amkd_scorer *scorer = &s->scorers[d];
    amkd_score_share *share = &s->counts->shares[d];
    share->index = s->devices[d]->index;
    snprintf(share->device, sizeof share->device, "%s", s->devices[d]->name);
    share->engine = scorer->engine;
    snprintf(share->reason, sizeof share->reason, "%s",
             scorer->reason ? scorer->reason : "");
}

int amkd_scoring_open_pass(amkd_scoring *s, const double *lambdas, size_t nlambdas)
{
    s->nlambdas = nlambdas;
    s->lambdas = amkd_alloc(nlambdas ? nlambdas : 1, sizeof *s->lambdas);
    if (!s->lambdas)
        return -1;
    for (size_t l = 0; l < nlambdas; l++)
        s->lambdas[l] = (float)lambdas[l];
    s->counts->ndevices = amkd_scoring_by_chance(s) ? 0 : s->ndevices;
    s->nscorers = amkd_scoring_by_chance(s) ? 1 : s->ndevices;
    for (size_t d = 0; d < s->nscorers; d++) {
        if (open_watched(s, d) || share_ways(s, d))
            return -1;
        if (!amkd_scoring_by_chance(s))
            note_share(s, d);
    }
    return 0;
}

void amkd_scoring_close_pass(amkd_scoring *s)
{
    for (size_t d = 0; d < s->nscorers; d++) {
        s->counts->shares[d].nmixes += s->scorers[d].nmixes;
        amkd_scorer_close(&s->scorers[d]);
    }
    s->nscorers = 0;
    free(s->lambdas);
    s->lambdas = NULL;
}
