/* Pair numbers to pairs and back into a stream, in constant memory: the pool of a few
 * thousand images already has millions of pairs. */
#include "steps/pool.h"
#include "base/error.h"
#include "base/progress.h"
#include "data/images.h"
#include "stream/stream.h"
#include <inttypes.h>

enum { POOL_STREAM = 0x706f6f6c, BATCH = 4096 };

int amkd_pool_init(amkd_pool *pool, uint64_t nfirst, uint64_t nsecond, uint64_t ndraw,
                   uint64_t seed)
{
    const uint64_t most = (uint64_t)1 << 32;
    if (nfirst > most || nsecond > most - nfirst)
        return amkd_fail("%" PRIu64 " and %" PRIu64 " images are more than 2^32", nfirst,
                         nsecond);
    if (nsecond)
        pool->ntotal = nfirst * nsecond;
    else if (nfirst)
        pool->ntotal = nfirst % 2 ? (nfirst - 1) / 2 * nfirst : nfirst / 2 * (nfirst - 1);
    else
        pool->ntotal = 0;
    if (pool->ntotal == 0)
        return amkd_fail("%" PRIu64 " images make no pair, expected 2 or more", nfirst);
    if (ndraw > pool->ntotal)
        return amkd_fail("cannot draw %" PRIu64 " pairs: there are %" PRIu64, ndraw,
                         pool->ntotal);
    pool->nfirst = nfirst;
    pool->nsecond = nsecond;
    pool->nrows = ndraw ? ndraw : pool->ntotal;
    pool->drawn = ndraw != 0;
    amkd_permutation_init(&pool->permutation, pool->ntotal, seed, POOL_STREAM);
    return 0;
}

/* The number of the pair (i, i + 1) of n images, i < n: i (2n - i - 1) / 2. The product
 * is at most n (n - 1) and so below 2^64 for n up to 2^32. */
static uint64_t number_of_row(uint64_t n, uint64_t i)
{
    return i * (2 * n - i - 1) / 2;
}

/* Integers and a search instead of a square root: exact for every n. */
static amkd_pair pair_of_number(const amkd_pool *pool, uint64_t number)
{
    if (pool->nsecond)
        return (amkd_pair){(uint32_t)(number / pool->nsecond),
                           (uint32_t)(pool->nfirst + number % pool->nsecond)};
    uint64_t low = 0, high = pool->nfirst - 1; /* row low starts at or below number */
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (number_of_row(pool->nfirst, middle) <= number)
            low = middle;
        else
            high = middle;
    }
    uint64_t j = low + 1 + number - number_of_row(pool->nfirst, low);
    return (amkd_pair){(uint32_t)low, (uint32_t)j};
}

static amkd_pair next_pair(const amkd_pool *pool, amkd_pair pair)
{
    uint64_t end = pool->nfirst + pool->nsecond;
    if (pair.j + (uint64_t)1 < end)
        return (amkd_pair){pair.i, pair.j + 1};
    uint64_t first_j = pool->nsecond ? pool->nfirst : pair.i + (uint64_t)2;
    return (amkd_pair){pair.i + 1, (uint32_t)first_j};
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

/* The images are loaded for their number and digest alone, and dropped before the pairs
 * are written. */
static int refer_to_images(amkd_header *header, uint64_t *nfirst, uint64_t *nsecond,
                           const amkd_pool_options *options)
{
    amkd_images *images = NULL, *second = NULL;
    int rc = amkd_images_load(&images, options->images, options->nthreads);
    if (rc == 0)
        *nfirst = images->n;
    if (rc == 0 && options->second) {
        rc = amkd_images_load(&second, options->second, options->nthreads);
        if (rc == 0) {
            *nsecond = second->n;
            rc = amkd_images_append(images, second);
        }
    }
    if (rc == 0)
        rc = amkd_images_put_refs(header, images);
    amkd_images_free(images);
    amkd_images_free(second);
    return rc;
}

static int put_rows(amkd_header *header, const amkd_pool *pool, uint64_t nrows,
                    const amkd_pool_options *options)
{
    if (amkd_header_put(header, "rows", json_integer((json_int_t)nrows)) ||
        amkd_header_put(header, "pool", json_integer((json_int_t)pool->nrows)))
        return -1;
    if (options->nshards &&
        amkd_header_put(header, "shard",
                        json_pack("{s:I, s:I}", "index", (json_int_t)options->shard,
                                  "count", (json_int_t)options->nshards)))
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
    uint64_t nfirst = 0, nsecond = 0, first = 0, nrows = 0;
    int rc = amkd_pairs_header(&header);
    if (rc == 0)
        rc = refer_to_images(&header, &nfirst, &nsecond, options);
    if (rc == 0)
        rc = amkd_pool_init(pool, nfirst, nsecond, options->ndraw, options->seed);
    if (rc == 0) {
        nrows = pool->nrows;
        if (options->nshards)
            amkd_pool_shard(&first, &nrows, pool, options->shard, options->nshards);
        rc = put_rows(&header, pool, nrows, options);
    }
    if (rc == 0)
        rc = write_rows(pool, &header, first, nrows, options);
    amkd_header_clear(&header);
    return rc;
}
