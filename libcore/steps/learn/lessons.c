/* A span's views are drawn on the host, its images brought to the device, and each step's
 * mixes and views made there. */
#include "steps/learn/lessons.h"
#include "base/memory.h"
#include "data/mix.h"
#include "net/predict_device.h"
#include "ops/augment.h"
#include "steps/learn/assistant.h"
#include "steps/learn/lesson_images.h"
#include "steps/learn/lesson_span.h"
#include "steps/learn/samples.h"
#include <stdlib.h>

typedef struct lessons {
    amkd_feed feed; /* the first: it is what the caller holds */
    amkd_device *device;
    const amkd_dataset *dataset;
    double temperature, mixup, min_top;
    amkd_view_options views;
    uint64_t nviews;
    amkd_lesson_images images;
    amkd_lesson_span spans[2];
    size_t last;               /* the span begun last */
    amkd_sight sight;          /* what the step taught last sees */
    amkd_augmenter *augmenter; /* NULL: images are seen as they are */
    cl_mem pixels;             /* a step's views, else NULL */
    cl_mem mixes;              /* a step's mixes, likewise */
    amkd_batches *batches;
    amkd_assistant *assistant; /* NULL: the labels are the targets */
    cl_mem targets, mixed;     /* those of labels, else NULL */
    size_t nkept;              /* answers that are kept; 0: none are */
    unsigned char *asked;      /* [nkept]: whether one was asked for */
    cl_mem in_order;           /* uint 0, 1, ... order.batch - 1 */
} lessons;

/* The view that an epoch sees, 0 where it is the image itself. */
static uint64_t view_of(const lessons *l, uint64_t epoch)
{
    return l->nviews ? epoch % l->nviews : epoch + 1;
}

static void draw(const lessons *l, amkd_view *view, uint32_t image, uint64_t number)
{
    const amkd_images *set = l->dataset->images;
    if (number)
        amkd_view_draw(view, &l->views, set->height, set->width, image, number - 1);
    else
        amkd_view_identity(view, image);
}

/* Keys of the mixes of rows, whose images lie at places. */
static void write_mixes(const lessons *l, uint32_t *keys, const uint32_t *rows,
                        const uint32_t *places, size_t count)
{
    for (size_t n = 0; n < count; n++) {
        keys[3 * n] = places[2 * n];
        keys[3 * n + 1] = places[2 * n + 1];
        keys[3 * n + 2] = amkd_mix_weight(l->dataset->keys[rows[n]].lambda);
    }
}

/* Says how a step sees the images, which stand at images and places. */
static void look(lessons *l, size_t at, const uint32_t *images, const uint32_t *places,
                 uint64_t step)
{
    const amkd_order *order = &l->feed.order;
    const uint64_t number = view_of(l, step / order->epoch_nsteps);
    const amkd_lesson_column *columns = l->spans[l->last].columns;
    const size_t count = amkd_order_count(order, step);
    const uint32_t *rows = (const uint32_t *)columns[AMKD_LESSON_ROWS].host + at;
    uint32_t *seen = (uint32_t *)columns[AMKD_LESSON_SEEN].host + at;
    const unsigned char *own = amkd_lesson_images_own(&l->images, count);
    for (size_t n = 0; n < count; n++)
        seen[n] = l->augmenter ? (uint32_t)n : places[n];
    for (size_t n = 0; n < count && l->augmenter; n++) {
        if (!own[n])
            continue;
        amkd_view *view = (amkd_view *)columns[AMKD_LESSON_VIEWS].host + at + n;
        draw(l, view, l->mixes ? rows[n] : images[n], number);
        view->image = l->mixes ? (uint32_t)n : places[n];
    }
    if (l->mixes)
        write_mixes(l, (uint32_t *)columns[AMKD_LESSON_MIXES].host + 3 * at, rows, places,
                    count);
    for (size_t n = 0; n < count && columns[AMKD_LESSON_KEPT].host; n++)
        ((uint32_t *)columns[AMKD_LESSON_KEPT].host)[at + n] =
            (uint32_t)(number * l->dataset->n + images[n]);
    if (columns[AMKD_LESSON_SHARES].host)
        amkd_order_shares(order, (float *)columns[AMKD_LESSON_SHARES].host + at, l->mixup,
                          step);
}

