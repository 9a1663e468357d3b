/* Streams of images and of labels read by other programs. */
#include "stream/stream.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/check.h"
#include "data/images_header.h"
#include "data/images_refs.h"
#include "public/amkd.h"
#include "public/library_internal.h"
#include "stream/keys.h"
#include "stream/rows.h"
#include <stdlib.h>
#include <string.h>

enum { CHUNK_NBYTES = 1 << 16 }; /* of rows that are read at a time, where one is less */

struct amkd_stream {
    amkd_reader *reader;
    const amkd_header *header; /* the reader's */
    amkd_check check;
    amkd_images_layout layout; /* of images */
    int is_images;
    size_t shape[3]; /* height, width, channels */
    json_t *names;   /* the header's, or NULL */
    size_t nchunk;   /* rows that there is room for */
    uint8_t *rows;   /* [nchunk][header->row_nbytes] */
};

static int read_header(amkd_stream *s)
{
    const amkd_header *header = s->header = amkd_reader_header(s->reader);
    s->is_images = !strcmp(header->kind, "images");
    if (!s->is_images && strcmp(header->kind, "labels") != 0)
        return amkd_fail("holds %s, expected images or labels", header->kind);
    if (amkd_check_init(&s->check, header))
        return -1;
    if (!s->is_images) {
        amkd_images_refs_shape(s->shape, header);
        s->names = amkd_header_class_names(header);
        return 0;
    }
    if (amkd_images_layout_read(&s->layout, header))
        return -1;
    memcpy(s->shape, s->layout.pixels->shape, sizeof s->shape);
    s->names = s->layout.class_names;
    return 0;
}

static int open_stream(amkd_stream *s, const char *path)
{
    if (amkd_reader_open(&s->reader, path, NULL, 0))
        return -1;
    if (read_header(s))
        return amkd_fail_in("'%s'", amkd_reader_name(s->reader));
    s->nchunk = CHUNK_NBYTES / s->header->row_nbytes;
    if (!s->nchunk)
        s->nchunk = 1;
    s->rows = amkd_alloc(s->nchunk, s->header->row_nbytes);
    return s->rows ? 0 : -1;
}

int amkd_stream_open(amkd_stream **out, const char *path)
{
    *out = NULL;
    amkd_library_prepare();
    amkd_stream *s = amkd_alloc(1, sizeof *s);
    if (!s)
        return -1;
    if (open_stream(s, path)) {
        amkd_stream_close(s);
        return -1;
    }
    *out = s;
    return 0;
}

void amkd_stream_close(amkd_stream *s)
{
    if (!s)
        return;
    amkd_reader_close(s->reader);
    free(s->rows);
    free(s);
}

const char *amkd_stream_kind(const amkd_stream *s)
{
    return s->header->kind;
}

void amkd_stream_shape(const amkd_stream *s, size_t *height, size_t *width,
                       size_t *channels)
{
    if (height)
        *height = s->shape[0];
    if (width)
        *width = s->shape[1];
    if (channels)
        *channels = s->shape[2];
}

size_t amkd_stream_nclasses(const amkd_stream *s)
{
    return s->check.nclasses;
}

const char *amkd_stream_class_name(const amkd_stream *s, size_t c)
{
    return c < s->check.nclasses ? amkd_library_name(s->names, c) : NULL;
}

int amkd_stream_image_set(const amkd_stream *s, size_t k, const char **path,
                          uint64_t *nrows)
{
    amkd_images_named named;
    *path = NULL;
    *nrows = 0;
    if (s->is_images || k >= amkd_images_refs_count(s->header))
        return 0;
    if (amkd_images_refs_get(&named, s->header, k))
        return amkd_fail_in("'%s'", amkd_reader_name(s->reader));
    *path = named.path;
    *nrows = named.rows;
    return 1;
}

/* ---------------------------------------------------------------------------- rows -- */

static int expect(const amkd_stream *s, int images)
{
    return s->is_images == images
               ? 0
               : amkd_fail("'%s': holds %s, expected %s", amkd_reader_name(s->reader),
                           s->header->kind, images ? "images" : "labels");
}

/* Reads up to n rows, as many as there is room for, and looks at them. Returns how many.
 */
static ssize_t read_rows(amkd_stream *s, size_t n)
{
    const uint64_t first = amkd_reader_row(s->reader);
    const ssize_t got =
        amkd_reader_read(s->reader, s->rows, n < s->nchunk ? n : s->nchunk);
    if (got > 0 && amkd_check_rows(&s->check, s->rows, (size_t)got, first))
        return amkd_fail_in("'%s'", amkd_reader_name(s->reader));
    return got;
}

/* Where what is asked for goes: of images pixels and labels, of labels the rest. */
typedef struct wanted {
    uint8_t *pixels;
    int32_t *labels;
    uint32_t *i, *j;
    float *lambda, *probs;
} wanted;

typedef void take_row(const amkd_stream *s, const wanted *w, const uint8_t *row,
                      size_t at);

static void take_image(const amkd_stream *s, const wanted *w, const uint8_t *row,
                       size_t at)
{
    const amkd_images_layout *layout = &s->layout;
    const size_t npixels = layout->pixels->nitems;
    memcpy(w->pixels + at * npixels, row + layout->pixels->offset, npixels);
    if (!w->labels)
        return;
    w->labels[at] = -1;
    if (layout->label)
        memcpy(w->labels + at, row + layout->label->offset, sizeof *w->labels);
}

static void take_label(const amkd_stream *s, const wanted *w, const uint8_t *row,
                       size_t at)
{
    const size_t nclasses = s->check.nclasses;
    amkd_label_key key;
    memcpy(&key, row, sizeof key);
    if (w->i)
        w->i[at] = key.i;
    if (w->j)
        w->j[at] = key.j;
    if (w->lambda)
        w->lambda[at] = key.lambda;
    if (w->probs)
        memcpy(w->probs + at * nclasses, row + sizeof key, nclasses * sizeof *w->probs);
}

/* Takes the next n rows, of which fewer are there only at the stream's end. */
static ssize_t take_rows(amkd_stream *s, const wanted *w, take_row *take, size_t n)
{
    size_t done = 0;
    while (done < n) {
        const ssize_t got = read_rows(s, n - done);
        if (got < 0)
            return -1;
        if (!got)
            break;
        for (size_t r = 0; r < (size_t)got; r++, done++)
            take(s, w, s->rows + r * s->header->row_nbytes, done);
    }
    return (ssize_t)done;
}

ssize_t amkd_stream_read_images(amkd_stream *s, uint8_t *pixels, int32_t *labels,
                                size_t n)
{
    const wanted w = {.pixels = pixels, .labels = labels};
    return expect(s, 1) ? -1 : take_rows(s, &w, take_image, n);
}

ssize_t amkd_stream_read_labels(amkd_stream *s, uint32_t *i, uint32_t *j, float *lambda,
                                float *probs, size_t n)
{
    const wanted w = {.i = i, .j = j, .lambda = lambda, .probs = probs};
    return expect(s, 0) ? -1 : take_rows(s, &w, take_label, n);
}
