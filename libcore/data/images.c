/* Image sets in memory: made, loaded, joined, saved. References to them are in
 * images_refs.c, views in images_views.c. */
#include "data/images.h"
#include "base/error.h"
#include "base/memory.h"
#include "stream/stream.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

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

int amkd_images_gather(uint8_t *out, const amkd_images *images, const uint32_t *rows,
                       size_t n)
{
    const size_t npixels = amkd_images_npixels(images);
    for (size_t r = 0; r < n; r++) {
        if (rows[r] >= images->n)
            return amkd_fail("image %u of a set of %zu", (unsigned)rows[r], images->n);
        memcpy(out + r * npixels, images->pixels + rows[r] * npixels, npixels);
    }
    return 0;
}

void amkd_images_free(amkd_images *images)
{
    if (!images)
        return;
    for (size_t i = 0; i < images->nrefs; i++)
        free(images->refs[i].path);
    free(images->refs);
    free(images->pixels);
    free(images->labels);
    free(images->sources);
    json_decref(images->class_names);
    json_decref(images->provenance);
    free(images);
}

int amkd_images_digest(char digest[48], const amkd_images *images)
{
    uint64_t shape[3] = {images->height, images->width, images->channels};
    uint8_t bytes[24];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(shape[i / 8] >> i % 8 * 8);
    XXH3_state_t *state = XXH3_createState();
    if (!state)
        return amkd_fail("out of memory");
    XXH3_128bits_reset(state);
    XXH3_128bits_update(state, bytes, sizeof bytes);
    XXH3_128bits_update(state, images->pixels, images->n * amkd_images_npixels(images));
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state));
    XXH3_freeState(state);
    strcpy(digest, "xxh3-128:");
    for (size_t i = 0; i < sizeof canonical.digest; i++) {
        static const char hex[] = "0123456789abcdef";
        digest[9 + 2 * i] = hex[canonical.digest[i] >> 4];
        digest[10 + 2 * i] = hex[canonical.digest[i] & 15];
    }
    digest[41] = 0;
    return 0;
}

int amkd_images_header(amkd_header *header, size_t height, size_t width, size_t channels,
                       size_t nclasses, json_t *class_names)
{
    size_t shape[3] = {height, width, channels};
    if (amkd_header_init(header, "images"))
        return -1;
    if (amkd_header_add(header, "pixels", "|u1", shape, 3) ||
        (nclasses && amkd_header_add(header, "label", "<i4", NULL, 0))) {
        amkd_header_clear(header);
        return -1;
    }
    if ((nclasses && json_object_set_new(header->more, "nclasses",
                                         json_integer((json_int_t)nclasses))) ||
        (class_names && json_object_set(header->more, "class_names", class_names))) {
        amkd_header_clear(header);
        return amkd_fail("out of memory");
    }
    return 0;
}

/* Takes nclasses and the class names from the header, checking them. */
static int read_classes(amkd_images *images, const amkd_header *header)
{
    const json_t *nclasses = json_object_get(header->more, "nclasses");
    if (!json_is_integer(nclasses) || json_integer_value(nclasses) < 1 ||
        json_integer_value(nclasses) > INT32_MAX)
        return amkd_fail("labeled images need \"nclasses\", a positive integer, in the "
                         "header");
    images->nclasses = (size_t)json_integer_value(nclasses);
    json_t *names = json_object_get(header->more, "class_names"), *name;
    if (!names)
        return 0;
    if (!json_is_array(names) || json_array_size(names) != images->nclasses)
        return amkd_fail("\"class_names\" is not an array of %zu strings",
                         images->nclasses);
    size_t i;
    json_array_foreach (names, i, name) {
        if (!json_is_string(name))
            return amkd_fail("\"class_names\" is not an array of %zu strings",
                             images->nclasses);
    }
    images->class_names = json_incref(names);
    return 0;
}

/* Shape and classes of an images stream; *label is NULL when it has none. */
static int read_header(amkd_images *images, const amkd_field **pixels,
                       const amkd_field **label, const amkd_header *header)
{
    if (amkd_header_expect(pixels, header, "pixels", "|u1", 3))
        return -1;
    images->height = (*pixels)->shape[0];
    images->width = (*pixels)->shape[1];
    images->channels = (*pixels)->shape[2];
    if (!(*pixels)->nitems)
        return amkd_fail("images of %zux%zux%zu are empty", images->height, images->width,
                         images->channels);
    *label = NULL;
    if (!amkd_header_field(header, "label"))
        return 0;
    if (amkd_header_expect(label, header, "label", "<i4", 0))
        return -1;
    if ((*label)->ndim)
        return amkd_fail("field \"label\" has %zu dimensions, not 0", (*label)->ndim);
    return read_classes(images, header);
}

static int take_labels(amkd_images *images, const uint8_t *rows, const amkd_field *label,
                       size_t row_nbytes)
{
    images->labels = amkd_alloc(images->n, sizeof *images->labels);
    if (!images->labels)
        return -1;
    for (size_t r = 0; r < images->n; r++) {
        int32_t value;
        memcpy(&value, rows + r * row_nbytes + label->offset, sizeof value);
        if (value < 0 || (size_t)value >= images->nclasses)
            return amkd_fail("row %zu: label %d is outside 0..%zu", r, value,
                             images->nclasses - 1);
        images->labels[r] = value;
    }
    return 0;
}

