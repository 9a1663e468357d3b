/* Views in batches: drawn and made, shared out to the devices, and written before the
 * next. */
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
#include "device/deal.h"
#include "net/known.h"
#include "ops/augment.h"
#include "stream/keys.h"
#include "stream/stream.h"
#include <inttypes.h>
#include <stdlib.h>

/* Of the pixels of a batch, and of those that a device of several makes at a time. */
enum { BATCH_NBYTES = 4 << 20, PART_NBYTES = 1 << 20 };

typedef struct augmenting {
    const amkd_augment_options *options;
    amkd_images *images;
    amkd_device *devices[AMKD_MAX_DEVICES];
    amkd_augmenter *augmenters[AMKD_MAX_DEVICES];
    size_t ndevices;
    amkd_images *batch;     /* made for the most views, n of them in use */
    uint64_t done;          /* views before it */
    amkd_view *views;       /* [batch->n] */
    uint64_t from;          /* the first image that it shows, */
    const uint8_t *sources; /* whose pixels these are, and those of the next ones */
    uint8_t *room;          /* for them, where the images are far */
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
    if (!images->pixels && !(a->room = amkd_alloc(n + 1, npixels)))
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

/* Draws views first to first + n of the batch; their images are numbered from from on. */
static void draw_views(augmenting *a, size_t first, size_t n, uint64_t from)
{
    const amkd_augment_options *options = a->options;
    const amkd_images *images = a->images;
    amkd_images *batch = a->batch;
    for (size_t r = first; r < first + n; r++) {
        const uint64_t row = (a->done + r) / options->nviews;
        const uint64_t nth = (a->done + r) % options->nviews;
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

/* The image after the one that view number nth shows. */
static uint64_t image_after(const augmenting *a, uint64_t nth)
{
    return nth / a->options->nviews + 1;
}

/* Views first to first + n of the batch, by one of the devices. */
static int make_part(void *context, size_t device, size_t first, size_t n)
{
    augmenting *a = context;
    const size_t npixels = amkd_images_npixels(a->images);
    const uint64_t from = (a->done + first) / a->options->nviews;
    const uint64_t end = image_after(a, a->done + first + n - 1);
    draw_views(a, first, n, from);
    return amkd_augmenter_run(a->augmenters[device], a->batch->pixels + first * npixels,
                              a->sources + (from - a->from) * npixels,
                              (size_t)(end - from), a->views + first, n);
}

static int make_views(augmenting *a)
{
    size_t most[AMKD_MAX_DEVICES];
    const size_t n = a->batch->n;
    for (size_t d = 0; d < a->ndevices; d++)
        most[d] = 1 + PART_NBYTES / amkd_images_npixels(a->images);
    a->from = a->done / a->options->nviews;
    a->sources = amkd_images_rows(a->images, a->room, (size_t)a->from,
                                  (size_t)(image_after(a, a->done + n - 1) - a->from));
    const amkd_deal deal = {.devices = a->devices,
                            .ndevices = a->ndevices,
                            .most = most,
                            .step = 1,
                            .work = make_part,
                            .context = a};
    return a->sources ? amkd_deal_out(&deal, n) : -1;
}

static int write_views(augmenting *a)
{
    const uint64_t total = a->images->n * a->options->nviews;
    amkd_images *batch = a->batch;
    amkd_progress *progress =
        amkd_progress_new("amkd-augment", "views", total, a->options->quiet);
    int rc = 0;
    for (a->done = 0; a->done < total && !rc; a->done += batch->n) {
        if (batch->n > total - a->done)
            batch->n = (size_t)(total - a->done);
        rc = make_views(a) || amkd_images_writer_write(a->writer, batch) ? -1 : 0;
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

static int open_augmenters(augmenting *a)
{
    const amkd_augment_options *options = a->options;
    const amkd_images *images = a->images;
    if (amkd_devices_open(a->devices, &a->ndevices, options->device))
        return -1;
    if (!options->quiet)
        amkd_devices_watch(a->devices, a->ndevices, "amkd-augment, compiling");
    int rc = 0;
    for (size_t d = 0; !rc && d < a->ndevices; d++)
        if (amkd_augmenter_new(&a->augmenters[d], a->devices[d], &options->views,
                               images->height, images->width, images->channels))
            rc = amkd_deal_fail(a->devices[d], a->ndevices);
    amkd_devices_unwatch(a->devices, a->ndevices);
    return rc;
}

static void close_all(augmenting *a)
{
    for (size_t d = 0; d < a->ndevices; d++)
        amkd_augmenter_free(a->augmenters[d]);
    amkd_devices_close(a->devices, &a->ndevices);
    amkd_images_free(a->images);
    amkd_images_free(a->batch);
    free(a->views);
    free(a->room);
}

int amkd_augment(amkd_augment_counts *counts, const amkd_augment_options *options)
{
    augmenting a = {.options = options};
    *counts = (amkd_augment_counts){0};
    int rc = load(&a) || open_augmenters(&a) ? -1 : 0;
    if (!rc) {
        counts->images = a.images->n;
        counts->views = a.images->n * options->nviews;
        counts->where = amkd_deal_say(a.devices, a.ndevices);
        rc = !counts->where || open_writer(&a) || write_views(&a) ? -1 : 0;
    }
    close_all(&a);
    if (rc) {
        amkd_images_writer_discard(a.writer);
        return -1;
    }
    return amkd_images_writer_close(a.writer);
}
