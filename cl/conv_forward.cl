/* Forward pass of a convolution (conv.cl): a work-item keeps FORWARD_CT channels x FORWARD_PT
 * pixels of one row in accumulators and walks the rows below its taps, KT taps of a row at a
 * time: each value is loaded once and stays in a register while taps meet it, each weight is
 * loaded for all pixels. Neither the padding nor pixels beyond a row's end cost anything: a
 * row's first and last tile are compiled for their places, each down to its own stores,
 * because where ways meet a compiler keeps every accumulator twice.
 *
 * Grid: (VECTORS, channel tiles * rows * row tiles, blocks). */

#ifndef FORWARD_CT
#define FORWARD_CT 4
#define FORWARD_PT 6
#endif

#define FORWARD_COLUMNS ((FORWARD_PT - 1) * S + KT)

/* Adds what the taps of all input channels give for the row v from pixel u0 on; inside: no
 * tap falls beyond the image. */
INLINE void add_taps(vec sum[FORWARD_CT][FORWARD_PT], global const vec *x,
                     global const float *weights, const int v, const int u0,
                     const int inside)
{
    const int first = max(PY - v * S, 0), end = min(IH + PY - v * S, K);
    for (int i = 0; i < IC; i++)
        for (int a = first; a < end; a++) {
            global const vec *row = x + (i * IH + v * S - PY + a) * IW * VECTORS;
            global const float *w = weights + (i * K + a) * K;
            for (int c0 = 0; c0 < K; c0 += KT) {
                vec value[FORWARD_COLUMNS];
#pragma unroll
                for (int q = 0; q < FORWARD_COLUMNS; q++) {
                    const int column = u0 * S - PX + c0 + q;
                    if (IS_TAP(c0 + q - (FORWARD_PT - 1) * S) &&
                        (inside || !OUTSIDE(column, IW)))
                        value[q] = row[column * VECTORS];
                }
#pragma unroll
                for (int c = 0; c < KT; c++)
#pragma unroll
                    for (int o = 0; o < FORWARD_CT; o++) {
                        if (!IS_TAP(c0 + c))
                            continue;
                        const vec weight = w[o * IC * K * K + c0 + c];
#pragma unroll
                        for (int u = 0; u < FORWARD_PT; u++) {
                            const int column = (u0 + u) * S - PX + c0 + c;
                            if (inside || (u0 + u < OW && !OUTSIDE(column, IW)))
                                sum[o][u] = fma(value[u * S + c], weight, sum[o][u]);
                        }
                    }
            }
        }
}

#define FORWARD_ROW_TILES TILES(OW, FORWARD_PT)
/* Whether the tiles between a row's first and last meet neither of its ends. */
#define FORWARD_INSIDE                                                                   \
    (FORWARD_PT * S >= PX && ((FORWARD_ROW_TILES - 1) * FORWARD_PT - 1) * S - PX + K <= IW)

/* A tile of the row v from pixel u0 on, from its biases to what it writes. */
INLINE void forward_tile(global const vec *x, global const float *weights,
                         global const float *biases, global const vec *added, global vec *y,
                         const int tile_o0, const int v, const int u0, const int inside)
{
    const int o0 = min(tile_o0, OC - FORWARD_CT);
    vec sum[FORWARD_CT][FORWARD_PT];
#pragma unroll
    for (int o = 0; o < FORWARD_CT; o++)
#pragma unroll
        for (int u = 0; u < FORWARD_PT; u++)
            sum[o][u] = BIAS ? biases[o0 + o] : 0.0f;
    add_taps(sum, x, weights + o0 * (IC * K * K), v, u0, inside);
#pragma unroll
    for (int o = 0; o < FORWARD_CT; o++)
#pragma unroll
        for (int u = 0; u < FORWARD_PT; u++)
            if (o0 + o >= tile_o0 && u0 + u < OW) {
                const int at = (((o0 + o) * OH + v) * OW + u0 + u) * VECTORS;
                y[at] = act_forward(SUM ? sum[o][u] + added[at] : sum[o][u]);
            }
}

kernel void conv_forward(global const vec *restrict x,
                         global const float *restrict parameters, global const vec *added,
                         global vec *restrict y, const uint weights, const uint biases)
{
    const size_t lane = get_global_id(0);
    const place at = place_of(get_global_id(1), TILES(OC, FORWARD_CT), OH,
                              FORWARD_ROW_TILES, IC * K * IW * NLANES);
    const int tile_o0 = at.channel_tile * FORWARD_CT, last = FORWARD_ROW_TILES - 1;
    x += get_global_id(2) * (IC * IH * IW * VECTORS) + lane;
    added += get_global_id(2) * (OC * OH * OW * VECTORS) + lane;
    y += get_global_id(2) * (OC * OH * OW * VECTORS) + lane;
    if (last == 0 || at.row_tile == 0)
        forward_tile(x, parameters + weights, parameters + biases, added, y, tile_o0,
                     at.row, 0, 0);
    else if (last == 1 || at.row_tile == last)
        forward_tile(x, parameters + weights, parameters + biases, added, y, tile_o0,
                     at.row, last * FORWARD_PT, 0);
    else
        forward_tile(x, parameters + weights, parameters + biases, added, y, tile_o0,
                     at.row, at.row_tile * FORWARD_PT, FORWARD_INSIDE);
}
