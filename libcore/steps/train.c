/* The training loop: spans of steps enqueued one behind the other. The next span is
 * enqueued before the loss and the weights of the last are waited for, so that the device
 * always has work. */
#include "steps/train.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/progress.h"
#include "compute/loss.h"
#include "net/network_plan.h"
#include "steps/checkpoint.h"
#include "steps/samples.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* Steps enqueued, and what is read back behind them. */
typedef struct span {
    uint64_t first, end;
    size_t nsamples;
    float *parameters;
    float *losses, *agreements; /* [max_blocks * nlanes] */
    cl_event done;              /* NULL once it was waited for */
} span;

typedef struct trainer {
    amkd_device *device;
    const amkd_train_options *options;
    const amkd_dataset *dataset;
    amkd_model *model;
    span spans[2];
    size_t max_blocks;
    uint64_t nsteps, step; /* step: the next to be enqueued */
    amkd_samples *samples;
    amkd_network *network;
    amkd_loss *loss;
    amkd_optimizer *optimizer;
    cl_mem losses, agreements;
    float *moments; /* [2 * nparameters], for checkpoints */
    char *training; /* what a checkpoint must be of */
} trainer;

static size_t sums_nbytes(const trainer *t)
{
    return t->max_blocks * t->device->nlanes * sizeof(float);
}

/* All that the weights depend on, as text. */
static char *describe_training(const trainer *t)
{
    const amkd_train_options *o = t->options;
    const amkd_dataset *d = t->dataset;
    XXH64_hash_t data = XXH3_64bits(d->keys, d->n * sizeof *d->keys);
    data =
        XXH3_64bits_withSeed(d->targets, d->n * d->nclasses * sizeof *d->targets, data);
    for (size_t r = 0; r < d->images->nrefs; r++) {
        const char *digest = d->images->refs[r].digest;
        data = XXH3_64bits_withSeed(digest, strlen(digest), data);
    }
    const XXH64_hash_t start =
        XXH3_64bits(t->model->parameters, t->model->arch.nparameters * sizeof(float));
    return amkd_format(
        "arch '%s', weights %016llx, data %016llx, optimizer %d %g %g %g %g %g, "
        "schedule %d, rate %g, temperature %g, mixup %g, batch %llu, steps %llu, "
        "seed %llu",
        t->model->arch.text, (unsigned long long)start, (unsigned long long)data,
        (int)o->optimizer.kind, o->optimizer.momentum, o->optimizer.beta1,
        o->optimizer.beta2, o->optimizer.epsilon, o->optimizer.decay, (int)o->schedule,
        o->rate, o->temperature, o->mixup, (unsigned long long)o->batch,
        (unsigned long long)t->nsteps, (unsigned long long)o->seed);
}

/* Up to seconds before a training of minutes, nothing before one of seconds. */
static double planning_seconds(const trainer *t)
{
    return fmin(3, 6e-12 * amkd_arch_nmacs(&t->model->arch) * (double)t->nsteps *
                       (double)t->options->batch);
}

static int new_span(span *s, const trainer *t)
{
    const size_t n = t->model->arch.nparameters;
    s->parameters = amkd_alloc(n, sizeof *s->parameters);
    s->losses = amkd_alloc(sums_nbytes(t), 1);
    s->agreements = amkd_alloc(sums_nbytes(t), 1);
    return !s->parameters || !s->losses || !s->agreements ? -1 : 0;
}

static void free_span(span *s)
{
    free(s->parameters);
    free(s->losses);
    free(s->agreements);
    if (s->done)
        clReleaseEvent(s->done);
}

/* How many steps there are, and of how many blocks. */
static void count_steps(trainer *t)
{
    const amkd_order *order = amkd_samples_order(t->samples);
    const size_t nlanes = t->device->nlanes;
    t->nsteps = t->options->nsteps ? t->options->nsteps
                                   : t->options->nepochs * order->epoch_nsteps;
    t->max_blocks = (order->batch + nlanes - 1) / nlanes;
}

