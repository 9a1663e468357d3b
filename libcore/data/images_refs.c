/* References put into headers and read; the sets that they name loaded and joined. */
#include "data/images_refs.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/room.h"
#include "data/images_load.h"
#include "stream/keys.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A reference as it stands in a header; "of" tells that the set is of views. */
static json_t *print_ref(const amkd_images_ref *ref)
{
    json_t *object = json_pack("{s:s?, s:I, s:s}", "path", ref->path, "rows",
                               (json_int_t)ref->rows, "digest", ref->digest);
    if (!object)
        amkd_fail("image set '%s': the path is not UTF-8",
                  ref->path ? ref->path : "stdin");
    if (!object || !ref->source_rows || !strcmp(ref->source_digest, ref->digest))
        return object;
    json_t *of = json_pack("{s:I, s:s}", "rows", (json_int_t)ref->source_rows, "digest",
                           ref->source_digest);
    if (!json_object_set_new(object, "of", of))
        return object;
    json_decref(object);
    amkd_fail("out of memory");
    return NULL;
}

int amkd_images_put_refs(amkd_header *header, const amkd_images *images)
{
    json_t *refs = json_array();
    for (size_t i = 0; refs && i < images->nrefs; i++) {
        json_t *object = print_ref(&images->refs[i]);
        if (!object) {
            json_decref(refs);
            return -1;
        }
        if (json_array_append_new(refs, object)) {
            json_decref(refs);
            return amkd_fail("out of memory");
        }
    }
    json_t *shape = json_pack("[I, I, I]", (json_int_t)images->height,
                              (json_int_t)images->width, (json_int_t)images->channels);
    /* set_new takes a reference, and NULL as a failure. */
    int failed = json_object_set_new(header->more, "images", refs);
    failed |= json_object_set_new(header->more, "image_shape", shape);
    /* A copy of the array, since the header's will grow by the next run. */
    if (images->provenance && !amkd_header_provenance(header))
        failed |= amkd_header_put_provenance(header, images->provenance);
    return failed ? amkd_fail("out of memory") : 0;
}

int amkd_images_copy_refs(amkd_header *header, const amkd_header *source)
{
    static const char *const keys[] = {"images", "image_shape"};
    for (size_t i = 0; i < 2; i++) {
        json_t *value = json_object_get(source->more, keys[i]);
        if (!value)
            return amkd_fail("the %s stream's header has no \"%s\"", source->kind,
                             keys[i]);
        if (json_object_set_new(header->more, keys[i], json_deep_copy(value)))
            return amkd_fail("out of memory");
    }
    return 0;
}

/* The parts of one reference of a header; path is borrowed, NULL for a pipe. */
static int read_ref(amkd_images_named *named, const json_t *ref)
{
    const json_t *path = json_object_get(ref, "path");
    const json_t *rows = json_object_get(ref, "rows");
    const json_t *digest = json_object_get(ref, "digest");
    const json_t *of = json_object_get(ref, "of");
    if ((path && !json_is_string(path) && !json_is_null(path)) ||
        !json_is_integer(rows) || json_integer_value(rows) < 1 ||
        json_integer_value(rows) > UINT32_MAX || !json_is_string(digest))
        return amkd_fail("\"images\" in the header is malformed: expected {\"path\", "
                         "\"rows\", \"digest\"}");
    *named = (amkd_images_named){.path = json_string_value(path),
                                 .rows = (uint64_t)json_integer_value(rows),
                                 .digest = json_string_value(digest),
                                 .is_views = of != NULL};
    named->source_rows = named->rows;
    named->source_digest = named->digest;
    if (!of)
        return 0;
    rows = json_object_get(of, "rows");
    named->source_rows = (uint64_t)json_integer_value(rows);
    named->source_digest = json_string_value(json_object_get(of, "digest"));
    if (json_integer_value(rows) < 1 || !named->source_digest)
        return amkd_fail("\"images\" in the header is malformed: expected \"of\": "
                         "{\"rows\", \"digest\"}");
    return 0;
}

static const json_t *refs_of(const amkd_header *header)
{
    return json_object_get(header->more, "images");
}

size_t amkd_images_refs_count(const amkd_header *header)
{
    return json_array_size(refs_of(header));
}

int amkd_images_refs_get(amkd_images_named *named, const amkd_header *header, size_t k)
{
    return read_ref(named, json_array_get(refs_of(header), k));
}

void amkd_images_refs_shape(size_t shape[3], const amkd_header *header)
{
    const json_t *said = json_object_get(header->more, "image_shape");
    for (size_t s = 0; s < 3; s++)
        shape[s] = (size_t)json_integer_value(json_array_get(said, s));
}

static int expect_refs(const amkd_header *header)
{
    return amkd_images_refs_count(header)
               ? 0
               : amkd_fail("the %s stream's header names no image set", header->kind);
}

int amkd_images_refs_rows(uint64_t *nrows, const amkd_header *header)
{
    amkd_images_named named;
    if (expect_refs(header))
        return -1;
    *nrows = 0;
    for (size_t k = 0; k < amkd_images_refs_count(header); k++) {
        if (amkd_images_refs_get(&named, header, k))
            return -1;
        *nrows += named.rows;
    }
    return 0;
}

