/* Branches brought together, with the activation behind them: their sum, two at a time,
 *
 *     y = act(a + b)
 *
 * or their channels, one branch at a time, which has n of them behind the before that
 * other branches have:
 *
 *     y[before + c] = act(x[c]),     dx[c] = dy[before + c]
 *
 * Activations lie as in common.cl. Grid: (VECTORS, channels * OH * OW / PLANE, blocks), of
 * OC channels or n. */

#ifndef OC
#define OC 4
#define OH 2
#define OW 2
#endif

/* Places of a channel that a work-item does: all, or one where items run in lockstep. */
#if VW == 1
#define PLANE 1
#else
#define PLANE (OH * OW)
#endif

/* Where a work-item's first value is among those of nchannels channels a block, when its
 * own begin behind so many. */
static inline size_t first_of(const uint nchannels, const uint before)
{
    return ((get_global_id(2) * nchannels + before) * (OH * OW) +
            get_global_id(1) * PLANE) *
               VECTORS +
           get_global_id(0);
}

/* y may be a. */
kernel void join_sum(global const vec *a, global const vec *restrict b, global vec *y,
                     const int last)
{
    const size_t first = first_of(OC, 0);
    for (int k = 0; k < PLANE; k++) {
        const size_t at = first + k * VECTORS;
        const vec sum = a[at] + b[at];
        y[at] = last ? act_forward(sum) : sum;
    }
}

kernel void join_concat(global const vec *restrict x, global vec *restrict y,
                        const uint before, const uint n)
{
    const size_t from = first_of(n, 0), to = first_of(OC, before);
    for (int k = 0; k < PLANE; k++)
        y[to + k * VECTORS] = act_forward(x[from + k * VECTORS]);
}

kernel void join_take(global const vec *restrict dy, global vec *restrict dx,
                      const uint before, const uint n, const int add)
{
    const size_t from = first_of(OC, before), to = first_of(n, 0);
    for (int k = 0; k < PLANE; k++) {
        const vec d = dy[from + k * VECTORS];
        dx[to + k * VECTORS] = add ? dx[to + k * VECTORS] + d : d;
    }
}
