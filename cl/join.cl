/* Branches brought together, with the activation behind them: their sum, two at a time,
 *
 *     y = act(a + b)
 *
 * or their channels, one branch at a time, which has n of them behind the before that
 * other branches have:
 *
 *     y[before + c] = act(x[c]),     dx[c] = dy[before + c]
 *
 * Activations lie as in common.cl. Grid: that of first_value, of all channels for the sum,
 * of n for a branch. */

/* first_value of a branch's n channels, where they lie behind before of all. */
static inline size_t first_among(const uint nchannels, const uint before,
                                 const uint nplaces)
{
    return first_value(nchannels, nplaces) + (size_t)before * nplaces * VECTORS;
}

/* y may be a. */
kernel void join_sum(global const vec *a, global const vec *restrict b, global vec *y,
                     const int last, const uint nchannels, const uint nplaces)
{
    const size_t first = first_value(nchannels, nplaces);
    for (uint k = 0; k < RUN(nplaces); k++) {
        const size_t at = first + k * VECTORS;
        const vec sum = a[at] + b[at];
        y[at] = last ? act_forward(sum) : sum;
    }
}

kernel void join_concat(global const vec *restrict x, global vec *restrict y,
                        const uint before, const uint n, const uint nchannels,
                        const uint nplaces)
{
    const size_t from = first_value(n, nplaces),
                 to = first_among(nchannels, before, nplaces);
    for (uint k = 0; k < RUN(nplaces); k++)
        y[to + k * VECTORS] = act_forward(x[from + k * VECTORS]);
}

kernel void join_take(global const vec *restrict dy, global vec *restrict dx,
                      const uint before, const uint n, const int add,
                      const uint nchannels, const uint nplaces)
{
    const size_t from = first_among(nchannels, before, nplaces),
                 to = first_value(n, nplaces);
    for (uint k = 0; k < RUN(nplaces); k++) {
        const vec d = dy[from + k * VECTORS];
        dx[to + k * VECTORS] = add ? dx[to + k * VECTORS] + d : d;
    }
}
