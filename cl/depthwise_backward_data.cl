/* Gradient of a convolution of every channel by itself by its input (depthwise.cl): cells
 * of S x S pixels, of which cell (v, u) has the pixels that output (v, u) begins at. Its
 * pixel (f, g) is met by the taps f + S j, g + S i of the outputs (v - j, u - i). In step
 * s, column s of dy meets the cells s to s + T - 1 of their row.
 *
 * Grid: (TILES(blocks * IC * cell rows, nrows)), a work-item each nrows rows of cells. */

#define CELL (S * S)

/* Adds column s of the T rows of dy up to v; dy is where output v has it. */
INLINE void add_outputs(vec sum[T][CELL][VECTORS], global const vec *dy,
                        const vec w[K * K], const maps m, const int v, const int s,
                        const int inside)
{
    if (!inside && OUTSIDE(s, m.ow))
        return;
#pragma unroll
    for (int j = 0; j < T; j++) {
        if (!inside && OUTSIDE(v - j, m.oh))
            continue;
#pragma unroll
        for (int l = 0; l < VECTORS; l++) {
            const vec d = dy[-j * m.ow * VECTORS + l];
#pragma unroll
            for (int ti = 0; ti < T * CELL; ti++) {
                const int t = ti / CELL, cell = ti % CELL;
                const int a = cell / S + S * j, c = cell % S + S * t;
                if (a < K && c < K)
                    sum[t][cell][l] = fma(d, w[a * K + c], sum[t][cell][l]);
            }
        }
    }
}

/* Where a row of cells goes, and what becomes of it: added to what is there; whole, so
 * that it becomes the gradient of the layer before. */
typedef struct result {
    global vec *dx;
    global const vec *x;
    int add, whole;
} result;

/* Writes the first cell, at pixel (r, q). */
INLINE void write_cell(const result to, vec sum[T][CELL][VECTORS], const maps m,
                       const int r, const int q, const int inside)
{
#pragma unroll
    for (int cell = 0; cell < CELL; cell++) {
        const int f = cell / S, g = cell % S;
        if (!inside && (OUTSIDE(r + f, m.ih) || OUTSIDE(q + g, m.iw)))
            continue;
#pragma unroll
        for (int l = 0; l < VECTORS; l++) {
            const int at = (f * m.iw + q + g) * VECTORS + l;
            const vec d = to.add ? to.dx[at] + sum[0][cell][l] : sum[0][cell][l];
            to.dx[at] = to.whole ? act_backward(d, to.x[at]) : d;
        }
    }
}

INLINE void data_steps(const result to, vec sum[T][CELL][VECTORS], global const vec *dy,
                       const vec w[K * K], const maps m, const int v, int s,
                       const int end, const int inside)
{
    for (; s < end; s++) {
        FETCH(dy + (s + m.ow + LEAD) * VECTORS);
        add_outputs(sum, dy + s * VECTORS, w, m, v, s, inside);
        write_cell(to, sum, m, v * S - m.py, s * S - m.px, inside);
#pragma unroll
        for (int cl = 0; cl < CELL * VECTORS; cl++) {
            const int cell = cl / VECTORS, l = cl % VECTORS;
#pragma unroll
            for (int t = 0; t < T - 1; t++)
                sum[t][cell][l] = sum[t + 1][cell][l];
            sum[T - 1][cell][l] = 0.0f;
        }
    }
}

/* Row v of cells; dy is row v of the outputs. */
INLINE void data_row(const result to, global const vec *dy, const vec w[K * K],
                     const maps m, const int v)
{
    const int r = v * S - m.py;
    const int inside = r >= 0 && r + S <= m.ih && v - (T - 1) >= 0 && v < m.oh;
    const walk steps = {m.px / S - (T - 1), TILES(m.iw + m.px, S), TILES(m.px, S),
                        inside ? min((m.iw + m.px) / S, m.ow) : 0};
    vec sum[T][CELL][VECTORS];
#pragma unroll
    for (int n = 0; n < T * CELL * VECTORS; n++)
        sum[n / (CELL * VECTORS)][n / VECTORS % CELL][n % VECTORS] = 0.0f;
    for (int s = steps.begin; s < steps.end;) {
        const int inner = is_inside(steps, s), end = run_end(steps, s, inner);
        if (inner)
            data_steps(to, sum, dy, w, m, v, s, end, 1);
        else
            data_steps(to, sum, dy, w, m, v, s, end, 0);
        s = end;
    }
}

/* Rows v to before end of the cells of a map, to which to points; dy is the first map of
 * its outputs, and weights are the first one's. */
INLINE void data_rows(const result to, global const vec *dy, global const float *weights,
                      const maps m, int v, const int end)
{
    for (; v < end; v++)
        for (int o = 0; o < m.multiple; o++) {
            vec w[K * K];
#pragma unroll
            for (int ac = 0; ac < K * K; ac++)
                w[ac] = weights[o * (K * K) + ac];
            const int at = (v * S - m.py) * m.iw * VECTORS;
            const result row = {to.dx + at, to.x + at, to.add || o, o == m.multiple - 1};
            data_row(row, dy + (o * m.oh + v) * m.ow * VECTORS, w, m, v);
        }
}

kernel void depthwise_backward_data(global const vec *restrict x,
                                    global const float *restrict parameters,
                                    global const vec *restrict dy,
                                    global vec *restrict dx, const uint nchannels,
                                    const int multiple, const int ih, const int iw,
                                    const int oh, const int ow, const int py,
                                    const int px, const uint weights, const int add,
                                    const ulong nall, const uint nrows)
{
    const maps m = {multiple, ih, iw, oh, ow, py, px};
    const uint above = py / S, ncells = TILES(ih + py, S) - above;
    const uint nin = nchannels / multiple;
    const size_t end = min((get_global_id(0) + 1) * nrows, (size_t)nall);
    for (size_t row = get_global_id(0) * nrows; row < end;) {
        const size_t map = row / ncells, map_end = min((map + 1) * ncells, end);
        const size_t at = map * ih * iw * VECTORS, o = map % nin * multiple;
        data_rows((result){dx + at, x + at, add, 0},
                  dy + map * multiple * oh * ow * VECTORS,
                  parameters + weights + o * (K * K), m, above + row - map * ncells,
                  above + map_end - map * ncells);
        row = map_end;
    }
}
