/* Two-dimensional convolution (as torch.nn.Conv2d: cross-correlation), and its gradients.
 *
 *     y[o][v][u]     = act(b[o] + sum_{i,a,c} w[o][i][a][c] x[i][v S - PY + a][u S - PX + c])
 *     dx[i][r][q]    = act'(x) sum_{o,a,c: r = v S - PY + a, q = u S - PX + c} w[o][i][a][c] dy[o][v][u]
 *     dw[o][i][a][c] = sum_{samples,v,u} dy[o][v][u] x[i][v S - PY + a][u S - PX + c]
 *
 * Activations lie as in common.cl, weights as in PyTorch, [o][i][a][c]. dy is the gradient
 * by what y was before its act; dx is handed on as that of the layer before.
 *
 * Forward and backward_data: a work-item keeps CT channels x PT pixels of one row in
 * accumulators and walks the rows below its taps, KT taps of a row at a time: each value
 * is loaded once and stays in a register while taps meet it, each weight is loaded for
 * PT pixels. Neither the padding nor pixels beyond a row's end cost anything: a row's
 * first and last tile are compiled for their places, each down to its own stores, because
 * where ways meet a compiler keeps every accumulator twice.
 *
 * backward_weights: a work-item keeps OT x IT channels x KT taps of a kernel's row and
 * walks the pixels of all samples of its slice, WEIGHTS_V rows of dy at a time, for its
 * WEIGHTS_ROWS rows of the kernel one after the other, which find those pixels near.
 *
 * Tiles of channels overlap where their number is not a multiple; the later one then
 * leaves what the earlier one writes.
 *
 * Grid of forward and backward_data: (VECTORS, channel tiles * rows * row tiles, blocks);
 * of backward_weights: (LANE_ITEMS, tap tiles * K / WEIGHTS_ROWS * input tiles * output
 * tiles, NSLICES), work-groups of LANE_ITEMS.
 *
 * Tolerance against float64: 1e-5 + 1e-5 |reference|. */

#ifndef IC
#define IC 1 /* input channels, height, width */
#define IH 8
#define IW 8
#define OC 4 /* output */
#define OH 6
#define OW 6
#define KH 3 /* kernel size, stride */
#define S 1
#define PY 0 /* padding above and left of the image */
#define PX 0
#define BIAS 1 /* whether there is one */
#define FORWARD_CT 4
#define FORWARD_PT 6
#define DATA_CT 1
#define DATA_PT 8
#define WEIGHTS_OT 4
#define WEIGHTS_IT 1
#define WEIGHTS_ROWS 1 /* of the kernel, one after the other: 1 or K */
#define WEIGHTS_V 6    /* rows of dy at a time */
#define NSLICES 1
#endif
#define K KH /* square */
#ifndef KT
#define KT K
#endif

#define TILES(n, tile) (((n) + (tile)-1) / (tile))
#define OUTSIDE(at, n) ((at) < 0 || (at) >= (n))
/* Whether c, one of KT taps in a row, is one of the kernel's. */
#define IS_TAP(c) (K % KT == 0 || (c) < K)

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
                         global const float *biases, global vec *y, const int tile_o0, const int v, const int u0,
                         const int inside)
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
            if (o0 + o >= tile_o0 && u0 + u < OW)
                y[(((o0 + o) * OH + v) * OW + u0 + u) * VECTORS] = act_forward(sum[o][u]);
}

/* Floats of the rows below a row of tiles that are still near when the next channels'
 * tiles read them. */
#define NEAR_NFLOATS (128 << 10)

/* Where a tile is: which of the channels' tiles, which row, which of the row's tiles. */
typedef struct place {
    int channel_tile, row, row_tile;
} place;

/* Which tile comes first matters to memory alone. In lockstep, tiles side by side are a
 * work-group and load the same pixels for different channels. Otherwise a row is read for
 * all channels while it is near, and written from end to end: with few input channels and
 * many output channels that is most of the work (forward, 3 to 64 on 32x32: 1.2 times as
 * fast; backward, 64 to 3: 1.3 times). Of rows too long for that, nread floats for a row
 * of tiles, a tile's pixels are.
 * tile is signed because LLVM would switch on an unsigned remainder by its few bits alone,
 * and Oclgrind, which knows whole bytes alone, would take the wrong branch. */
