/* Gradient of a convolution (conv.cl) by its input, tiled as the forward pass: a work-item
 * keeps DATA_CT channels x DATA_PT pixels of one row, a multiple of the stride, and walks the
 * rows of dy that meet them.
 *
 * Grid: (VECTORS, channel tiles * rows * row tiles, blocks). */

#ifndef DATA_CT
#define DATA_CT 1
#define DATA_PT 8
#endif

/* u = q0 / S + t meets pixel q0 + q by tap c = q + PX - t S, so which meet is known when
 * the kernel is compiled. */
#define FLOOR_DIV(a, b) ((a) >= 0 ? (a) / (b) : -((-(a) + (b)-1) / (b)))
#define DATA_FIRST FLOOR_DIV(PX - KT + 1, S)
#define DATA_COLUMNS ((DATA_PT - 1 + PX) / S - DATA_FIRST + 1)

/* Adds to the gradient of the row r from pixel q0 on, a multiple of S, what all output
 * channels hand back. */
INLINE void add_back(vec sum[DATA_CT][DATA_PT], global const vec *dy,
                     global const float *weights, const int r, const int q0,
                     const int inside)
{
    /* a = r + PY - v S for the rows v of dy that have one among 0..K-1. */
    const int v_end = min((r + PY) / S + 1, OH);
    const int v_first = max(r + PY - K + S, 0) / S;
    /* Row by row: the same row of all channels falls on few lines of a cache, several rows
     * of them do not stay there (64 to 3 on 32x32: 1.4 times as fast as o by o). */
    for (int v = v_first; v < v_end; v++)
        for (int o = 0; o < OC; o++) {
            const int a = r + PY - v * S;
            global const vec *row = dy + (o * OH + v) * OW * VECTORS;
            global const float *w = weights + (o * IC * K + a) * K;
            for (int c0 = 0; c0 < K; c0 += KT) {
                const int u0 = (q0 - c0) / S + DATA_FIRST;
                vec value[DATA_COLUMNS];
#pragma unroll
                for (int t = 0; t < DATA_COLUMNS; t++)
                    if (IS_TAP(c0 + PX - (DATA_FIRST + t) * S) &&
                        (inside || !OUTSIDE(u0 + t, OW)))
                        value[t] = row[(u0 + t) * VECTORS];
#pragma unroll
                for (int c = 0; c < KT; c++)
#pragma unroll
                    for (int i = 0; i < DATA_CT; i++) {
                        if (!IS_TAP(c0 + c))
                            continue;
                        const vec weight = w[i * K * K + c0 + c];
#pragma unroll
                        for (int q = 0; q < DATA_PT; q++) {
                            const int from = q + PX - c;
                            const int t = FLOOR_DIV(from, S) - DATA_FIRST;
                            if (from % S == 0 &&
                                (inside || (q0 + q < IW && !OUTSIDE(u0 + t, OW))))
                                sum[i][q] = fma(value[t], weight, sum[i][q]);
                        }
                    }
            }
        }
}

#define DATA_ROW_TILES TILES(IW, DATA_PT)
#define DATA_INSIDE                                                                      \
    (DATA_PT / S + FLOOR_DIV(PX - K + 1, S) >= 0 &&                                       \
     (DATA_ROW_TILES - 2) * DATA_PT / S + (DATA_PT - 1 + PX) / S < OW)

/* A tile of the row r from pixel q0 on. */
INLINE void back_tile(global const vec *x, global const float *weights,
                      global const vec *dy, global vec *dx, const int tile_i0,
                      const int r, const int q0, const int add, const int inside)
{
    const int i0 = min(tile_i0, IC - DATA_CT);
    vec sum[DATA_CT][DATA_PT];
#pragma unroll
    for (int i = 0; i < DATA_CT; i++)
#pragma unroll
        for (int q = 0; q < DATA_PT; q++)
            sum[i][q] = 0.0f;
    add_back(sum, dy, weights + i0 * (K * K), r, q0, inside);
#pragma unroll
    for (int i = 0; i < DATA_CT; i++)
#pragma unroll
        for (int q = 0; q < DATA_PT; q++)
            if (i0 + i >= tile_i0 && q0 + q < IW) {
                const size_t at = (((i0 + i) * IH + r) * IW + q0 + q) * VECTORS;
                dx[at] = act_backward(add ? dx[at] + sum[i][q] : sum[i][q], x[at]);
            }
}

kernel void conv_backward_data(global const vec *restrict x,
                               global const float *restrict parameters,
                               global const vec *restrict dy, global vec *restrict dx,
                               const uint weights, const int add)
{
    const size_t lane = get_global_id(0);
    const place at = place_of(get_global_id(1), TILES(IC, DATA_CT), IH, DATA_ROW_TILES,
                              OC * K * OW * NLANES);
    const int tile_i0 = at.channel_tile * DATA_CT, last = DATA_ROW_TILES - 1;
    x += get_global_id(2) * (IC * IH * IW * VECTORS) + lane;
    dx += get_global_id(2) * (IC * IH * IW * VECTORS) + lane;
    dy += get_global_id(2) * (OC * OH * OW * VECTORS) + lane;
    parameters += weights;
    if (last == 0 || at.row_tile == 0)
        back_tile(x, parameters, dy, dx, tile_i0, at.row, 0, add, 0);
    else if (last == 1 || at.row_tile == last)
        back_tile(x, parameters, dy, dx, tile_i0, at.row, last * DATA_PT, add, 0);
    else
        back_tile(x, parameters, dy, dx, tile_i0, at.row, at.row_tile * DATA_PT, add,
                  DATA_INSIDE);
}