static int begin(amkd_feed *feed, size_t *nsamples, uint64_t first, uint64_t end)
{
    lessons *l = (lessons *)feed;
    const size_t batch = feed->order.batch;
    l->last = 1 - l->last;
    amkd_lesson_span *s = &l->spans[l->last];
    s->first = first;
    if (amkd_lesson_images_bring(&l->images, s->columns[AMKD_LESSON_ROWS].host, nsamples,
                                 &feed->order, first, end))
        return -1;
    size_t n = 0;
    for (uint64_t step = first; step < end; step++) {
        look(l, (size_t)(step - first) * batch, l->images.images + n,
             l->images.places + n, step);
        n += amkd_order_count(&feed->order, step) * l->images.nparts;
    }
    return amkd_lesson_span_upload(s, l->device, (size_t)(end - first) * batch);
}

/* Makes the views, of mixes maybe, of samples from..from+count of a step. */
static int make_views(lessons *l, const amkd_sight *sight, size_t from, size_t count)
{
    const amkd_lesson_column *columns = l->spans[l->last].columns;
    const cl_mem pixels = amkd_span_images_pixels(l->images.window);
    if (l->mixes && amkd_batches_mix_rows(l->batches, l->mixes, pixels,
                                          columns[AMKD_LESSON_MIXES].there, sight->first,
                                          from, count))
        return -1;
    return amkd_augmenter_make(l->augmenter, l->pixels, l->mixes ? l->mixes : pixels,
                               amkd_span_images_means(l->images.window),
                               columns[AMKD_LESSON_VIEWS].there, sight->first, from,
                               count);
}

/* Those of this member's samples, and of what is mixed with them. */
static int make_own_views(lessons *l, const amkd_sight *sight)
{
    if (!l->images.split.team)
        return make_views(l, sight, 0, sight->count);
    for (size_t p = 0; p < amkd_parts_count(&l->images.split, sight->count); p++) {
        const amkd_member_part part = amkd_parts_find(&l->images.split, p, sight->count);
        const size_t next = (part.from + part.count) % sight->count;
        if (part.count && (make_views(l, sight, part.from, part.count) ||
                           (l->mixup > 0 && make_views(l, sight, next, 1))))
            return -1;
    }
    return 0;
}

/* What a step sees. */
static int show(lessons *l, amkd_sight *sight, uint64_t step)
{
    const amkd_lesson_span *s = &l->spans[l->last];
    *sight = (amkd_sight){.pixels = amkd_span_images_pixels(l->images.window),
                          .order = s->columns[AMKD_LESSON_SEEN].there,
                          .mu = s->columns[AMKD_LESSON_SHARES].there,
                          .first = (size_t)(step - s->first) * l->feed.order.batch,
                          .count = amkd_order_count(&l->feed.order, step)};
    if (!l->augmenter)
        return 0;
    sight->pixels = l->pixels;
    return make_own_views(l, sight);
}

/* Whether any of a part's answers is not kept yet; from now on they all are. */
static int is_news(lessons *l, const amkd_sight *sight, const amkd_member_part *part)
{
    const uint32_t *kept = l->spans[l->last].columns[AMKD_LESSON_KEPT].host;
    int news = !kept;
    for (size_t n = part->from; kept && n < part->from + part->count; n++) {
        unsigned char *asked = &l->asked[kept[sight->first + n]];
        news |= !*asked;
        *asked = 1;
    }
    return news;
}

/* What the assistant says of a part of a step. */
static int assist_part(lessons *l, const amkd_step_targets *answers,
                       const amkd_sight *sight, const amkd_member_part *part)
{
    if (is_news(l, sight, part) &&
        amkd_assistant_ask(l->assistant, sight, part->from, part->count, answers->order,
                           answers->first, (float)l->temperature))
        return -1;
    return l->min_top > 0
               ? amkd_assistant_choose(l->assistant, answers->order, answers->first,
                                       part->from, part->count, (float)l->min_top)
               : 0;
}

/* What the assistant says, or said before, of what a step sees. */
static int assist(lessons *l, amkd_step_targets *targets, const amkd_sight *sight)
{
    const cl_mem kept = l->spans[l->last].columns[AMKD_LESSON_KEPT].there;
    const amkd_step_targets answers = {.targets = amkd_assistant_answers(l->assistant),
                                       .order = kept ? kept : l->in_order,
                                       .first = kept ? sight->first : 0,
                                       .count = sight->count};
    *targets = answers;
    if (l->min_top > 0 && amkd_assistant_begin(l->assistant, &targets->teaching))
        return -1;
    for (size_t p = 0; p < amkd_parts_count(&l->images.split, sight->count); p++) {
        const amkd_member_part part = amkd_parts_find(&l->images.split, p, sight->count);
        if (part.count && assist_part(l, &answers, sight, &part))
            return -1;
    }
    return 0;
}