INLINE place place_of(const int tile, const int channel_tiles, const int rows,
                      const int row_tiles, const int nread)
{
    if (VW == 1 || nread > NEAR_NFLOATS)
        return (place){tile % channel_tiles, tile / channel_tiles % rows,
                       tile / (channel_tiles * rows)};
    return (place){tile / row_tiles % channel_tiles, tile / (row_tiles * channel_tiles),
                   tile % row_tiles};
}

kernel void conv_forward(global const vec *restrict x,
                         global const float *restrict parameters, global vec *restrict y,
                         const uint weights, const uint biases)
{
    const size_t lane = get_global_id(0);
    const place at = place_of(get_global_id(1), TILES(OC, FORWARD_CT), OH,
                              FORWARD_ROW_TILES, IC * K * IW * NLANES);
    const int tile_o0 = at.channel_tile * FORWARD_CT, last = FORWARD_ROW_TILES - 1;
    x += get_global_id(2) * (IC * IH * IW * VECTORS) + lane;
    y += get_global_id(2) * (OC * OH * OW * VECTORS) + lane;
    if (last == 0 || at.row_tile == 0)
        forward_tile(x, parameters + weights, parameters + biases, y, tile_o0, at.row, 0, 0);
    else if (last == 1 || at.row_tile == last)
        forward_tile(x, parameters + weights, parameters + biases, y, tile_o0, at.row, last * FORWARD_PT, 0);
    else
        forward_tile(x, parameters + weights, parameters + biases, y, tile_o0, at.row, at.row_tile * FORWARD_PT,
                     FORWARD_INSIDE);
}

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

/* Adds the products of one pixel of dy with the taps of x around it; inside: none of them
 * falls beyond the image. */
INLINE void add_products(vec sum[WEIGHTS_OT][WEIGHTS_IT][KT], global const vec *x,
                         global const vec *dy, const int u, const int c0,
                         const int inside)
{
    vec d[WEIGHTS_OT];
#pragma unroll
    for (int o = 0; o < WEIGHTS_OT; o++)
        d[o] = dy[(o * OH * OW + u) * VECTORS];
#pragma unroll
    for (int i = 0; i < WEIGHTS_IT; i++)
#pragma unroll
        for (int c = 0; c < KT; c++) {
            const int column = u * S - PX + c0 + c;
            if (!inside && OUTSIDE(column, IW))
                continue;
            const vec value = x[(i * IH * IW + column) * VECTORS];
#pragma unroll
            for (int o = 0; o < WEIGHTS_OT; o++)
                sum[o][i][c] = fma(d[o], value, sum[o][i][c]);
        }
}

/* Pixels of a row left and right of which some tap falls beyond the image. */
#define LEFT min(TILES(PX, S), OW)
#define RIGHT max((IW - K + PX + S) / S, LEFT)

#define WEIGHTS_SUMS (WEIGHTS_OT * WEIGHTS_IT * KT)

/* What a work-item adds up: channels from o0 and i0 on, WEIGHTS_ROWS rows of the kernel
 * from a0 on, taps from c0 on; of these it writes those from the own ones on. */
typedef struct weights_tile {
    int o0, i0, a0, c0;
    int own_o, own_i, own_c;
    int with_bias;
} weights_tile;

#define ROW_GROUPS TILES(K, WEIGHTS_ROWS)

