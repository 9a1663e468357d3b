/* Max and average pooling without padding (torch.nn.MaxPool2d, AvgPool2d; an incomplete
 * last window is dropped), and the activation alone as pooling with a 1 x 1 window.
 *
 *     y[v][u]  = act(max or mean over the window x[v S + a][u S + c])
 *     dx[r][q] = act'(x) sum over the windows that (r, q) is in of
 *                dy if it is the window's first maximum; dy / K^2 for the mean
 *
 * Activations lie as in common.cl. Grid of pool_forward: (VECTORS, OH * OW / RUN(OW),
 * channels * blocks). pool_backward has that grid too where windows do not overlap, and a
 * work-item then writes the pixels of its windows; where they do, it is one over pixels,
 * (VECTORS, IH * IW / RUN(IW), channels * blocks). The first maximum in row order takes
 * the gradient, as in PyTorch. Tolerance: exact for max, 1e-6 relative for the mean. */

#ifndef IH
#define IH 4
#define IW 4
#define OH 2
#define OW 2
#define K 2
#define S 2
#define AVERAGE 0
#endif

/* What a work-item does of a row: all of it, or a single place where items run in
 * lockstep. */
#if VW == 1
#define RUN(width) 1
#else
#define RUN(width) (width)
#endif

/* The maximum, NaN if either is: a sum that overflowed must not look like none. */
static inline vec larger(vec a, vec b)
{
    return (b > a) | (b != b) ? b : a;
}

static inline vec window_result(global const vec *x, int v, int u)
{
    vec result = x[(v * S * IW + u * S) * VECTORS];
#pragma unroll
    for (int ac = 1; ac < K * K; ac++) {
        const vec value = x[((v * S + ac / K) * IW + u * S + ac % K) * VECTORS];
        result = AVERAGE ? result + value : larger(result, value);
    }
    return AVERAGE ? result * (1.0f / (K * K)) : result;
}

kernel void pool_forward(global const vec *restrict x, global vec *restrict y)
{
    const size_t lane = get_global_id(0), first = get_global_id(1) * RUN(OW);
    x += get_global_id(2) * (IH * IW * VECTORS) + lane;
    y += get_global_id(2) * (OH * OW * VECTORS) + lane;
    for (size_t at = first; at < first + RUN(OW); at++)
        y[at * VECTORS] = act_forward(window_result(x, at / OW, at % OW));
}

#if K <= S

/* The pixels from window (v, u) to the next, or to the edge; those between have none. */
static inline void window_backward(global const vec *x, global const vec *dy,
                                   global vec *dx, int v, int u)
{
    const vec d = dy[(v * OW + u) * VECTORS];
    const vec top = AVERAGE ? (vec)0.0f : window_result(x, v, u);
    ivec open = d == d || d != d; /* true: no maximum yet */
#pragma unroll
    for (int ac = 0; ac < K * K; ac++) {
        const size_t at = ((v * S + ac / K) * IW + u * S + ac % K) * VECTORS;
        const vec own = x[at];
        const ivec takes = open & (own >= top);
        open &= ~takes;
        dx[at] = act_backward(
            AVERAGE ? d * (1.0f / (K * K)) : select((vec)0.0f, d, takes), own);
    }
    const int end_r = v == OH - 1 ? IH : (v + 1) * S;
    const int end_q = u == OW - 1 ? IW : (u + 1) * S;
    for (int r = v * S; r < end_r; r++)
        for (int q = r < v * S + K ? u * S + K : u * S; q < end_q; q++)
            dx[(r * IW + q) * VECTORS] = 0.0f;
}

kernel void pool_backward(global const vec *restrict x, global const vec *restrict dy,
                          global vec *restrict dx)
{
    const size_t lane = get_global_id(0), first = get_global_id(1) * RUN(OW);
    x += get_global_id(2) * (IH * IW * VECTORS) + lane;
    dx += get_global_id(2) * (IH * IW * VECTORS) + lane;
    dy += get_global_id(2) * (OH * OW * VECTORS) + lane;
    for (size_t at = first; at < first + RUN(OW); at++)
        window_backward(x, dy, dx, at / OW, at % OW);
}

#else

static inline vec pixel_gradient(global const vec *x, global const vec *dy, int r, int q)
{
    const vec own = x[(r * IW + q) * VECTORS];
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
    return act_backward(sum, own);
}

kernel void pool_backward(global const vec *restrict x, global const vec *restrict dy,
                          global vec *restrict dx)
{
    const size_t lane = get_global_id(0), first = get_global_id(1) * RUN(IW);
    x += get_global_id(2) * (IH * IW * VECTORS) + lane;
    dx += get_global_id(2) * (IH * IW * VECTORS) + lane;
    dy += get_global_id(2) * (OH * OW * VECTORS) + lane;
    for (size_t at = first; at < first + RUN(IW); at++)
        dx[at * VECTORS] = pixel_gradient(x, dy, at / IW, at % IW);
}

#endif
