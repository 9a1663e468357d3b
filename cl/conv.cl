/* Two-dimensional convolution (as torch.nn.Conv2d: cross-correlation), and its gradients.
 *
 *     y[o][v][u]     = act(b[o] + sum_{i,a,c} w[o][i][a][c] x[i][v S - P + a][u S - P + c])
 *     dx[i][r][q]    = act'(x) sum_{o,a,c: r = v S - P + a, q = u S - P + c} w[o][i][a][c] dy[o][v][u]
 *     dw[o][i][a][c] = sum_{samples,v,u} dy[o][v][u] x[i][v S - P + a][u S - P + c]
 *
 * Activations lie as in common.cl, weights as in PyTorch, [o][i][a][c]. dy is the gradient
 * by what y was before its act; dx is handed on as that of the layer before.
 *
 * A work-item keeps CT channels x PT pixels of one row in accumulators and walks the input
 * row column by column: each value is loaded once and used for every weight and pixel it
 * meets. Columns outside of the image are passed over, so padding costs nothing.
 *
 * Grid of forward and backward_data: (VECTORS, rows * row tiles * channel tiles, blocks);
 * of backward_weights: (LANE_ITEMS, K * input tiles * output tiles, NSLICES), work-groups
 * of LANE_ITEMS. Tolerance against float64: 1e-5 + 1e-5 |reference|. */

#ifndef IC
#define IC 1 /* input channels, height, width */
#define IH 8
#define IW 8
#define OC 4 /* output */
#define OH 6
#define OW 6
#define K 3 /* kernel size, stride, padding */
#define S 1
#define P 0
#define WEIGHTS 0 /* offsets in the parameters, and their number */
#define BIASES 36
#define NPARAMETERS 40
#define FORWARD_CT 4
#define FORWARD_PT 6
#define DATA_CT 1
#define DATA_PT 8
#define WEIGHTS_OT 4
#define WEIGHTS_IT 1
#define NSLICES 1
#endif

#define WEIGHT(o, i, a, c) parameters[WEIGHTS + (((o) * IC + (i)) * K + (a)) * K + (c)]
#define TILES(n, tile) (((n) + (tile)-1) / (tile))

/* Columns that a row tile may meet beyond the image. */
#if P > 0
#define OUTSIDE(column) ((column) < 0 || (column) >= IW)
#elif OW % FORWARD_PT != 0
#define OUTSIDE(column) ((column) >= IW)
#else
#define OUTSIDE(column) 0
#endif

kernel void conv_forward(global const vec *restrict x,
                         global const float *restrict parameters, global vec *restrict y)
{
    const size_t lane = get_global_id(0), tile = get_global_id(1);
    const size_t row_tiles = TILES(OW, FORWARD_PT);
    const int u0 = tile % row_tiles * FORWARD_PT;
    const int v = tile / row_tiles % OH;
    const int o0 = tile / (row_tiles * OH) * FORWARD_CT;
    x += get_global_id(2) * (IC * IH * IW * VECTORS) + lane;
    y += get_global_id(2) * (OC * OH * OW * VECTORS) + lane;

    vec sum[FORWARD_CT][FORWARD_PT];
#pragma unroll
    for (int o = 0; o < FORWARD_CT; o++)
#pragma unroll
        for (int u = 0; u < FORWARD_PT; u++)
            sum[o][u] = parameters[BIASES + min(o0 + o, OC - 1)];

    for (int i = 0; i < IC; i++)
        for (int a = 0; a < K; a++) {
            const int r = v * S - P + a;
            if (P > 0 && (r < 0 || r >= IH))
                continue;
            global const vec *row = x + (i * IH + r) * IW * VECTORS;
#pragma unroll
            for (int q = 0; q < (FORWARD_PT - 1) * S + K; q++) {
                const int column = u0 * S - P + q;
                if (OUTSIDE(column))
                    continue;
                const vec value = row[column * VECTORS];
#pragma unroll
                for (int u = 0; u < FORWARD_PT; u++) {
                    const int c = q - u * S;
                    if (c < 0 || c >= K)
                        continue;
#pragma unroll
                    for (int o = 0; o < FORWARD_CT; o++)
                        sum[o][u] = fma(value, (vec)WEIGHT(min(o0 + o, OC - 1), i, a, c),
                                        sum[o][u]);
                }
            }
        }

#pragma unroll
    for (int o = 0; o < FORWARD_CT; o++)
#pragma unroll
        for (int u = 0; u < FORWARD_PT; u++)
            if (o0 + o < OC && u0 + u < OW)
                y[(((o0 + o) * OH + v) * OW + u0 + u) * VECTORS] = act_forward(sum[o][u]);
}

