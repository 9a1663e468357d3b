/* Image sets of sources: opening them all, joining their labels, choosing images, and
 * decoding them on all processors. */
#include "data/import.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "base/random.h"
#include "data/source.h"
#include <stdlib.h>
#include <string.h>

/* The stream of random numbers that --sample draws from. */
#define SAMPLE_STREAM 0x53414d504c45ull /* "SAMPLE" */

typedef struct item {
    size_t source, index;
} item;

typedef struct importing {
    const amkd_import_options *options;
    amkd_source *sources;
    size_t n;        /* images of all sources */
    int32_t *labels; /* [n], or NULL */
    size_t nclasses;
    json_t *class_names; /* or NULL */
    size_t nitems;       /* images chosen */
    item *items;
    uint64_t *numbers; /* [nitems] of the chosen, over all sources in turn */
    amkd_images *images;
    amkd_progress *progress;
} importing;

static int open_sources(importing *in)
{
    const amkd_import_options *o = in->options;
    amkd_source_options options = {.format = o->format,
                                   .labeled = !o->unlabeled && !o->labels,
                                   .class_names = o->class_names};
    in->sources = amkd_alloc(o->nsources, sizeof *in->sources);
    if (!in->sources)
        return -1;
    for (size_t s = 0; s < o->nsources; s++) {
        if (amkd_source_open(&in->sources[s], o->sources[s], &options))
            return -1;
        in->n += in->sources[s].n;
    }
    return 0;
}

/* Labels and class names of all sources must go together. */
static int join_labels(importing *in)
{
    const amkd_source *first = in->sources;
    if (first->labels && !(in->labels = amkd_alloc(in->n, sizeof *in->labels)))
        return -1;
    size_t n = 0;
    for (size_t s = 0; s < in->options->nsources; s++) {
        const amkd_source *source = &in->sources[s];
        if (!source->labels != !first->labels)
            return amkd_fail("'%s' has labels and '%s' has none (--unlabeled does "
                             "without)",
                             first->labels ? first->path : source->path,
                             first->labels ? source->path : first->path);
        if (source->labels)
            memcpy(in->labels + n, source->labels, source->n * sizeof *in->labels);
        n += source->n;
        if (source->class_names != first->class_names &&
            !json_equal(source->class_names, first->class_names))
            return amkd_fail("'%s' and '%s' have different classes (--class-names names "
                             "them all)",
                             first->path, source->path);
        if (source->nclasses > in->nclasses)
            in->nclasses = source->nclasses;
    }
    in->class_names = json_incref(first->class_names);
    return 0;
}

static int read_labels(importing *in)
{
    size_t n;
    if (amkd_labels_read(&in->labels, &n, in->options->labels))
        return -1;
    if (n != in->n)
        return amkd_fail("'%s': %zu labels for %zu images", in->options->labels, n,
                         in->n);
    return 0;
}

/* Sets nclasses and the class names of labeled images. */
static int count_classes(importing *in)
{
    json_t *given = in->options->class_names;
    size_t nfound = 0;
    for (size_t i = 0; i < in->n; i++)
        if ((size_t)in->labels[i] >= nfound)
            nfound = (size_t)in->labels[i] + 1;
    if (given) {
        json_decref(in->class_names);
        in->class_names = json_incref(given);
        in->nclasses = json_array_size(given);
    } else if (!in->nclasses) {
        in->nclasses = nfound;
    }
    if (nfound > in->nclasses)
        return amkd_fail("label %zu has no name: %zu class names were given", nfound - 1,
                         in->nclasses);
    return 0;
}

