/* Merging shards: what belongs together is told by the headers, so that a shard that is
 * missing, given twice or made in another way is found before anything is written. */
#include "steps/select/merge.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/open_files.h"
#include "base/progress.h"
#include "data/check.h"
#include "data/images_refs.h"
#include "steps/select/lowest.h"
#include "stream/keys.h"
#include "stream/rows.h"
#include "stream/stream.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 4096, OTHER_FILES = 16 /* open beside the shards */ };

typedef struct merge {
    const amkd_merge_options *options;
    amkd_reader **readers; /* [npaths], in the order of the shards once these are known */
    size_t nreaders;
    amkd_header header; /* of the result */
    uint64_t k;         /* 0: keep all */
    uint64_t max_per_image;
    amkd_noise noise; /* that the shards were ranked by */
    uint64_t nimages;
    uint32_t
        *sources; /* with max_per_image: of the images; NULL where they are no views */
    size_t nsources;
    amkd_writer *writer;
    amkd_progress *progress;
    amkd_merge_counts *counts;
} merge;

/* ------------------------------------------------------------ what belongs together --
 */

static int may_differ(const char *key)
{
    return strcmp(key, "shard") == 0 || strcmp(key, "rows") == 0 ||
           strcmp(key, "images") == 0;
}

/* Whether all keys of a stand in b with the same value. */
static int agrees(const amkd_reader *a, const amkd_reader *b)
{
    const char *key;
    json_t *value;
    json_object_foreach (amkd_reader_header(a)->more, key, value) {
        if (!may_differ(key) &&
            !json_equal(value, json_object_get(amkd_reader_header(b)->more, key)))
            return amkd_fail(
                "'%s' and '%s' differ in their header's \"%s\": these are not "
                "shards of one pool, scored in one way",
                amkd_reader_name(a), amkd_reader_name(b), key);
    }
    return 0;
}

/* The place of a shard, 0 where the header says no shard. */
static int shard_of(uint64_t *index, uint64_t *count, const amkd_reader *reader)
{
    return amkd_header_shard(index, count, amkd_reader_header(reader))
               ? amkd_fail_in("'%s'", amkd_reader_name(reader))
               : 0;
}

/* Puts the readers in the order of their shards; every shard must be there once. */
static int order_shards(merge *m)
{
    uint64_t index, count, first_count;
    if (shard_of(&index, &first_count, m->readers[0]))
        return -1;
    size_t places = first_count ? m->nreaders : 0;
    amkd_reader **ordered = amkd_alloc(m->nreaders, sizeof *ordered);
    if (!ordered)
        return -1;
    int rc = 0;
    for (size_t r = 0; r < m->nreaders && rc == 0; r++) {
        const char *name = amkd_reader_name(m->readers[r]);
        rc = shard_of(&index, &count, m->readers[r]);
        if (rc == 0 && !count != !first_count)
            rc = amkd_fail("'%s' and '%s': one is a shard, the other a whole pool",
                           amkd_reader_name(m->readers[0]), name);
        else if (rc == 0 && count != first_count)
            rc = amkd_fail("'%s' is of a pool in %" PRIu64
                           " shards, '%s' of one in %" PRIu64,
                           amkd_reader_name(m->readers[0]), first_count, name, count);
        else if (rc == 0 && places && count != m->nreaders)
            rc = amkd_fail("'%s' is shard %" PRIu64 " of %" PRIu64 ", %zu were given",
                           name, index, count, m->nreaders);
        else if (rc == 0 && places && ordered[index])
            rc = amkd_fail("'%s' and '%s' are both shard %" PRIu64,
                           amkd_reader_name(ordered[index]), name, index);
        else if (rc == 0)
            ordered[places ? index : r] = m->readers[r];
    }
    if (rc == 0)
        memcpy(m->readers, ordered, m->nreaders * sizeof *ordered);
    free(ordered);
    return rc;
}

static int choose_k(merge *m)
{
    amkd_picks_limits limits;
    const char *name = amkd_reader_name(m->readers[0]);
    if (amkd_picks_limits_read(&limits, amkd_reader_header(m->readers[0])))
        return amkd_fail_in("'%s'", name);
    const uint64_t kept = limits.k;
    m->max_per_image = limits.max_per_image;
    if (kept && m->options->k > kept)
        return amkd_fail("cannot keep %" PRIu64 " picks: only the %" PRIu64
                         " lowest were kept of '%s'",
                         m->options->k, kept, name);
    m->k = m->options->k ? m->options->k : kept;
    return 0;
}

/* How often an image was picked is counted over all its views. */
static int load_sources(merge *m)
{
    const amkd_merge_options *options = m->options;
    const amkd_reader *first = m->readers[0];
    return amkd_images_load_sources(&m->sources, &m->nsources, amkd_reader_header(first),
                                    amkd_reader_name(first), options->images,
                                    options->nimages, options->nthreads);
}

/* All shards are open at once, and there may be thousands. */
static int allow_files(size_t nshards)
{
    uint64_t limit;
    const uint64_t wanted = (uint64_t)nshards + OTHER_FILES;
    if (amkd_open_files_raise(&limit, wanted))
        return -1;
    return limit >= wanted
               ? 0
               : amkd_fail("%zu shards need %" PRIu64 " open files, the limit is %" PRIu64
                           " (ulimit -n)",
                           nshards, wanted, limit);
}