static int set_up(trainer *t)
{
    const amkd_arch *arch = &t->model->arch;
    if (amkd_samples_new(&t->samples, t->device, t->dataset, t->model, t->options))
        return -1;
    count_steps(t);
    t->moments = amkd_alloc(2 * arch->nparameters, sizeof *t->moments);
    t->training = describe_training(t);
    if (!t->moments || !t->training || new_span(&t->spans[0], t) ||
        new_span(&t->spans[1], t) ||
        amkd_network_new(&t->network, t->device, arch, t->max_blocks, 1) ||
        amkd_network_plan(t->network, planning_seconds(t), NULL, NULL) ||
        amkd_loss_new(&t->loss, t->device, arch->nclasses) ||
        amkd_optimizer_new(&t->optimizer, t->device, &t->options->optimizer,
                           arch->nparameters) ||
        amkd_buffer_new(&t->losses, t->device, CL_MEM_READ_WRITE, sums_nbytes(t), NULL) ||
        amkd_buffer_new(&t->agreements, t->device, CL_MEM_READ_WRITE, sums_nbytes(t),
                        NULL))
        return -1;
    return 0;
}

static void tear_down(trainer *t)
{
    clFinish(t->device->queue); /* a failed training may have left reads into spans */
    free_span(&t->spans[0]);
    free_span(&t->spans[1]);
    amkd_samples_free(t->samples);
    amkd_network_free(t->network);
    amkd_loss_free(t->loss);
    amkd_optimizer_free(t->optimizer);
    amkd_buffer_free(t->losses);
    amkd_buffer_free(t->agreements);
    free(t->moments);
    free(t->training);
}

/* Of the weights that the span, behind which nothing was enqueued, ended with. */
static int checkpoint_save(trainer *t, const span *s)
{
    amkd_checkpoint state = {.parameters = s->parameters,
                             .moments = t->moments,
                             .nparameters = t->model->arch.nparameters};
    return amkd_optimizer_save(t->optimizer, t->moments, &state.step) ||
                   amkd_checkpoint_save(&state, t->options->checkpoint, t->training)
               ? -1
               : 0;
}

/* Goes on from the checkpoint. */
static int resume(trainer *t)
{
    amkd_checkpoint state = {.parameters = t->model->parameters,
                             .moments = t->moments,
                             .nparameters = t->model->arch.nparameters};
    if (amkd_checkpoint_load(&state, t->options->resume, t->training) ||
        amkd_optimizer_restore(t->optimizer, t->moments, state.step))
        return -1;
    t->step = state.step;
    return 0;
}

/* The weights to start with, the checkpoint's if there is one to resume. */
static int start(trainer *t)
{
    if (t->options->resume && resume(t))
        return -1;
    return amkd_buffer_write(t->device, amkd_network_parameters(t->network),
                             t->model->parameters, 0,
                             t->model->arch.nparameters * sizeof(float));
}

/* Enqueues one step. */
static int take_step(trainer *t)
{
    const double rate =
        amkd_schedule_rate(t->options->schedule, t->options->rate, t->step, t->nsteps);
    amkd_network *network = t->network;
    cl_mem logits = amkd_network_activation(network, amkd_network_nlayers(network));
    const size_t nlanes = t->device->nlanes;
    amkd_step_targets p;
    if (amkd_samples_load(t->samples, &p, amkd_network_activation(network, 0), t->step))
        return amkd_fail_in("step %llu", (unsigned long long)t->step);
    const size_t nblocks = (p.count + nlanes - 1) / nlanes;
    if (amkd_network_forward(network, 0, nblocks) ||
        amkd_loss_run(t->loss, amkd_network_logits_gradient(network), t->losses,
                      t->agreements, logits, p.targets, p.order, p.first, p.count,
                      (float)t->options->temperature) ||
        amkd_network_backward(network, nblocks) ||
        amkd_optimizer_step(t->optimizer, amkd_network_parameters(network),
                            amkd_network_gradients(network),
                            amkd_network_nslices(network), rate))
        return amkd_fail_in("step %llu", (unsigned long long)t->step);
    t->step++;
    return 0;
}

/* Enqueues the reading of what a span comes to; its event is that of the last. */
static int read_later(trainer *t, span *s)
{
    return amkd_buffer_read_later(t->device, s->losses, t->losses, 0, sums_nbytes(t),
                                  NULL) ||
                   amkd_buffer_read_later(t->device, s->agreements, t->agreements, 0,
                                          sums_nbytes(t), NULL) ||
                   amkd_buffer_read_later(
                       t->device, s->parameters, amkd_network_parameters(t->network), 0,
                       t->model->arch.nparameters * sizeof(float), &s->done)
               ? -1
               : 0;
}

