/* Rows go out in chunks of about a megabyte, label and source behind pixels; of a large
 * set an index is kept on the way. */
#include "data/images_writer.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/room.h"
#include "data/images_index.h"
#include "stream/keys.h"
#include "stream/preamble.h"
#include "stream/stream.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CHUNK_NBYTES = 1 << 20 };

struct amkd_images_writer {
    amkd_writer *writer;
    amkd_header header;
    char *path;    /* of a file that may get an index; NULL: none is kept */
    uint64_t most; /* rows of a set that needs none */
    amkd_places places;
    amkd_index index;
};

static void free_writer(amkd_images_writer *w)
{
    amkd_places_clear(&w->places);
    amkd_index_clear(&w->index);
    amkd_header_clear(&w->header);
    free(w->path);
    free(w);
}

/* Whether the set may become a large one, in a file that has a name to put an index by.
 */
static int needs_index(const amkd_images_writer *w, const char *path)
{
    struct stat status;
    return path && strcmp(path, "-") != 0 && amkd_header_rows(&w->header) > w->most &&
           (stat(path, &status) || S_ISREG(status.st_mode));
}

static int open_writer(amkd_images_writer *w, const char *path, size_t nthreads)
{
    uint64_t room;
    const amkd_field *pixels = amkd_header_field(&w->header, "pixels");
    if (amkd_room(&room))
        return -1;
    w->most = room / pixels->nitems;
    if (!needs_index(w, path))
        return amkd_writer_open(&w->writer, path, &w->header, nthreads);
    w->path = amkd_strdup(path);
    return w->path && !amkd_index_begin(&w->index, &w->header)
               ? amkd_writer_open_noting(&w->writer, path, &w->header, nthreads,
                                         &w->places)
               : -1;
}

int amkd_images_writer_open(amkd_images_writer **out, const char *path,
                            const amkd_header *header, size_t nthreads)
{
    amkd_images_writer *w = amkd_alloc(1, sizeof *w);
    if (!w)
        return -1;
    if (amkd_header_copy(&w->header, header) || open_writer(w, path, nthreads)) {
        free_writer(w);
        return -1;
    }
    *out = w;
    return 0;
}

static int write_rows(amkd_images_writer *w, const uint8_t *rows, size_t n)
{
    return (w->path && amkd_index_add(&w->index, rows, n)) ||
                   amkd_writer_write(w->writer, rows, n)
               ? -1
               : 0;
}

int amkd_images_writer_write(amkd_images_writer *w, const amkd_images *images)
{
    const size_t npixels = amkd_images_npixels(images), one = sizeof(uint32_t);
    if (!images->labels && !images->sources)
        return write_rows(w, images->pixels, images->n);
    const size_t row_nbytes =
        npixels + (images->labels ? one : 0) + (images->sources ? one : 0);
    const size_t nchunk = 1 + CHUNK_NBYTES / row_nbytes;
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
        failed = write_rows(w, rows, n);
        done += n;
    }
    free(rows);
    return failed ? -1 : 0;
}

static void write_index(amkd_images_writer *w)
{
    amkd_index_end(&w->index);
    w->index.nbytes = w->places.nbytes;
    for (size_t r = 0; r < w->index.n; r++)
        w->index.at[r] = amkd_places_find(&w->places, r);
    /* Where it cannot be written whoever reads the file makes it. */
    (void)amkd_index_write(&w->index, w->path);
}

int amkd_images_writer_close(amkd_images_writer *w)
{
    const int rc = amkd_writer_close(w->writer);
    if (!rc && w->path && w->index.n > w->most)
        write_index(w);
    free_writer(w);
    return rc;
}

void amkd_images_writer_discard(amkd_images_writer *w)
{
    if (!w)
        return;
    amkd_writer_discard(w->writer);
    free_writer(w);
}

int amkd_images_save(const amkd_images *images, const char *path, amkd_header *header,
                     size_t nthreads)
{
    amkd_images_writer *writer;
    if (amkd_header_put_rows(header, images->n) ||
        amkd_images_writer_open(&writer, path, header, nthreads))
        return -1;
    if (amkd_images_writer_write(writer, images)) {
        amkd_images_writer_discard(writer);
        return -1;
    }
    return amkd_images_writer_close(writer);
}
