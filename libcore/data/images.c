/* Image sets made and joined. */
#include "data/images.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/images_far.h"
#include <stdlib.h>
#include <string.h>

size_t amkd_images_npixels(const amkd_images *images)
{
    return images->height * images->width * images->channels;
}

int amkd_images_new(amkd_images **out, size_t n, size_t height, size_t width,
                    size_t channels, size_t nclasses)
{
    size_t npixels;
    if (!n || !height || !width || !channels)
        return amkd_fail("an image set of %zu images of %zux%zux%zu is empty", n, height,
                         width, channels);
    if (n > UINT32_MAX)
        return amkd_fail("%zu images are more than a stream can number", n);
    if (__builtin_mul_overflow(height, width, &npixels) ||
        __builtin_mul_overflow(npixels, channels, &npixels))
        return amkd_fail("images of %zux%zux%zu are too large", height, width, channels);
    amkd_images *images = amkd_alloc(1, sizeof *images);
    if (!images)
        return -1;
    *images = (amkd_images){.n = n,
                            .nsources = n,
                            .height = height,
                            .width = width,
                            .channels = channels,
                            .nclasses = nclasses};
    images->pixels = amkd_alloc(n, npixels);
    if (nclasses)
        images->labels = amkd_alloc(n, sizeof *images->labels);
    if (!images->pixels || (nclasses && !images->labels)) {
        amkd_images_free(images);
        return -1;
    }
    *out = images;
    return 0;
}

void amkd_images_free(amkd_images *images)
{
    if (!images)
        return;
    for (size_t i = 0; i < images->nrefs; i++)
        free(images->refs[i].path);
    free(images->refs);
    for (size_t p = 0; p < images->nparts; p++) {
        free(images->parts[p].pixels);
        amkd_far_free(images->parts[p].far);
    }
    free(images->parts);
    free(images->pixels);
    free(images->labels);
    free(images->sources);
    json_decref(images->class_names);
    json_decref(images->provenance);
    free(images);
}

int amkd_images_digest(char digest[AMKD_DIGEST_SIZE], const amkd_images *images)
{
    amkd_digest *digesting;
    if (amkd_digest_new(&digesting, images->height, images->width, images->channels))
        return -1;
    amkd_digest_add(digesting, images->pixels, images->n * amkd_images_npixels(images));
    amkd_digest_print(digest, digesting);
    amkd_digest_free(digesting);
    return 0;
}

static int append_labels(amkd_images *a, const amkd_images *b)
{
    if (!a->labels || !b->labels) {
        free(a->labels);
        a->labels = NULL;
        a->nclasses = 0;
        json_decref(a->class_names);
        a->class_names = NULL;
        return 0;
    }
    int32_t *labels = amkd_realloc(a->labels, a->n + b->n, sizeof *labels);
    if (!labels)
        return -1;
    memcpy(labels + a->n, b->labels, b->n * sizeof *labels);
    a->labels = labels;
    if (b->nclasses > a->nclasses)
        a->nclasses = b->nclasses;
    if (a->class_names && !json_equal(a->class_names, b->class_names)) {
        json_decref(a->class_names);
        a->class_names = NULL;
    }
    return 0;
}

static int append_refs(amkd_images *a, const amkd_images *b)
{
    amkd_images_ref *refs = amkd_realloc(a->refs, a->nrefs + b->nrefs, sizeof *refs);
    if (!refs)
        return -1;
    a->refs = refs;
    for (size_t i = 0; i < b->nrefs; i++) {
        amkd_images_ref *ref = &refs[a->nrefs];
        *ref = b->refs[i];
        if (ref->path && !(ref->path = amkd_strdup(ref->path)))
            return -1;
        a->nrefs++;
    }
    return 0;
}

/* The runs that made b behind those that made a. */
static int append_provenance(amkd_images *a, const amkd_images *b)
{
    json_t *runs = json_array();
    if (!runs || (a->provenance && json_array_extend(runs, a->provenance)) ||
        (b->provenance && json_array_extend(runs, b->provenance))) {
        json_decref(runs);
        return amkd_fail("\"provenance\" of the image sets is not an array");
    }
    json_decref(a->provenance);
    a->provenance = runs;
    return 0;
}

/* The first reference of n that numbers the same sources as ref, or NULL. */
static const amkd_images_ref *find_sources(const amkd_images_ref *refs, size_t n,
                                           const amkd_images_ref *ref)
{
    for (size_t i = 0; i < n; i++)
        if (refs[i].source_rows == ref->source_rows &&
            !strcmp(refs[i].source_digest, ref->source_digest))
            return &refs[i];
    return NULL;
}

/* Numbers the sources of the references first and up, which are new; *shared tells
 * whether some of them are the sources of earlier ones. */
