/* The lambda sweep: what its kernels share. An evaluation e is one point of the sweep,
 *
 *     x = lambda[l] x_i + (1 - lambda[l]) x_j,   (i, j) = pairs[e / NLAMBDAS],
 *                                                l = e % NLAMBDAS,
 *
 * and consecutive evaluations are consecutive lanes, so that no number of lambdas leaves
 * lanes idle. The first layer F of the student (with the normalization, and all that is
 * linear) was run once for each image: maps, float [image][MAP_SIZE], and
 *
 *     F(x) = lambda F(x_i) + (1 - lambda) F(x_j)
 *
 * holds exactly. The VW lanes of a work-item span at most SPAN pairs; a value of F(x) is
 * built from 2 SPAN scalars, each broadcast to the lanes of its pair.
 *
 * The score of logits z, the lower the less sure (MEASURE):
 *
 *     confidence   max_y p_y = 1 / sum_y exp(z_y - z_max)                    (C1)
 *     margin       p_1 - p_2, the two largest
 *     entropy      sum_y p_y log p_y, the negative entropy
 *
 * All sums are explicit fma in a fixed order, so that devices agree. Nothing here turns a
 * NaN into a number. Tolerance of scores against float64: 1e-5. */

#pragma OPENCL FP_CONTRACT OFF

#define MEASURE_CONFIDENCE 0
#define MEASURE_MARGIN 1
#define MEASURE_ENTROPY 2

#ifndef NLAMBDAS
#define NLAMBDAS 11
#define SPAN (VW > 1 ? 3 : 1)
#define MAP_SIZE 2352
#define NCLASSES 10
#define MEASURE MEASURE_CONFIDENCE
#define MAY_OVERFLOW 1
#endif

#if VW == 1
#define as_vec as_float
#define convert_ivec convert_int
#define vload_ivec(p) (*(p))
#elif VW == 4
#define as_vec as_float4
#define convert_ivec convert_int4
#define vload_ivec(p) vload4(0, p)
#elif VW == 8
#define as_vec as_float8
#define convert_ivec convert_int8
#define vload_ivec(p) vload8(0, p)
#else
#define as_vec as_float16
#define convert_ivec convert_int16
#define vload_ivec(p) vload16(0, p)
#endif

typedef struct sweep_lanes {
    global const float *a[SPAN], *b[SPAN]; /* the maps of the pairs' images */
    ivec slot;        /* which of the SPAN pairs a lane belongs to, ascending */
    vec lambda, rest; /* rest = 1 - lambda */
    vec a_share[SPAN], b_share[SPAN]; /* lambda, rest in the lanes of the pair, else 0 */
    int one_a;                        /* whether all the pairs have one first image */
    int narrow;                       /* whether the last of them has no lane */
} sweep_lanes;

/* The lanes of evaluations first to first + VW - 1. With r = first % NLAMBDAS, lane k has
 * lambda number (r + k) % NLAMBDAS and slot (r + k) / NLAMBDAS, which lambda_table and
 * slot_table hold at r + k. Evaluations behind the last pair repeat it. */
static void sweep_lanes_at(sweep_lanes *lanes, const uint first, global const float *maps,
                           global const uint2 *pairs, const uint npairs,
                           global const float *lambda_table, global const int *slot_table)
{
    const uint pair = first / NLAMBDAS, r = first % NLAMBDAS;
    lanes->lambda = vload_vec(lambda_table + r);
    lanes->rest = 1.0f - lanes->lambda;
    lanes->slot = vload_ivec(slot_table + r);
    lanes->narrow = slot_table[r + VW - 1] < SPAN - 1;
    lanes->one_a = 1;
#pragma unroll
    for (int s = 0; s < SPAN; s++) {
        const uint2 images = pairs[min(pair + s, npairs - 1)];
        lanes->a[s] = maps + (size_t)images.x * MAP_SIZE;
        lanes->b[s] = maps + (size_t)images.y * MAP_SIZE;
        lanes->a_share[s] = lanes->slot == (ivec)s ? lanes->lambda : (vec)0.0f;
        lanes->b_share[s] = lanes->slot == (ivec)s ? lanes->rest : (vec)0.0f;
        lanes->one_a &= lanes->a[s] == lanes->a[0];
    }
}

