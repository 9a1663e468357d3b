/* Gradient of a convolution of every channel by itself by its weights and biases
 * (depthwise.cl): a work-item sums a channel over a slice's blocks, ROWS of the kernel's
 * rows at a time, as many as have their sums in registers. In step s, the columns
 * s S - PX and on meet the outputs s - (T - 1) to s, which it keeps, of their row.
 *
 * Grid: (OC, NSLICES). */

#ifndef ROWS
#define ROWS K
#endif

/* Adds the products of the columns q and on of ROWS rows from r on, x the first of them,
 * with the outputs d; before: rows of the kernel above. */
INLINE void add_products(vec sum[ROWS * K], const vec d[T], global const vec *x,
                         const maps m, const int before, const int r, const int q,
                         const int inside)
{
#pragma unroll
    for (int e = 0; e < S; e++) {
        if (!inside && OUTSIDE(q + e, m.iw))
            continue;
#pragma unroll
        for (int a = 0; a < ROWS; a++) {
            if ((K % ROWS && before + a >= K) || (!inside && OUTSIDE(r + a, m.ih)))
                continue;
            const vec value = x[(a * m.iw + e) * VECTORS];
#pragma unroll
            for (int t = 0; t < T; t++) {
                const int c = e + (T - 1 - t) * S;
                if (c < K)
                    sum[a * K + c] = fma(d[t], value, sum[a * K + c]);
            }
        }
    }
}

INLINE void weights_steps(vec sum[ROWS * K], vec d[T], vec *bias, global const vec *dy,
                          global const vec *x, const maps m, const int before,
                          const int r, int s, const int end, const int inside)
{
    for (; s < end; s++) {
        const int q = s * S - m.px;
#pragma unroll
        for (int t = 0; t < T - 1; t++)
            d[t] = d[t + 1];
        d[T - 1] = inside || s < m.ow ? dy[s * VECTORS] : 0.0f;
        *bias += d[T - 1];
        add_products(sum, d, x + q * VECTORS, m, before, r, q, inside);
    }
}

/* Adds what the row dy of outputs gives with ROWS rows from r on, x the first of them. */
INLINE void weights_row(vec total[K * K], vec *bias, global const vec *dy,
                        global const vec *x, const maps m, const int before, const int r)
{
    const int inside = r >= 0 && r + ROWS <= m.ih && before + ROWS <= K;
    const walk steps = {0, m.ow + T - 1, TILES(m.px, S),
                        inside ? min((m.iw + m.px) / S, m.ow) : 0};
    vec sum[ROWS * K], d[T], row = 0.0f;
#pragma unroll
    for (int ac = 0; ac < ROWS * K; ac++)
        sum[ac] = 0.0f;
#pragma unroll
    for (int t = 0; t < T; t++)
        d[t] = 0.0f;
    for (int s = steps.begin; s < steps.end;) {
        const int inner = is_inside(steps, s), end = run_end(steps, s, inner);
        if (inner)
            weights_steps(sum, d, &row, dy, x, m, before, r, s, end, 1);
        else
            weights_steps(sum, d, &row, dy, x, m, before, r, s, end, 0);
        s = end;
    }
#pragma unroll
    for (int ac = 0; ac < ROWS * K; ac++)
        if (K % ROWS == 0 || before * K + ac < K * K)
            total[before * K + ac] += sum[ac];
    if (before == 0)
        *bias += row;
}

kernel void depthwise_backward_weights(
    global const vec *restrict x, global const vec *restrict dy,
    global float *restrict gradients, const uint nchannels, const int multiple,
    const int ih, const int iw, const int oh, const int ow, const int py, const int px,
    const uint weights, const uint biases, const int has_bias, const uint nblocks,
    const uint nslices, const uint ntrained)
{
    const maps m = {multiple, ih, iw, oh, ow, py, px};
    const uint o = get_global_id(0);
    const size_t slice = get_global_id(1);
    const size_t first = slice * nblocks / nslices, end = (slice + 1) * nblocks / nslices;
    vec total[K * K], bias = 0.0f;
    for (int ac = 0; ac < K * K; ac++)
        total[ac] = 0.0f;
    for (size_t block = first; block < end; block++)
        for (int v = 0; v < oh; v++)
            for (int before = 0; before < K; before += ROWS)
                for (int l = 0; l < VECTORS; l++) {
                    const size_t map = block * nchannels + o;
                    const int r = v * S - py + before;
                    weights_row(
                        total, &bias, dy + (map * oh + v) * ow * VECTORS + l,
                        x + ((ptrdiff_t)(map / multiple * ih) + r) * iw * VECTORS + l, m,
                        before, r);
                }
    gradients += slice * ntrained;
    for (int ac = 0; ac < K * K; ac++)
        gradients[weights + o * (K * K) + ac] = sum_vec(total[ac]);
    if (has_bias)
        gradients[biases + o] = sum_vec(bias);
}
