/* Gradient of a convolution of every channel by itself by its weights and biases
 * (depthwise.cl): a work-item sums a channel over a slice's blocks, ROWS of the kernel's
 * rows at a time, as many as have their sums in registers. A step is an output.
 *
 * Grid: (OC, slices). */

#ifndef ROWS
#define ROWS K
#endif

/* Adds the products of an output's gradient dy with what ROWS rows of its taps see, from
 * (r, q) on, x the first; before: rows of the kernel above. */
INLINE void add_products(vec sum[ROWS * K], vec *bias, global const vec *dy,
                         global const vec *x, const maps m, const int before, const int r,
                         const int q, const int rows_inside, const int inside)
{
#pragma unroll
    for (int l = 0; l < VECTORS; l++) {
        const vec d = dy[l];
        *bias += d;
#pragma unroll
        for (int a = 0; a < ROWS; a++) {
            if ((K % ROWS && before + a >= K) || (!rows_inside && OUTSIDE(r + a, m.ih)))
                continue;
#pragma unroll
            for (int c = 0; c < K; c++)
                if (inside || !OUTSIDE(q + c, m.iw))
                    sum[a * K + c] =
                        fma(d, x[(a * m.iw + c) * VECTORS + l], sum[a * K + c]);
        }
    }
}

INLINE void weights_steps(vec sum[ROWS * K], vec *bias, global const vec *dy,
                          global const vec *x, const maps m, const int before,
                          const int r, int s, const int end, const int rows_inside,
                          const int inside)
{
    for (; s < end; s++) {
        const int q = s * S - m.px;
        if (before == 0) {
            FETCH(dy + (s + m.ow + LEAD) * VECTORS);
#pragma unroll
            for (int e = 0; e < S * S; e++)
                FETCH(x + (K * m.iw + S * q + e + LEAD) * VECTORS);
        }
        add_products(sum, bias, dy + s * VECTORS, x + q * VECTORS, m, before, r, q,
                     rows_inside, inside);
    }
}

/* Adds what the row dy of outputs gives with ROWS rows from r on, x the first of them. */
INLINE void weights_row(vec sum[ROWS * K], vec *bias, global const vec *dy,
                        global const vec *x, const maps m, const int before, const int r)
{
    const int rows_inside = r >= 0 && r + ROWS <= m.ih;
    const walk steps = {0, m.ow, TILES(m.px, S),
                        min((m.iw + m.px - K + S) / S, m.ow)};
    for (int s = steps.begin; s < steps.end;) {
        const int inner = is_inside(steps, s), end = run_end(steps, s, inner);
        if (inner && rows_inside)
            weights_steps(sum, bias, dy, x, m, before, r, s, end, 1, 1);
        else if (inner)
            weights_steps(sum, bias, dy, x, m, before, r, s, end, 0, 1);
        else
            weights_steps(sum, bias, dy, x, m, before, r, s, end, 0, 0);
        s = end;
    }
}

kernel void depthwise_backward_weights(
    global const vec *restrict x, global const vec *restrict dy,
    global float *restrict gradients, const uint nchannels, const int multiple,
    const int ih, const int iw, const int oh, const int ow, const int py, const int px,
    const uint weights, const uint biases, const int has_bias, const uint nblocks,
    const uint slice_nblocks, const uint ntrained)
{
    const maps m = {multiple, ih, iw, oh, ow, py, px};
    const uint o = get_global_id(0);
    const size_t slice = get_global_id(1);
    const size_t first = slice_start(slice, slice_nblocks, nblocks);
    const size_t end = slice_start(slice + 1, slice_nblocks, nblocks);
    vec sum[TILES(K, ROWS)][ROWS * K], bias[TILES(K, ROWS)]; /* the same in each */
    for (int part = 0; part < TILES(K, ROWS); part++) {
        bias[part] = 0.0f;
        for (int ac = 0; ac < ROWS * K; ac++)
            sum[part][ac] = 0.0f;
    }
    for (size_t block = first; block < end; block++)
        for (int v = 0; v < oh; v++)
            for (int part = 0; part < TILES(K, ROWS); part++) {
                const size_t map = block * nchannels + o;
                const int r = v * S - py + part * ROWS;
                weights_row(sum[part], &bias[part], dy + (map * oh + v) * ow * VECTORS,
                            x + ((ptrdiff_t)(map / multiple * ih) + r) * iw * VECTORS, m,
                            part * ROWS, r);
            }
    gradients += slice * ntrained;
    for (int ac = 0; ac < K * K; ac++)
        gradients[weights + o * (K * K) + ac] =
            sum_vec(sum[ac / (ROWS * K)][ac % (ROWS * K)]);
    if (has_bias)
        gradients[biases + o] = sum_vec(bias[0]);
}