/* Value number at of F(x), of lanes that belong to the first span pairs; that of an image
 * itself where lambda is 0 or 1. With one_a the pairs have one first image.
 *
 * Adding the other pairs' values times zero takes fewer instructions than choosing among
 * them, and changes no bit while they are finite. */
INLINE vec sweep_mixed(const sweep_lanes *lanes, const int at, const int span,
                       const int one_a)
{
#if MAY_OVERFLOW
    vec a = lanes->a[0][at], b = lanes->b[0][at];
#pragma unroll
    for (int s = 1; s < span; s++) {
        a = lanes->slot >= (ivec)s ? (vec)lanes->a[s][at] : a;
        b = lanes->slot >= (ivec)s ? (vec)lanes->b[s][at] : b;
    }
    return fma(lanes->lambda, a, lanes->rest * b);
#else
    vec sum = lanes->b_share[0] * lanes->b[0][at];
    if (!one_a)
        sum = fma(lanes->a_share[0], lanes->a[0][at], sum);
#pragma unroll
    for (int s = 1; s < span; s++) {
        sum = fma(lanes->b_share[s], lanes->b[s][at], sum);
        if (!one_a)
            sum = fma(lanes->a_share[s], lanes->a[s][at], sum);
    }
    return one_a ? fma(lanes->lambda, lanes->a[0][at], sum) : sum;
#endif
}

/* exp(x) of x in [-87, 0]: 2^n exp(r), |r| <= log(2) / 2, by the polynomial of Cephes'
 * expf; 2 ulp. One that is the same on every device, and in vectors. */
static vec sweep_exp(const vec x)
{
    const vec n = floor(fma(x, (vec)1.44269504f, (vec)0.5f));
    const vec r = fma(n, (vec)2.12194440e-4f, fma(n, (vec)-0.693359375f, x));
    vec p = 1.9875691500e-4f;
    p = fma(p, r, (vec)1.3981999507e-3f);
    p = fma(p, r, (vec)8.3334519073e-3f);
    p = fma(p, r, (vec)4.1665795894e-2f);
    p = fma(p, r, (vec)1.6666665459e-1f);
    p = fma(p, r, (vec)5.0000001201e-1f);
    p = fma(p, r * r, r) + 1.0f;
    return p * as_vec((convert_ivec(n) + 127) << 23);
}

static vec sweep_relu(const vec x)
{
    return x < (vec)0.0f ? (vec)0.0f : x;
}

static vec sweep_relu6(const vec x)
{
    const vec y = sweep_relu(x);
    return y > (vec)6.0f ? (vec)6.0f : y;
}

/* (1 - e) / (1 + e), e = exp(-2 |x|), with the sign of x. */
static vec sweep_tanh(const vec x)
{
    const vec d = -2.0f * fabs(x);
    const vec e = sweep_exp(d < (vec)-87.0f ? (vec)-87.0f : d);
    return copysign((1.0f - e) / (1.0f + e), x);
}

/* Pooling, value k of a window: the maximum, and the sum. To look for a NaN behind the
 * first value takes two instructions more, which students that cannot have one are
 * spared. */
static vec sweep_max(const int k, const vec pooled, const vec value)
{
    if (k == 0)
        return value;
#if MAY_OVERFLOW
    return ((pooled < value) | (value != value)) ? value : pooled;
#else
    return pooled < value ? value : pooled;
#endif
}

static vec sweep_sum(const int k, const vec pooled, const vec value)
{
    return k == 0 ? value : pooled + value;
}

static vec sweep_score(const vec *z)
{
    vec top = z[0], second = -INFINITY;
    for (int y = 1; y < NCLASSES; y++) {
        const vec lower = z[y] > top ? top : z[y];
        second = lower > second ? lower : second;
        top = z[y] > top ? z[y] : top;
    }
    vec sum = 0.0f, weighted = 0.0f;
    for (int y = 0; y < NCLASSES; y++) {
        const vec d = z[y] - top;
        const vec bounded = d < (vec)-87.0f ? (vec)-87.0f : d;
        const vec e = sweep_exp(bounded);
        sum += e;
        weighted = fma(e, bounded, weighted);
    }
#if MEASURE == MEASURE_CONFIDENCE
    return 1.0f / sum;
#elif MEASURE == MEASURE_MARGIN
    const vec d = second - top;
    return (1.0f - sweep_exp(d < (vec)-87.0f ? (vec)-87.0f : d)) / sum;
#else
    return weighted / sum - log(sum);
#endif
}