static int compare_numbers(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Which images: the first limit, of these a sample; in their order. */
static int choose(importing *in)
{
    const amkd_import_options *o = in->options;
    size_t n = o->limit && o->limit < in->n ? o->limit : in->n;
    amkd_permutation permutation;
    if (o->sample > n)
        return amkd_fail("cannot sample %llu of %zu images",
                         (unsigned long long)o->sample, n);
    in->nitems = o->sample ? o->sample : n;
    in->numbers = amkd_alloc(in->nitems, sizeof *in->numbers);
    in->items = amkd_alloc(in->nitems, sizeof *in->items);
    if (!in->numbers || !in->items)
        return -1;
    amkd_permutation_init(&permutation, n, o->seed, SAMPLE_STREAM);
    for (size_t i = 0; i < in->nitems; i++)
        in->numbers[i] = o->sample ? amkd_permute(&permutation, i) : i;
    qsort(in->numbers, in->nitems, sizeof *in->numbers, compare_numbers);
    for (size_t i = 0, s = 0, before = 0; i < in->nitems; i++) {
        while (in->numbers[i] >= before + in->sources[s].n)
            before += in->sources[s++].n;
        in->items[i] = (item){s, in->numbers[i] - before};
    }
    return 0;
}

/* Where the error happened: files are named by their reader, images of arrays here. */
static int fail_at(const amkd_source *source, size_t index)
{
    char *name = source->files ? NULL : amkd_source_name(source, index);
    if (name)
        amkd_fail_in("%s", name);
    free(name);
    return -1;
}

static int read_item(amkd_picture *picture, const importing *in, size_t i)
{
    const amkd_import_options *o = in->options;
    const amkd_source *source = &in->sources[in->items[i].source];
    size_t index = in->items[i].index;
    *picture = (amkd_picture){0};
    if (source->read(picture, source, index))
        return fail_at(source, index);
    if ((o->channels == 1 && amkd_picture_gray(picture)) ||
        (o->width && amkd_picture_resize(picture, o->height, o->width)) ||
        (o->channels == 3 && amkd_picture_rgb(picture))) {
        amkd_picture_clear(picture);
        char *name = amkd_source_name(source, index);
        amkd_fail_in("%s", name ? name : source->path);
        free(name);
        return -1;
    }
    return 0;
}

static int fail_shapes(const importing *in, const amkd_picture *picture, size_t i)
{
    const amkd_images *set = in->images;
    const char *hint = set->channels == picture->channels ? "--resize"
                       : set->height == picture->height && set->width == picture->width
                           ? "--gray or --rgb"
                           : "--resize with --gray or --rgb";
    char *first = amkd_source_name(&in->sources[in->items[0].source], in->items[0].index);
    char *other = amkd_source_name(&in->sources[in->items[i].source], in->items[i].index);
    if (first && other)
        amkd_fail("images of different shapes: %s is %zux%zu, %zu channels, %s is "
                  "%zux%zu, %zu channels (%s makes them one)",
                  first, set->width, set->height, set->channels, other, picture->width,
                  picture->height, picture->channels, hint);
    free(first);
    free(other);
    return -1;
}

/* Work of amkd_parallel: image i+1; image 0 gave the shape. */
static int decode_one(void *context, size_t i)
{
    importing *in = context;
    amkd_images *set = in->images;
    amkd_picture picture;
    i++;
    if (read_item(&picture, in, i))
        return -1;
    int failed = 0;
    if (picture.height != set->height || picture.width != set->width ||
        picture.channels != set->channels)
        failed = fail_shapes(in, &picture, i);
    else
        memcpy(set->pixels + i * amkd_images_npixels(set), picture.pixels,
               amkd_images_npixels(set));
    amkd_picture_clear(&picture);
    amkd_progress_add(in->progress, 1);
    return failed;
}

static int decode_all(importing *in)
{
    amkd_picture first;
    if (read_item(&first, in, 0))
        return -1;
    int failed = amkd_images_new(&in->images, in->nitems, first.height, first.width,
                                 first.channels, in->labels ? in->nclasses : 0);
    if (!failed)
        memcpy(in->images->pixels, first.pixels, amkd_images_npixels(in->images));
    amkd_picture_clear(&first);
    if (failed)
        return -1;
    if (in->labels) {
        for (size_t i = 0; i < in->nitems; i++)
            in->images->labels[i] = in->labels[in->numbers[i]];
        in->images->class_names = json_incref(in->class_names);
    }
    in->progress =
        amkd_progress_new("amkd-import", "images", in->nitems, in->options->quiet);
    amkd_progress_add(in->progress, 1);
    failed = amkd_parallel(in->nitems - 1, in->options->nthreads, decode_one, in);
    amkd_progress_free(in->progress);
    return failed;
}

static int run(importing *in)
{
    if (open_sources(in))
        return -1;
    if (!in->options->unlabeled &&
        (in->options->labels ? read_labels(in) : join_labels(in)))
        return -1;
    if (in->labels && count_classes(in))
        return -1;
    return choose(in) || decode_all(in) ? -1 : 0;
}

int amkd_import(amkd_images **out, const amkd_import_options *options)
{
    importing in = {.options = options};
    int failed = run(&in);
    for (size_t s = 0; in.sources && s < options->nsources; s++)
        amkd_source_clear(&in.sources[s]);
    free(in.sources);
    free(in.labels);
    json_decref(in.class_names);
    free(in.items);
    free(in.numbers);
    if (failed) {
        amkd_images_free(in.images);
        return -1;
    }
    *out = in.images;
    return 0;
}
