/* Streams into memory; or of a stream too large for that the labels, sources and places
 * of the rows. */
#include "data/images_load.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/room.h"
#include "data/images_far.h"
#include "data/images_header.h"
#include "data/images_views.h"
#include "stream/keys.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct loading {
    amkd_images *images;
    amkd_reader *reader;
    const char *path; /* NULL where the stream does not come from a file of its own */
    amkd_images_layout layout;
    uint64_t nbytes; /* of the file */
} loading;

/* Shape and classes of an images stream. */
static int read_header(loading *l, const amkd_header *header)
{
    amkd_images *images = l->images;
    const amkd_images_layout *layout = &l->layout;
    if (amkd_images_layout_read(&l->layout, header))
        return -1;
    images->height = layout->pixels->shape[0];
    images->width = layout->pixels->shape[1];
    images->channels = layout->pixels->shape[2];
    images->nclasses = layout->nclasses;
    images->class_names = json_incref(layout->class_names);
    return 0;
}

/* labels [n] below nclasses. */
static int check_labels(const amkd_images *images)
{
    for (size_t r = 0; images->labels && r < images->n; r++)
        if (images->labels[r] < 0 || (size_t)images->labels[r] >= images->nclasses)
            return amkd_fail("row %zu: label %d is outside 0..%zu", r, images->labels[r],
                             images->nclasses - 1);
    return 0;
}

static int check_number(const loading *l)
{
    const char *name = amkd_reader_name(l->reader);
    if (!l->images->n)
        return amkd_fail("'%s': holds no images", name);
    if (l->images->n > UINT32_MAX)
        return amkd_fail("'%s': %zu images are more than a stream can number", name,
                         l->images->n);
    l->images->nsources = l->images->n;
    return 0;
}

/* ------------------------------------------------------------------ into memory -- */

static int take_labels(amkd_images *images, const uint8_t *rows, const amkd_field *label,
                       size_t row_nbytes)
{
    images->labels = amkd_alloc(images->n, sizeof *images->labels);
    if (!images->labels)
        return -1;
    for (size_t r = 0; r < images->n; r++)
        memcpy(&images->labels[r], rows + r * row_nbytes + label->offset,
               sizeof *images->labels);
    return check_labels(images);
}

/* The block of rows becomes the block of pixels, closed up in place. */
static int take_rows(loading *l, void *rows)
{
    amkd_images *images = l->images;
    const size_t row_nbytes = amkd_reader_header(l->reader)->row_nbytes,
                 npixels = l->layout.pixels->nitems;
    images->pixels = rows;
    if (check_number(l))
        return -1;
    if ((l->layout.label && take_labels(images, rows, l->layout.label, row_nbytes)) ||
        amkd_images_take_sources(images, &l->layout, rows, row_nbytes))
        return amkd_fail_in("'%s'", amkd_reader_name(l->reader));
    if (row_nbytes == npixels)
        return 0;
    for (size_t r = 0; r < images->n; r++)
        memmove(images->pixels + r * npixels,
                images->pixels + r * row_nbytes + l->layout.pixels->offset, npixels);
    void *shrunk = amkd_realloc(images->pixels, images->n, npixels);
    if (!shrunk)
        return -1;
    images->pixels = shrunk;
    return 0;
}

/* Reads all rows, or stops behind most of them: returns 1 where there are more. Memory
 * grows with what arrives. */
static int read_most(void **rows, size_t *n, amkd_reader *reader, uint64_t most)
{
    const size_t row_nbytes = amkd_reader_header(reader)->row_nbytes;
    size_t room = 0;
    ssize_t got = 1;
    *rows = NULL;
    *n = 0;
    while (got > 0 && *n <= most) {
        if (*n == room) {
            room = room ? 2 * room : (1 << 16) / row_nbytes + 1;
            void *grown = amkd_realloc(*rows, room, row_nbytes);
            if (!grown)
                return -1;
            *rows = grown;
        }
        got = amkd_reader_read(reader, (uint8_t *)*rows + *n * row_nbytes, room - *n);
        *n += got > 0 ? (size_t)got : 0;
    }
    return got < 0 ? -1 : *n > most;
}

