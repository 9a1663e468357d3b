/* Two-dimensional convolution of channels in groups, and with dilation (torch.nn.Conv2d);
 * with as many groups as channels, a depthwise one, which on vectors is depthwise.cl's.
 *
 *     y[o][v][u]     = act(b[o] + sum_{i,a,c} w[o][i][a][c] x[f + i][v S - PY + a D][u S - PX + c D])
 *     dx[f + i][r][q] = act'(x) sum_{o,a,c: r = v S - PY + a D, q = u S - PX + c D} w[o][i][a][c] dy[o][v][u]
 *     dw[o][i][a][c] = sum_{samples,v,u} dy[o][v][u] x[f + i][v S - PY + a D][u S - PX + c D]
 *
 * with i below GI = IC / GROUPS, f the first input channel of o's group, and the sum over
 * the outputs of one group. Activations lie as in common.cl, weights as in PyTorch.
 *
 * Grid of grouped_forward: (VECTORS, OC * OH * OW / RUN(OW), blocks); of
 * grouped_backward_data: the same of the inputs; of grouped_backward_weights:
 * (LANE_ITEMS, OC * GI, slices), work-groups of LANE_ITEMS.
 * Tolerance against float64: 1e-5 + 1e-5 |reference|. */

#ifndef IC
#define IC 4
#define IH 8
#define IW 8
#define OC 4
#define OH 6
#define OW 6
#define KH 3
#define S 1
#define PY 0
#define PX 0
#define BIAS 1
#define GROUPS 4
#define DILATION 1
#endif

#define K KH /* square */
#define D DILATION
#define GI (IC / GROUPS)
#define GO (OC / GROUPS)

#define OUTSIDE(at, n) ((at) < 0 || (at) >= (n))

INLINE vec output_at(global const vec *x, global const float *w, vec sum, const int v,
                     const int u)
{
    for (int i = 0; i < GI; i++)
        for (int a = 0; a < K; a++) {
            const int r = v * S - PY + a * D;
            if (OUTSIDE(r, IH))
                continue;
#pragma unroll
            for (int c = 0; c < K; c++) {
                const int q = u * S - PX + c * D;
                if (!OUTSIDE(q, IW))
                    sum = fma(x[((i * IH + r) * IW + q) * VECTORS],
                              (vec)w[(i * K + a) * K + c], sum);
            }
        }
    return sum;
}

kernel void grouped_forward(global const vec *restrict x,
                            global const float *restrict parameters,
                            global vec *restrict y, const uint weights, const uint biases)
{
    const int first = get_global_id(1) * RUN(OW), o = first / (OH * OW);
    const size_t lane = get_global_id(0), block = get_global_id(2);
    global const float *w = parameters + weights + o * (GI * K * K);
    x += (block * IC + o / GO * GI) * (IH * IW * VECTORS) + lane;
    y += block * (OC * OH * OW * VECTORS) + lane;
    const vec bias = BIAS ? parameters[biases + o] : 0.0f;
    for (int at = first; at < first + RUN(OW); at++)
        y[at * VECTORS] =
            act_forward(output_at(x, w, bias, at / OW % OH, at % OW));
}

/* The sum over the outputs of the group that see pixel (r, q) of its channel i; w and dy
 * are the group's first. */
INLINE vec gradient_at(global const vec *dy, global const float *w, const int i,
                       const int r, const int q)
{
    vec sum = 0.0f;
    for (int o = 0; o < GO; o++)
        for (int a = 0; a < K; a++) {
            const int vs = r + PY - a * D, v = vs / S;
            if (vs < 0 || vs % S || v >= OH)
                continue;
#pragma unroll
            for (int c = 0; c < K; c++) {
                const int us = q + PX - c * D, u = us / S;
                if (us >= 0 && us % S == 0 && u < OW)
                    sum = fma(dy[((o * OH + v) * OW + u) * VECTORS],
                              (vec)w[((o * GI + i) * K + a) * K + c], sum);
            }
        }
    return sum;
}

