/* Decoding: one image gives the shape, then all others on all processors. Pictures that
 * cannot be read leave gaps in the set, which are closed at the end. */
#include "data/import_decode.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/room.h"
#include <stdlib.h>
#include <string.h>

static const amkd_source *source_of(const amkd_importing *in, size_t i)
{
    return &in->sources[in->items[i].source];
}

char *amkd_import_name(const amkd_importing *in, size_t i)
{
    return amkd_source_name(source_of(in, i), in->items[i].index);
}

/* Puts the image's name before the error. */
static int fail_at(const amkd_importing *in, size_t i)
{
    char *name = amkd_import_name(in, i);
    if (name)
        amkd_fail_in("%s", name);
    free(name);
    return -1;
}

static void note(const amkd_importing *in, const amkd_picture *picture, size_t i)
{
    if (picture->transparent)
        __atomic_fetch_add(&in->report->ntransparent, 1, __ATOMIC_RELAXED);
    if (!picture->lacks_end)
        return;
    char *name = amkd_import_name(in, i);
    if (name)
        amkd_notes_add(&in->report->doubtful, i,
                       "%s: ends without its end marker; all pixels are there", name);
    free(name);
}

/* The reason is the error without the name in front of it. */
static void note_reason(const amkd_importing *in, size_t i)
{
    char *name = amkd_import_name(in, i);
    const size_t n = name ? strlen(name) : 0;
    const char *error = amkd_error();
    const int named = n && !strncmp(error, name, n) && !strncmp(error + n, ": ", 2);
    amkd_reasons_add(&in->report->reasons, i, named ? error + n + 2 : error,
                     name ? name : "?");
    free(name);
}

/* A picture file that cannot be read: an error, or noted as bad. Returns -1 or 1. */
static int refuse(const amkd_importing *in, size_t i)
{
    if (!source_of(in, i)->files)
        return fail_at(in, i);
    if (!(in->options->skip_bad > 0))
        return amkd_fail("%s (--skip-bad leaves such files out)", amkd_error());
    in->left_out[i] = 1;
    amkd_notes_add(&in->report->bad, i, "%s", amkd_error());
    note_reason(in, i);
    return 1;
}

/* Returns 0, 1 where the picture is bad and to be left out, or -1. */
static int read_item(amkd_picture *picture, const amkd_importing *in, size_t i)
{
    const amkd_import_options *o = in->options;
    const amkd_source *source = source_of(in, i);
    *picture = (amkd_picture){0};
    if (source->read(picture, source, in->items[i].index))
        return refuse(in, i);
    note(in, picture, i);
    if ((o->channels == 1 && amkd_picture_gray(picture)) ||
        (o->width && amkd_picture_resize(picture, o->height, o->width)) ||
        (o->channels == 3 && amkd_picture_rgb(picture))) {
        amkd_picture_clear(picture);
        return fail_at(in, i);
    }
    return 0;
}

static int fail_shapes(const amkd_importing *in, const amkd_picture *picture, size_t i)
{
    const amkd_images *set = in->images;
    const char *hint = set->channels == picture->channels ? "--resize"
                       : set->height == picture->height && set->width == picture->width
                           ? "--gray or --rgb"
                           : "--resize with --gray or --rgb";
    char *first = amkd_import_name(in, in->first);
    char *other = amkd_import_name(in, i);
    if (first && other)
        amkd_fail("images of different shapes: %s is %zux%zu, %zu channels, %s is "
                  "%zux%zu, %zu channels (%s makes them one)",
                  first, set->width, set->height, set->channels, other, picture->width,
                  picture->height, picture->channels, hint);
    free(first);
    free(other);
    return -1;
}

/* Work of amkd_parallel: item i of the chunk. Those up to the first that can be read were
 * read before. */
static int decode_one(void *context, size_t i)
{
    amkd_importing *in = context;
    amkd_images *set = in->images;
    uint8_t *to = set->pixels + i * amkd_images_npixels(set);
    amkd_picture picture;
    i += in->begin;
    if (i == in->first)
        memcpy(to, in->picture.pixels, amkd_images_npixels(set));
    int failed = i > in->first ? read_item(&picture, in, i) : 1;
    amkd_progress_add(in->progress, 1);
    if (failed)
        return failed < 0 ? -1 : 0;
    if (picture.height != set->height || picture.width != set->width ||
        picture.channels != set->channels)
        failed = fail_shapes(in, &picture, i);
    else
        memcpy(to, picture.pixels, amkd_images_npixels(set));
    amkd_picture_clear(&picture);
    return failed;
}