/* Returns 1 where there are more than most rows. */
static int read_resident(loading *l, uint64_t most)
{
    void *rows;
    const int rc = read_most(&rows, &l->images->n, l->reader, most);
    if (rc) {
        free(rows);
        return rc;
    }
    return take_rows(l, rows) || amkd_images_digest(l->images->refs->digest, l->images)
               ? -1
               : 0;
}

/* -------------------------------------------------------------- as a far set -- */

/* Reads all rows once, for their places and checks and for the digest. */
static int make_index(amkd_index *index, const loading *l)
{
    const amkd_header *header = amkd_reader_header(l->reader);
    uint8_t *row = amkd_alloc(header->row_nbytes, 1);
    int rc = row ? amkd_index_begin(index, header) : -1;
    ssize_t n = 1;
    while (!rc && n > 0) {
        const uint64_t at = amkd_reader_tell(l->reader);
        n = amkd_reader_read(l->reader, row, 1);
        if (n > 0) {
            rc = amkd_index_add(index, row, 1);
            if (!rc)
                index->at[index->n - 1] = at;
        }
    }
    free(row);
    if (rc || n < 0)
        return -1;
    amkd_index_end(index);
    index->nbytes = l->nbytes;
    return 0;
}

/* Whether some rows are what the index says of them: the first, the last, others between.
 * Any other is looked at when it is read. */
static int is_true(amkd_far *far, size_t n, size_t npixels)
{
    enum { NPROBES = 8 };
    amkd_far_reader *reader = NULL;
    uint8_t *pixels = amkd_alloc(npixels, 1);
    int rc = pixels ? amkd_far_borrow(&reader, far) : -1;
    for (size_t p = 0; !rc && p < NPROBES; p++)
        rc = amkd_far_read(pixels, reader, far, (n - 1) * p / (NPROBES - 1));
    amkd_far_return(far, reader);
    free(pixels);
    return !rc;
}

/* What the index has becomes the set. */
static int take_index(loading *l, amkd_index *index)
{
    amkd_images *images = l->images;
    const char *name = amkd_reader_name(l->reader);
    images->n = index->n;
    images->labels = index->labels;
    images->sources = index->sources;
    index->labels = NULL;
    index->sources = NULL;
    strcpy(images->refs->digest, index->digest);
    images->parts = amkd_alloc(1, sizeof *images->parts);
    if (!images->parts || check_number(l) ||
        amkd_far_new(&images->parts->far, amkd_reader_fd(l->reader), name, index))
        return -1;
    images->parts->n = images->n;
    images->nparts = 1;
    images->nthreads = amkd_reader_nthreads(l->reader);
    if (check_labels(images) || amkd_images_check_sources(images, &l->layout))
        return amkd_fail_in("'%s'", name);
    return 0;
}

/* The set as it would be without what take_index took. */
static void drop_index(amkd_images *images)
{
    if (images->nparts)
        amkd_far_free(images->parts->far);
    free(images->parts);
    free(images->labels);
    free(images->sources);
    images->parts = NULL;
    images->nparts = 0;
    images->labels = NULL;
    images->sources = NULL;
}

/* By the index beside the file. Returns 0, or 1 where there is none that is right. */
static int read_indexed(loading *l)
{
    amkd_index index;
    if (amkd_index_read(&index, l->path, amkd_reader_header(l->reader), l->nbytes))
        return 1;
    const int rc = take_index(l, &index);
    amkd_index_clear(&index);
    if (!rc && is_true(l->images->parts->far, l->images->n, l->layout.pixels->nitems))
        return 0;
    drop_index(l->images);
    return 1;
}

/* By a new index, which is written beside the file for the next time. */
static int read_unindexed(loading *l)
{
    amkd_index index = {0};
    int rc = make_index(&index, l);
    if (!rc) {
        /* Where it cannot be written it is made again the next time. */
        if (index.n)
            (void)amkd_index_write(&index, l->path);
        rc = take_index(l, &index);
    }
    amkd_index_clear(&index);
    return rc;
}

