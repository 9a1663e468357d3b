/* Classes of sources first, then of their images: an image of any set, or a view of it,
 * is known by the digest of the set that it is from. */
#include "steps/image_classes.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/check.h"
#include "data/images.h"
#include "stream/rows.h"
#include "stream/stream.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { NO_CLASS = -1 };

/* The sets whose rows the sources number, each once, in the order of the header. */
typedef struct origin {
    const char *digest; /* borrowed of the header */
    uint64_t rows, first;
} origin;

typedef struct origins {
    size_t n;
    origin *sets;
    int64_t *classes; /* of the sources, [nsources] */
    uint64_t nsources;
} origins;

static const origin *find(const origins *o, const char *digest, uint64_t rows)
{
    for (size_t s = 0; digest && s < o->n; s++)
        if (o->sets[s].rows == rows && !strcmp(o->sets[s].digest, digest))
            return &o->sets[s];
    return NULL;
}

/* As amkd_images_append numbers the sources. */
static int list_origins(origins *o, const amkd_header *header)
{
    const json_t *refs = json_object_get(header->more, "images");
    const size_t nrefs = json_array_size(refs);
    o->sets = amkd_alloc(nrefs ? nrefs : 1, sizeof *o->sets);
    if (!o->sets)
        return -1;
    for (size_t r = 0; r < nrefs; r++) {
        const json_t *ref = json_array_get(refs, r), *of = json_object_get(ref, "of");
        const json_t *set = of ? of : ref;
        const char *digest = json_string_value(json_object_get(set, "digest"));
        const uint64_t rows = (uint64_t)json_integer_value(json_object_get(set, "rows"));
        if (!digest || rows > UINT32_MAX)
            return amkd_fail("\"images\" in the header is malformed");
        if (find(o, digest, rows))
            continue;
        o->sets[o->n++] = (origin){digest, rows, o->nsources};
        o->nsources += rows;
    }
    o->classes = amkd_alloc(o->nsources ? o->nsources : 1, sizeof *o->classes);
    if (!o->classes)
        return -1;
    for (uint64_t s = 0; s < o->nsources; s++)
        o->classes[s] = NO_CLASS;
    return 0;
}

static size_t likeliest(const char *p, size_t nclasses)
{
    size_t best = 0;
    float most = -1;
    for (size_t c = 0; c < nclasses; c++) {
        float value;
        memcpy(&value, p + c * sizeof value, sizeof value);
        if (value > most) {
            most = value;
            best = c;
        }
    }
    return best;
}

/* The place of image i of the labels' sets among the sources, or -1 if it is of none. */
static int64_t source_of(const origins *o, const json_t *refs, uint64_t i)
{
    for (size_t r = 0; r < json_array_size(refs); r++) {
        const json_t *ref = json_array_get(refs, r);
        const uint64_t rows = (uint64_t)json_integer_value(json_object_get(ref, "rows"));
        if (i < rows) {
            const origin *set =
                find(o, json_string_value(json_object_get(ref, "digest")), rows);
            return set ? (int64_t)(set->first + i) : -1;
        }
        i -= rows;
    }
    return -1;
}

static void take_rows(origins *o, const amkd_header *labels, const char *rows, size_t n,
                      size_t nclasses)
{
    const json_t *refs = json_object_get(labels->more, "images");
    for (size_t r = 0; r < n; r++) {
        const char *row = rows + r * labels->row_nbytes;
        amkd_label_key key;
        memcpy(&key, row, sizeof key);
        const int64_t source = key.i == key.j ? source_of(o, refs, key.i) : -1;
        if (source >= 0 && o->classes[source] == NO_CLASS)
            o->classes[source] = (int64_t)likeliest(row + sizeof key, nclasses);
    }
}

static int add_stream(origins *o, size_t *nclasses, const char *path, size_t nthreads)
{
    amkd_reader *reader;
    amkd_check check;
    void *rows = NULL;
    size_t n, nrow_classes;
    if (amkd_reader_open(&reader, path, "labels", nthreads))
        return -1;
    const amkd_header *header = amkd_reader_header(reader);
    int rc = amkd_reader_read_all(reader, &rows, &n);
    if (!rc && (amkd_labels_check(header, &nrow_classes) ||
                amkd_check_init(&check, header) || amkd_check_rows(&check, rows, n, 0)))
        rc = amkd_fail_in("'%s'", amkd_reader_name(reader));
    if (!rc && *nclasses && *nclasses != nrow_classes)
        rc = amkd_fail("'%s' has %zu classes, but the files before it have %zu",
                       amkd_reader_name(reader), nrow_classes, *nclasses);
    if (!rc) {
        *nclasses = nrow_classes;
        take_rows(o, header, rows, n, nrow_classes);
    }
    free(rows);
    amkd_reader_close(reader);
    return rc;
}

static int class_images(amkd_image_classes *classes, const origins *o, uint64_t nimages,
                        const uint32_t *sources)
{
    classes->of_image = amkd_alloc(nimages ? nimages : 1, sizeof *classes->of_image);
    if (!classes->of_image)
        return -1;
    for (uint64_t i = 0; i < nimages; i++) {
        const uint64_t source = sources ? sources[i] : i;
        if (source >= o->nsources || o->classes[source] == NO_CLASS)
            return amkd_fail("the class of image %" PRIu64 " is not known: no labels "
                             "stream has an answer about the image itself",
                             i);
        classes->of_image[i] = (uint32_t)o->classes[source];
    }
    snprintf(
        classes->digest, sizeof classes->digest, "xxh3-64:%016" PRIx64,
        (uint64_t)XXH3_64bits(classes->of_image, nimages * sizeof *classes->of_image));
    return 0;
}

int amkd_image_classes_load(amkd_image_classes *classes, const char *const *paths,
                            size_t npaths, const amkd_header *header,
                            const uint32_t *sources, size_t nthreads)
{
    origins o = {0};
    uint64_t nimages;
    *classes = (amkd_image_classes){0};
    int rc = amkd_images_refs_rows(&nimages, header) || list_origins(&o, header) ? -1 : 0;
    for (size_t p = 0; !rc && p < npaths; p++)
        rc = add_stream(&o, &classes->n, paths[p], nthreads);
    if (!rc)
        rc = class_images(classes, &o, nimages, sources);
    free(o.sets);
    free(o.classes);
    if (rc)
        amkd_image_classes_clear(classes);
    return rc;
}

void amkd_image_classes_clear(amkd_image_classes *classes)
{
    free(classes->of_image);
    *classes = (amkd_image_classes){0};
}
