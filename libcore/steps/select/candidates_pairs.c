/* Pairs as candidates. They are checked where they come in, so that whoever scores them
 * need not. */
#include "base/error.h"
#include "base/memory.h"
#include "data/images_refs.h"
#include "steps/ask/asked.h"
#include "steps/select/candidates.h"
#include "stream/keys.h"
#include "stream/stream.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <xxhash.h>

/* The stream of the seed for the scores of random picks; pairs read at once. */
enum { PAIRS_CHANCE = 0x73636f72, AT_ONCE = 4096 };

typedef struct pair_stream {
    amkd_reader *reader;
    amkd_asked asked;
    amkd_pair pairs[AT_ONCE];
} pair_stream;

/* --------------------------------------------------------------------- a stream -- */

static int is_candidate(const amkd_candidates *c, amkd_pair pair)
{
    return pair.j < c->nimages && (c->single ? pair.i == pair.j : pair.i < pair.j);
}

static int check_pairs(const amkd_candidates *c, const pair_stream *stream, size_t n)
{
    const amkd_pair *pairs = stream->pairs;
    for (size_t p = 0; p < n; p++)
        if (!is_candidate(c, pairs[p]))
            return amkd_fail(
                "'%s': row %" PRIu64 ": pair (%" PRIu32 ", %" PRIu32
                "), expected %s, of 0 to %" PRIu64,
                c->name, amkd_reader_row(stream->reader) - n + p, pairs[p].i, pairs[p].j,
                c->single ? "one image twice" : "two images, the first below the second",
                c->nimages - 1);
    return 0;
}

static void put_pairs(amkd_label_key *keys, const amkd_pair *pairs, size_t n)
{
    for (size_t p = 0; p < n; p++)
        keys[p] = (amkd_label_key){pairs[p].i, pairs[p].j, NAN};
}

/* Up to most rows into stream->pairs; how many, -1 on error. */
static ssize_t read_rows(amkd_candidates *c, uint64_t most)
{
    pair_stream *stream = c->state;
    const ssize_t n =
        amkd_reader_read(stream->reader, stream->pairs, most < AT_ONCE ? most : AT_ONCE);
    if (n > 0 && check_pairs(c, stream, (size_t)n))
        return -1;
    for (ssize_t p = 0; p < n; p++)
        c->digest =
            XXH3_64bits_withSeed(&stream->pairs[p], sizeof *stream->pairs, c->digest);
    c->nread += n > 0 ? (uint64_t)n : 0;
    return n;
}

static int read_stream(amkd_candidates *c, amkd_label_key *keys, size_t *n, size_t most)
{
    pair_stream *stream = c->state;
    for (*n = 0; *n < most;) {
        int mine;
        const uint64_t run = amkd_share_run(&c->share, &mine, c->nread, AT_ONCE);
        if (!run)
            return 0;
        const ssize_t nread = read_rows(c, mine && run > most - *n ? most - *n : run);
        c->ended = nread == 0;
        if (nread <= 0)
            return nread ? -1 : 0;
        const size_t nnew = amkd_asked_drop(&stream->asked, stream->pairs, (size_t)nread);
        if (c->recall && amkd_recall_offer(c->recall, stream->pairs, nnew))
            return -1;
        size_t left = mine ? nnew : 0;
        if (c->thinning.noise && mine)
            left = amkd_thinning_drop(&c->thinning, stream->pairs, nnew);
        c->nasked += (uint64_t)nread - nnew;
        c->nthinned += mine ? nnew - left : 0;
        amkd_progress_add(c->progress, (uint64_t)nread - left);
        put_pairs(keys + *n, stream->pairs, left);
        *n += left;
    }
    return 0;
}

static void close_stream(amkd_candidates *c)
{
    pair_stream *stream = c->state;
    amkd_reader_close(stream->reader);
    amkd_asked_clear(&stream->asked);
    free(stream);
}

/* Whether k picks can come of so many pairs, said before they are scored. A shard may
 * have fewer: the others have the rest. */
static int check_k(const amkd_candidates *c, const amkd_score_options *options)
{
    const uint64_t neach = options->by == AMKD_BY_C1 ? options->nlambdas : 1;
    if (amkd_header_rows(c->header) == UINT64_MAX || c->shard ||
        options->k <= c->n * neach)
        return 0;
    return amkd_fail("cannot pick %" PRIu64 ": the pool has %" PRIu64 " candidates",
                     options->k, c->n * neach);
}

