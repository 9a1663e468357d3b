/* Pairs are checked where they come in, so that whoever scores them need not. */
#include "steps/select/pair_source.h"
#include "base/error.h"
#include <inttypes.h>
#include <string.h>

static int is_candidate(const amkd_pair_source *source, amkd_pair pair)
{
    return pair.j < source->nimages &&
           (source->single ? pair.i == pair.j : pair.i < pair.j);
}

static int check_pairs(const amkd_pair_source *source, const amkd_pair *pairs, size_t n)
{
    for (size_t p = 0; p < n; p++)
        if (!is_candidate(source, pairs[p]))
            return amkd_fail("'%s': row %" PRIu64 ": pair (%" PRIu32 ", %" PRIu32
                             "), expected %s, of 0 to %" PRIu64,
                             amkd_reader_name(source->reader),
                             amkd_reader_row(source->reader) - n + p, pairs[p].i,
                             pairs[p].j,
                             source->single ? "one image twice"
                                            : "two images, the first below the second",
                             source->nimages - 1);
    return 0;
}

static int read_stream(amkd_pair_source *source, amkd_pair *pairs, size_t *n, size_t most)
{
    while (*n < most) {
        amkd_pair *fresh = pairs + *n;
        const ssize_t nread = amkd_reader_read(source->reader, fresh, most - *n);
        if (nread <= 0)
            return nread ? -1 : 0;
        if (check_pairs(source, fresh, (size_t)nread))
            return -1;
        const size_t nnew = amkd_asked_drop(source->asked, fresh, (size_t)nread);
        size_t left = nnew;
        if (source->thinning.noise)
            left = amkd_thinning_drop(&source->thinning, fresh, nnew);
        source->nread += (uint64_t)nread;
        source->nskipped += (uint64_t)nread - nnew;
        source->nthinned += nnew - left;
        amkd_progress_add(source->progress, (uint64_t)nread - left);
        *n += left;
    }
    return 0;
}

int amkd_pair_source_read(amkd_pair_source *source, amkd_pair *pairs, size_t *n,
                          size_t most)
{
    *n = 0;
    if (source->reader)
        return read_stream(source, pairs, n, most);
    const size_t left = source->npairs - (size_t)source->nread;
    *n = left < most ? left : most;
    memcpy(pairs, source->pairs + source->nread, *n * sizeof *pairs);
    source->nread += *n;
    return 0;
}
