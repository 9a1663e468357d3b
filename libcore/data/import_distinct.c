/* Repeated images: prints of all are made on all processors, then each is looked up among
 * those before it. */
#include "data/import_distinct.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/distinct.h"
#include "data/images_load.h"
#include "data/import_decode.h"
#include <stdlib.h>

typedef struct apart_set {
    const char *path;
    size_t n, height, width, channels;
    amkd_print *prints; /* until they are indexed */
} apart_set;

struct amkd_apart {
    size_t nsets;
    apart_set *sets;
    amkd_distinct *distinct; /* numbered over all sets in turn */
};

static int open_set(apart_set *set, const char *path, const amkd_import_options *options)
{
    amkd_images *images;
    if (amkd_images_load(&images, path, options->nthreads))
        return -1;
    *set = (apart_set){path,
                       images->n,
                       images->height,
                       images->width,
                       images->channels,
                       amkd_prints_of(images, options->near, options->nthreads, NULL)};
    amkd_images_free(images);
    return set->prints ? 0 : -1;
}

static int index_sets(amkd_apart *apart)
{
    size_t n = 0;
    for (size_t s = 0; s < apart->nsets; s++)
        n += apart->sets[s].n;
    if (n > UINT32_MAX)
        return amkd_fail("%zu images to be apart from are too many", n);
    if (amkd_distinct_new(&apart->distinct, n))
        return -1;
    uint32_t number = 0;
    for (size_t s = 0; s < apart->nsets; s++) {
        apart_set *set = &apart->sets[s];
        for (size_t i = 0; i < set->n; i++)
            amkd_distinct_add(apart->distinct, &set->prints[i], number++);
        free(set->prints);
        set->prints = NULL;
    }
    return 0;
}

int amkd_apart_open(amkd_apart **out, const amkd_import_options *options)
{
    amkd_apart *apart = amkd_alloc(1, sizeof *apart);
    int failed = !apart;
    if (!failed) {
        apart->sets = amkd_alloc(options->napart, sizeof *apart->sets);
        failed = !apart->sets;
    }
    for (size_t s = 0; !failed && s < options->napart; s++, apart->nsets++)
        failed = open_set(&apart->sets[s], options->apart[s], options);
    if (failed || index_sets(apart)) {
        amkd_apart_free(apart);
        return -1;
    }
    *out = apart;
    return 0;
}

void amkd_apart_free(amkd_apart *apart)
{
    if (!apart)
        return;
    for (size_t s = 0; s < apart->nsets; s++)
        free(apart->sets[s].prints);
    free(apart->sets);
    amkd_distinct_free(apart->distinct);
    free(apart);
}

int amkd_apart_fits(const amkd_apart *apart, const amkd_images *images)
{
    for (size_t s = 0; apart && s < apart->nsets; s++) {
        const apart_set *set = &apart->sets[s];
        if (set->height != images->height || set->width != images->width ||
            set->channels != images->channels)
            return amkd_fail(
                "'%s' has images of %zux%zu, %zu channels, to be apart from, "
                "and the import of %zux%zu, %zu channels: they must be of "
                "one shape",
                set->path, set->width, set->height, set->channels, images->width,
                images->height, images->channels);
    }
    return 0;
}

/* "'test.amkd': image 7" as a new string. */
static char *name_apart(const amkd_apart *apart, size_t number)
{
    const apart_set *set = apart->sets;
    for (; number >= set->n; set++)
        number -= set->n;
    return amkd_format("'%s': image %zu", set->path, number);
}

/* Marks item i, which repeats the one called other, a new string that is freed. */
static void leave_out(amkd_importing *in, amkd_repeats *repeats, size_t i,
                      const amkd_repeated *found, char *other)
{
    static const char *const reasons[2][2] = {
        {"near an earlier image", "the same pixels as an earlier image"},
        {"near an image to be apart from",
         "the same pixels as an image to be apart from"}};
    char *name = amkd_import_name(in, i);
    in->left_out[i] = 1;
    amkd_reasons_add(&in->report->reasons, i,
                     reasons[repeats == &in->report->apart][!!found->exact],
                     name ? name : "?");
    repeats->nexact += (uint64_t)found->exact;
    if (found->exact)
        amkd_notes_add(&repeats->notes, i, "%s is %s", name ? name : "?",
                       other ? other : "?");
    else
        amkd_notes_add(&repeats->notes, i, "%s is near %s, %u bits", name ? name : "?",
                       other ? other : "?", found->distance);
    free(name);
    free(other);
}

/* Prints of the chunk; where that is the whole, their making is shown as work of its own.
 */
static amkd_print *make_prints(const amkd_importing *in)
{
    const int whole = in->nchunk == in->nitems;
    amkd_progress *progress = whole ? amkd_progress_new("amkd-import", "images compared",
                                                        in->nitems, in->options->quiet)
                                    : NULL;
    amkd_print *prints =
        amkd_prints_of(in->images, in->options->near, in->options->nthreads, progress);
    amkd_progress_free(progress);
    return prints;
}

static int32_t label_of(const amkd_importing *in, size_t i)
{
    return in->labels ? in->labels[in->numbers[i]] : 0;
}

int amkd_import_distinct(amkd_importing *in)
{
    amkd_repeats *repeats = &in->report->repeats;
    unsigned near = in->options->near;
    amkd_repeated found;
    amkd_print *prints = make_prints(in);
    for (size_t i = in->begin; prints && i < in->end; i++) {
        const amkd_print *print = &prints[i - in->begin];
        if (in->left_out[i])
            continue;
        if (in->apart && amkd_distinct_find(&found, in->apart->distinct, print, near)) {
            leave_out(in, &in->report->apart, i, &found,
                      name_apart(in->apart, found.number));
        } else if (amkd_distinct_find(&found, in->distinct, print, near)) {
            repeats->nrelabeled += label_of(in, i) != label_of(in, found.number);
            leave_out(in, repeats, i, &found, amkd_import_name(in, found.number));
        } else {
            amkd_distinct_add(in->distinct, print, (uint32_t)i);
        }
    }
    const int failed = !prints;
    free(prints);
    return failed ? -1 : 0;
}
