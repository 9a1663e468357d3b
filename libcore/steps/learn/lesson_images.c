/* Rows to images, and images to the device. */
#include "steps/learn/lesson_images.h"
#include "base/memory.h"
#include <stdlib.h>

int amkd_lesson_images_open(amkd_lesson_images *images, amkd_device *device,
                            const amkd_dataset *dataset, int with_means,
                            const amkd_train_options *options, size_t batch)
{
    *images = (amkd_lesson_images){.dataset = dataset,
                                   .mixup = options->mixup > 0,
                                   .split = amkd_parts_of(device, options, batch),
                                   .nparts = amkd_dataset_has_mixes(dataset) ? 2 : 1};
    return amkd_span_images_new(&images->window, device, dataset->images, with_means,
                                &options->window);
}

int amkd_lesson_images_room(amkd_lesson_images *images, size_t n, size_t batch)
{
    const size_t nparts = images->nparts;
    images->images = amkd_alloc(n, nparts * sizeof *images->images);
    images->places = amkd_alloc(n, nparts * sizeof *images->places);
    images->own = amkd_alloc(n, nparts * sizeof *images->own);
    images->own_places = amkd_alloc(n, nparts * sizeof *images->own_places);
    images->seen = amkd_alloc(batch, 1);
    return images->images && images->places && images->own && images->own_places &&
                   images->seen
               ? 0
               : -1;
}

void amkd_lesson_images_close(amkd_lesson_images *images)
{
    amkd_span_images_free(images->window);
    free(images->images);
    free(images->places);
    free(images->own);
    free(images->own_places);
    free(images->seen);
    *images = (amkd_lesson_images){0};
}

const unsigned char *amkd_lesson_images_own(amkd_lesson_images *images, size_t count)
{
    amkd_parts_mark(&images->split, images->seen, count, images->mixup);
    return images->seen;
}

/* The images of a row, [nparts]. */
static void write_parts(uint32_t *parts, const amkd_lesson_images *images, uint32_t row)
{
    const amkd_label_key *keys = images->dataset->keys;
    parts[0] = keys ? keys[row].i : row;
    if (images->nparts > 1)
        parts[1] = keys[row].j;
}

/* Those of this member's samples go to the device. */
static int bring_own(amkd_lesson_images *images, const amkd_order *order, uint64_t first,
                     uint64_t end)
{
    const size_t nparts = images->nparts;
    size_t nown = 0, at = 0;
    for (uint64_t step = first; step < end; step++) {
        const size_t count = amkd_order_count(order, step);
        const unsigned char *own = amkd_lesson_images_own(images, count);
        for (size_t n = 0; n < count * nparts; n++, at++)
            if (own[n / nparts])
                images->own[nown++] = images->images[at];
    }
    if (nown &&
        amkd_span_images_begin(images->window, images->own_places, images->own, nown))
        return -1;
    nown = at = 0;
    for (uint64_t step = first; step < end; step++) {
        const size_t count = amkd_order_count(order, step);
        const unsigned char *own = amkd_lesson_images_own(images, count);
        for (size_t n = 0; n < count * nparts; n++, at++)
            images->places[at] = own[n / nparts] ? images->own_places[nown++] : 0;
    }
    return 0;
}

int amkd_lesson_images_bring(amkd_lesson_images *images, uint32_t *rows, size_t *nsamples,
                             amkd_order *order, uint64_t first, uint64_t end)
{
    size_t n = 0;
    for (uint64_t step = first; step < end; step++, rows += order->batch) {
        const size_t count = amkd_order_count(order, step);
        amkd_order_step(order, rows, step);
        for (size_t r = 0; r < count; r++, n += images->nparts)
            write_parts(images->images + n, images, rows[r]);
    }
    *nsamples = n / images->nparts;
    return bring_own(images, order, first, end);
}