INLINE weights_tile find_weights_tile(const size_t tile)
{
    weights_tile t;
    t.own_c = tile % TILES(K, KT) * KT;
    t.a0 = tile / TILES(K, KT) % ROW_GROUPS * WEIGHTS_ROWS;
    t.own_i = tile / (TILES(K, KT) * ROW_GROUPS) % TILES(IC, WEIGHTS_IT) * WEIGHTS_IT;
    t.own_o = tile / (TILES(K, KT) * ROW_GROUPS * TILES(IC, WEIGHTS_IT)) * WEIGHTS_OT;
    t.c0 = min(t.own_c, K - KT);
    t.i0 = min(t.own_i, IC - WEIGHTS_IT);
    t.o0 = min(t.own_o, OC - WEIGHTS_OT);
    t.with_bias = BIAS && t.own_c == 0 && t.a0 == 0 && t.own_i == 0;
    return t;
}

/* A row of the kernel's sums, from memory into registers or back. */
INLINE void copy_sums(vec to[WEIGHTS_OT][WEIGHTS_IT][KT],
                      vec from[WEIGHTS_OT][WEIGHTS_IT][KT])
{
#pragma unroll
    for (int o = 0; o < WEIGHTS_OT; o++)
#pragma unroll
        for (int i = 0; i < WEIGHTS_IT; i++)
#pragma unroll
            for (int c = 0; c < KT; c++)
                to[o][i][c] = from[o][i][c];
}

/* Adds what row a of the kernel gets from the rows v_begin..v_end of dy, as far as their
 * rows of x are in the image. */
INLINE void add_rows(vec sums[WEIGHTS_OT][WEIGHTS_IT][KT], global const vec *x,
                     global const vec *dy, const weights_tile t, const int a, int v_begin,
                     int v_end)
{
    v_begin = max(v_begin, max(PY - a + S - 1, 0) / S);
    v_end = min(v_end, (IH - 1 + PY - a + S) / S);
    vec sum[WEIGHTS_OT][WEIGHTS_IT][KT];
    copy_sums(sum, sums);
    for (int v = v_begin; v < v_end; v++) {
        global const vec *x_row = x + (v * S - PY + a) * IW * VECTORS;
        global const vec *dy_row = dy + v * OW * VECTORS;
#pragma unroll
        for (int u = 0; u < LEFT; u++)
            add_products(sum, x_row, dy_row, u, t.c0, 0);
        for (int u = LEFT; u < RIGHT; u++)
            add_products(sum, x_row, dy_row, u, t.c0, 1);
#pragma unroll
        for (int u = RIGHT; u < OW; u++)
            add_products(sum, x_row, dy_row, u, t.c0, 0);
    }
    copy_sums(sums, sum);
}

/* Adds a vec of a block's samples. */
INLINE void add_block(vec sum[WEIGHTS_ROWS][WEIGHTS_OT][WEIGHTS_IT][KT],
                      vec bias[WEIGHTS_OT], global const vec *x, global const vec *dy,
                      const weights_tile t)
{
    for (int v = 0; v < OH; v += WEIGHTS_V) {
        const int v_end = min(v + WEIGHTS_V, OH);
        for (int a = 0; a < WEIGHTS_ROWS; a++)
            add_rows(sum[a], x, dy, t, t.a0 + a, v, v_end);
        if (t.with_bias)
            for (int vu = v * OW; vu < v_end * OW; vu++)
#pragma unroll
                for (int o = 0; o < WEIGHTS_OT; o++)
                    bias[o] += dy[(o * OH * OW + vu) * VECTORS];
    }
}

/* Writes a tile's sum of an out channel, or of its bias, where it is the tile's own. */
INLINE void write_weight(global float *weights, const weights_tile t, const int o,
                         const int i, const int a, const int c, const float total)
{
    if (t.o0 + o >= t.own_o && t.i0 + i >= t.own_i && t.c0 + c >= t.own_c)
        weights[(((t.o0 + o) * IC + t.i0 + i) * K + t.a0 + a) * K + t.c0 + c] = total;
}

INLINE void write_bias(global float *biases, const weights_tile t, const int o,
                       const float total)
{
    if (t.with_bias && t.o0 + o >= t.own_o)
        biases[t.o0 + o] = total;
}

#if LANE_ITEMS > 1
/* Lane l puts its sums, of one row of the kernel, into column l of shared; then each sums
 * rows of that. */
