/* The training loop: spans of steps enqueued one behind the other. The next span is
 * enqueued before the loss and the weights of the last are waited for, so that the device
 * always has work. */
#include "steps/train.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/progress.h"
#include "compute/batch.h"
#include "compute/loss.h"
#include "net/network_plan.h"
#include "net/predict.h"
#include "steps/checkpoint.h"
#include "steps/order.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* Few enough that the queues of drivers stay short. */
enum { SPAN_STEPS = 256 };

/* Steps enqueued, and what is read back behind them. */
typedef struct span {
    uint64_t first, end;
    size_t nsamples;
    cl_mem order;
    uint32_t *rows; /* what goes into order: [SPAN_STEPS][order.batch] */
    float *parameters;
    float *losses, *agreements; /* [max_blocks * nlanes] */
    cl_event done;              /* NULL once it was waited for */
} span;

typedef struct trainer {
    amkd_device *device;
    const amkd_train_options *options;
    const amkd_dataset *dataset;
    amkd_model *model;
    amkd_order order;
    span spans[2];
    size_t max_blocks;
    uint64_t nsteps, step; /* step: the next to be enqueued */
    amkd_network *network;
    amkd_batches *batches;
    amkd_loss *loss;
    amkd_optimizer *optimizer;
    cl_mem targets, losses, agreements;
    float *moments; /* [2 * nparameters], for checkpoints */
    char *training; /* what a checkpoint must be of */
} trainer;

static size_t sums_nbytes(const trainer *t)
{
    return t->max_blocks * t->device->nlanes * sizeof(float);
}

/* Uploads the targets at the temperature: softmax(log p / T) = p^(1/T), normalized. */
static int upload_targets(trainer *t)
{
    const size_t nclasses = t->dataset->nclasses;
    const double power = 1 / t->options->temperature;
    const size_t n = t->dataset->n;
    float *targets = amkd_alloc(n, nclasses * sizeof *targets);
    if (!targets)
        return -1;
    for (size_t r = 0; r < n; r++) {
        const float *p = &t->dataset->targets[r * nclasses];
        double sum = 0;
        for (size_t c = 0; c < nclasses; c++)
            sum += pow(p[c], power);
        for (size_t c = 0; c < nclasses; c++)
            targets[r * nclasses + c] = (float)(pow(p[c], power) / sum);
    }
    const int rc = amkd_buffer_new(&t->targets, t->device, CL_MEM_READ_ONLY,
                                   n * nclasses * sizeof *targets, targets);
    free(targets);
    return rc;
}

