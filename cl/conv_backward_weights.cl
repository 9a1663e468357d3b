/* Gradient of a convolution (conv.cl) by its weights and biases: a work-item keeps WEIGHTS_OT x
 * WEIGHTS_IT channels x KT taps of a kernel's row and walks the pixels of all samples of its
 * slice, WEIGHTS_V rows of dy at a time, for its WEIGHTS_ROWS rows of the kernel one after the
 * other, which find those pixels near.
 *
 * Grid: (LANE_ITEMS, tap tiles * K / WEIGHTS_ROWS * input tiles * output tiles, slices),
 * work-groups of LANE_ITEMS. */

#ifndef WEIGHTS_OT
#define WEIGHTS_OT 4
#define WEIGHTS_IT 1
#define WEIGHTS_ROWS 1 /* of the kernel, one after the other: 1 or K */
#define WEIGHTS_V 6    /* rows of dy at a time */
#endif

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

INLINE weights_tile find_weights_tile(const int tile)
{
    weights_tile t;
    t.own_c = tile % TILES(K, KT) * KT;
    t.a0 = tile / TILES(K, KT) % ROW_GROUPS * WEIGHTS_ROWS;
    t.own_i = tile / (TILES(K, KT) * ROW_GROUPS) % TILES(IC, WEIGHTS_IT) * WEIGHTS_IT;
    t.own_o = tile / (TILES(K, KT) * ROW_GROUPS * TILES(IC, WEIGHTS_IT)) * WEIGHTS_OT;
    t.c0 = min(t.own_c, K - KT);
    t.i0 = min(t.own_i, IC - WEIGHTS_IT);
    /* All channels begin at a constant: LLVM 18, in PoCL 6, ends the process otherwise
     * ("Instruction Combining did not reach a fixpoint"; 2 channels of 1x20 to 3). */
    t.o0 = OC == WEIGHTS_OT ? 0 : min(t.own_o, OC - WEIGHTS_OT);
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
kernel LANE_GROUP void conv_backward_weights(global const vec *restrict x,
                                  global const vec *restrict dy,
                                  global float *restrict gradients, const uint nblocks,
                                  const uint slice_nblocks, const uint weights,
                                  const uint biases, const uint ntrained)
{
    const size_t slice = get_global_id(2);
    const weights_tile t = find_weights_tile(get_global_id(1));
    const size_t first = slice_start(slice, slice_nblocks, nblocks);
    const size_t end = slice_start(slice + 1, slice_nblocks, nblocks);

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