/* Reads all rows; the block of rows becomes the block of pixels, closed up in place. */
static int read_rows(amkd_images *images, amkd_reader *reader, const amkd_field *pixels,
                     const amkd_field *label)
{
    size_t row_nbytes = amkd_reader_header(reader)->row_nbytes;
    void *rows = NULL;
    if (amkd_reader_read_all(reader, &rows, &images->n))
        return -1;
    images->pixels = rows;
    if (!images->n)
        return amkd_fail("'%s': holds no images", amkd_reader_name(reader));
    if (images->n > UINT32_MAX)
        return amkd_fail("'%s': %zu images are more than a stream can number",
                         amkd_reader_name(reader), images->n);
    images->nsources = images->n;
    if ((label && take_labels(images, rows, label, row_nbytes)) ||
        amkd_images_take_sources(images, amkd_reader_header(reader), rows))
        return amkd_fail_in("'%s'", amkd_reader_name(reader));
    if (row_nbytes == pixels->nitems)
        return 0;
    for (size_t r = 0; r < images->n; r++)
        memmove(images->pixels + r * pixels->nitems,
                images->pixels + r * row_nbytes + pixels->offset, pixels->nitems);
    void *shrunk = amkd_realloc(images->pixels, images->n, pixels->nitems);
    if (!shrunk)
        return -1;
    images->pixels = shrunk;
    return 0;
}

static int set_ref(amkd_images *images, const char *path)
{
    amkd_images_ref *ref = images->refs;
    ref->rows = images->n;
    if (path && strcmp(path, "-") && !(ref->path = amkd_strdup(path)))
        return -1;
    if (amkd_images_digest(ref->digest, images))
        return -1;
    if (!images->sources) {
        ref->source_rows = ref->rows;
        strcpy(ref->source_digest, ref->digest);
    }
    return 0;
}

int amkd_images_read(amkd_images **out, amkd_reader *reader, const char *path)
{
    const amkd_field *pixels, *label;
    amkd_images *images = amkd_alloc(1, sizeof *images);
    int failed = !images || !(images->refs = amkd_alloc(1, sizeof *images->refs));
    if (!failed)
        images->nrefs = 1;
    if (!failed && read_header(images, &pixels, &label, amkd_reader_header(reader)))
        failed = amkd_fail_in("'%s'", amkd_reader_name(reader));
    if (!failed)
        failed = read_rows(images, reader, pixels, label) || set_ref(images, path);
    if (failed) {
        amkd_images_free(images);
        return -1;
    }
    images->provenance =
        json_incref(json_object_get(amkd_reader_header(reader)->more, "provenance"));
    *out = images;
    return 0;
}

int amkd_images_load(amkd_images **out, const char *path, size_t nthreads)
{
    amkd_reader *reader;
    if (amkd_reader_open(&reader, path, "images", nthreads))
        return -1;
    const int rc = amkd_images_read(out, reader, path);
    amkd_reader_close(reader);
    return rc;
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

int amkd_images_append(amkd_images *a, const amkd_images *b)
{
    if (a->height != b->height || a->width != b->width || a->channels != b->channels)
        return amkd_fail("image sets of %zux%zux%zu and %zux%zux%zu do not go together",
                         a->height, a->width, a->channels, b->height, b->width,
                         b->channels);
    if (a->n + b->n > UINT32_MAX)
        return amkd_fail("%zu images are more than a stream can number", a->n + b->n);
    size_t npixels = amkd_images_npixels(a);
    uint8_t *pixels = amkd_realloc(a->pixels, a->n + b->n, npixels);
    if (!pixels)
        return -1;
    a->pixels = pixels;
    if (append_refs(a, b) || amkd_images_append_sources(a, b) || append_labels(a, b) ||
        append_provenance(a, b))
        return -1;
    memcpy(pixels + a->n * npixels, b->pixels, b->n * npixels);
    a->n += b->n;
    return 0;
}

/* Rows go out in chunks of about a megabyte, label and source behind pixels. */
int amkd_images_write(amkd_writer *writer, const amkd_images *images)
{
    const size_t npixels = amkd_images_npixels(images), one = sizeof(uint32_t);
    if (!images->labels && !images->sources)
        return amkd_writer_write(writer, images->pixels, images->n);
    const size_t row_nbytes =
        npixels + (images->labels ? one : 0) + (images->sources ? one : 0);
    const size_t nchunk = 1 + (1 << 20) / row_nbytes;
    uint8_t *rows = amkd_alloc(nchunk, row_nbytes);
    int failed = !rows;
    for (size_t done = 0; !failed && done < images->n;) {
        const size_t n = images->n - done < nchunk ? images->n - done : nchunk;
        for (size_t r = done; r < done + n; r++) {
            uint8_t *row = rows + (r - done) * row_nbytes;
            memcpy(row, images->pixels + r * npixels, npixels);
            if (images->labels)
                memcpy(row + npixels, &images->labels[r], one);
            if (images->sources)
                memcpy(row + row_nbytes - one, &images->sources[r], one);
        }
        failed = amkd_writer_write(writer, rows, n);
        done += n;
    }
    free(rows);
    return failed ? -1 : 0;
}

int amkd_images_save(const amkd_images *images, const char *path, amkd_header *header,
                     size_t nthreads)
{
    amkd_writer *writer;
    if (json_object_set_new(header->more, "rows", json_integer((json_int_t)images->n)))
        return amkd_fail("out of memory");
    if (amkd_writer_open(&writer, path, header, nthreads))
        return -1;
    if (amkd_images_write(writer, images)) {
        amkd_writer_discard(writer);
        return -1;
    }
    return amkd_writer_close(writer);
}
