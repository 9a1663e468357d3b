/* Data and weights go in as digests. */
#include "steps/learn/train_describe.h"
#include "base/error.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static XXH64_hash_t digest_data(const amkd_dataset *d)
{
    XXH64_hash_t data = XXH3_64bits(d->keys, d->keys ? d->n * sizeof *d->keys : 0);
    data = XXH3_64bits_withSeed(
        d->targets, d->targets ? d->n * d->nclasses * sizeof *d->targets : 0, data);
    for (size_t r = 0; r < d->images->nrefs; r++) {
        const char *digest = d->images->refs[r].digest;
        data = XXH3_64bits_withSeed(digest, strlen(digest), data);
    }
    return data;
}

static XXH64_hash_t digest_weights(const amkd_model *model)
{
    return XXH3_64bits(model->parameters, model->graph.nparameters * sizeof(float));
}

static XXH64_hash_t digest_scales(const amkd_model *model)
{
    const size_t nbytes = amkd_model_nscales(model) * sizeof *model->mean;
    return XXH3_64bits_withSeed(model->std, nbytes, XXH3_64bits(model->mean, nbytes));
}

/* What there is of lessons: nothing of a training by labels as they are. */
static char *describe_lessons(const amkd_train_options *o)
{
    const amkd_model *a = o->assistant;
    if (!a && !o->views)
        return amkd_strdup("");
    json_t *ranges = o->views ? amkd_view_describe(o->views) : NULL;
    char *views = o->views ? json_dumps(ranges, JSON_COMPACT) : NULL;
    json_decref(ranges);
    if (o->views && !views)
        return NULL;
    char *assistant = NULL, *text = NULL;
    if (a)
        assistant = amkd_format(", assistant '%s' %016llx %016llx, min top %.17g",
                                a->graph.text, (unsigned long long)digest_weights(a),
                                (unsigned long long)digest_scales(a), o->min_top);
    if (!a || assistant)
        text =
            amkd_format("%s%s%s, %llu views", a ? assistant : "", views ? ", views " : "",
                        views ? views : "", (unsigned long long)o->nviews);
    free(assistant);
    free(views);
    return text;
}

static char *describe_steps(const amkd_train_options *o, uint64_t nsteps)
{
    const amkd_optimizer_options *by = &o->optimizer;
    return amkd_format("optimizer %d %.17g %d %.17g %.17g %.17g %.17g, clip %.17g, "
                       "average %.17g, temperature %.17g, mixup %.17g, "
                       "smoothing %.17g, batch %llu, steps %llu, seed %llu",
                       (int)by->kind, by->momentum, by->nesterov, by->beta1, by->beta2,
                       by->epsilon, by->decay, by->clip, by->average, o->temperature,
                       o->mixup, o->smoothing, (unsigned long long)o->batch,
                       (unsigned long long)nsteps, (unsigned long long)o->seed);
}

/* What is not usual: micro-batches, and what comes behind the last step. */
static char *describe_parts(const amkd_train_options *o)
{
    char *micro =
        o->micro_batch && o->micro_batch < o->batch
            ? amkd_format(", micro-batch %llu", (unsigned long long)o->micro_batch)
            : amkd_strdup("");
    char *text = NULL;
    if (micro)
        text = o->refresh_bn ? amkd_format("%s, refresh-bn %llu", micro,
                                           (unsigned long long)o->refresh_bn)
                             : amkd_strdup(micro);
    free(micro);
    return text;
}

static char *describe_schedule(const amkd_schedule *s)
{
    char *text = amkd_format("schedule %d, rate %.17g, warm-up %.17g", (int)s->kind,
                             s->rate, s->warmup);
    for (size_t m = 0; text && s->kind == AMKD_MULTISTEP && m < s->nmilestones; m++) {
        char *longer = amkd_format("%s, milestone %.17g", text, s->milestones[m]);
        free(text);
        text = longer;
    }
    return text;
}

/* Nothing where all parameters learn at the same rate. */
static char *describe_rates(const amkd_train_options *o)
{
    char *text = amkd_strdup("");
    for (size_t r = 0; text && r < o->nrates; r++) {
        char *longer = amkd_format("%s, rate of '%s' %.17g", text, o->rates[r].pattern,
                                   o->rates[r].factor);
        free(text);
        text = longer;
    }
    return text;
}

char *amkd_train_describe(const amkd_model *model, const amkd_dataset *dataset,
                          const amkd_train_options *options, uint64_t nsteps)
{
    char *lessons = describe_lessons(options);
    char *schedule = describe_schedule(&options->schedule);
    char *parts = describe_parts(options);
    char *steps = describe_steps(options, nsteps);
    char *rates = describe_rates(options);
    char *text = NULL;
    if (lessons && schedule && steps && rates && parts)
        text = amkd_format(
            "arch '%s', weights %016llx, scales %016llx, data %016llx, %s, %s%s%s%s",
            model->graph.text, (unsigned long long)digest_weights(model),
            (unsigned long long)digest_scales(model),
            (unsigned long long)digest_data(dataset), schedule, steps, rates, parts,
            lessons);
    free(lessons);
    free(schedule);
    free(steps);
    free(rates);
    free(parts);
    return text;
}
