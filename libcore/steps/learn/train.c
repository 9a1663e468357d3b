/* The training loop: spans of steps enqueued one behind the other. The next span is
 * enqueued before the loss and the weights of the last are waited for, so that the device
 * always has work. */
#include "steps/learn/train.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "net/network_plan.h"
#include "steps/learn/checkpoint.h"
#include "steps/learn/learner.h"
#include "steps/learn/lessons.h"
#include "steps/learn/samples.h"
#include "steps/learn/train_check_data.h"
#include "steps/learn/train_describe.h"
#include "steps/learn/train_span.h"
#include "steps/learn/train_team.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What the samples since a step came to. */
typedef struct tally {
    uint64_t step;
    double nsamples, ntaught, loss, agreement;
} tally;

typedef struct trainer {
    amkd_device *device;
    const amkd_train_options *options;
    const amkd_dataset *dataset;
    amkd_model *model;
    amkd_train_span spans[2];
    size_t batch;          /* samples a step at most */
    uint64_t nsteps, step; /* step: the next to be enqueued */
    tally since;           /* the last report */
    double finished, told; /* when the last span was, and the last that was reported */
    int taught_any;        /* samples, up to it */
    uint64_t diverged;     /* the step at which it did; 0: it has not */
    amkd_feed *feed;
    amkd_learner learner;
    float *states;  /* of the optimizer, for checkpoints */
    char *training; /* what a checkpoint must be of */
} trainer;

/* Up to seconds before a training of minutes, nothing before one of seconds: for passes
 * of a network over all samples, of which a training has three. Of a team rank 0 alone
 * plans. */
static double planning_seconds(const trainer *t, const amkd_graph *graph, double npasses)
{
    return amkd_team_rank(t->options->team)
               ? 0
               : npasses * fmin(1, 2e-12 * amkd_graph_nmacs(graph) * (double)t->nsteps *
                                       (double)t->options->batch);
}

/* How many steps there are, and of how many samples. */
static void count_steps(trainer *t)
{
    const uint64_t n = t->dataset->n,
                   batch = t->options->batch < n ? t->options->batch : n;
    t->nsteps = t->options->nsteps ? t->options->nsteps
                                   : t->options->nepochs * ((n + batch - 1) / batch);
    t->batch = (size_t)batch;
}

static int open_feed(trainer *t)
{
    const amkd_model *assistant = t->options->assistant;
    if (!assistant && !t->options->views)
        return amkd_samples_new(&t->feed, t->device, t->dataset, t->model, t->options);
    return amkd_lessons_new(&t->feed, t->device, t->dataset, t->model, t->options,
                            assistant ? planning_seconds(t, &assistant->graph, 1) : 0);
}

static int scale_rates(trainer *t)
{
    const amkd_graph *graph = &t->model->graph;
    if (!t->options->nrates)
        return 0;
    float *factors = amkd_alloc(graph->ntrained, sizeof *factors);
    const int rc =
        !factors ||
                amkd_rates_make(factors, graph, t->options->rates, t->options->nrates) ||
                amkd_optimizer_scale(t->learner.optimizer, factors)
            ? -1
            : 0;
    free(factors);
    return rc;
}

/* In a team rank 0 goes ahead, and the others find what it compiled and timed. */
static int wait_for_first(const trainer *t)
{
    return amkd_team_rank(t->options->team) ? amkd_team_agree(t->options->team, 0) : 0;
}

static int let_others_go(const trainer *t)
{
    return amkd_team_rank(t->options->team) ? 0 : amkd_team_agree(t->options->team, 0);
}

/* All members run the networks as rank 0 chose. */
static int share_ways(const trainer *t)
{
    amkd_team *team = t->options->team;
    amkd_network *assistant = t->feed->assistant;
    if (!team)
        return 0;
    return amkd_network_share_ways(t->learner.network, team) ||
                   (assistant && amkd_network_share_ways(assistant, team))
               ? -1
               : 0;
}

static int set_up(trainer *t)
{
    const amkd_graph *graph = &t->model->graph;
    count_steps(t);
    t->states = amkd_alloc(amkd_optimizer_nstates(&t->options->optimizer),
                           graph->ntrained * sizeof *t->states);
    t->training = amkd_train_describe(t->model, t->dataset, t->options, t->nsteps);
    return !t->states || !t->training ||
                   amkd_train_team_same(t->options->team, t->device, t->training) ||
                   wait_for_first(t) || open_feed(t) ||
                   amkd_learner_open(&t->learner, t->device, graph, t->options, t->batch,
                                     planning_seconds(t, graph, 3)) ||
                   let_others_go(t) || share_ways(t) || scale_rates(t) ||
                   amkd_train_span_new(&t->spans[0], &t->learner, graph) ||
                   amkd_train_span_new(&t->spans[1], &t->learner, graph)
               ? -1
               : 0;
}