static int teach(amkd_feed *feed, amkd_step_targets *targets, uint64_t step)
{
    lessons *l = (lessons *)feed;
    const cl_mem rows = l->spans[l->last].columns[AMKD_LESSON_ROWS].there;
    const amkd_sight *sight = &l->sight;
    if (show(l, &l->sight, step))
        return -1;
    if (l->assistant)
        return assist(l, targets, sight);
    *targets = (amkd_step_targets){l->targets, rows, sight->first, sight->count, NULL};
    if (!sight->mu)
        return 0;
    *targets = (amkd_step_targets){l->mixed, l->in_order, 0, sight->count, NULL};
    return amkd_batches_mix_targets(l->batches, l->mixed, l->targets,
                                    l->dataset->nclasses, rows, sight->first,
                                    sight->count, sight->mu);
}

static int load(amkd_feed *feed, cl_mem x, size_t from, size_t count)
{
    lessons *l = (lessons *)feed;
    return amkd_sight_load(&l->sight, l->batches, x, from, count);
}

static void free_lessons(amkd_feed *feed)
{
    lessons *l = (lessons *)feed;
    amkd_lesson_span_clear(&l->spans[0]);
    amkd_lesson_span_clear(&l->spans[1]);
    amkd_lesson_images_close(&l->images);
    amkd_augmenter_free(l->augmenter);
    amkd_batches_free(l->batches);
    amkd_assistant_free(l->assistant);
    amkd_buffer_free(l->pixels);
    amkd_buffer_free(l->mixes);
    amkd_buffer_free(l->targets);
    amkd_buffer_free(l->mixed);
    amkd_buffer_free(l->in_order);
    free(l->asked);
    amkd_order_clear(&feed->order);
    free(l);
}

/* Of how many steps a span is, and its columns. */
static int new_spans(lessons *l)
{
    const size_t sizes[AMKD_LESSON_NCOLUMNS] = {
        [AMKD_LESSON_ROWS] = sizeof(uint32_t),
        [AMKD_LESSON_SEEN] = sizeof(uint32_t),
        [AMKD_LESSON_VIEWS] = l->augmenter ? sizeof(amkd_view) : 0,
        [AMKD_LESSON_SHARES] = l->mixup > 0 ? sizeof(float) : 0,
        [AMKD_LESSON_KEPT] = l->nkept ? sizeof(uint32_t) : 0,
        [AMKD_LESSON_MIXES] = l->mixes ? 3 * sizeof(uint32_t) : 0,
    };
    const size_t batch = l->feed.order.batch;
    size_t sum = 0;
    for (size_t c = 0; c < AMKD_LESSON_NCOLUMNS; c++)
        sum += sizes[c];
    const size_t nsteps =
        amkd_span_images_nsamples(l->images.window, sum) / l->images.nparts / batch;
    l->feed.span_nsteps = nsteps < AMKD_SPAN_STEPS ? nsteps : AMKD_SPAN_STEPS;
    if (!nsteps)
        l->feed.span_nsteps = 1;
    const size_t n = l->feed.span_nsteps * batch;
    l->asked = amkd_alloc(l->nkept + 1, 1);
    return !l->asked || amkd_lesson_span_new(&l->spans[0], l->device, n, sizes) ||
                   amkd_lesson_span_new(&l->spans[1], l->device, n, sizes) ||
                   amkd_lesson_images_room(&l->images, n, batch)
               ? -1
               : 0;
}

static int new_order(lessons *l)
{
    const size_t batch = l->feed.order.batch;
    uint32_t *numbers = amkd_alloc(batch, sizeof *numbers);
    for (size_t n = 0; n < batch && numbers; n++)
        numbers[n] = (uint32_t)n;
    const int rc = !numbers || amkd_buffer_new(&l->in_order, l->device, CL_MEM_READ_ONLY,
                                               batch * sizeof *numbers, numbers)
                       ? -1
                       : 0;
    free(numbers);
    return rc;
}

