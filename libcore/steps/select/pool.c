/* Pair numbers to pairs and back into a stream, in constant memory: the pool of a few
 * thousand images already has millions of pairs. */
#include "steps/select/pool.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/progress.h"
#include "data/images_load.h"
#include "data/images_refs.h"
#include "net/known.h"
#include "stream/keys.h"
#include "stream/stream.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { POOL_STREAM = 0x706f6f6c, BATCH = 4096 };

/* The second image of i's first pair, and one past that of the last, when sources do not
 * matter. */
static uint64_t first_j(const amkd_pool *pool, uint64_t i)
{
    return pool->nsecond ? pool->nfirst : i + 1;
}

static uint64_t end_j(const amkd_pool *pool)
{
    return pool->nfirst + pool->nsecond;
}

static int count_pairs(amkd_pool *pool)
{
    const uint64_t most = (uint64_t)1 << 32, n = pool->nfirst;
    if (n > most || pool->nsecond > most - n)
        return amkd_fail("%" PRIu64 " and %" PRIu64 " images are more than 2^32", n,
                         pool->nsecond);
    if (pool->nsecond)
        pool->ntotal = n * pool->nsecond;
    else if (n)
        pool->ntotal = n % 2 ? (n - 1) / 2 * n : n / 2 * (n - 1);
    if (pool->ntotal == 0)
        return amkd_fail("%" PRIu64 " images make no pair, expected 2 or more", n);
    return 0;
}

/* Walks the images from the last to the first, so that what was seen of a source is what
 * lies behind. */
static int link_sources(amkd_pool *pool, const uint32_t *sources, uint64_t nsources)
{
    const uint64_t n = end_j(pool);
    uint64_t *last = amkd_alloc(nsources, sizeof *last);
    uint64_t *nseen = amkd_alloc(nsources, sizeof *nseen);
    pool->sources = amkd_alloc(n, sizeof *pool->sources);
    pool->next_same = amkd_alloc(n, sizeof *pool->next_same);
    pool->nbefore = amkd_alloc(pool->nfirst + 1, sizeof *pool->nbefore);
    if (!last || !nseen || !pool->sources || !pool->next_same || !pool->nbefore) {
        free(last);
        free(nseen);
        return -1;
    }
    memcpy(pool->sources, sources, n * sizeof *sources);
    for (uint64_t i = n; i-- > 0;) {
        const uint32_t source = sources[i];
        pool->next_same[i] = nseen[source] ? last[source] : n;
        if (i < pool->nfirst)
            pool->nbefore[i + 1] = n - first_j(pool, i) - nseen[source];
        if (pool->nsecond && i < pool->nfirst)
            continue;
        last[source] = i;
        nseen[source]++;
    }
    for (uint64_t i = 0; i < pool->nfirst; i++)
        pool->nbefore[i + 1] += pool->nbefore[i];
    pool->ntotal = pool->nbefore[pool->nfirst];
    free(last);
    free(nseen);
    if (!pool->ntotal)
        return amkd_fail("all images are views of one and the same: they make no pair of "
                         "different images");
    return 0;
}

static int choose_rows(amkd_pool *pool, uint64_t ndraw, uint64_t seed)
{
    if (ndraw > pool->ntotal)
        return amkd_fail("cannot draw %" PRIu64 " %s: there are %" PRIu64 "%s", ndraw,
                         pool->single ? "images" : "pairs", pool->ntotal,
                         pool->sources ? " of different images" : "");
    pool->nrows = ndraw ? ndraw : pool->ntotal;
    pool->drawn = ndraw != 0;
    amkd_permutation_init(&pool->permutation, pool->ntotal, seed, POOL_STREAM);
    return 0;
}

int amkd_pool_init(amkd_pool *pool, uint64_t nfirst, uint64_t nsecond,
                   const uint32_t *sources, uint64_t nsources, uint64_t ndraw,
                   uint64_t seed)
{
    *pool = (amkd_pool){.nfirst = nfirst, .nsecond = nsecond};
    int rc = count_pairs(pool);
    if (!rc && sources)
        rc = link_sources(pool, sources, nsources);
    if (!rc)
        rc = choose_rows(pool, ndraw, seed);
    if (rc)
        amkd_pool_clear(pool);
    return rc;
}

int amkd_pool_init_single(amkd_pool *pool, uint64_t nimages, uint64_t ndraw,
                          uint64_t seed)
{
    if (nimages == 0 || nimages > (uint64_t)1 << 32)
        return amkd_fail("%" PRIu64 " images, expected 1 to 2^32", nimages);
    *pool = (amkd_pool){.nfirst = nimages, .ntotal = nimages, .single = 1};
    return choose_rows(pool, ndraw, seed);
}

void amkd_pool_clear(amkd_pool *pool)
{
    free(pool->sources);
    free(pool->next_same);
    free(pool->nbefore);
    pool->sources = NULL;
    pool->next_same = pool->nbefore = NULL;
}

/* How many pairs come before image i's own, as the first of two. Of one set this is the
 * number of (i, i + 1): i (2n - i - 1) / 2; the product is at most n (n - 1) and so below
 * 2^64 for n up to 2^32. */
static uint64_t nbefore(const amkd_pool *pool, uint64_t i)
{
    if (pool->nbefore)
        return pool->nbefore[i];
    if (pool->nsecond)
        return i * pool->nsecond;
    return i * (2 * pool->nfirst - i - 1) / 2;
}

/* Integers and a search instead of a square root: exact for every n. Where i's pairs of
 * one source are left out, j goes on by one for each of these that it comes to. */
