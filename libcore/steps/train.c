/* The training loop: spans of whole epochs whose order goes up at once, steps enqueued
 * one behind the other, and the span's loss read at its end. */
#include "steps/train.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/random.h"
#include "compute/batch.h"
#include "compute/loss.h"
#include "net/network_plan.h"
#include "net/predict.h"
#include "steps/checkpoint.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* Stream of the seed; epoch e shuffles by stream + e. */
static const uint64_t order_stream = 0x7472616900000000; /* "trai" */

/* A span has at least this many steps, so that small sets do not wait on the host. */
enum { SPAN_STEPS = 256 };

typedef struct trainer {
    amkd_device *device;
    const amkd_train_options *options;
    const amkd_dataset *dataset;
    amkd_model *model;
    size_t n, max_blocks, span_nepochs;
    uint64_t epoch_nsteps, nsteps, step;
    amkd_network *network;
    amkd_batches *batches;
    amkd_loss *loss;
    amkd_optimizer *optimizer;
    cl_mem targets, order, losses, agreements;
    uint32_t *host_order; /* [span_nepochs][n] */
    float *host_sums;     /* [max_blocks * nlanes] */
    float *moments;       /* [2 * nparameters], for checkpoints */
    char *training;       /* what a checkpoint must be of */
} trainer;

/* Uploads the targets at the temperature: softmax(log p / T) = p^(1/T), normalized. */
static int upload_targets(trainer *t)
{
    const size_t nclasses = t->dataset->nclasses;
    const double power = 1 / t->options->temperature;
    float *targets = amkd_alloc(t->n, nclasses * sizeof *targets);
    if (!targets)
        return -1;
    for (size_t r = 0; r < t->n; r++) {
        const float *p = &t->dataset->targets[r * nclasses];
        double sum = 0;
        for (size_t c = 0; c < nclasses; c++)
            sum += pow(p[c], power);
        for (size_t c = 0; c < nclasses; c++)
            targets[r * nclasses + c] = (float)(pow(p[c], power) / sum);
    }
    const int rc = amkd_buffer_new(&t->targets, t->device, CL_MEM_READ_ONLY,
                                   t->n * nclasses * sizeof *targets, targets);
    free(targets);
    return rc;
}