/* All answers where they can be kept: in so many bytes, and numbered by 32 bits. */
static size_t count_kept(const lessons *l, const amkd_train_options *options)
{
    const size_t most = options->kept_nbytes ? options->kept_nbytes : AMKD_KEPT_NBYTES;
    const uint64_t n = l->dataset->n;
    const size_t answer_nbytes = (l->dataset->nclasses + 1) * sizeof(float);
    const int fits =
        l->nviews && l->nviews <= most / answer_nbytes / n && l->nviews <= UINT32_MAX / n;
    return options->assistant && l->mixup <= 0 && fits ? (size_t)(l->nviews * n) : 0;
}

/* Where images come from and how they are seen: a single view is the image itself. */
static int set_up_sight(lessons *l, const amkd_train_options *options)
{
    const amkd_images *images = l->dataset->images;
    const int seen_as_they_are = !options->views || options->nviews == 1;
    const int with_means = !seen_as_they_are && amkd_view_needs_means(options->views);
    const size_t nbytes = l->feed.order.batch * amkd_images_npixels(images);
    l->nviews = seen_as_they_are ? 1 : options->nviews;
    l->nkept = count_kept(l, options);
    if (amkd_lesson_images_open(&l->images, l->device, l->dataset, with_means, options,
                                l->feed.order.batch))
        return -1;
    if (seen_as_they_are)
        return new_spans(l);
    l->views = *options->views;
    l->views.seed = options->seed;
    return amkd_augmenter_new(&l->augmenter, l->device, &l->views, images->height,
                              images->width, images->channels) ||
                   amkd_buffer_new(&l->pixels, l->device, CL_MEM_READ_WRITE, nbytes,
                                   NULL) ||
                   (l->images.nparts > 1 &&
                    amkd_buffer_new(&l->mixes, l->device, CL_MEM_READ_WRITE, nbytes,
                                    NULL))
               ? -1
               : new_spans(l);
}

static int set_up_targets(lessons *l, const amkd_train_options *options, size_t nplaces,
                          double seconds)
{
    const size_t batch = l->feed.order.batch;
    if (new_order(l))
        return -1;
    if (options->assistant)
        return amkd_assistant_new(&l->assistant, l->device, options->assistant, batch,
                                  options->micro_batch ? options->micro_batch : batch,
                                  nplaces, l->nkept ? l->nkept : batch, seconds);
    if (amkd_samples_targets(&l->targets, l->device, l->dataset, options->temperature))
        return -1;
    return l->mixup > 0
               ? amkd_buffer_new(&l->mixed, l->device, CL_MEM_READ_WRITE,
                                 batch * l->dataset->nclasses * sizeof(float), NULL)
               : 0;
}

static int set_up(lessons *l, const amkd_model *model, const amkd_train_options *options,
                  double seconds)
{
    const amkd_images *images = l->dataset->images;
    const amkd_order *order = &l->feed.order;
    if (amkd_order_new(&l->feed.order, l->dataset->n, options->batch, options->seed) ||
        set_up_sight(l, options))
        return -1;
    const size_t nsamples = l->feed.span_nsteps * order->batch * l->images.nparts;
    const size_t nplaces = l->augmenter
                               ? order->batch
                               : amkd_span_images_nplaces(l->images.window, nsamples);
    return amkd_batches_new(&l->batches, l->device, images->height, images->width,
                            images->channels) ||
                   amkd_batches_plain_keys(l->batches, nplaces) ||
                   amkd_model_normalize(l->batches, model) ||
                   set_up_targets(l, options, nplaces, seconds)
               ? -1
               : 0;
}

int amkd_lessons_new(amkd_feed **out, amkd_device *device, const amkd_dataset *dataset,
                     const amkd_model *model, const amkd_train_options *options,
                     double seconds)
{
    lessons *l = amkd_alloc(1, sizeof *l);
    if (!l)
        return -1;
    l->feed =
        (amkd_feed){.begin = begin, .teach = teach, .load = load, .free = free_lessons};
    l->device = device;
    l->dataset = dataset;
    l->temperature = options->temperature;
    l->mixup = options->mixup;
    l->min_top = options->min_top;
    if (set_up(l, model, options, seconds)) {
        free_lessons(&l->feed);
        return -1;
    }
    l->feed.assistant = l->assistant ? amkd_assistant_network(l->assistant) : NULL;
    *out = &l->feed;
    return 0;
}