/* ------------------------------------------------------------------------ both -- */

/* Whether the stream comes from a file that rows can be read from again. */
static int has_file(loading *l)
{
    struct stat status;
    if (!l->path || !strcmp(l->path, "-") || fstat(amkd_reader_fd(l->reader), &status) ||
        !S_ISREG(status.st_mode))
        return 0;
    l->nbytes = (uint64_t)status.st_size;
    return 1;
}

/* How many rows a file has, by its header or its index; UINT64_MAX: neither says. */
static uint64_t known_rows(const loading *l)
{
    amkd_index index;
    const amkd_header *header = amkd_reader_header(l->reader);
    const uint64_t promised = amkd_header_rows(header);
    if (promised != UINT64_MAX)
        return promised;
    if (amkd_index_read(&index, l->path, header, l->nbytes))
        return UINT64_MAX;
    const uint64_t n = index.n;
    amkd_index_clear(&index);
    return n;
}

static int set_ref(amkd_images *images, const char *path)
{
    amkd_images_ref *ref = images->refs;
    ref->rows = images->n;
    if (path && strcmp(path, "-") && !(ref->path = amkd_strdup(path)))
        return -1;
    if (!images->sources) {
        ref->source_rows = ref->rows;
        strcpy(ref->source_digest, ref->digest);
    }
    return 0;
}

/* What has more than room unpacked bytes and can be read from a file becomes a far set.
 * Returns 1 where that is seen only once room bytes were read. */
static int read_images(loading *l, uint64_t room)
{
    if (read_header(l, amkd_reader_header(l->reader)))
        return amkd_fail_in("'%s'", amkd_reader_name(l->reader));
    const uint64_t most = room / l->layout.pixels->nitems;
    const uint64_t n = has_file(l) ? known_rows(l) : 0;
    if (n <= most || (n == UINT64_MAX && most))
        return read_resident(l, n == UINT64_MAX ? most : UINT64_MAX);
    const int rc = read_indexed(l);
    return rc > 0 ? read_unindexed(l) : rc;
}

static int read_again(amkd_images **out, amkd_reader *reader, const char *path)
{
    amkd_reader *again;
    if (amkd_reader_open(&again, path, "images", amkd_reader_nthreads(reader)))
        return -1;
    const int rc = amkd_images_read_within(out, again, path, 0);
    amkd_reader_close(again);
    return rc;
}

int amkd_images_read_within(amkd_images **out, amkd_reader *reader, const char *path,
                            uint64_t room)
{
    loading l = {.reader = reader, .path = path};
    amkd_images *images = l.images = amkd_alloc(1, sizeof *images);
    int rc = images && (images->refs = amkd_alloc(1, sizeof *images->refs)) ? 0 : -1;
    if (!rc) {
        images->nrefs = 1;
        rc = read_images(&l, room);
    }
    if (!rc)
        rc = set_ref(images, path);
    if (rc) {
        amkd_images_free(images);
        return rc > 0 ? read_again(out, reader, path) : -1;
    }
    images->provenance = json_incref(amkd_header_provenance(amkd_reader_header(reader)));
    *out = images;
    return 0;
}

int amkd_images_read(amkd_images **out, amkd_reader *reader, const char *path)
{
    uint64_t room;
    return amkd_room(&room) ? -1 : amkd_images_read_within(out, reader, path, room);
}

int amkd_images_load_within(amkd_images **out, const char *path, size_t nthreads,
                            uint64_t room)
{
    amkd_reader *reader;
    if (amkd_reader_open(&reader, path, "images", nthreads))
        return -1;
    const int rc = amkd_images_read_within(out, reader, path, room);
    amkd_reader_close(reader);
    return rc;
}

int amkd_images_load(amkd_images **out, const char *path, size_t nthreads)
{
    uint64_t room;
    return amkd_room(&room) ? -1 : amkd_images_load_within(out, path, nthreads, room);
}
