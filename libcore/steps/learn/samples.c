/* The order of the samples goes to the device some hundred steps at a time, and with it
 * the mu of mixup, one a sample. */
#include "steps/learn/samples.h"
#include "base/memory.h"
#include "net/predict_device.h"
#include "ops/batch.h"
#include "steps/learn/parts.h"
#include "steps/learn/samples_window.h"
#include <math.h>
#include <stdlib.h>

/* Steps that were begun, as rows [AMKD_SPAN_STEPS][order.batch] and mu likewise. */
typedef struct span {
    uint64_t first;
    cl_mem order, mu;
    uint32_t *rows;
    float *shares;         /* what goes into mu; NULL without mixup, as mu is */
    amkd_window_keys keys; /* with a window */
} span;

typedef struct amkd_samples {
    amkd_feed feed; /* the first: it is what the caller holds */
    amkd_device *device;
    const amkd_dataset *dataset;
    double mixup;
    amkd_parts parts;
    span spans[2];
    size_t last;       /* the span begun last */
    amkd_stretch step; /* the one taught last, in its span */
    amkd_batches *batches;
    amkd_samples_window *window; /* NULL where all images lie on the device */
    cl_mem targets;
    cl_mem mixed;    /* float [order.batch][nclasses], after mixup; else NULL */
    cl_mem in_order; /* 0, 1, ... order.batch - 1; else NULL */
} amkd_samples;

int amkd_samples_targets(cl_mem *out, amkd_device *device, const amkd_dataset *dataset,
                         double temperature)
{
    const size_t n = dataset->n, nclasses = dataset->nclasses;
    float *targets = amkd_alloc(n, nclasses * sizeof *targets);
    if (!targets)
        return -1;
    for (size_t r = 0; r < n; r++) {
        const float *p = &dataset->targets[r * nclasses];
        double sum = 0;
        for (size_t c = 0; c < nclasses; c++)
            sum += pow(p[c], 1 / temperature);
        for (size_t c = 0; c < nclasses; c++)
            targets[r * nclasses + c] = (float)(pow(p[c], 1 / temperature) / sum);
    }
    const int rc = amkd_buffer_new(out, device, CL_MEM_READ_ONLY,
                                   n * nclasses * sizeof *targets, targets);
    free(targets);
    return rc;
}

static int new_span(span *s, const amkd_samples *samples)
{
    const size_t nrows = AMKD_SPAN_STEPS * samples->feed.order.batch;
    s->rows = amkd_alloc(nrows, sizeof *s->rows);
    if (!s->rows ||
        amkd_buffer_new(&s->order, samples->device, CL_MEM_READ_ONLY,
                        nrows * sizeof *s->rows, NULL) ||
        (samples->window && amkd_samples_window_keys_new(&s->keys, samples->window)))
        return -1;
    if (samples->mixup <= 0)
        return 0;
    s->shares = amkd_alloc(nrows, sizeof *s->shares);
    return s->shares ? amkd_buffer_new(&s->mu, samples->device, CL_MEM_READ_ONLY,
                                       nrows * sizeof *s->shares, NULL)
                     : -1;
}

static void free_span(span *s)
{
    amkd_buffer_free(s->order);
    amkd_buffer_free(s->mu);
    amkd_samples_window_keys_free(&s->keys);
    free(s->rows);
    free(s->shares);
}

/* What mixup needs beside the spans' mu. */
static int set_up_mixup(amkd_samples *samples)
{
    const size_t batch = samples->feed.order.batch;
    if (samples->mixup <= 0)
        return 0;
    uint32_t *numbers = amkd_alloc(batch, sizeof *numbers);
    if (!numbers)
        return -1;
    for (size_t n = 0; n < batch; n++)
        numbers[n] = (uint32_t)n;
    const int rc =
        amkd_buffer_new(&samples->in_order, samples->device, CL_MEM_READ_ONLY,
                        batch * sizeof *numbers, numbers) ||
        amkd_buffer_new(&samples->mixed, samples->device, CL_MEM_READ_WRITE,
                        batch * samples->dataset->nclasses * sizeof(float), NULL);
    free(numbers);
    return rc ? -1 : 0;
}

/* The images and their mixes, on the device all the time or a window of them. */
static int set_up_images(amkd_samples *samples)
{
    const amkd_dataset *dataset = samples->dataset;
    const amkd_images *images = dataset->images;
    if (amkd_batches_new(&samples->batches, samples->device, images->height,
                         images->width, images->channels))
        return -1;
    if (amkd_window_needed(samples->device, images))
        return amkd_samples_window_new(&samples->window, samples->device, dataset,
                                       &samples->feed.order, &samples->parts,
                                       samples->mixup > 0, AMKD_SPAN_STEPS);
    return amkd_batches_images(samples->batches, images->pixels, images->n) ||
                   amkd_batches_keys(samples->batches, dataset->keys, dataset->n)
               ? -1
               : 0;
}