int amkd_images_same_refs(const amkd_header *a, const amkd_header *b)
{
    amkd_images_named p, q;
    if (expect_refs(a) || expect_refs(b))
        return -1;
    const size_t n = amkd_images_refs_count(a);
    if (n != amkd_images_refs_count(b))
        return amkd_fail("the streams speak of different images: of %zu sets and of %zu",
                         n, amkd_images_refs_count(b));
    for (size_t k = 0; k < n; k++) {
        if (amkd_images_refs_get(&p, a, k) || amkd_images_refs_get(&q, b, k))
            return -1;
        if (p.rows != q.rows || strcmp(p.digest, q.digest))
            return amkd_fail("the streams speak of different images: '%s' (%llu rows, "
                             "%s) and '%s' (%llu rows, %s)",
                             p.path ? p.path : "stdin", (unsigned long long)p.rows,
                             p.digest, q.path ? q.path : "stdin",
                             (unsigned long long)q.rows, q.digest);
    }
    return 0;
}

/* A new string: path as it stands, or relative to the directory of the stream. */
static int find_set(char **found, const char *path, const char *stream_path)
{
    const char *slash =
        stream_path && strcmp(stream_path, "-") ? strrchr(stream_path, '/') : NULL;
    if (access(path, F_OK) && slash && path[0] != '/') {
        char *beside =
            amkd_format("%.*s/%s", (int)(slash - stream_path), stream_path, path);
        if (!beside)
            return -1;
        if (!access(beside, F_OK)) {
            *found = beside;
            return 0;
        }
        free(beside);
    }
    *found = amkd_strdup(path);
    return *found ? 0 : -1;
}

/* Loads one set, into memory within so much room, and holds it against what the stream
 * says of it. */
static int load_set(amkd_images **out, const amkd_images_named *named,
                    const char *stream_path, const char *override, size_t nthreads,
                    uint64_t room)
{
    const char *path = override ? override : named->path;
    char *found;
    if (!path)
        return amkd_fail("the image set came by a pipe, so its name is not known: give "
                         "--images");
    if (find_set(&found, path, override ? NULL : stream_path))
        return -1;
    int failed = amkd_images_load_within(out, found, nthreads, room);
    if (failed && !override && access(found, F_OK))
        amkd_fail_in("image set of the stream (--images names another place)");
    if (!failed &&
        ((*out)->n != named->rows || strcmp((*out)->refs[0].digest, named->digest))) {
        failed = amkd_fail("'%s': not the image set of the stream: %zu images, %s; "
                           "expected %llu images, %s",
                           found, (*out)->n, (*out)->refs[0].digest,
                           (unsigned long long)named->rows, named->digest);
        amkd_images_free(*out);
    }
    free(found);
    return failed ? -1 : 0;
}

static int load_refs(amkd_images **out, const amkd_header *header,
                     const char *stream_path, const char *const *override,
                     size_t noverride, size_t nthreads)
{
    amkd_images *all = NULL;
    uint64_t room;
    if (amkd_room(&room))
        return -1;
    const size_t n = amkd_images_refs_count(header);
    if (noverride && noverride != n)
        return amkd_fail("the stream speaks of %zu image sets, --images names %zu", n,
                         noverride);
    for (size_t i = 0; i < n; i++) {
        amkd_images_named named;
        amkd_images *one;
        if (amkd_images_refs_get(&named, header, i) ||
            load_set(&one, &named, stream_path, noverride ? override[i] : NULL, nthreads,
                     room)) {
            amkd_images_free(all);
            return -1;
        }
        /* All sets together are to fit, those that are in memory. */
        const uint64_t taken = one->pixels ? one->n * amkd_images_npixels(one) : 0;
        room -= taken < room ? taken : room;
        if (!all) {
            all = one;
            continue;
        }
        int failed = amkd_images_append(all, one);
        amkd_images_free(one);
        if (failed) {
            amkd_images_free(all);
            return -1;
        }
    }
    *out = all;
    return 0;
}

int amkd_images_load_refs(amkd_images **out, const amkd_header *header,
                          const char *stream_path, const char *const *override,
                          size_t noverride, size_t nthreads)
{
    const char *name = stream_path && strcmp(stream_path, "-") ? stream_path : "stdin";
    if (expect_refs(header) ||
        load_refs(out, header, stream_path, override, noverride, nthreads))
        return amkd_fail_in("'%s'", name);
    return 0;
}

int amkd_images_load_sources(uint32_t **sources, size_t *nsources,
                             const amkd_header *header, const char *stream_path,
                             const char *const *override, size_t noverride,
                             size_t nthreads)
{
    amkd_images *images;
    *sources = NULL;
    *nsources = 0;
    int views = 0;
    for (size_t i = 0; i < amkd_images_refs_count(header); i++) {
        amkd_images_named named;
        views |= !amkd_images_refs_get(&named, header, i) && named.is_views;
    }
    if (!views)
        return 0;
    if (amkd_images_load_refs(&images, header, stream_path, override, noverride,
                              nthreads))
        return -1;
    *sources = images->sources;
    *nsources = images->nsources;
    images->sources = NULL;
    amkd_images_free(images);
    return 0;
}
