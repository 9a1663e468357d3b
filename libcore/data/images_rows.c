/* Rows of a far set are read in the order of their files, by several threads. */
#include "data/images_rows.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/room.h"
#include "data/images_far.h"
#include "data/mix.h"
#include <stdlib.h>
#include <string.h>

/* A slice of the requests is a thread's at a time; more of them than threads, so that
 * none waits long for another at the end. */
enum { SLICES = 4 };

typedef struct request {
    uint32_t row;
    size_t at; /* in out */
} request;

typedef struct gathering {
    uint8_t *out;
    const amkd_images *images;
    request *requests; /* [n], by row */
    size_t n, nslices;
} gathering;

static int by_row(const void *a, const void *b)
{
    const request *p = a, *q = b;
    return (p->row > q->row) - (p->row < q->row);
}

/* The pixels of rows that stand one behind the other in the part, which begins with row
 * first of the set. */
static int read_part(const gathering *g, const amkd_images_part *part, size_t first,
                     const request *requests, size_t n)
{
    const size_t npixels = amkd_images_npixels(g->images);
    amkd_far_reader *reader = NULL;
    int rc = part->far ? amkd_far_borrow(&reader, part->far) : 0;
    for (size_t r = 0; !rc && r < n; r++) {
        uint8_t *to = g->out + requests[r].at * npixels;
        const size_t row = requests[r].row - first;
        if (r && requests[r].row == requests[r - 1].row)
            memcpy(to, g->out + requests[r - 1].at * npixels, npixels);
        else if (part->far)
            rc = amkd_far_read(to, reader, part->far, row);
        else
            memcpy(to, part->pixels + row * npixels, npixels);
    }
    amkd_far_return(part->far, reader);
    return rc;
}

static int gather_slice(void *context, size_t slice)
{
    const gathering *g = context;
    const size_t end = g->n * (slice + 1) / g->nslices;
    size_t at = g->n * slice / g->nslices, first = 0;
    for (const amkd_images_part *part = g->images->parts; at < end; part++) {
        size_t n = 0;
        while (at + n < end && g->requests[at + n].row < first + part->n)
            n++;
        if (n && read_part(g, part, first, g->requests + at, n))
            return -1;
        at += n;
        first += part->n;
    }
    return 0;
}

static int gather_far(uint8_t *out, const amkd_images *images, const uint32_t *rows,
                      size_t n)
{
    gathering g = {out, images, amkd_alloc(n, sizeof *g.requests), n, 1};
    if (!g.requests)
        return -1;
    for (size_t r = 0; r < n; r++)
        g.requests[r] = (request){rows[r], r};
    qsort(g.requests, n, sizeof *g.requests, by_row);
    if (images->nthreads > 1)
        g.nslices = n < SLICES * images->nthreads ? n : SLICES * images->nthreads;
    const int rc = n ? amkd_parallel(g.nslices, images->nthreads, gather_slice, &g) : 0;
    free(g.requests);
    return rc;
}

int amkd_images_gather(uint8_t *out, const amkd_images *images, const uint32_t *rows,
                       size_t n)
{
    const size_t npixels = amkd_images_npixels(images);
    for (size_t r = 0; r < n; r++)
        if (rows[r] >= images->n)
            return amkd_fail("image %u of a set of %zu", (unsigned)rows[r], images->n);
    if (!images->pixels)
        return gather_far(out, images, rows, n);
    for (size_t r = 0; r < n; r++)
        memcpy(out + r * npixels, images->pixels + rows[r] * npixels, npixels);
    return 0;
}

const uint8_t *amkd_images_rows(const amkd_images *images, uint8_t *room, size_t first,
                                size_t n)
{
    if (images->pixels)
        return images->pixels + first * amkd_images_npixels(images);
    uint32_t *rows = amkd_alloc(n, sizeof *rows);
    for (size_t r = 0; rows && r < n; r++)
        rows[r] = (uint32_t)(first + r);
    const int rc = rows ? amkd_images_gather(room, images, rows, n) : -1;
    free(rows);
    return rc ? NULL : room;
}

int amkd_images_walk_on(amkd_images_walk *walk)
{
    const amkd_images *images = walk->images;
    const size_t most = walk->most ? walk->most : images->n;
    const size_t chunk = images->pixels ? most : amkd_images_chunk(images, most);
    walk->first += walk->n;
    const size_t left = images->n - walk->first;
    walk->n = left < chunk ? left : chunk;
    if (!walk->n)
        return 0;
    if (!images->pixels && !walk->room &&
        !(walk->room = amkd_alloc(chunk, amkd_images_npixels(images))))
        return -1;
    walk->pixels = amkd_images_rows(images, walk->room, walk->first, walk->n);
    return walk->pixels ? 1 : -1;
}

void amkd_images_walk_end(amkd_images_walk *walk)
{
    free(walk->room);
    walk->room = NULL;
}

/* As many keys as their images lie in sources, [2 n] of them. */
static int mix_far(uint8_t *out, uint8_t *sources, uint32_t *rows,
                   const amkd_images *images, const amkd_label_key *keys, size_t n)
{
    const size_t npixels = amkd_images_npixels(images);
    int mixed = 0;
    for (size_t r = 0; r < n; r++) {
        rows[r] = keys[r].i;
        rows[n + r] = keys[r].j;
        mixed |= keys[r].i != keys[r].j;
    }
    if (!mixed)
        return amkd_images_gather(out, images, rows, n);
    if (amkd_images_gather(sources, images, rows, 2 * n))
        return -1;
    for (size_t r = 0; r < n; r++)
        amkd_mix_u8(out + r * npixels, sources + r * npixels, sources + (n + r) * npixels,
                    amkd_mix_weight(keys[r].lambda), npixels);
    return 0;
}

int amkd_images_mix(uint8_t *out, const amkd_images *images, const amkd_label_key *keys,
                    size_t n)
{
    const size_t npixels = amkd_images_npixels(images);
    if (images->pixels) {
        for (size_t r = 0; r < n; r++)
            amkd_mix_u8(out + r * npixels, images->pixels + keys[r].i * npixels,
                        images->pixels + keys[r].j * npixels,
                        amkd_mix_weight(keys[r].lambda), npixels);
        return 0;
    }
    const size_t most = amkd_room_chunk(2 * npixels), chunk = n < most ? n : most;
    uint8_t *sources = amkd_alloc(2 * chunk, npixels);
    uint32_t *rows = amkd_alloc(2 * chunk, sizeof *rows);
    int rc = sources && rows ? 0 : -1;
    for (size_t done = 0; !rc && done < n; done += chunk)
        rc = mix_far(out + done * npixels, sources, rows, images, keys + done,
                     n - done < chunk ? n - done : chunk);
    free(sources);
    free(rows);
    return rc;
}

size_t amkd_images_chunk(const amkd_images *images, size_t most)
{
    enum { LANES = 64 };
    size_t n = amkd_room_chunk(amkd_images_npixels(images)) / LANES * LANES;
    if (!n)
        n = LANES;
    return n < most ? n : most;
}