static int begin(amkd_feed *feed, size_t *nsamples, uint64_t first, uint64_t end)
{
    amkd_samples *samples = (amkd_samples *)feed;
    amkd_order *order = &feed->order;
    samples->last = 1 - samples->last;
    span *s = &samples->spans[samples->last];
    s->first = first;
    *nsamples = 0;
    for (uint64_t step = first; step < end; step++) {
        const size_t at = (size_t)(step - first) * order->batch;
        amkd_order_step(order, s->rows + at, step);
        if (s->shares)
            amkd_order_shares(order, s->shares + at, samples->mixup, step);
        *nsamples += amkd_order_count(order, step);
    }
    if (samples->window)
        amkd_samples_window_begin(samples->window, &s->keys, s->rows, first, end);
    const size_t nrows = (size_t)(end - first) * order->batch;
    return amkd_buffer_write_later(samples->device, s->order, s->rows, 0,
                                   nrows * sizeof *s->rows) ||
                   (s->shares &&
                    amkd_buffer_write_later(samples->device, s->mu, s->shares, 0,
                                            nrows * sizeof *s->shares))
               ? -1
               : 0;
}

static int teach(amkd_feed *feed, amkd_step_targets *targets, uint64_t step)
{
    amkd_samples *samples = (amkd_samples *)feed;
    const span *s = &samples->spans[samples->last];
    const size_t first = (size_t)(step - s->first) * feed->order.batch;
    const size_t count = amkd_order_count(&feed->order, step);
    samples->step = (amkd_stretch){.first = first, .total = count};
    if (samples->window &&
        amkd_samples_window_reach(samples->window, samples->batches, step))
        return -1;
    if (!s->mu) {
        *targets = (amkd_step_targets){samples->targets, s->order, first, count, NULL};
        return 0;
    }
    *targets = (amkd_step_targets){samples->mixed, samples->in_order, 0, count, NULL};
    return amkd_batches_mix_targets(samples->batches, samples->mixed, samples->targets,
                                    samples->dataset->nclasses, s->order, first, count,
                                    s->mu);
}

static int load(amkd_feed *feed, cl_mem x, size_t from, size_t count)
{
    amkd_samples *samples = (amkd_samples *)feed;
    const span *s = &samples->spans[samples->last];
    amkd_stretch part = samples->step;
    part.from = from;
    part.count = count;
    /* Of a window the keys stand in the order of the span. */
    const cl_mem order =
        samples->window ? amkd_samples_window_order(samples->window) : s->order;
    return s->mu
               ? amkd_batches_load_mixup(samples->batches, x, order, &part, s->mu)
               : amkd_batches_load(samples->batches, x, order, part.first + from, count);
}

static void free_samples(amkd_feed *feed)
{
    amkd_samples *samples = (amkd_samples *)feed;
    free_span(&samples->spans[0]);
    free_span(&samples->spans[1]);
    amkd_samples_window_free(samples->window);
    amkd_batches_free(samples->batches);
    amkd_buffer_free(samples->targets);
    amkd_buffer_free(samples->mixed);
    amkd_buffer_free(samples->in_order);
    amkd_order_clear(&feed->order);
    free(samples);
}

int amkd_samples_new(amkd_feed **out, amkd_device *device, const amkd_dataset *dataset,
                     const amkd_model *model, const amkd_train_options *options)
{
    amkd_samples *samples = amkd_alloc(1, sizeof *samples);
    if (!samples)
        return -1;
    samples->feed = (amkd_feed){.span_nsteps = AMKD_SPAN_STEPS,
                                .begin = begin,
                                .teach = teach,
                                .load = load,
                                .free = free_samples};
    samples->device = device;
    samples->dataset = dataset;
    samples->mixup = options->mixup;
    samples->parts =
        amkd_parts_of(device, options,
                      options->batch < dataset->n ? (size_t)options->batch : dataset->n);
    if (amkd_order_new(&samples->feed.order, dataset->n, options->batch, options->seed) ||
        set_up_images(samples) || new_span(&samples->spans[0], samples) ||
        new_span(&samples->spans[1], samples) ||
        amkd_model_normalize(samples->batches, model) ||
        amkd_samples_targets(&samples->targets, device, dataset, options->temperature) ||
        set_up_mixup(samples)) {
        free_samples(&samples->feed);
        return -1;
    }
    *out = &samples->feed;
    return 0;
}