/* Row tiles start at multiples of S (S divides DATA_PT), so which outputs u meet which
 * pixel of the tile is known when the kernel is compiled: c = q + P - u S. */
#define FLOOR_DIV(a, b) ((a) >= 0 ? (a) / (b) : -((-(a) + (b)-1) / (b)))

kernel void conv_backward_data(global const vec *restrict x,
                               global const float *restrict parameters,
                               global const vec *restrict dy, global vec *restrict dx)
{
    const size_t lane = get_global_id(0), tile = get_global_id(1);
    const size_t row_tiles = TILES(IW, DATA_PT);
    const int q0 = tile % row_tiles * DATA_PT;
    const int r = tile / row_tiles % IH;
    const int i0 = tile / (row_tiles * IH) * DATA_CT;
    x += get_global_id(2) * (IC * IH * IW * VECTORS) + lane;
    dx += get_global_id(2) * (IC * IH * IW * VECTORS) + lane;
    dy += get_global_id(2) * (OC * OH * OW * VECTORS) + lane;

    vec sum[DATA_CT][DATA_PT];
#pragma unroll
    for (int i = 0; i < DATA_CT; i++)
#pragma unroll
        for (int q = 0; q < DATA_PT; q++)
            sum[i][q] = 0.0f;

    for (int a = 0; a < K; a++) {
        const int v = (r + P - a) / S;
        if (r + P - a < 0 || (r + P - a) % S != 0 || v >= OH)
            continue;
        for (int o = 0; o < OC; o++) {
            global const vec *row = dy + (o * OH + v) * OW * VECTORS;
#pragma unroll
            for (int t = FLOOR_DIV(P - K + 1, S); t <= (DATA_PT - 1 + P) / S; t++) {
                const int u = q0 / S + t;
                if (u < 0 || u >= OW)
                    continue;
                const vec value = row[u * VECTORS];
#pragma unroll
                for (int q = 0; q < DATA_PT; q++) {
                    const int c = q + P - t * S;
                    if (c < 0 || c >= K)
                        continue;
#pragma unroll
                    for (int i = 0; i < DATA_CT; i++)
                        sum[i][q] = fma(value, (vec)WEIGHT(o, min(i0 + i, IC - 1), a, c),
                                        sum[i][q]);
                }
            }
        }
    }

#pragma unroll
    for (int i = 0; i < DATA_CT; i++)
#pragma unroll
        for (int q = 0; q < DATA_PT; q++)
            if (i0 + i < IC && q0 + q < IW) {
                const size_t at = (((i0 + i) * IH + r) * IW + q0 + q) * VECTORS;
                dx[at] = act_backward(sum[i][q], x[at]);
            }
}

/* Slice s of the blocks adds up its own copy of the gradients, so that no two work-groups
 * write one value; the optimizer sums the slices in order. */
#define WEIGHTS_SUMS (WEIGHTS_OT * WEIGHTS_IT * K)