static int number_sources(amkd_images *images, int *shared, size_t first)
{
    for (size_t i = first; i < images->nrefs; i++) {
        amkd_images_ref *ref = &images->refs[i];
        const amkd_images_ref *same = find_sources(images->refs, i, ref);
        if (!same && ref->source_rows > UINT32_MAX - images->nsources)
            return amkd_fail(
                "the sets are of %zu and %llu images, more than a stream can "
                "number",
                images->nsources, (unsigned long long)ref->source_rows);
        ref->first_source = same ? same->first_source : (uint32_t)images->nsources;
        if (same)
            *shared = 1;
        else
            images->nsources += (size_t)ref->source_rows;
    }
    return 0;
}

/* Joins the sources, when b's references stand behind a's but a->n is still without b's
 * rows. */
static int append_sources(amkd_images *a, const amkd_images *b)
{
    const amkd_images_ref *joined = a->refs + a->nrefs - b->nrefs;
    int shared = 0;
    if (!b->nrefs)
        a->nsources += b->n;
    if (number_sources(a, &shared, a->nrefs - b->nrefs))
        return -1;
    if (!a->sources && !b->sources && !shared)
        return 0;
    uint32_t *sources = amkd_alloc(a->n + b->n, sizeof *sources);
    if (!sources)
        return -1;
    for (size_t r = 0; r < a->n; r++)
        sources[r] = amkd_images_source(a, r);
    uint32_t *next = sources + a->n;
    for (size_t i = 0, r = 0; i < b->nrefs; i++)
        for (uint64_t k = 0; k < b->refs[i].rows; k++, r++)
            *next++ = amkd_images_source(b, r) - b->refs[i].first_source +
                      joined[i].first_source;
    for (size_t r = 0; !b->nrefs && r < b->n; r++)
        *next++ = (uint32_t)(a->nsources - b->n + r);
    free(a->sources);
    a->sources = sources;
    return 0;
}

/* Makes room for n more parts; what a holds in one block becomes the first. */
static int reserve_parts(amkd_images *a, size_t n)
{
    amkd_images_part *parts = amkd_realloc(a->parts, a->nparts + n + 1, sizeof *parts);
    if (!parts)
        return -1;
    a->parts = parts;
    if (a->pixels) {
        parts[a->nparts++] = (amkd_images_part){.n = a->n, .pixels = a->pixels};
        a->pixels = NULL;
    }
    return 0;
}

static int append_copy(amkd_images *a, const uint8_t *pixels, size_t n)
{
    const size_t npixels = amkd_images_npixels(a);
    uint8_t *copy = amkd_alloc(n, npixels);
    if (!copy)
        return -1;
    memcpy(copy, pixels, n * npixels);
    a->parts[a->nparts++] = (amkd_images_part){.n = n, .pixels = copy};
    return 0;
}

/* One of the two is a far set: the whole is. */
static int append_parts(amkd_images *a, const amkd_images *b)
{
    if (reserve_parts(a, b->nparts + 1))
        return -1;
    if (b->nthreads > a->nthreads)
        a->nthreads = b->nthreads;
    if (b->pixels)
        return append_copy(a, b->pixels, b->n);
    for (size_t p = 0; p < b->nparts; p++) {
        const amkd_images_part *part = &b->parts[p];
        if (part->far)
            a->parts[a->nparts++] =
                (amkd_images_part){.n = part->n, .far = amkd_far_share(part->far)};
        else if (append_copy(a, part->pixels, part->n))
            return -1;
    }
    return 0;
}

static int append_pixels(amkd_images *a, const amkd_images *b)
{
    const size_t npixels = amkd_images_npixels(a);
    if (!a->pixels || !b->pixels)
        return append_parts(a, b);
    uint8_t *pixels = amkd_realloc(a->pixels, a->n + b->n, npixels);
    if (!pixels)
        return -1;
    a->pixels = pixels;
    memcpy(pixels + a->n * npixels, b->pixels, b->n * npixels);
    return 0;
}

int amkd_images_append(amkd_images *a, const amkd_images *b)
{
    if (a->height != b->height || a->width != b->width || a->channels != b->channels)
        return amkd_fail("image sets of %zux%zux%zu and %zux%zux%zu do not go together",
                         a->height, a->width, a->channels, b->height, b->width,
                         b->channels);
    if (a->n + b->n > UINT32_MAX)
        return amkd_fail("%zu images are more than a stream can number", a->n + b->n);
    if (append_pixels(a, b) || append_refs(a, b) || append_sources(a, b) ||
        append_labels(a, b) || append_provenance(a, b))
        return -1;
    a->n += b->n;
    return 0;
}