static void tear_down(trainer *t)
{
    amkd_device_drain(t->device); /* reads into spans */
    amkd_train_span_clear(&t->spans[0]);
    amkd_train_span_clear(&t->spans[1]);
    if (t->feed)
        t->feed->free(t->feed);
    amkd_learner_close(&t->learner);
    free(t->states);
    free(t->training);
}

static amkd_checkpoint checkpoint_of(trainer *t, float *parameters)
{
    return (amkd_checkpoint){.parameters = parameters,
                             .states = t->states,
                             .nparameters = t->model->graph.nparameters,
                             .ntrained = t->model->graph.ntrained,
                             .nstates = amkd_optimizer_nstates(&t->options->optimizer)};
}

/* Of the weights that the span, behind which nothing was enqueued, ended with. What it
 * read may be their average, and is the model's by now. */
static int checkpoint_save(trainer *t, const amkd_train_span *s)
{
    amkd_checkpoint state = checkpoint_of(t, s->parameters);
    return amkd_buffer_read(t->device, s->parameters,
                            amkd_network_parameters(t->learner.network), 0,
                            state.nparameters * sizeof(float)) ||
                   amkd_optimizer_save(t->learner.optimizer, t->states, &state.step) ||
                   amkd_checkpoint_save(&state, t->options->checkpoint, t->training)
               ? -1
               : 0;
}

/* Goes on from the checkpoint. */
static int resume(trainer *t)
{
    amkd_checkpoint state = checkpoint_of(t, t->model->parameters);
    amkd_team *team = t->options->team;
    if ((amkd_team_rank(team) == 0 &&
         amkd_checkpoint_load(&state, t->nsteps + t->options->refresh_bn,
                              t->options->resume, t->training)) ||
        amkd_train_team_share(team, &state) ||
        amkd_optimizer_restore(t->learner.optimizer, t->states, state.step))
        return -1;
    t->step = t->since.step = state.step;
    return 0;
}

/* The weights to start with, the checkpoint's if there is one to resume. */
static int start(trainer *t)
{
    if (t->options->resume && resume(t))
        return -1;
    return amkd_buffer_write(t->device, amkd_network_parameters(t->learner.network),
                             t->model->parameters, 0,
                             t->model->graph.nparameters * sizeof(float));
}

/* Enqueues one step. */
static int take_step(trainer *t)
{
    const double rate = amkd_schedule_rate(&t->options->schedule, t->step, t->nsteps);
    if (amkd_learner_step(&t->learner, t->feed, t->step, rate))
        return -1;
    t->step++;
    return 0;
}

/* Enqueues the next steps, and the reading of what they come to. */
static int start_span(trainer *t, amkd_train_span *s)
{
    s->first = t->step;
    s->end = s->first + t->feed->span_nsteps < t->nsteps ? s->first + t->feed->span_nsteps
                                                         : t->nsteps;
    if (t->feed->begin(t->feed, &s->nsamples, s->first, s->end) ||
        amkd_learner_zero(&t->learner))
        return -1;
    while (t->step < s->end)
        if (take_step(t))
            return -1;
    return amkd_train_span_read_later(s, &t->learner, &t->model->graph);
}

/* value: no number, of what is so called. */
static int fail_diverged(trainer *t, uint64_t step, const char *what, double value)
{
    t->diverged = step;
    return amkd_fail("the training diverged: at step %llu %s is %g; a lower learning "
                     "rate may help",
                     (unsigned long long)step, what, isnan(value) ? (double)NAN : value);
}

static int check_weights(trainer *t, const float *parameters, uint64_t step)
{
    for (size_t p = 0; p < t->model->graph.nparameters; p++)
        if (!isfinite(parameters[p]))
            return fail_diverged(t, step, "a weight", (double)parameters[p]);
    return 0;
}

/* Waits for the span: its weights become the model's, its sums go to the report's. */
static int finish_span(trainer *t, amkd_train_span *s)
{
    if (amkd_event_wait(t->device, &s->done))
        return -1;
    double sums[AMKD_SPAN_NSUMS];
    amkd_train_span_sum(sums, s, &t->learner);
    t->finished = amkd_now();
    if (amkd_train_team_add(t->options->team, sums, AMKD_SPAN_NSUMS))
        return -1;
    const double loss = sums[AMKD_SPAN_LOSS];
    if (!isfinite(loss))
        return fail_diverged(t, s->end, "the loss", loss);
    const double nsamples = (double)s->nsamples;
    t->since.nsamples += nsamples;
    t->since.ntaught += t->options->min_top > 0 ? sums[AMKD_SPAN_TAUGHT] : nsamples;
    t->since.loss += loss;
    t->since.agreement += sums[AMKD_SPAN_AGREEMENT];
    if (check_weights(t, s->parameters, s->end))
        return -1;
    memcpy(t->model->parameters, s->parameters,
           t->model->graph.nparameters * sizeof(float));
    return 0;
}

