/* Where the stretches of a step begin and end. */
#include "steps/learn/parts.h"
#include "net/network_room.h"
#include <string.h>

static size_t blocks_of(const amkd_parts *parts, size_t count)
{
    return (count + parts->nlanes - 1) / parts->nlanes;
}

amkd_parts amkd_parts_of(const amkd_device *device, const amkd_train_options *options,
                         size_t batch)
{
    const uint64_t micro = options->micro_batch;
    amkd_parts parts = {.team = options->team,
                        .most = micro && micro < batch ? (size_t)micro : batch,
                        .nlanes = device->nlanes};
    parts.nslices =
        amkd_network_choose_nslices(device, blocks_of(&parts, parts.most), parts.team);
    return parts;
}

size_t amkd_parts_count(const amkd_parts *parts, size_t count)
{
    return (count + parts->most - 1) / parts->most;
}

/* Part n begins behind the samples before. */
static size_t begin_of(size_t part, size_t nparts, size_t count)
{
    return (size_t)((uint64_t)count * part / nparts);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

amkd_member_part amkd_parts_find(const amkd_parts *parts, size_t part, size_t count)
{
    const size_t nparts = amkd_parts_count(parts, count);
    const size_t begin = begin_of(part, nparts, count);
    const size_t n = begin_of(part + 1, nparts, count) - begin;
    const size_t nblocks = blocks_of(parts, n), nslices = parts->nslices;
    const size_t slice = (nblocks + nslices - 1) / nslices;
    const size_t rank = amkd_team_rank(parts->team), size = amkd_team_size(parts->team);
    const size_t first = amkd_first_slice(nslices, rank, size);
    const size_t end = amkd_first_slice(nslices, rank + 1, size);
    const size_t first_block = least(first * slice, nblocks);
    const size_t end_block = least(end * slice, nblocks);
    const size_t from = least(first_block * parts->nlanes, n);
    return (amkd_member_part){.from = begin + from,
                              .count = least(end_block * parts->nlanes, n) - from,
                              .nblocks = end_block - first_block,
                              .share = {.team = parts->team,
                                        .nblocks = nblocks,
                                        .nsamples = n,
                                        .slice_nblocks = slice,
                                        .first_slice = first,
                                        .nslices = end - first,
                                        .first_block = first_block}};
}

void amkd_parts_mark(const amkd_parts *parts, unsigned char *seen, size_t count,
                     int mixed)
{
    const size_t nparts = amkd_parts_count(parts, count);
    memset(seen, 0, count);
    for (size_t p = 0; p < nparts; p++) {
        const amkd_member_part part = amkd_parts_find(parts, p, count);
        memset(seen + part.from, 1, part.count);
        if (mixed && part.count)
            seen[(part.from + part.count) % count] = 1;
    }
}