static int open_readers(merge *m)
{
    const amkd_merge_options *options = m->options;
    if (allow_files(options->npaths))
        return -1;
    m->readers = amkd_alloc(options->npaths, sizeof *m->readers);
    if (!m->readers)
        return -1;
    for (size_t p = 0; p < options->npaths; p++, m->nreaders++)
        if (amkd_reader_open(&m->readers[p], options->paths[p], "picks", 0))
            return -1;
    for (size_t r = 0; r < m->nreaders; r++) {
        const amkd_header *header = amkd_reader_header(m->readers[r]);
        if (amkd_picks_check(header))
            return amkd_fail_in("'%s'", amkd_reader_name(m->readers[r]));
        if (amkd_picks_are_diverse(header))
            return amkd_fail("'%s': the picks were chosen to be diverse, they are not "
                             "the lowest of their pool",
                             amkd_reader_name(m->readers[r]));
        if (amkd_images_same_refs(amkd_reader_header(m->readers[0]), header))
            return amkd_fail_in("'%s' and '%s'", amkd_reader_name(m->readers[0]),
                                amkd_reader_name(m->readers[r]));
        if (agrees(m->readers[0], m->readers[r]) || agrees(m->readers[r], m->readers[0]))
            return -1;
    }
    if (order_shards(m) || choose_k(m))
        return -1;
    if (amkd_images_refs_rows(&m->nimages, amkd_reader_header(m->readers[0])))
        return amkd_fail_in("'%s'", amkd_reader_name(m->readers[0]));
    if (amkd_noise_get(&m->noise, amkd_reader_header(m->readers[0])))
        return amkd_fail_in("'%s'", amkd_reader_name(m->readers[0]));
    return m->k && m->max_per_image ? load_sources(m) : 0;
}

/* ----------------------------------------------------------------------- the result --
 */

/* "rows" is put only where the shards had it, because then the whole would have it. */
static int make_header(merge *m, const uint64_t *nrows)
{
    const amkd_header *first = amkd_reader_header(m->readers[0]);
    if (amkd_header_copy(&m->header, first))
        return -1;
    const amkd_picks_limits limits = {.k = m->k};
    amkd_header_join_shards(&m->header);
    if (nrows && amkd_header_rows(first) != UINT64_MAX &&
        amkd_header_put_rows(&m->header, *nrows))
        return -1;
    return amkd_picks_put_limits(&m->header, &limits);
}

static int open_writer(merge *m, const uint64_t *nrows)
{
    if (make_header(m, nrows))
        return -1;
    return amkd_writer_open(&m->writer, m->options->output, &m->header,
                            m->options->nthreads);
}

/* Hands every pick of every shard to take, in batches. */
static int for_each_batch(merge *m,
                          int (*take)(void *to, const amkd_pick *picks, size_t n),
                          void *to)
{
    amkd_pick picks[BATCH];
    for (size_t r = 0; r < m->nreaders; r++) {
        amkd_reader *reader = m->readers[r];
        amkd_check check;
        ssize_t n;
        if (amkd_check_init(&check, amkd_reader_header(reader)))
            return amkd_fail_in("'%s'", amkd_reader_name(reader));
        while ((n = amkd_reader_read(reader, picks, BATCH)) > 0) {
            if (amkd_check_rows(&check, picks, (size_t)n,
                                amkd_reader_row(reader) - (uint64_t)n))
                return amkd_fail_in("'%s'", amkd_reader_name(reader));
            if (take(to, picks, (size_t)n))
                return -1;
            amkd_progress_add(m->progress, (uint64_t)n);
            m->counts->read += (uint64_t)n;
        }
        if (n < 0)
            return -1;
    }
    return 0;
}

static int offer(void *lowest, const amkd_pick *picks, size_t n)
{
    return amkd_lowest_offer(lowest, picks, n);
}

static int merge_lowest(merge *m)
{
    amkd_lowest *lowest = NULL;
    const amkd_pick *picks;
    size_t n = 0;
    int rc = amkd_lowest_new(&lowest, m->k, m->max_per_image, m->nimages);
    if (rc == 0)
        amkd_lowest_noise(lowest, &m->noise);
    if (rc == 0)
        rc = amkd_lowest_sources(lowest, m->sources, m->nsources);
    if (rc == 0)
        rc = for_each_batch(m, offer, lowest);
    if (rc == 0)
        rc = amkd_lowest_finish(lowest, &picks, &n);
    if (rc == 0 && n < m->k)
        rc = amkd_fail("only %zu picks for -k %" PRIu64, n, m->k);
    if (rc == 0)
        rc = open_writer(m, &(uint64_t){n});
    if (rc == 0)
        rc = amkd_writer_write(m->writer, picks, n);
    m->counts->kept = n;
    amkd_lowest_free(lowest);
    return rc;
}

static int put(void *writer, const amkd_pick *picks, size_t n)
{
    return amkd_writer_write(writer, picks, n);
}

static int merge_all(merge *m)
{
    uint64_t total = 0;
    for (size_t r = 0; r < m->nreaders; r++) {
        const uint64_t nrows = amkd_header_rows(amkd_reader_header(m->readers[r]));
        total += nrows == UINT64_MAX ? 0 : nrows;
    }
    if (open_writer(m, &total))
        return -1;
    int rc = for_each_batch(m, put, m->writer);
    m->counts->kept = m->counts->read;
    return rc;
}

int amkd_merge_write(amkd_merge_counts *counts, const amkd_merge_options *options)
{
    merge m = {.options = options, .counts = counts};
    *counts = (amkd_merge_counts){0};
    int rc = open_readers(&m);
    if (rc == 0) {
        m.progress = amkd_progress_new("amkd-merge", "picks", 0, options->quiet);
        rc = m.k ? merge_lowest(&m) : merge_all(&m);
        amkd_progress_free(m.progress);
    }
    for (size_t r = 0; r < m.nreaders; r++)
        amkd_reader_close(m.readers[r]);
    free(m.readers);
    free(m.sources);
    amkd_header_clear(&m.header);
    if (rc) {
        amkd_writer_discard(m.writer);
        return -1;
    }
    return amkd_writer_close(m.writer);
}
