/* Forward pass of a convolution of every channel by itself (depthwise.cl). In step s, the
 * columns s S - PX and on meet the outputs s - (T - 1) to s of their row.
 *
 * Grid: (TILES(blocks * OC * OH, nrows)), a work-item each nrows rows of outputs. */

/* Adds the columns q and on of the K rows from r on, x the first of them. */
INLINE void add_columns(vec sum[T][VECTORS], global const vec *x, const vec w[K * K],
                        const maps m, const int r, const int q, const int inside)
{
#pragma unroll
    for (int e = 0; e < S; e++) {
        if (!inside && OUTSIDE(q + e, m.iw))
            continue;
#pragma unroll
        for (int a = 0; a < K; a++) {
            if (!inside && OUTSIDE(r + a, m.ih))
                continue;
#pragma unroll
            for (int l = 0; l < VECTORS; l++) {
                const vec value = x[(a * m.iw + e) * VECTORS + l];
#pragma unroll
                for (int t = 0; t < T; t++) {
                    const int c = e + (T - 1 - t) * S;
                    if (c < K)
                        sum[t][l] = fma(value, w[a * K + c], sum[t][l]);
                }
            }
        }
    }
}

/* Steps s to before end of the row of outputs y; x is the first of its K rows, r. */
INLINE void forward_steps(vec sum[T][VECTORS], global vec *y, global const vec *x,
                          const vec w[K * K], const vec bias, const maps m, const int r,
                          int s, const int end, const int inside, const int past)
{
    for (; s < end; s++) {
        const int q = s * S - m.px, u = s - (T - 1);
        /* The S rows that are new to the next row of outputs follow these K in memory. */
#pragma unroll
        for (int e = 0; e < S * S; e++)
            FETCH(x + (K * m.iw + S * q + e + LEAD) * VECTORS);
        add_columns(sum, x + q * VECTORS, w, m, r, q, inside);
#pragma unroll
        for (int l = 0; l < VECTORS; l++) {
            if (inside || u >= 0)
                write_vec(y + u * VECTORS + l, act_forward(sum[0][l]), past);
#pragma unroll
            for (int t = 0; t < T - 1; t++)
                sum[t][l] = sum[t + 1][l];
            sum[T - 1][l] = bias;
        }
    }
}

INLINE void forward_row(global vec *y, global const vec *x, const vec w[K * K],
                        const vec bias, const maps m, const int r, const int past)
{
    const int inside = r >= 0 && r + K <= m.ih, nsteps = m.ow + T - 1;
    const walk steps = {0, nsteps, max(T - 1, TILES(m.px, S)),
                        inside ? min((m.iw + m.px) / S, nsteps) : 0};
    vec sum[T][VECTORS];
#pragma unroll
    for (int tl = 0; tl < T * VECTORS; tl++)
        sum[tl / VECTORS][tl % VECTORS] = bias;
    for (int s = steps.begin; s < steps.end;) {
        const int inner = is_inside(steps, s), end = run_end(steps, s, inner);
        if (inner)
            forward_steps(sum, y, x, w, bias, m, r, s, end, 1, past);
        else
            forward_steps(sum, y, x, w, bias, m, r, s, end, 0, past);
        s = end;
    }
}

/* Rows v to before end of a map's outputs y; x is the map of its input. */
INLINE void forward_rows(global vec *y, global const vec *x, global const float *weights,
                         const vec bias, const maps m, int v, const int end,
                         const int past)
{
    vec w[K * K];
#pragma unroll
    for (int ac = 0; ac < K * K; ac++)
        w[ac] = weights[ac];
    for (; v < end; v++) {
        const int r = v * S - m.py;
        forward_row(y + v * m.ow * VECTORS, x + r * m.iw * VECTORS, w, bias, m, r, past);
    }
}

kernel void depthwise_forward(global const vec *restrict x,
                              global const float *restrict parameters,
                              global vec *restrict y, const uint nchannels,
                              const int multiple, const int ih, const int iw,
                              const int oh, const int ow, const int py, const int px,
                              const uint weights, const uint biases, const int has_bias,
                              const ulong nall, const uint nrows, const int past)
{
    const maps m = {multiple, ih, iw, oh, ow, py, px};
    const size_t end = min((get_global_id(0) + 1) * nrows, (size_t)nall);
    for (size_t row = get_global_id(0) * nrows; row < end;) {
        const size_t map = row / oh, map_end = min((map + 1) * oh, end);
        const uint o = map % nchannels;
        const vec bias = has_bias ? parameters[biases + o] : 0.0f;
        forward_rows(y + map * oh * ow * VECTORS, x + map / multiple * ih * iw * VECTORS,
                     parameters + weights + o * (K * K), bias, m, row - map * oh,
                     map_end - map * oh, past);
        row = map_end;
    }
}