/* All that the weights depend on, as text. */
static char *describe_training(const trainer *t)
{
    const amkd_train_options *o = t->options;
    const amkd_dataset *d = t->dataset;
    XXH64_hash_t data = XXH3_64bits(d->keys, d->n * sizeof *d->keys);
    data = XXH3_64bits_withSeed(d->targets, d->n * d->nclasses * sizeof *d->targets, data);
    for (size_t r = 0; r < d->images->nrefs; r++) {
        const char *digest = d->images->refs[r].digest;
        data = XXH3_64bits_withSeed(digest, strlen(digest), data);
    }
    const XXH64_hash_t start =
        XXH3_64bits(t->model->parameters, t->model->arch.nparameters * sizeof(float));
    return amkd_format(
        "arch '%s', weights %016llx, data %016llx, optimizer %d %g %g %g %g %g, "
        "schedule %d, rate %g, temperature %g, batch %llu, steps %llu, seed %llu",
        t->model->arch.text, (unsigned long long)start, (unsigned long long)data,
        (int)o->optimizer.kind, o->optimizer.momentum, o->optimizer.beta1,
        o->optimizer.beta2, o->optimizer.epsilon, o->optimizer.decay, (int)o->schedule,
        o->rate, o->temperature, (unsigned long long)o->batch,
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
    const size_t nrows = SPAN_STEPS * t->order.batch;
    s->rows = amkd_alloc(nrows, sizeof *s->rows);
    s->parameters = amkd_alloc(t->model->arch.nparameters, sizeof *s->parameters);
    s->losses = amkd_alloc(sums_nbytes(t), 1);
    s->agreements = amkd_alloc(sums_nbytes(t), 1);
    return !s->rows || !s->parameters || !s->losses || !s->agreements
               ? -1
               : amkd_buffer_new(&s->order, t->device, CL_MEM_READ_ONLY,
                                 nrows * sizeof *s->rows, NULL);
}

static void free_span(span *s)
{
    amkd_buffer_free(s->order);
    free(s->rows);
    free(s->parameters);
    free(s->losses);
    free(s->agreements);
    if (s->done)
        clReleaseEvent(s->done);
}

static int set_up(trainer *t)
{
    const amkd_arch *arch = &t->model->arch;
    const amkd_images *images = t->dataset->images;
    const size_t nlanes = t->device->nlanes;
    if (amkd_order_new(&t->order, t->dataset->n, t->options->batch, t->options->seed))
        return -1;
    t->nsteps = t->options->nsteps ? t->options->nsteps
                                   : t->options->nepochs * t->order.epoch_nsteps;
    t->max_blocks = (t->order.batch + nlanes - 1) / nlanes;
    t->moments = amkd_alloc(2 * arch->nparameters, sizeof *t->moments);
    t->training = describe_training(t);
    if (!t->moments || !t->training || new_span(&t->spans[0], t) ||
        new_span(&t->spans[1], t) ||
        amkd_network_new(&t->network, t->device, arch, t->max_blocks, 1) ||
        amkd_network_plan(t->network, planning_seconds(t), NULL, NULL) ||
        amkd_batches_new(&t->batches, t->device, images->height, images->width,
                         images->channels) ||
        amkd_batches_images(t->batches, images->pixels, images->n) ||
        amkd_batches_keys(t->batches, t->dataset->keys, t->dataset->n) ||
        amkd_model_normalize(t->batches, t->model) ||
        amkd_loss_new(&t->loss, t->device, arch->nclasses) ||
        amkd_optimizer_new(&t->optimizer, t->device, &t->options->optimizer,
                           arch->nparameters) ||
        upload_targets(t) ||
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
    amkd_network_free(t->network);
    amkd_batches_free(t->batches);
    amkd_loss_free(t->loss);
    amkd_optimizer_free(t->optimizer);
    amkd_buffer_free(t->targets);
    amkd_buffer_free(t->losses);
    amkd_buffer_free(t->agreements);
    amkd_order_clear(&t->order);
    free(t->moments);
    free(t->training);
}

static int checkpoint_save(trainer *t)
{
    amkd_checkpoint state = {.parameters = t->model->parameters,
                             .moments = t->moments,
                             .nparameters = t->model->arch.nparameters};
    return amkd_optimizer_save(t->optimizer, t->moments, &state.step) ||
                   amkd_checkpoint_save(&state, t->options->checkpoint, t->training)
               ? -1
               : 0;
}

/* The weights to start with, the checkpoint's if there is one to resume. */
static int start(trainer *t)
{
    amkd_checkpoint state = {.parameters = t->model->parameters,
                             .moments = t->moments,
                             .nparameters = t->model->arch.nparameters};
    if (t->options->resume &&
        (amkd_checkpoint_load(&state, t->options->resume, t->training) ||
         amkd_optimizer_restore(t->optimizer, t->moments, state.step)))
        return -1;
    t->step = state.step;
    return amkd_buffer_write(t->device, amkd_network_parameters(t->network),
                             t->model->parameters, 0,
                             state.nparameters * sizeof *state.parameters);
}

/* Enqueues one step over the count samples from order[first] on. */
static int take_step(trainer *t, cl_mem order, size_t first, size_t count)
{
    const size_t nblocks = (count + t->device->nlanes - 1) / t->device->nlanes;
    const double rate =
        amkd_schedule_rate(t->options->schedule, t->options->rate, t->step, t->nsteps);
    amkd_network *network = t->network;
    cl_mem logits = amkd_network_activation(network, amkd_network_nlayers(network));
    if (amkd_batches_load(t->batches, amkd_network_activation(network, 0), order, first,
                          count) ||
        amkd_network_forward(network, 0, nblocks) ||
        amkd_loss_run(t->loss, amkd_network_logits_gradient(network), t->losses,
                      t->agreements, logits, t->targets, order, first, count,
                      (float)t->options->temperature) ||
        amkd_network_backward(network, nblocks) ||
        amkd_optimizer_step(t->optimizer, amkd_network_parameters(network),
                            amkd_network_gradients(network),
                            amkd_network_nslices(network), rate))
        return amkd_fail_in("step %llu", (unsigned long long)t->step);
    t->step++;
    return 0;
}

/* Uploads the order of the samples of the span's steps. */
static int upload_order(trainer *t, span *s)
{
    size_t n = 0;
    s->nsamples = 0;
    for (uint64_t step = s->first; step < s->end; step++) {
        n = (size_t)(step - s->first) * t->order.batch;
        amkd_order_step(&t->order, s->rows + n, step);
        s->nsamples += amkd_order_count(&t->order, step);
    }
    return amkd_buffer_write_later(t->device, s->order, s->rows, 0,
                                   (n + t->order.batch) * sizeof *s->rows);
}

/* Enqueues the next steps, and the reading of what they come to. */
static int start_span(trainer *t, span *s)
{
    s->first = t->step;
    s->end = s->first + SPAN_STEPS < t->nsteps ? s->first + SPAN_STEPS : t->nsteps;
    if (upload_order(t, s) || amkd_buffer_zero(t->device, t->losses, sums_nbytes(t)) ||
        amkd_buffer_zero(t->device, t->agreements, sums_nbytes(t)))
        return -1;
    while (t->step < s->end)
        if (take_step(t, s->order, (size_t)(t->step - s->first) * t->order.batch,
                      amkd_order_count(&t->order, t->step)))
            return -1;
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
        .epoch = (double)s->end / (double)t->order.epoch_nsteps,
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
            if (checkpoint_save(t) || start_span(t, next))
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