/* All that the weights depend on, as text. */
static char *describe_training(const trainer *t)
{
    const amkd_train_options *o = t->options;
    const amkd_dataset *d = t->dataset;
    XXH64_hash_t data = XXH3_64bits(d->keys, d->n * sizeof *d->keys);
    data ^= XXH3_64bits(d->targets, d->n * d->nclasses * sizeof *d->targets);
    for (size_t r = 0; r < d->images->nrefs; r++)
        data ^= XXH3_64bits(d->images->refs[r].digest, strlen(d->images->refs[r].digest));
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

static int set_up(trainer *t)
{
    const amkd_arch *arch = &t->model->arch;
    const amkd_images *images = t->dataset->images;
    const size_t nlanes = t->device->nlanes;
    t->n = t->dataset->n;
    t->epoch_nsteps = (t->n + t->options->batch - 1) / t->options->batch;
    t->nsteps =
        t->options->nsteps ? t->options->nsteps : t->options->nepochs * t->epoch_nsteps;
    t->span_nepochs = (SPAN_STEPS + t->epoch_nsteps - 1) / t->epoch_nsteps;
    const size_t most = t->options->batch < t->n ? t->options->batch : t->n;
    t->max_blocks = (most + nlanes - 1) / nlanes;
    const size_t sums_nbytes = t->max_blocks * nlanes * sizeof(float);
    t->host_order = amkd_alloc(t->span_nepochs * t->n, sizeof *t->host_order);
    t->host_sums = amkd_alloc(t->max_blocks * nlanes, sizeof *t->host_sums);
    t->moments = amkd_alloc(2 * arch->nparameters, sizeof *t->moments);
    t->training = describe_training(t);
    if (!t->host_order || !t->host_sums || !t->moments || !t->training ||
        amkd_network_new(&t->network, t->device, arch, t->max_blocks, 1) ||
        amkd_network_plan(t->network, planning_seconds(t), NULL, NULL) ||
        amkd_batches_new(&t->batches, t->device, images->height, images->width,
                         images->channels) ||
        amkd_batches_images(t->batches, images->pixels, images->n) ||
        amkd_batches_keys(t->batches, t->dataset->keys, t->n) ||
        amkd_model_normalize(t->batches, t->model) ||
        amkd_loss_new(&t->loss, t->device, arch->nclasses) ||
        amkd_optimizer_new(&t->optimizer, t->device, &t->options->optimizer,
                           arch->nparameters) ||
        upload_targets(t) ||
        amkd_buffer_new(&t->order, t->device, CL_MEM_READ_ONLY,
                        t->span_nepochs * t->n * sizeof *t->host_order, NULL) ||
        amkd_buffer_new(&t->losses, t->device, CL_MEM_READ_WRITE, sums_nbytes, NULL) ||
        amkd_buffer_new(&t->agreements, t->device, CL_MEM_READ_WRITE, sums_nbytes, NULL))
        return -1;
    return 0;
}

static void tear_down(trainer *t)
{
    amkd_network_free(t->network);
    amkd_batches_free(t->batches);
    amkd_loss_free(t->loss);
    amkd_optimizer_free(t->optimizer);
    amkd_buffer_free(t->targets);
    amkd_buffer_free(t->order);
    amkd_buffer_free(t->losses);
    amkd_buffer_free(t->agreements);
    free(t->host_order);
    free(t->host_sums);
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

/* Uploads the order of the samples in the epochs from first on. */
static int upload_order(trainer *t, uint64_t first)
{
    for (size_t e = 0; e < t->span_nepochs; e++) {
        uint32_t *order = t->host_order + e * t->n;
        for (size_t r = 0; r < t->n; r++)
            order[r] = (uint32_t)r;
        amkd_shuffle_u32(order, t->n, t->options->seed, order_stream + first + e);
    }
    return amkd_buffer_write(t->device, t->order, t->host_order, 0,
                             t->span_nepochs * t->n * sizeof *t->host_order);
}

/* Enqueues one step over count samples from order[first] on. */
static int take_step(trainer *t, size_t first, size_t count)
{
    const size_t nblocks = (count + t->device->nlanes - 1) / t->device->nlanes;
    const double rate =
        amkd_schedule_rate(t->options->schedule, t->options->rate, t->step, t->nsteps);
    amkd_network *network = t->network;
    cl_mem logits = amkd_network_activation(network, amkd_network_nlayers(network));
    if (amkd_batches_load(t->batches, amkd_network_activation(network, 0), t->order,
                          first, count) ||
        amkd_network_forward(network, 0, nblocks) ||
        amkd_loss_run(t->loss, amkd_network_logits_gradient(network), t->losses,
                      t->agreements, logits, t->targets, t->order, first, count,
                      (float)t->options->temperature) ||
        amkd_network_backward(network, nblocks) ||
        amkd_optimizer_step(t->optimizer, amkd_network_parameters(network),
                            amkd_network_gradients(network),
                            amkd_network_nslices(network), rate))
        return amkd_fail_in("step %llu", (unsigned long long)t->step);
    t->step++;
    return 0;
}

/* The steps of the span that t->step lies in; *nsamples is how many samples they saw. */
static int run_span(trainer *t, size_t *nsamples)
{
    const uint64_t span_nsteps = t->span_nepochs * t->epoch_nsteps;
    const uint64_t span = t->step / span_nsteps;
    const uint64_t end =
        (span + 1) * span_nsteps < t->nsteps ? (span + 1) * span_nsteps : t->nsteps;
    const size_t sums_nbytes = t->max_blocks * t->device->nlanes * sizeof(float);
    *nsamples = 0;
    if (upload_order(t, span * t->span_nepochs) ||
        amkd_buffer_zero(t->device, t->losses, sums_nbytes) ||
        amkd_buffer_zero(t->device, t->agreements, sums_nbytes))
        return -1;
    while (t->step < end) {
        const uint64_t at = t->step - span * span_nsteps;
        const size_t epoch_first = (size_t)(at / t->epoch_nsteps) * t->n;
        const size_t first = (size_t)(at % t->epoch_nsteps) * t->options->batch;
        const size_t left = t->n - first;
        const size_t count = left < t->options->batch ? left : t->options->batch;
        if (take_step(t, epoch_first + first, count))
            return -1;
        *nsamples += count;
    }
    return 0;
}

static int read_mean(trainer *t, double *mean, cl_mem sums, size_t nsamples)
{
    const size_t n = t->max_blocks * t->device->nlanes;
    if (amkd_buffer_read(t->device, t->host_sums, sums, 0, n * sizeof *t->host_sums))
        return -1;
    double sum = 0;
    for (size_t lane = 0; lane < n; lane++)
        sum += t->host_sums[lane];
    *mean = sum / (double)nsamples;
    return 0;
}

/* Reads back the weights and what the span's loss was. */
static int read_back(trainer *t, amkd_train_report *report, size_t nsamples)
{
    report->step = t->step;
    report->nsteps = t->nsteps;
    report->epoch = (double)t->step / (double)t->epoch_nsteps;
    report->rate = amkd_schedule_rate(t->options->schedule, t->options->rate, t->step - 1,
                                      t->nsteps);
    if (read_mean(t, &report->loss, t->losses, nsamples) ||
        read_mean(t, &report->agreement, t->agreements, nsamples) ||
        amkd_buffer_read(t->device, t->model->parameters,
                         amkd_network_parameters(t->network), 0,
                         t->model->arch.nparameters * sizeof(float)))
        return -1;
    if (!isfinite(report->loss))
        return amkd_fail("the training diverged: at step %llu the loss is %g; a lower "
                         "learning rate may help",
                         (unsigned long long)t->step, report->loss);
    for (size_t p = 0; p < t->model->arch.nparameters; p++)
        if (!isfinite(t->model->parameters[p]))
            return amkd_fail(
                "the training diverged: at step %llu a weight is %g; a lower "
                "learning rate may help",
                (unsigned long long)t->step, (double)t->model->parameters[p]);
    return 0;
}

static int run(trainer *t, int (*report)(void *context, const amkd_train_report *report),
               void *context)
{
    double saved = amkd_now();
    while (t->step < t->nsteps) {
        size_t nsamples;
        amkd_train_report span = {0};
        if (run_span(t, &nsamples) || read_back(t, &span, nsamples))
            return -1;
        if (report && report(context, &span))
            return -1;
        if (t->options->checkpoint && t->step < t->nsteps &&
            amkd_now() - saved >= t->options->checkpoint_seconds) {
            if (checkpoint_save(t))
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
