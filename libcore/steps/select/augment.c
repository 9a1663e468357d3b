/* Views in batches: drawn here, made on the device, written before the next. */
#include "steps/select/augment.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/progress.h"
#include "data/images_header.h"
#include "data/images_load.h"
#include "data/images_rows.h"
#include "data/images_views.h"
#include "data/images_writer.h"
#include "net/known.h"
#include "ops/augment.h"
#include "stream/keys.h"
#include "stream/stream.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Of the pixels of a batch. */
enum { BATCH_NBYTES = 4 << 20 };

typedef struct augmenting {
    const amkd_augment_options *options;
    amkd_images *images;
    amkd_augmenter *augmenter;
    amkd_images *batch; /* made for the most views, n of them in use */
    amkd_view *views;   /* [batch->n] */
    uint8_t *pixels;    /* of the images that a batch is made of, where they are far */
    amkd_images_writer *writer;
} augmenting;

static int open_batch(augmenting *a)
{
    const amkd_images *images = a->images;
    const size_t npixels = amkd_images_npixels(images);
    const uint64_t total = images->n * a->options->nviews;
    const size_t most = 1 + BATCH_NBYTES / npixels;
    const size_t n = total < most ? (size_t)total : most;
    if (amkd_images_new(&a->batch, n, images->height, images->width, images->channels,
                        images->labels ? images->nclasses : 0))
        return -1;
    a->batch->sources = amkd_alloc(n, sizeof *a->batch->sources);
    a->views = amkd_alloc(n, sizeof *a->views);
    if (!images->pixels && !(a->pixels = amkd_alloc(n + 1, npixels)))
        return -1;
    return a->batch->sources && a->views ? 0 : -1;
}

static int open_writer(augmenting *a)
{
    const amkd_augment_options *options = a->options;
    const amkd_images *images = a->images;
    const uint64_t total = images->n * options->nviews;
    amkd_header header;
    if (amkd_images_header(&header, images->height, images->width, images->channels,
                           images->labels ? images->nclasses : 0, images->class_names))
        return -1;
    int rc = amkd_images_header_views(&header, images, options->views.seed,
                                      amkd_view_describe(&options->views)) ||
                     amkd_header_put_rows(&header, total) ||
                     (images->provenance &&
                      amkd_header_put_provenance(&header, images->provenance)) ||
                     amkd_header_add_provenance(&header, "amkd-augment", options->command,
                                                NULL)
                 ? -1
                 : 0;
    if (!rc)
        rc = amkd_images_writer_open(&a->writer, options->output, &header,
                                     options->nthreads);
    amkd_header_clear(&header);
    return rc;
}

/* Views first, first + 1, ... as many as the batch holds, of the images from on. */
static void draw_batch(augmenting *a, uint64_t first, uint64_t from)
{
    const amkd_augment_options *options = a->options;
    const amkd_images *images = a->images;
    amkd_images *batch = a->batch;
    for (size_t r = 0; r < batch->n; r++) {
        const uint64_t row = (first + r) / options->nviews;
        const uint64_t nth = (first + r) % options->nviews;
        if (options->keep && nth == 0)
            amkd_view_identity(&a->views[r], (uint32_t)row);
        else
            amkd_view_draw(&a->views[r], &options->views, images->height, images->width,
                           row, nth - (options->keep ? 1 : 0));
        a->views[r].image -= (uint32_t)from;
        batch->sources[r] = amkd_images_source(images, (size_t)row);
        if (batch->labels)
            batch->labels[r] = images->labels[row];
    }
}

/* Makes the views of the batch, which are of the images from..end. */
static int make_views(augmenting *a, uint64_t from, uint64_t end)
{
    const size_t nimages = (size_t)(end - from);
    const uint8_t *pixels = amkd_images_rows(a->images, a->pixels, (size_t)from, nimages);
    return pixels ? amkd_augmenter_run(a->augmenter, a->batch->pixels, pixels, nimages,
                                       a->views, a->batch->n)
                  : -1;
}

static int write_views(augmenting *a)
{
    const uint64_t nviews = a->options->nviews, total = a->images->n * nviews;
    amkd_images *batch = a->batch;
    amkd_progress *progress =
        amkd_progress_new("amkd-augment", "views", total, a->options->quiet);
    int rc = 0;
    for (uint64_t done = 0; done < total && !rc; done += batch->n) {
        if (batch->n > total - done)
            batch->n = (size_t)(total - done);
        const uint64_t from = done / nviews, end = (done + batch->n - 1) / nviews + 1;
        draw_batch(a, done, from);
        rc = make_views(a, from, end) || amkd_images_writer_write(a->writer, batch) ? -1
                                                                                    : 0;
        amkd_progress_add(progress, batch->n);
    }
    amkd_progress_free(progress);
    return rc;
}

static int check_number(uint64_t nviews, uint64_t nimages)
{
    if (nimages && nviews > UINT32_MAX / nimages)
        return amkd_fail("%" PRIu64 " views of %" PRIu64
                         " images are more than a stream can number",
                         nviews, nimages);
    return 0;
}

static int load(augmenting *a)
{
    const amkd_augment_options *options = a->options;
    if (amkd_output_probe(options->output, "an images stream") ||
        amkd_images_load(&a->images, options->images, options->nthreads))
        return -1;
    return check_number(options->nviews, a->images->n) ? -1 : open_batch(a);
}

int amkd_augment_check(const amkd_augment_options *options)
{
    amkd_known images;
    if (amkd_known_read(&images, options->images, "images"))
        return -1;
    const amkd_shape *shape = &images.shape;
    if (shape->channels && amkd_augmenter_check(&options->views, shape->height,
                                                shape->width, shape->channels))
        return -1;
    return check_number(options->nviews, images.nrows);
}

int amkd_augment(amkd_augment_counts *counts, const amkd_augment_options *options)
{
    augmenting a = {.options = options};
    amkd_device *device = NULL;
    *counts = (amkd_augment_counts){0};
    int rc = load(&a) || amkd_device_open(&device, options->device) ? -1 : 0;
    if (!rc) {
        if (!options->quiet)
            amkd_device_watch(device, "amkd-augment, compiling");
        rc = amkd_augmenter_new(&a.augmenter, device, &options->views, a.images->height,
                                a.images->width, a.images->channels);
        amkd_device_unwatch(device);
    }
    if (!rc) {
        counts->images = a.images->n;
        counts->views = a.images->n * options->nviews;
        snprintf(counts->device, sizeof counts->device, "%s", device->name);
        rc = open_writer(&a) || write_views(&a) ? -1 : 0;
    }
    amkd_augmenter_free(a.augmenter);
    amkd_device_close(device);
    amkd_images_free(a.images);
    amkd_images_free(a.batch);
    free(a.views);
    free(a.pixels);
    if (rc) {
        amkd_images_writer_discard(a.writer);
        return -1;
    }
    return amkd_images_writer_close(a.writer);
}
