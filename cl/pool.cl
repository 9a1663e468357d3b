/* Max and average pooling without padding (torch.nn.MaxPool2d, AvgPool2d; an incomplete
 * last window is dropped), and the activation alone as pooling with a 1 x 1 window.
 *
 *     y[v][u]  = act(max or mean over the window x[v S + a][u S + c])
 *     dx[r][q] = act'(x) sum over the windows that (r, q) is in of
 *                dy if it is the window's first maximum; dy / K^2 for the mean
 *
 * Activations lie as in common.cl. Grid: (VECTORS, height * width of what is written,
 * channels * blocks). The first maximum in row order takes the gradient, as in PyTorch.
 * Tolerance: exact for max, 1e-6 relative for the mean. */

#ifndef IH
#define IH 4
#define IW 4
#define OH 2
#define OW 2
#define K 2
#define S 2
#define AVERAGE 0
#endif

kernel void pool_forward(global const vec *restrict x, global vec *restrict y)
{
    const size_t lane = get_global_id(0), at = get_global_id(1);
    const int v = at / OW, u = at % OW;
    x += get_global_id(2) * (IH * IW * VECTORS) + lane;
    vec result = x[(v * S * IW + u * S) * VECTORS];
#pragma unroll
    for (int ac = 1; ac < K * K; ac++) {
        const vec value = x[((v * S + ac / K) * IW + u * S + ac % K) * VECTORS];
        result = AVERAGE ? result + value : fmax(result, value);
    }
    if (AVERAGE)
        result *= 1.0f / (K * K);
    y[(get_global_id(2) * OH * OW + at) * VECTORS + lane] = act_forward(result);
}

kernel void pool_backward(global const vec *restrict x, global const vec *restrict dy,
                          global vec *restrict dx)
{
    const size_t lane = get_global_id(0), at = get_global_id(1);
    const int r = at / IW, q = at % IW;
    x += get_global_id(2) * (IH * IW * VECTORS) + lane;
    dy += get_global_id(2) * (OH * OW * VECTORS) + lane;
    const vec own = x[at * VECTORS];
    vec sum = 0.0f;
    for (int v = r < K ? 0 : (r - K) / S + 1; v <= r / S && v < OH; v++)
        for (int u = q < K ? 0 : (q - K) / S + 1; u <= q / S && u < OW; u++) {
            const vec d = dy[(v * OW + u) * VECTORS];
#if AVERAGE
            sum += d * (1.0f / (K * K));
#else
            ivec first = own == own;
            const int self = (r - v * S) * K + q - u * S;
#pragma unroll
            for (int ac = 0; ac < K * K; ac++) {
                const vec value = x[((v * S + ac / K) * IW + u * S + ac % K) * VECTORS];
                first = first && (ac < self ? own > value : own >= value);
            }
            sum += select((vec)0.0f, d, first);
#endif
        }
    dx[(get_global_id(2) * IH * IW + at) * VECTORS + lane] = act_backward(sum, own);
}