static amkd_pair pair_of_number(const amkd_pool *pool, uint64_t number)
{
    if (pool->single)
        return (amkd_pair){(uint32_t)number, (uint32_t)number};
    uint64_t low = 0,
             high = pool->nfirst; /* image low's pairs start at or below number */
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (nbefore(pool, middle) <= number)
            low = middle;
        else
            high = middle;
    }
    uint64_t j = first_j(pool, low) + number - nbefore(pool, low);
    if (pool->sources)
        for (uint64_t same = pool->next_same[low]; same <= j;
             same = pool->next_same[same])
            j++;
    return (amkd_pair){(uint32_t)low, (uint32_t)j};
}

static amkd_pair next_pair(const amkd_pool *pool, amkd_pair pair)
{
    if (pool->single)
        return (amkd_pair){pair.i + 1, pair.j + 1};
    const uint64_t end = end_j(pool);
    uint64_t i = pair.i, j = pair.j + (uint64_t)1;
    for (;;) {
        if (j == end)
            j = first_j(pool, ++i);
        else if (pool->sources && pool->sources[i] == pool->sources[j])
            j++;
        else
            return (amkd_pair){(uint32_t)i, (uint32_t)j};
    }
}

void amkd_pool_rows(const amkd_pool *pool, amkd_pair *pairs, uint64_t first, size_t n)
{
    if (n && !pool->drawn)
        pairs[0] = pair_of_number(pool, first);
    for (size_t r = 0; r < n; r++)
        if (pool->drawn)
            pairs[r] = pair_of_number(pool, amkd_permute(&pool->permutation, first + r));
        else if (r)
            pairs[r] = next_pair(pool, pairs[r - 1]);
}

void amkd_pool_shard(uint64_t *first, uint64_t *n, const amkd_pool *pool, uint64_t index,
                     uint64_t count)
{
    uint64_t each = pool->nrows / count, left = pool->nrows % count;
    *first = each * index + (index < left ? index : left);
    *n = each + (index < left);
}

/* The images are loaded for their number, digest and sources alone; the pixels are
 * dropped before the pairs are written. */
static int load_images(amkd_pool *pool, amkd_header *header,
                       const amkd_pool_options *options)
{
    amkd_images *images = NULL, *second = NULL;
    size_t nfirst = 0;
    int rc = amkd_images_load(&images, options->images, options->nthreads);
    if (rc == 0) {
        nfirst = images->n;
        if (options->second)
            rc = amkd_images_load(&second, options->second, options->nthreads) ||
                 amkd_images_append(images, second);
    }
    if (rc == 0)
        rc = amkd_images_put_refs(header, images);
    if (rc == 0)
        rc = options->single
                 ? amkd_pool_init_single(pool, images->n, options->ndraw, options->seed)
                 : amkd_pool_init(pool, nfirst, images->n - nfirst, images->sources,
                                  images->nsources, options->ndraw, options->seed);
    amkd_images_free(images);
    amkd_images_free(second);
    return rc;
}

static int put_rows(amkd_header *header, const amkd_pool *pool, uint64_t nrows,
                    const amkd_pool_options *options)
{
    if (amkd_header_put_rows(header, nrows) ||
        amkd_header_put_pool(header, pool->nrows, pool->single) ||
        (options->nshards &&
         amkd_header_put_shard(header, options->shard, options->nshards)))
        return -1;
    return amkd_header_add_provenance(header, "amkd-pool", options->command, NULL);
}

static int write_rows(const amkd_pool *pool, const amkd_header *header, uint64_t first,
                      uint64_t nrows, const amkd_pool_options *options)
{
    amkd_writer *writer = NULL;
    if (amkd_writer_open(&writer, options->output, header, options->nthreads))
        return -1;
    amkd_progress *progress =
        amkd_progress_new("amkd-pool", "pairs", nrows, options->quiet);
    amkd_pair pairs[BATCH];
    int rc = 0;
    for (uint64_t done = 0; rc == 0 && done < nrows;) {
        size_t n = nrows - done < BATCH ? (size_t)(nrows - done) : BATCH;
        amkd_pool_rows(pool, pairs, first + done, n);
        rc = amkd_writer_write(writer, pairs, n);
        amkd_progress_add(progress, n);
        done += n;
    }
    amkd_progress_free(progress);
    if (rc) {
        amkd_writer_discard(writer);
        return rc;
    }
    return amkd_writer_close(writer);
}

int amkd_pool_write(amkd_pool *pool, const amkd_pool_options *options)
{
    amkd_header header = {0};
    *pool = (amkd_pool){0};
    int rc = amkd_pairs_header(&header);
    if (rc == 0)
        rc = load_images(pool, &header, options);
    if (rc == 0) {
        uint64_t first = 0, nrows = pool->nrows;
        if (options->nshards)
            amkd_pool_shard(&first, &nrows, pool, options->shard, options->nshards);
        rc = put_rows(&header, pool, nrows, options);
        if (rc == 0)
            rc = write_rows(pool, &header, first, nrows, options);
    }
    amkd_pool_clear(pool);
    amkd_header_clear(&header);
    return rc;
}

int amkd_pool_check(const amkd_pool_options *options)
{
    amkd_known first, second = {0};
    amkd_pool pool = {0};
    if (amkd_known_read(&first, options->images, "images") ||
        (options->second && (amkd_known_read(&second, options->second, "images") ||
                             amkd_known_join(&first, &second, options->second))))
        return -1;
    if (!first.nrows || (options->second && !second.nrows))
        return 0;
    int rc = 0;
    if (options->single)
        rc = amkd_pool_init_single(&pool, first.nrows + second.nrows, options->ndraw, 0);
    else if (!first.is_views && !second.is_views)
        rc = amkd_pool_init(&pool, first.nrows, second.nrows, NULL, 0, options->ndraw, 0);
    amkd_pool_clear(&pool);
    return rc;
}