kernel void conv_backward_weights(global const vec *restrict x,
                                  global const vec *restrict dy,
                                  global float *restrict gradients, const uint nblocks)
{
    const size_t tile = get_global_id(1), slice = get_global_id(2);
    const int a = tile % K;
    const int i0 = tile / K % TILES(IC, WEIGHTS_IT) * WEIGHTS_IT;
    const int o0 = tile / (K * TILES(IC, WEIGHTS_IT)) * WEIGHTS_OT;
    const size_t first = slice * nblocks / NSLICES, end = (slice + 1) * nblocks / NSLICES;
    gradients += slice * NPARAMETERS;

    vec sum[WEIGHTS_OT][WEIGHTS_IT][K];
    vec bias[WEIGHTS_OT];
#pragma unroll
    for (int o = 0; o < WEIGHTS_OT; o++) {
        bias[o] = 0.0f;
#pragma unroll
        for (int i = 0; i < WEIGHTS_IT; i++)
#pragma unroll
            for (int c = 0; c < K; c++)
                sum[o][i][c] = 0.0f;
    }

    for (size_t block = first; block < end; block++)
        for (size_t lane = get_local_id(0); lane < VECTORS; lane += LANE_ITEMS) {
            global const vec *xb = x + block * (IC * IH * IW * VECTORS) + lane;
            global const vec *dyb = dy + block * (OC * OH * OW * VECTORS) + lane;
            for (int v = 0; v < OH; v++) {
                const int r = v * S - P + a;
                if (P > 0 && (r < 0 || r >= IH))
                    continue;
                for (int u = 0; u < OW; u++) {
                    vec d[WEIGHTS_OT];
#pragma unroll
                    for (int o = 0; o < WEIGHTS_OT; o++)
                        d[o] = dyb[((min(o0 + o, OC - 1) * OH + v) * OW + u) * VECTORS];
#pragma unroll
                    for (int i = 0; i < WEIGHTS_IT; i++)
#pragma unroll
                        for (int c = 0; c < K; c++) {
                            const int q = u * S - P + c;
                            if (P > 0 && (q < 0 || q >= IW))
                                continue;
                            const vec value =
                                xb[((min(i0 + i, IC - 1) * IH + r) * IW + q) * VECTORS];
#pragma unroll
                            for (int o = 0; o < WEIGHTS_OT; o++)
                                sum[o][i][c] = fma(d[o], value, sum[o][i][c]);
                        }
                }
            }
            if (a == 0 && i0 == 0)
                for (int vu = 0; vu < OH * OW; vu++)
#pragma unroll
                    for (int o = 0; o < WEIGHTS_OT; o++)
                        bias[o] += dyb[(min(o0 + o, OC - 1) * OH * OW + vu) * VECTORS];
        }

#if LANE_ITEMS > 1
    local float shared[(WEIGHTS_SUMS + WEIGHTS_OT) * (LANE_ITEMS + 1)];
    for (int o = 0; o < WEIGHTS_OT; o++) {
        for (int ic = 0; ic < WEIGHTS_IT * K; ic++)
            shared[(o * WEIGHTS_IT * K + ic) * (LANE_ITEMS + 1) + get_local_id(0)] =
                sum[o][ic / K][ic % K];
        shared[(WEIGHTS_SUMS + o) * (LANE_ITEMS + 1) + get_local_id(0)] = bias[o];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int n = get_local_id(0); n < WEIGHTS_SUMS + WEIGHTS_OT; n += LANE_ITEMS) {
        float total = 0.0f;
        for (int l = 0; l < LANE_ITEMS; l++)
            total += shared[n * (LANE_ITEMS + 1) + l];
        const int o = n < WEIGHTS_SUMS ? n / (WEIGHTS_IT * K) : n - WEIGHTS_SUMS;
        const int i = n / K % WEIGHTS_IT, c = n % K;
        if (n >= WEIGHTS_SUMS) {
            if (a == 0 && i0 == 0 && o0 + o < OC)
                gradients[BIASES + o0 + o] = total;
        } else if (o0 + o < OC && i0 + i < IC) {
            gradients[WEIGHTS + (((o0 + o) * IC + i0 + i) * K + a) * K + c] = total;
        }
    }
#else
#pragma unroll
    for (int o = 0; o < WEIGHTS_OT; o++) {
#pragma unroll
        for (int i = 0; i < WEIGHTS_IT; i++)
#pragma unroll
            for (int c = 0; c < K; c++)
                if (o0 + o < OC && i0 + i < IC)
                    gradients[WEIGHTS + (((o0 + o) * IC + i0 + i) * K + a) * K + c] =
                        sum_vec(sum[o][i][c]);
        if (a == 0 && i0 == 0 && o0 + o < OC)
            gradients[BIASES + o0 + o] = sum_vec(bias[o]);
    }
#endif
}
