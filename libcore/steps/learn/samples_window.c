/* As many steps at a time as their images go into a window of bounded bytes: the next
 * window is read while the device works on the steps of the one before. */
#include "steps/learn/samples_window.h"
#include "base/memory.h"
#include "data/mix.h"
#include <stdlib.h>

struct amkd_samples_window {
    amkd_device *device;
    const amkd_dataset *dataset;
    const amkd_order *order;
    size_t nsteps; /* of a span */
    amkd_window *window;
    cl_mem in_order;
    uint32_t *numbers; /* of the images of a window's samples, two each */
    const amkd_parts *parts;
    int mixed;
    unsigned char *seen; /* [nsteps][order.batch]: whether a span's sample is needed */
    /* The span begun last, and the first of its steps that is not in the window yet. */
    amkd_window_keys *keys;
    const uint32_t *rows;
    uint64_t first, end, next;
};

/* How many different images a sample is of, at most. */
static size_t images_each(const amkd_dataset *dataset)
{
    for (size_t r = 0; r < dataset->n; r++)
        if (dataset->keys[r].i != dataset->keys[r].j)
            return 2;
    return 1;
}

static int new_order(amkd_samples_window *w)
{
    const size_t n = w->nsteps * w->order->batch;
    uint32_t *numbers = amkd_alloc(n, sizeof *numbers);
    if (!numbers)
        return -1;
    for (size_t r = 0; r < n; r++)
        numbers[r] = (uint32_t)r;
    const int rc = amkd_buffer_new(&w->in_order, w->device, CL_MEM_READ_ONLY,
                                   n * sizeof *numbers, numbers);
    free(numbers);
    return rc;
}

int amkd_samples_window_new(amkd_samples_window **out, amkd_device *device,
                            const amkd_dataset *dataset, const amkd_order *order,
                            const amkd_parts *parts, int mixed, size_t nsteps)
{
    amkd_samples_window *w = amkd_alloc(1, sizeof *w);
    if (!w)
        return -1;
    *w = (amkd_samples_window){.device = device,
                               .dataset = dataset,
                               .order = order,
                               .nsteps = nsteps,
                               .parts = parts,
                               .mixed = mixed};
    w->seen = amkd_alloc(nsteps, order->batch);
    w->numbers = amkd_alloc(nsteps * order->batch, 2 * sizeof *w->numbers);
    const amkd_images *images = dataset->images;
    const uint64_t room =
        amkd_window_choose_room(device, images->n, amkd_images_npixels(images),
                                images_each(dataset) * order->batch);
    if (!w->numbers || !w->seen || new_order(w) ||
        amkd_window_new(&w->window, device, images, (size_t)room)) {
        amkd_samples_window_free(w);
        return -1;
    }
    *out = w;
    return 0;
}

int amkd_samples_window_keys_new(amkd_window_keys *keys, const amkd_samples_window *w)
{
    const size_t n = w->nsteps * w->order->batch;
    keys->host = amkd_alloc(n, 3 * sizeof *keys->host);
    return keys->host ? amkd_buffer_new(&keys->keys, w->device, CL_MEM_READ_ONLY,
                                        n * 3 * sizeof *keys->host, NULL)
                      : -1;
}

void amkd_samples_window_keys_free(amkd_window_keys *keys)
{
    amkd_buffer_free(keys->keys);
    free(keys->host);
}

void amkd_samples_window_begin(amkd_samples_window *w, amkd_window_keys *keys,
                               const uint32_t *rows, uint64_t first, uint64_t end)
{
    w->keys = keys;
    w->rows = rows;
    w->first = w->next = first;
    w->end = end;
    for (uint64_t step = first; step < end; step++)
        amkd_parts_mark(w->parts, w->seen + (size_t)(step - first) * w->order->batch,
                        amkd_order_count(w->order, step), w->mixed);
}

/* Whether the span has the sample, an epoch's last step being shorter than the others,
 * and this member needs its images. */
static int is_needed(const amkd_samples_window *w, size_t sample)
{
    const size_t batch = w->order->batch;
    return sample % batch < amkd_order_count(w->order, w->first + sample / batch) &&
           w->seen[sample];
}

/* Of a sample of the span. For one that is not needed the last before it stands in that
 * is, or the step's first. */
static const amkd_label_key *key_of(const amkd_samples_window *w, size_t sample)
{
    while (sample % w->order->batch && !is_needed(w, sample))
        sample--;
    return &w->dataset->keys[w->rows[sample]];
}

/* How many images samples from..end are of, one that comes twice counted twice. */
static size_t count_images(const amkd_samples_window *w, size_t from, size_t end)
{
    size_t n = 0;
    for (size_t s = from; s < end; s++)
        if (is_needed(w, s) || s == from)
            n += 1 + (key_of(w, s)->i != key_of(w, s)->j);
    return n;
}

/* The samples from the step on that go into the window together, of whole steps: their
 * number; *end is the step behind them. */
static size_t choose_samples(const amkd_samples_window *w, uint64_t *end)
{
    const size_t batch = w->order->batch, from = (size_t)(w->next - w->first) * batch;
    const size_t room = amkd_window_room(w->window);
    size_t n = 0, nimages = 0;
    for (*end = w->next; *end < w->end; ++*end) {
        const size_t at = (size_t)(*end - w->first) * batch;
        nimages += count_images(w, at, at + amkd_order_count(w->order, *end));
        if (n && nimages > room && room < w->dataset->images->n)
            break;
        n = at + amkd_order_count(w->order, *end) - from;
    }
    return n;
}

/* Brings the images of the next steps into the window, and their keys to the device. */
static int fill(amkd_samples_window *w)
{
    uint64_t end;
    const size_t from = (size_t)(w->next - w->first) * w->order->batch;
    const size_t n = choose_samples(w, &end);
    size_t nplaces;
    for (size_t s = 0; s < n; s++) {
        w->numbers[2 * s] = key_of(w, from + s)->i;
        w->numbers[2 * s + 1] = key_of(w, from + s)->j;
    }
    if (amkd_window_fill(w->window, w->numbers, 2 * n, &nplaces))
        return -1;
    uint32_t *keys = w->keys->host + 3 * from;
    for (size_t s = 0; s < n; s++) {
        keys[3 * s] = w->numbers[2 * s];
        keys[3 * s + 1] = w->numbers[2 * s + 1];
        keys[3 * s + 2] = amkd_mix_weight(key_of(w, from + s)->lambda);
    }
    w->next = end;
    return amkd_buffer_write_later(w->device, w->keys->keys, keys,
                                   3 * from * sizeof *keys, 3 * n * sizeof *keys);
}

int amkd_samples_window_reach(amkd_samples_window *w, amkd_batches *batches,
                              uint64_t step)
{
    if (step >= w->next && fill(w))
        return -1;
    return amkd_batches_use(batches, amkd_window_pixels(w->window), w->keys->keys);
}

cl_mem amkd_samples_window_order(const amkd_samples_window *w)
{
    return w->in_order;
}

void amkd_samples_window_free(amkd_samples_window *w)
{
    if (!w)
        return;
    amkd_window_free(w->window);
    amkd_buffer_free(w->in_order);
    free(w->numbers);
    free(w->seen);
    free(w);
}