kernel void grouped_backward_data(global const vec *restrict x,
                                  global const float *restrict parameters,
                                  global const vec *restrict dy, global vec *restrict dx,
                                  const uint weights, const int add)
{
    const int first = get_global_id(1) * RUN(IW), channel = first / (IH * IW);
    const int o0 = channel / GI * GO;
    const size_t lane = get_global_id(0), block = get_global_id(2);
    global const float *w = parameters + weights + o0 * (GI * K * K);
    x += block * (IC * IH * IW * VECTORS) + lane;
    dx += block * (IC * IH * IW * VECTORS) + lane;
    dy += (block * OC + o0) * (OH * OW * VECTORS) + lane;
    for (int at = first; at < first + RUN(IW); at++) {
        const vec d = gradient_at(dy, w, channel % GI, at / IW % IH, at % IW);
        dx[at * VECTORS] = act_backward(add ? dx[at * VECTORS] + d : d, x[at * VECTORS]);
    }
}

INLINE void add_products(vec sum[K * K], global const vec *x, const vec d, const int v,
                         const int u)
{
#pragma unroll
    for (int a = 0; a < K; a++) {
        const int r = v * S - PY + a * D;
        if (OUTSIDE(r, IH))
            continue;
#pragma unroll
        for (int c = 0; c < K; c++) {
            const int q = u * S - PX + c * D;
            if (!OUTSIDE(q, IW))
                sum[a * K + c] = fma(d, x[(r * IW + q) * VECTORS], sum[a * K + c]);
        }
    }
}

/* Writes the sums over the lanes of n values that each has, n a constant of at most K: lane l
 * puts its own into column l of shared, and then adds up rows of that. */
INLINE void write_sums(global float *to, const vec *values, const int n, local float *shared)
{
#if LANE_ITEMS > 1
    const int lane = get_local_id(0);
    barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
    for (int k = 0; k < n; k++)
        shared[k * (LANE_ITEMS + 1) + lane] = values[k];
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int k = lane; k < n; k += LANE_ITEMS) {
        float total = 0.0f;
        for (int l = 0; l < LANE_ITEMS; l++)
            total += shared[k * (LANE_ITEMS + 1) + l];
        to[k] = total;
    }
#else
    for (int k = 0; k < n; k++)
        to[k] = sum_vec(values[k]);
#endif
}

kernel LANE_GROUP void grouped_backward_weights(
    global const vec *restrict x, global const vec *restrict dy,
    global float *restrict gradients, const uint nblocks, const uint slice_nblocks,
    const uint weights, const uint biases, const uint ntrained)
{
    local float shared[K * (LANE_ITEMS + 1)];
    const size_t slice = get_global_id(2);
    const int o = get_global_id(1) / GI, i = get_global_id(1) % GI;
    const size_t first = slice_start(slice, slice_nblocks, nblocks);
    const size_t end = slice_start(slice + 1, slice_nblocks, nblocks);
    vec sum[K * K], bias = 0.0f;
#pragma unroll
    for (int ac = 0; ac < K * K; ac++)
        sum[ac] = 0.0f;
    for (size_t block = first; block < end; block++)
        for (size_t lane = LANE_ITEM; lane < VECTORS; lane += LANE_ITEMS) {
            global const vec *image =
                x + (block * IC + o / GO * GI + i) * (IH * IW * VECTORS) + lane;
            global const vec *d = dy + (block * OC + o) * (OH * OW * VECTORS) + lane;
            for (int v = 0; v < OH; v++)
#pragma unroll 1
                for (int u = 0; u < OW; u++) {
                    const vec value = d[(v * OW + u) * VECTORS];
                    bias += value;
                    add_products(sum, image, value, v, u);
                }
        }
    gradients += slice * ntrained;
    global float *w = gradients + weights + (o * GI + i) * (K * K);
#pragma unroll
    for (int a = 0; a < K; a++)
        write_sums(w + a * K, sum + a * K, K, shared);
    if (BIAS && i == 0)
        write_sums(gradients + biases + o, &bias, 1, shared);
}
