/* Views: image sets whose rows know the image that they were made from. */
#include "base/error.h"
#include "base/memory.h"
#include "data/images.h"
#include <stdlib.h>
#include <string.h>

int amkd_images_header_views(amkd_header *header, const amkd_images *images,
                             uint64_t seed, json_t *transforms)
{
    const amkd_images_ref *ref = images->refs;
    json_t *views = json_pack("{s:{s:s?, s:I, s:s}, s:I, s:o}", "of", "path",
                              images->sources ? NULL : ref->path, "rows",
                              (json_int_t)ref->source_rows, "digest", ref->source_digest,
                              "seed", (json_int_t)seed, "transforms", transforms);
    if (!views)
        return amkd_fail("image set '%s': the path is not UTF-8",
                         ref->path ? ref->path : "stdin");
    if (amkd_header_put(header, "views", views))
        return -1;
    return amkd_header_add(header, "source", "<u4", NULL, 0);
}

/* The set that the sources number; digest is borrowed. */
static int read_of(uint64_t *nrows, const char **digest, const amkd_header *header)
{
    const json_t *of = json_object_get(json_object_get(header->more, "views"), "of");
    const json_t *rows = json_object_get(of, "rows");
    *digest = json_string_value(json_object_get(of, "digest"));
    if (!json_is_integer(rows) || json_integer_value(rows) < 1 ||
        json_integer_value(rows) > UINT32_MAX || !*digest ||
        strlen(*digest) >= sizeof((amkd_images_ref *)NULL)->source_digest)
        return amkd_fail("images with the field \"source\" need \"views\" in the header: "
                         "{\"of\": {\"path\", \"rows\", \"digest\"}, ...}");
    *nrows = (uint64_t)json_integer_value(rows);
    return 0;
}

/* The field, NULL where there is none, and the set that it numbers. */
static int find_field(const amkd_field **field, uint64_t *nrows, const char **digest,
                      const amkd_header *header)
{
    *field = NULL;
    if (!amkd_header_field(header, "source"))
        return 0;
    if (amkd_header_expect(field, header, "source", "<u4", 0))
        return -1;
    if ((*field)->ndim)
        return amkd_fail("field \"source\" has %zu dimensions, not 0", (*field)->ndim);
    return read_of(nrows, digest, header);
}

int amkd_images_sources_expect(uint64_t *nsources, const amkd_header *header)
{
    const amkd_field *field;
    const char *digest;
    return find_field(&field, nsources, &digest, header);
}

int amkd_images_check_sources(amkd_images *images, const amkd_header *header)
{
    const amkd_field *field;
    const char *digest;
    if (find_field(&field, &images->refs->source_rows, &digest, header))
        return -1;
    if (!field)
        return 0;
    strcpy(images->refs->source_digest, digest);
    images->nsources = (size_t)images->refs->source_rows;
    for (size_t r = 0; r < images->n; r++)
        if (images->sources[r] >= images->nsources)
            return amkd_fail("row %zu: source %u is outside 0..%zu", r,
                             (unsigned)images->sources[r], images->nsources - 1);
    return 0;
}

int amkd_images_take_sources(amkd_images *images, const amkd_header *header,
                             const uint8_t *rows)
{
    const amkd_field *field = amkd_header_field(header, "source");
    uint64_t nsources;
    if (!field)
        return 0;
    if (amkd_images_sources_expect(&nsources, header))
        return -1;
    images->sources = amkd_alloc(images->n, sizeof *images->sources);
    if (!images->sources)
        return -1;
    for (size_t r = 0; r < images->n; r++)
        memcpy(&images->sources[r], rows + r * header->row_nbytes + field->offset,
               sizeof *images->sources);
    return amkd_images_check_sources(images, header);
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

int amkd_images_append_sources(amkd_images *a, const amkd_images *b)
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