/* What came since the last report, by the end of a step. */
static amkd_train_report report_of(const trainer *t, uint64_t step)
{
    const tally *since = &t->since;
    const double n = since->ntaught > 0 ? since->ntaught : 1;
    return (amkd_train_report){
        .step = step,
        .nsteps = t->nsteps,
        .since = since->step,
        .nsamples = since->nsamples,
        .seconds = t->finished - t->told,
        .epoch = (double)step / (double)t->feed->order.epoch_nsteps,
        .rate = amkd_schedule_rate(&t->options->schedule, step - 1, t->nsteps),
        .loss = since->loss / n,
        .agreement = since->agreement / n,
        .taught = since->nsamples > 0 ? since->ntaught / since->nsamples : 0,
    };
}

/* Reports, where that is enough. */
static int tell(trainer *t, uint64_t step,
                int (*report)(void *context, const amkd_train_report *report),
                void *context)
{
    if (step < t->nsteps && step - t->since.step < AMKD_SPAN_STEPS)
        return 0;
    t->taught_any |= t->since.ntaught > 0;
    if (!t->taught_any && !t->options->resume &&
        (step >= t->feed->order.epoch_nsteps || step == t->nsteps))
        return amkd_fail("%llu steps taught nothing: the assistant's top probability was "
                         "always below %g",
                         (unsigned long long)step, t->options->min_top);
    const amkd_train_report said = report_of(t, step);
    t->since = (tally){.step = step};
    t->told = t->finished;
    return report ? report(context, &said) : 0;
}

/* The last report of a training that diverged, whose error stays. */
static void tell_diverged(const trainer *t,
                          int (*report)(void *context, const amkd_train_report *report),
                          void *context)
{
    amkd_train_report said = report_of(t, t->diverged);
    said.loss = said.agreement = NAN;
    said.diverged = 1;
    char *why = amkd_strdup(amkd_error());
    if (report)
        report(context, &said);
    amkd_fail("%s", why ? why : "out of memory");
    free(why);
}

/* Takes the batch norms' running figures anew, of the weights that the model ends with,
 * over the steps that would come next. */
static int refresh_bn(trainer *t)
{
    const size_t nbytes = t->model->graph.nparameters * sizeof(float);
    const cl_mem parameters = amkd_network_parameters(t->learner.network);
    const uint64_t end = t->nsteps + t->options->refresh_bn;
    size_t nsamples, nmeasured = 0;
    if (!t->options->refresh_bn)
        return 0;
    if (amkd_buffer_write(t->device, parameters, t->model->parameters, 0, nbytes))
        return -1;
    for (uint64_t step = t->nsteps; step < end;) {
        const uint64_t left = end - step, most = t->feed->span_nsteps;
        const uint64_t last = step + (left < most ? left : most);
        if (t->feed->begin(t->feed, &nsamples, step, last))
            return -1;
        for (; step < last; step++)
            if (amkd_learner_measure(&t->learner, t->feed, step, &nmeasured))
                return -1;
        if (amkd_device_finish(t->device))
            return -1;
    }
    return amkd_buffer_read(t->device, t->model->parameters, parameters, 0, nbytes) ||
                   check_weights(t, t->model->parameters, t->nsteps)
               ? -1
               : 0;
}

/* Before a checkpoint the device must come to a stop: it needs the optimizer's state too.
 * So it does for a team, whose members do the same things in the same order.
 */
static int run(trainer *t, int (*report)(void *context, const amkd_train_report *report),
               void *context)
{
    const amkd_team *team = t->options->team;
    const int saves = t->options->checkpoint && amkd_team_rank(team) == 0;
    double saved = t->told = amkd_now();
    if (t->step == t->nsteps)
        return refresh_bn(t);
    if (start_span(t, &t->spans[0]))
        return -1;
    for (size_t at = 0; t->spans[at].done; at = 1 - at) {
        amkd_train_span *s = &t->spans[at], *next = &t->spans[1 - at];
        const int more = s->end < t->nsteps;
        const int save =
            more && saves && amkd_now() - saved >= t->options->checkpoint_seconds;
        const int stop = save || team;
        if ((more && !stop && start_span(t, next)) || finish_span(t, s) ||
            (!more && refresh_bn(t)) || tell(t, s->end, report, context))
            return -1;
        if (save) {
            if (checkpoint_save(t, s))
                return -1;
            saved = amkd_now();
        }
        if (more && stop && start_span(t, next))
            return -1;
    }
    return 0;
}

int amkd_train(amkd_model *model, amkd_device *device, const amkd_dataset *dataset,
               const amkd_train_options *options,
               int (*report)(void *context, const amkd_train_report *report),
               void *context)
{
    trainer t = {
        .device = device, .options = options, .dataset = dataset, .model = model};
    if (amkd_train_check_data(model, dataset, options))
        return -1;
    int rc = set_up(&t) || start(&t) ? -1 : 0;
    if (!rc && options->ready)
        options->ready(context);
    if (!rc)
        rc = run(&t, report, context);
    if (rc && t.diverged)
        tell_diverged(&t, report, context);
    tear_down(&t);
    return rc;
}