/* Makes the set, of the shape of the first image that can be read: with room for all
 * images, or for a chunk of them where all are to go on and would take too much memory.
 */
static int make_set(amkd_importing *in)
{
    amkd_picture *picture = &in->picture;
    uint64_t room;
    int rc = 1;
    if (amkd_room(&room))
        return -1;
    for (in->first = 0; in->first < in->nitems; in->first++)
        if ((rc = read_item(picture, in, in->first)) <= 0)
            break;
    if (rc < 0)
        return -1;
    if (rc)
        return amkd_fail("none of %zu pictures can be read; the last: %s", in->nitems,
                         amkd_error());
    const size_t npixels = picture->height * picture->width * picture->channels;
    in->nchunk = in->nitems;
    if (in->sink && in->nitems > room / npixels) {
        in->nchunk = amkd_room_chunk(npixels);
        if (in->nchunk > in->nitems)
            in->nchunk = in->nitems;
    }
    if (amkd_images_new(&in->images, in->nchunk, picture->height, picture->width,
                        picture->channels, in->labels ? in->nclasses : 0))
        return -1;
    if (in->labels)
        in->images->class_names = json_incref(in->class_names);
    return 0;
}

/* Moves the images of the chunk together over those that are left out. */
static void close_gaps(amkd_importing *in)
{
    amkd_images *set = in->images;
    size_t npixels = amkd_images_npixels(set), n = 0;
    for (size_t i = 0; i < in->end - in->begin; i++) {
        if (in->left_out[in->begin + i])
            continue;
        if (n < i)
            memcpy(set->pixels + n * npixels, set->pixels + i * npixels, npixels);
        if (set->labels)
            set->labels[n] = in->labels[in->numbers[in->begin + i]];
        n++;
    }
    set->n = set->nsources = n;
    in->nkept += n;
}

/* The bad must be few: many mean that something else is wrong. */
static int check_bad(const amkd_importing *in)
{
    uint64_t nbad = in->report->bad.n;
    if ((double)nbad > in->options->skip_bad * (double)in->nitems)
        return amkd_fail("%llu of %zu pictures cannot be read, more than the share of %g "
                         "that --skip-bad allows",
                         (unsigned long long)nbad, in->nitems, in->options->skip_bad);
    return 0;
}

/* Decodes the items begin..end and finds those that are to be left out. */
static int decode_chunk(amkd_importing *in)
{
    in->images->n = in->images->nsources = in->end - in->begin;
    if (amkd_parallel(in->end - in->begin, in->options->nthreads, decode_one, in) ||
        check_bad(in) || (in->options->distinct && amkd_import_distinct(in)))
        return -1;
    close_gaps(in);
    return 0;
}

/* Whether the number of images is known before all were decoded. */
static int is_known(const amkd_importing *in)
{
    return !(in->options->skip_bad > 0) && !in->options->distinct;
}

static int decode_all(amkd_importing *in)
{
    const amkd_import_sink *sink = in->sink;
    const int whole = in->nchunk == in->nitems;
    int rc = sink && !whole
                 ? sink->open(sink->context, in->images, is_known(in) ? in->nitems : 0)
                 : 0;
    for (in->begin = 0; !rc && in->begin < in->nitems; in->begin = in->end) {
        const size_t left = in->nitems - in->begin;
        in->end = in->begin + (left < in->nchunk ? left : in->nchunk);
        rc = decode_chunk(in);
        if (!rc && sink && !whole && in->images->n)
            rc = sink->take(sink->context, in->images);
    }
    if (rc)
        return -1;
    if (!in->nkept)
        return amkd_fail("none of %zu images is left: each repeats one to be apart from",
                         in->nitems);
    return sink && whole &&
                   (sink->open(sink->context, in->images, in->nkept) ||
                    sink->take(sink->context, in->images))
               ? -1
               : 0;
}

int amkd_import_decode(amkd_importing *in)
{
    in->report->npictures = in->nitems;
    in->left_out = amkd_alloc(in->nitems, 1);
    if (!in->left_out || make_set(in) || amkd_apart_fits(in->apart, in->images) ||
        (in->options->distinct && amkd_distinct_new(&in->distinct, in->nitems)))
        return -1;
    in->progress =
        amkd_progress_new("amkd-import", "images", in->nitems, in->options->quiet);
    const int rc = decode_all(in);
    amkd_progress_free(in->progress);
    return rc;
}
