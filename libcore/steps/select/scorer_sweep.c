/* A sweep as a scorer of pairs. */
#include "base/error.h"
#include "base/memory.h"
#include "device/deal.h"
#include "steps/select/scorer.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

typedef struct sweeper {
    amkd_scorer_sweep options;
    amkd_device *device;
    amkd_sweep *sweep;
    amkd_pair *pairs; /* [most] */
    amkd_pick *picks; /* [most], or as many at each lambda */
} sweeper;

static int fail_device(const sweeper *s)
{
    return amkd_deal_fail(s->device, s->options.ndevices);
}

static int start(amkd_scorer *scorer, const amkd_label_key *keys, size_t n,
                 float threshold)
{
    sweeper *s = scorer->state;
    for (size_t p = 0; p < n; p++)
        s->pairs[p] = (amkd_pair){keys[p].i, keys[p].j};
    return amkd_sweep_start(s->sweep, s->pairs, n, threshold) ? fail_device(s) : 0;
}

static int make_picks(const sweeper *s, const amkd_sweep_result *result)
{
    const amkd_sweep_options *sweep = &s->options.sweep;
    const amkd_noise *noise = s->options.noise;
    for (size_t p = 0; p < result->n; p++) {
        const amkd_sweep_score found = result->scores[p];
        const amkd_pair pair = result->pairs[found.evaluation / sweep->nlambdas];
        if (!isfinite(found.score))
            return amkd_fail("'%s': the score of pair (%" PRIu32 ", %" PRIu32
                             ") is not a number: the student's sums overflow",
                             s->options.student, pair.i, pair.j);
        size_t lambda = found.evaluation % sweep->nlambdas;
        /* By C1 each lambda is at random or not; else a pair is, and has one drawn. */
        if (!noise->each_lambda && amkd_noise_is_random(noise, pair, 0))
            lambda = amkd_noise_draw_lambda(noise->seed, pair, sweep->nlambdas);
        s->picks[p] = (amkd_pick){pair.i, pair.j, sweep->lambdas[lambda], found.score};
    }
    return 0;
}

static int finish(amkd_scorer *scorer, amkd_scored *scored)
{
    const sweeper *s = scorer->state;
    amkd_sweep_result result;
    const int rc = amkd_sweep_finish(s->sweep, &result);
    if (rc <= 0)
        return rc ? fail_device(s) : 0;
    scorer->nmixes += result.npairs * s->options.sweep.nlambdas;
    *scored = (amkd_scored){result.npairs, s->picks, result.n};
    return make_picks(s, &result) ? -1 : 1;
}

static void close_sweep(amkd_scorer *scorer)
{
    sweeper *s = scorer->state;
    amkd_sweep_free(s->sweep);
    free(s->pairs);
    free(s->picks);
    free(s);
}

int amkd_scorer_open_sweep(amkd_scorer *scorer, amkd_device *device,
                           const amkd_model *model, const amkd_images *images,
                           const amkd_scorer_sweep *options)
{
    sweeper *s = amkd_alloc(1, sizeof *s);
    if (!s)
        return -1;
    *s = (sweeper){.options = *options, .device = device};
    *scorer = (amkd_scorer){.state = s,
                            .nunderway = 2,
                            .start = start,
                            .finish = finish,
                            .close = close_sweep};
    if (amkd_sweep_new(&s->sweep, device, model, images, &options->sweep)) {
        fail_device(s);
        return amkd_fail_in("'%s'", options->student);
    }
    scorer->most = amkd_sweep_max_pairs(s->sweep);
    scorer->engine = amkd_sweep_engine(s->sweep);
    scorer->reason = amkd_sweep_reason(s->sweep);
    scorer->network = amkd_sweep_network(s->sweep);
    scorer->borrows = amkd_sweep_borrows(s->sweep);
    const size_t neach = options->sweep.every ? options->sweep.nlambdas : 1;
    s->pairs = amkd_alloc(scorer->most, sizeof *s->pairs);
    s->picks = amkd_alloc(scorer->most, neach * sizeof *s->picks);
    return s->pairs && s->picks ? 0 : -1;
}