static int check_shard(const amkd_candidates *c, const amkd_score_options *options)
{
    if (options->refine > 0)
        return amkd_fail("'%s': the pairs are a shard, which cannot be refined by itself",
                         c->name);
    if (options->diverse > 0)
        return amkd_fail("'%s': the pairs are a shard, whose lowest are not those of the "
                         "whole pool, which diverse picks are chosen of",
                         c->name);
    return 0;
}

/* A mix of an image with itself is the image, which is written with lambda 1. */
static int check_single(const amkd_candidates *c, const amkd_score_options *options)
{
    if (!options->default_lambdas && (options->nlambdas != 1 || options->lambdas[0] != 1))
        return amkd_fail("'%s': the pool is of single images, whose lambda is 1",
                         c->name);
    if (options->refine > 0)
        return amkd_fail("'%s': the pool is of single images: nothing is to be refined",
                         c->name);
    return 0;
}

static int read_header(amkd_candidates *c, const amkd_score_options *options)
{
    const uint64_t nrows = amkd_header_rows(c->header);
    if (amkd_pairs_check(c->header) || amkd_images_refs_rows(&c->nimages, c->header))
        return amkd_fail_in("'%s'", c->name);
    c->n = nrows == UINT64_MAX ? 0 : nrows;
    c->shard = amkd_header_is_shard(c->header);
    c->single = amkd_header_is_single(c->header);
    return (c->shard && check_shard(c, options)) ||
                   (c->single && check_single(c, options))
               ? -1
               : 0;
}

int amkd_candidates_open_pairs(amkd_candidates *candidates,
                               const amkd_score_options *options)
{
    pair_stream *stream = amkd_alloc(1, sizeof *stream);
    if (!stream)
        return -1;
    *candidates = (amkd_candidates){.state = stream,
                                    .what = "pairs",
                                    .chance = PAIRS_CHANCE,
                                    .read = read_stream,
                                    .pass = read_rows,
                                    .close = close_stream};
    if (amkd_reader_open(&stream->reader, options->pairs, "pairs", options->nthreads))
        return -1;
    candidates->name = amkd_reader_name(stream->reader);
    candidates->header = amkd_reader_header(stream->reader);
    if (read_header(candidates, options) ||
        amkd_asked_load(&stream->asked, options->exclude, options->nexclude,
                        candidates->header, options->nthreads) ||
        check_k(candidates, options))
        return -1;
    const amkd_asked *asked = &stream->asked;
    candidates->excluded = XXH3_64bits(asked->pairs, asked->n * sizeof *asked->pairs);
    return 0;
}

/* -------------------------------------------------------------------- in memory -- */

static int read_memory(amkd_candidates *c, amkd_label_key *keys, size_t *n, size_t most)
{
    const amkd_pair *pairs = c->state;
    for (*n = 0; *n < most && c->nread < c->n;) {
        int mine;
        const uint64_t left = c->n - c->nread;
        uint64_t run = amkd_share_run(&c->share, &mine, c->nread, left);
        if (!run)
            return 0;
        if (mine) {
            run = run < most - *n ? run : most - *n;
            put_pairs(keys + *n, pairs + c->nread, (size_t)run);
            *n += (size_t)run;
        } else {
            amkd_progress_add(c->progress, run);
        }
        c->nread += run;
    }
    c->ended = c->nread == c->n;
    return 0;
}

void amkd_candidates_of_pairs(amkd_candidates *candidates, const amkd_pair *pairs,
                              size_t n)
{
    *candidates = (amkd_candidates){
        .state = (void *)pairs, .what = "pairs", .n = n, .read = read_memory};
}

int amkd_candidates_skip(amkd_candidates *c, uint64_t n)
{
    const uint64_t end = c->nread + n;
    while (c->pass && c->nread < end) {
        const ssize_t npassed = c->pass(c, end - c->nread);
        if (npassed < 0)
            return -1;
        if (npassed == 0)
            break;
    }
    if (!c->pass)
        c->nread = n <= c->n - c->nread ? end : c->n;
    return c->nread == end
               ? 0
               : amkd_fail("there are %" PRIu64 " %s, expected %" PRIu64 " at least",
                           c->nread, c->what, end);
}

void amkd_candidates_close(amkd_candidates *candidates)
{
    if (candidates->close)
        candidates->close(candidates);
    *candidates = (amkd_candidates){0};
}
