/* References put into headers and read; the sets that they name loaded and joined. */
#include "data/images_refs.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/room.h"
#include "data/images_load.h"
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
    if (images->provenance && !json_object_get(header->more, "provenance"))
        failed |= json_object_set_new(header->more, "provenance",
                                      json_copy(images->provenance));
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
static int read_ref(const char **path, uint64_t *rows, const char **digest,
                    const json_t *ref)
{
    const json_t *json_path = json_object_get(ref, "path");
    const json_t *json_rows = json_object_get(ref, "rows");
    const json_t *json_digest = json_object_get(ref, "digest");
    if ((json_path && !json_is_string(json_path) && !json_is_null(json_path)) ||
        !json_is_integer(json_rows) || json_integer_value(json_rows) < 1 ||
        json_integer_value(json_rows) > UINT32_MAX || !json_is_string(json_digest))
        return amkd_fail("\"images\" in the header is malformed: expected {\"path\", "
                         "\"rows\", \"digest\"}");
    *path = json_string_value(json_path);
    *rows = (uint64_t)json_integer_value(json_rows);
    *digest = json_string_value(json_digest);
    return 0;
}

static int get_refs(const json_t **refs, const amkd_header *header)
{
    *refs = json_object_get(header->more, "images");
    if (!json_is_array(*refs) || !json_array_size(*refs))
        return amkd_fail("the %s stream's header names no image set", header->kind);
    return 0;
}

int amkd_images_refs_rows(uint64_t *nrows, const amkd_header *header)
{
    const json_t *refs;
    const char *path, *digest;
    if (get_refs(&refs, header))
        return -1;
    *nrows = 0;
    for (size_t i = 0; i < json_array_size(refs); i++) {
        uint64_t rows;
        if (read_ref(&path, &rows, &digest, json_array_get(refs, i)))
            return -1;
        *nrows += rows;
    }
    return 0;
}

int amkd_images_same_refs(const amkd_header *a, const amkd_header *b)
{
    const json_t *refs_a, *refs_b;
    const char *path_a, *path_b, *digest_a, *digest_b;
    uint64_t rows_a, rows_b;
    if (get_refs(&refs_a, a) || get_refs(&refs_b, b))
        return -1;
    if (json_array_size(refs_a) != json_array_size(refs_b))
        return amkd_fail("the streams speak of different images: of %zu sets and of %zu",
                         json_array_size(refs_a), json_array_size(refs_b));
    for (size_t i = 0; i < json_array_size(refs_a); i++) {
        if (read_ref(&path_a, &rows_a, &digest_a, json_array_get(refs_a, i)) ||
            read_ref(&path_b, &rows_b, &digest_b, json_array_get(refs_b, i)))
            return -1;
        if (rows_a != rows_b || strcmp(digest_a, digest_b))
            return amkd_fail("the streams speak of different images: '%s' (%llu rows, "
                             "%s) and '%s' (%llu rows, %s)",
                             path_a ? path_a : "stdin", (unsigned long long)rows_a,
                             digest_a, path_b ? path_b : "stdin",
                             (unsigned long long)rows_b, digest_b);
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
static int load_set(amkd_images **out, const json_t *ref, const char *stream_path,
                    const char *override, size_t nthreads, uint64_t room)
{
    const char *path, *digest;
    uint64_t rows;
    char *found;
    if (read_ref(&path, &rows, &digest, ref))
        return -1;
    if (!override && !path)
        return amkd_fail("the image set came by a pipe, so its name is not known: give "
                         "--images");
    if (find_set(&found, override ? override : path, override ? NULL : stream_path))
        return -1;
    int failed = amkd_images_load_within(out, found, nthreads, room);
    if (failed && !override && access(found, F_OK))
        amkd_fail_in("image set of the stream (--images names another place)");
    if (!failed && ((*out)->n != rows || strcmp((*out)->refs[0].digest, digest))) {
        failed = amkd_fail("'%s': not the image set of the stream: %zu images, %s; "
                           "expected %llu images, %s",
                           found, (*out)->n, (*out)->refs[0].digest,
                           (unsigned long long)rows, digest);
        amkd_images_free(*out);
    }
    free(found);
    return failed ? -1 : 0;
}

static int load_refs(amkd_images **out, const json_t *refs, const char *stream_path,
                     const char *const *override, size_t noverride, size_t nthreads)
{
    amkd_images *all = NULL;
    uint64_t room;
    if (amkd_room(&room))
        return -1;
    if (noverride && noverride != json_array_size(refs))
        return amkd_fail("the stream speaks of %zu image sets, --images names %zu",
                         json_array_size(refs), noverride);
    for (size_t i = 0; i < json_array_size(refs); i++) {
        amkd_images *one;
        if (load_set(&one, json_array_get(refs, i), stream_path,
                     noverride ? override[i] : NULL, nthreads, room)) {
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
    const json_t *refs;
    const char *name = stream_path && strcmp(stream_path, "-") ? stream_path : "stdin";
    if (get_refs(&refs, header) ||
        load_refs(out, refs, stream_path, override, noverride, nthreads))
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
    const json_t *refs = json_object_get(header->more, "images");
    int views = 0;
    for (size_t i = 0; i < json_array_size(refs); i++)
        views = views || json_object_get(json_array_get(refs, i), "of");
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
