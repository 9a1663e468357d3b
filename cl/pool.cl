/* Max and average pooling (torch.nn.MaxPool2d, AvgPool2d; what is left at the far sides
 * after the last window is dropped).
 *
 *     y[v][u]  = act(max or mean over the window x[v S - PY + a][u S - PX + c])
 *     dx[r][q] = act'(x) sum over the windows that (r, q) is in of
 *                dy if it is the window's first maximum; dy / (KH KW) for the mean
 *
 * What lies outside the image is no maximum, and 0 in a mean. Activations lie as in
 * common.cl. Grid of pool_forward: (VECTORS, OH * OW / RUN(OW), channels * blocks).
 * pool_backward has that grid too where windows do not overlap, and a work-item then writes
 * the pixels of its windows; where they do (BY_PIXELS), it is one over pixels, (VECTORS,
 * IH * IW / RUN(IW), channels * blocks). The first maximum in row order takes the
 * gradient, as in PyTorch. Tolerance: exact for max, 1e-6 relative for the mean. */

#ifndef IH
#define IH 4
#define IW 4
#define OH 2
#define OW 2
#define KH 2
#define KW 2
#define S 2
#define PY 0
#define PX 0
#define AVERAGE 0
#define BY_PIXELS 0
#endif

#define TAPS (KH * KW)
/* Whether every window lies in the image: known when the kernel is compiled. */
#define ALL_INSIDE                                                                       \
    (PY == 0 && PX == 0 && (OH - 1) * S + KH <= IH && (OW - 1) * S + KW <= IW)

/* The pixel under tap ac of window (v, u); -1 outside the image. */
static inline int pixel_under(int v, int u, int ac)
{
    const int r = v * S - PY + ac / KW, q = u * S - PX + ac % KW;
    return ALL_INSIDE || (r >= 0 && r < IH && q >= 0 && q < IW) ? r * IW + q : -1;
}

/* The maximum, NaN if either is: a sum that overflowed must not look like none. */
static inline vec larger(vec a, vec b)
{
    return ((b > a) | (b != b)) ? b : a;
}

static inline vec window_result(global const vec *x, int v, int u)
{
    vec result = AVERAGE ? (vec)0.0f : (vec)-INFINITY;
#if TAPS <= 16
#pragma unroll
#endif
    for (int ac = 0; ac < TAPS; ac++) {
        const int pixel = pixel_under(v, u, ac);
        if (pixel < 0)
            continue;
        const vec value = x[pixel * VECTORS];
        result = AVERAGE ? result + value : larger(result, value);
    }
    return AVERAGE ? result * (1.0f / TAPS) : result;
}

kernel void pool_forward(global const vec *restrict x, global vec *restrict y)
{
    const size_t lane = get_global_id(0);
    const int first = get_global_id(1) * RUN(OW);
    x += get_global_id(2) * (IH * IW * VECTORS) + lane;
    y += get_global_id(2) * (OH * OW * VECTORS) + lane;
    for (int at = first; at < first + RUN(OW); at++)
        y[at * VECTORS] = act_forward(window_result(x, at / OW, at % OW));
}

#if !BY_PIXELS

/* The pixels from window (v, u) to the next, or to the edge; those between have none. */
static inline void window_backward(global const vec *x, global const vec *dy,
                                   global vec *dx, int v, int u)
{
    const vec d = dy[(v * OW + u) * VECTORS];
    const vec top = AVERAGE ? (vec)0.0f : window_result(x, v, u);
    ivec open = d == d || d != d; /* true: no maximum yet */
#if TAPS <= 16
#pragma unroll
#endif
    for (int ac = 0; ac < TAPS; ac++) {
        const size_t at = pixel_under(v, u, ac) * VECTORS;
        const vec own = x[at];
        const ivec takes = open & (own >= top);
        open &= ~takes;
        dx[at] = act_backward(
            AVERAGE ? d * (1.0f / TAPS) : select((vec)0.0f, d, takes), own);
    }
    const int end_r = v == OH - 1 ? IH : (v + 1) * S;
    const int end_q = u == OW - 1 ? IW : (u + 1) * S;
    for (int r = v * S; r < end_r; r++)
        for (int q = r < v * S + KH ? u * S + KW : u * S; q < end_q; q++)
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

/* Whether own, under tap self of window (v, u), is its first maximum. */
static inline ivec is_first(global const vec *x, const vec own, int v, int u, int self)
{
    ivec first = own == own;
#if TAPS <= 16
#pragma unroll
#endif
    for (int ac = 0; ac < TAPS; ac++) {
        const int pixel = pixel_under(v, u, ac);
        if (pixel < 0)
            continue;
        const vec value = x[pixel * VECTORS];
        first = first && (ac < self ? own > value : own >= value);
    }
    return first;
}

static inline vec pixel_gradient(global const vec *x, global const vec *dy, int r, int q)
{
    const vec own = x[(r * IW + q) * VECTORS];
    const int y = r + PY, z = q + PX;
    vec sum = 0.0f;
    for (int v = y < KH ? 0 : (y - KH) / S + 1; v <= y / S && v < OH; v++)
        for (int u = z < KW ? 0 : (z - KW) / S + 1; u <= z / S && u < OW; u++) {
            const vec d = dy[(v * OW + u) * VECTORS];
#if AVERAGE
            sum += d * (1.0f / TAPS);
#else
            sum += select((vec)0.0f, d, is_first(x, own, v, u, (y - v * S) * KW + z - u * S));
#endif
        }
    return act_backward(sum, own);
}

kernel void pool_backward(global const vec *restrict x, global const vec *restrict dy,
                          global vec *restrict dx)
{
    const size_t lane = get_global_id(0);
    const int first = get_global_id(1) * RUN(IW);
    x += get_global_id(2) * (IH * IW * VECTORS) + lane;
    dx += get_global_id(2) * (IH * IW * VECTORS) + lane;
    dy += get_global_id(2) * (OH * OW * VECTORS) + lane;
    for (int at = first; at < first + RUN(IW); at++)
        dx[at * VECTORS] = pixel_gradient(x, dy, at / IW, at % IW);
}

#endif