INLINE void write_sums(global float *weights, global float *biases,
                       vec sum[WEIGHTS_ROWS][WEIGHTS_OT][WEIGHTS_IT][KT],
                       vec bias[WEIGHTS_OT], const weights_tile t, local float *shared)
{
    for (int o = 0; o < WEIGHTS_OT; o++) {
        for (int ic = 0; ic < WEIGHTS_IT * KT; ic++)
            shared[(o * WEIGHTS_IT * KT + ic) * (LANE_ITEMS + 1) + get_local_id(0)] =
                sum[0][o][ic / KT][ic % KT];
        shared[(WEIGHTS_SUMS + o) * (LANE_ITEMS + 1) + get_local_id(0)] = bias[o];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int n = get_local_id(0); n < WEIGHTS_SUMS + WEIGHTS_OT; n += LANE_ITEMS) {
        float total = 0.0f;
        for (int l = 0; l < LANE_ITEMS; l++)
            total += shared[n * (LANE_ITEMS + 1) + l];
        if (n < WEIGHTS_SUMS)
            write_weight(weights, t, n / (WEIGHTS_IT * KT), n / KT % WEIGHTS_IT, 0,
                         n % KT, total);
        else
            write_bias(biases, t, n - WEIGHTS_SUMS, total);
    }
}
#else
INLINE void write_sums(global float *weights, global float *biases,
                       vec sum[WEIGHTS_ROWS][WEIGHTS_OT][WEIGHTS_IT][KT],
                       vec bias[WEIGHTS_OT], const weights_tile t)
{
    for (int a = 0; a < WEIGHTS_ROWS; a++)
#pragma unroll
        for (int o = 0; o < WEIGHTS_OT; o++)
#pragma unroll
            for (int i = 0; i < WEIGHTS_IT; i++)
#pragma unroll
                for (int c = 0; c < KT; c++)
                    write_weight(weights, t, o, i, a, c, sum_vec(sum[a][o][i][c]));
#pragma unroll
    for (int o = 0; o < WEIGHTS_OT; o++)
        write_bias(biases, t, o, sum_vec(bias[o]));
}
#endif

/* Slice s of the blocks adds up its own copy of the gradients, so that no two work-groups
 * write one value; the optimizer sums the slices in order. */
kernel void conv_backward_weights(global const vec *restrict x,
                                  global const vec *restrict dy,
                                  global float *restrict gradients, const uint nblocks,
                                  const uint weights, const uint biases,
                                  const uint ntrained)
{
    const size_t slice = get_global_id(2);
    const weights_tile t = find_weights_tile(get_global_id(1));
    const size_t first = slice * nblocks / NSLICES, end = (slice + 1) * nblocks / NSLICES;

    vec sum[WEIGHTS_ROWS][WEIGHTS_OT][WEIGHTS_IT][KT];
    vec bias[WEIGHTS_OT];
    for (int a = 0; a < WEIGHTS_ROWS; a++)
#pragma unroll
        for (int o = 0; o < WEIGHTS_OT; o++)
#pragma unroll
            for (int i = 0; i < WEIGHTS_IT; i++)
#pragma unroll
                for (int c = 0; c < KT; c++)
                    sum[a][o][i][c] = 0.0f;
#pragma unroll
    for (int o = 0; o < WEIGHTS_OT; o++)
        bias[o] = 0.0f;
    for (size_t block = first; block < end; block++)
        for (size_t lane = LANE_ITEM; lane < VECTORS; lane += LANE_ITEMS)
            add_block(sum, bias, x + (block * IC + t.i0) * (IH * IW * VECTORS) + lane,
                      dy + (block * OC + t.o0) * (OH * OW * VECTORS) + lane, t);
    gradients += slice * ntrained;
#if LANE_ITEMS > 1
    local float shared[(WEIGHTS_SUMS + WEIGHTS_OT) * (LANE_ITEMS + 1)];
    write_sums(gradients + weights, gradients + biases, sum, bias, t, shared);
#else
    write_sums(gradients + weights, gradients + biases, sum, bias, t);
#endif
}