/* Enqueues the next steps, and the reading of what they come to. */
static int start_span(trainer *t, span *s)
{
    s->first = t->step;
    s->end =
        s->first + AMKD_SPAN_STEPS < t->nsteps ? s->first + AMKD_SPAN_STEPS : t->nsteps;
    if (amkd_samples_begin(t->samples, &s->nsamples, s->first, s->end) ||
        amkd_buffer_zero(t->device, t->losses, sums_nbytes(t)) ||
        amkd_buffer_zero(t->device, t->agreements, sums_nbytes(t)))
        return -1;
    while (t->step < s->end)
        if (take_step(t))
            return -1;
    return read_later(t, s);
}

static double mean_of(const trainer *t, const float *sums, size_t nsamples)
{
    double sum = 0;
    for (size_t lane = 0; lane < t->max_blocks * t->device->nlanes; lane++)
        sum += sums[lane];
    return sum / (double)nsamples;
}

/* Waits for the span: its weights become the model's, its loss the report's. */
static int finish_span(trainer *t, span *s, amkd_train_report *report)
{
    if (amkd_event_wait(&s->done))
        return -1;
    *report = (amkd_train_report){
        .step = s->end,
        .nsteps = t->nsteps,
        .epoch = (double)s->end / (double)amkd_samples_order(t->samples)->epoch_nsteps,
        .rate = amkd_schedule_rate(t->options->schedule, t->options->rate, s->end - 1,
                                   t->nsteps),
        .loss = mean_of(t, s->losses, s->nsamples),
        .agreement = mean_of(t, s->agreements, s->nsamples),
    };
    if (!isfinite(report->loss))
        return amkd_fail("the training diverged: at step %llu the loss is %g; a lower "
                         "learning rate may help",
                         (unsigned long long)s->end, report->loss);
    for (size_t p = 0; p < t->model->arch.nparameters; p++)
        if (!isfinite(s->parameters[p]))
            return amkd_fail(
                "the training diverged: at step %llu a weight is %g; a lower "
                "learning rate may help",
                (unsigned long long)s->end, (double)s->parameters[p]);
    memcpy(t->model->parameters, s->parameters,
           t->model->arch.nparameters * sizeof(float));
    return 0;
}

/* Before a checkpoint the device must come to a stop: it needs the moments too. */
static int run(trainer *t, int (*report)(void *context, const amkd_train_report *report),
               void *context)
{
    double saved = amkd_now();
    if (t->step < t->nsteps && start_span(t, &t->spans[0]))
        return -1;
    for (size_t at = 0; t->spans[at].done; at = 1 - at) {
        span *s = &t->spans[at], *next = &t->spans[1 - at];
        amkd_train_report said;
        const int more = s->end < t->nsteps;
        const int save = more && t->options->checkpoint &&
                         amkd_now() - saved >= t->options->checkpoint_seconds;
        if ((more && !save && start_span(t, next)) || finish_span(t, s, &said) ||
            (report && report(context, &said)))
            return -1;
        if (save) {
            if (checkpoint_save(t, s) || start_span(t, next))
                return -1;
            saved = amkd_now();
        }
    }
    return 0;
}

static int check(const amkd_model *model, const amkd_dataset *dataset)
{
    const amkd_images *images = dataset->images;
    if (!dataset->n)
        return amkd_fail("there is nothing to train on: no labels");
    const amkd_shape shape = {images->channels, images->height, images->width};
    return amkd_model_expect(model, shape, dataset->nclasses);
}

int amkd_train(amkd_model *model, amkd_device *device, const amkd_dataset *dataset,
               const amkd_train_options *options,
               int (*report)(void *context, const amkd_train_report *report),
               void *context)
{
    trainer t = {
        .device = device, .options = options, .dataset = dataset, .model = model};
    if (check(model, dataset))
        return -1;
    const int rc = set_up(&t) || start(&t) || run(&t, report, context) ? -1 : 0;
    tear_down(&t);
    return rc;
}
