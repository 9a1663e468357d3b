/* Image sets of sources: opening them all, joining their labels, choosing images. */
#include "data/import.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "data/import_decode.h"
#include "data/source.h"
#include <stdlib.h>
#include <string.h>

/* The stream of random numbers that --sample draws from. */
#define SAMPLE_STREAM 0x53414d504c45ull /* "SAMPLE" */

static int open_sources(amkd_importing *in)
{
    const amkd_import_options *o = in->options;
    amkd_source_options options = {.format = o->format,
                                   .labeled = !o->unlabeled && !o->labels,
                                   .class_names = o->class_names,
                                   .layout = o->layout,
                                   .decode = o->decode,
                                   .report = in->report};
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
static int join_labels(amkd_importing *in)
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
        if (source->nclasses && in->nclasses && source->nclasses != in->nclasses)
            return amkd_fail("'%s' has %zu classes and '%s' has %zu (--unlabeled does "
                             "without labels)",
                             first->path, in->nclasses, source->path, source->nclasses);
        if (source->nclasses)
            in->nclasses = source->nclasses;
    }
    in->class_names = json_incref(first->class_names);
    return 0;
}

static int read_labels(amkd_importing *in)
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
static int count_classes(amkd_importing *in)
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
static int choose(amkd_importing *in)
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
        in->items[i] = (amkd_import_item){s, in->numbers[i] - before};
    }
    return 0;
}

static int run(amkd_importing *in)
{
    if (open_sources(in))
        return -1;
    if (!in->options->unlabeled &&
        (in->options->labels ? read_labels(in) : join_labels(in)))
        return -1;
    if (in->labels && count_classes(in))
        return -1;
    if (choose(in) || (in->options->napart && amkd_apart_open(&in->apart, in->options)))
        return -1;
    return amkd_import_decode(in);
}

/* *images, unless NULL, gets the set. */
static int import(amkd_images **images, const amkd_import_sink *sink,
                  const amkd_import_options *options)
{
    amkd_import_report unwanted;
    amkd_importing in = {.options = options, .report = options->report, .sink = sink};
    if (!options->report) {
        amkd_import_report_init(&unwanted, 0);
        in.report = &unwanted;
    }
    int failed = run(&in);
    if (!options->report)
        amkd_import_report_clear(&unwanted);
    for (size_t s = 0; in.sources && s < options->nsources; s++)
        amkd_source_clear(&in.sources[s]);
    free(in.sources);
    free(in.labels);
    json_decref(in.class_names);
    free(in.items);
    free(in.numbers);
    free(in.left_out);
    amkd_picture_clear(&in.picture);
    amkd_apart_free(in.apart);
    amkd_distinct_free(in.distinct);
    if (!failed && images)
        *images = in.images;
    else
        amkd_images_free(in.images);
    return failed ? -1 : 0;
}

int amkd_import(amkd_images **out, const amkd_import_options *options)
{
    return import(out, NULL, options);
}

int amkd_import_into(const amkd_import_sink *sink, const amkd_import_options *options)
{
    return import(NULL, sink, options);
}
