/* A sorted array of the digests of one set, and the other's looked up in it as they come.
 */
#include "steps/select/among.h"
#include "base/error.h"
#include "base/memory.h"
#include "stream/stream.h"
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { CHUNK_NBYTES = 1 << 20 };

typedef struct entry {
    XXH128_hash_t digest;
    uint64_t n; /* images that have it, of those that are not found yet */
} entry;

typedef struct set {
    size_t shape[3]; /* of the images; zeros before any are known */
    entry *entries;  /* [n], with room for more */
    size_t n, room;
    amkd_among among;
} set;

static int compare(const void *a, const void *b)
{
    return XXH128_cmp(&((const entry *)a)->digest, &((const entry *)b)->digest);
}

static int add(set *images, XXH128_hash_t digest)
{
    if (images->n == images->room) {
        const size_t room = images->room ? 2 * images->room : 4096;
        entry *entries = amkd_realloc(images->entries, room, sizeof *entries);
        if (!entries)
            return -1;
        images->entries = entries;
        images->room = room;
    }
    images->entries[images->n++] = (entry){digest, 1};
    images->among.n++;
    return 0;
}

/* Sorts the entries and joins those that are equal. */
static void sort(set *images)
{
    size_t n = 0;
    if (images->n)
        qsort(images->entries, images->n, sizeof *images->entries, compare);
    for (size_t i = 0; i < images->n; i++) {
        if (n && !compare(&images->entries[n - 1], &images->entries[i]))
            images->entries[n - 1].n++;
        else
            images->entries[n++] = images->entries[i];
    }
    images->n = n;
    images->among.ndistinct = n;
}

static int look_up(set *images, XXH128_hash_t digest)
{
    const entry key = {.digest = digest};
    entry *found =
        images->n ? bsearch(&key, images->entries, images->n, sizeof key, compare) : NULL;
    if (found) {
        images->among.nfound += found->n;
        found->n = 0;
    }
    return 0;
}

typedef int take(set *images, XXH128_hash_t digest);

static int take_rows(set *images, const amkd_field *pixels, amkd_reader *reader,
                     take *each)
{
    const size_t nbytes = amkd_reader_header(reader)->row_nbytes;
    const size_t max_rows = 1 + CHUNK_NBYTES / nbytes;
    uint8_t *rows = amkd_alloc(max_rows, nbytes);
    ssize_t n = rows ? 1 : -1;
    int rc = 0;
    while (!rc && n > 0) {
        n = amkd_reader_read(reader, rows, max_rows);
        for (ssize_t r = 0; !rc && r < n; r++)
            rc = each(images, XXH3_128bits(rows + (size_t)r * nbytes + pixels->offset,
                                           pixels->nitems));
    }
    free(rows);
    return rc || n < 0 ? -1 : 0;
}

/* Fails unless the images are of the set's shape, which is theirs if it has none. */
static int expect_shape(set *images, const amkd_field *pixels)
{
    size_t *shape = images->shape;
    if (!shape[0])
        memcpy(shape, pixels->shape, sizeof images->shape);
    if (!memcmp(shape, pixels->shape, sizeof images->shape))
        return 0;
    return amkd_fail("images of %zux%zux%zu, expected %zux%zux%zu", pixels->shape[0],
                     pixels->shape[1], pixels->shape[2], shape[0], shape[1], shape[2]);
}

static int take_stream(set *images, const char *path, size_t nthreads, take *each)
{
    const amkd_field *pixels;
    amkd_reader *reader;
    if (amkd_reader_open(&reader, path, "images", nthreads))
        return -1;
    int rc =
        amkd_header_expect(&pixels, amkd_reader_header(reader), "pixels", "|u1", 3) ||
                expect_shape(images, pixels)
            ? amkd_fail_in("'%s'", amkd_reader_name(reader))
            : take_rows(images, pixels, reader, each);
    amkd_reader_close(reader);
    return rc;
}

int amkd_among_count(amkd_among *among, const char *path, const char *other,
                     size_t nthreads)
{
    set images = {0};
    int rc = take_stream(&images, path, nthreads, add);
    sort(&images);
    if (!rc)
        rc = take_stream(&images, other, nthreads, look_up);
    *among = images.among;
    free(images.entries);
    return rc;
}
