/* One step of an optimizer over all parameters. The gradient g of a parameter is the sum of
 * its slices in order (conv_backward_weights.cl and the like), times scale[0], which is 1
 * where gradients are not clipped.
 *
 *   sgd   (torch.optim.SGD)    g += decay w;  m = momentum m + g;  w -= rate m
 *   with nesterov != 0         w -= rate (g + momentum m) instead
 *   adamw (arXiv 1711.05101)   w -= rate decay w;
 *                              m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;
 *                              w -= rate (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
 *   Adam (arXiv 1412.6980) is adamw with coupled decay: g += decay w instead.
 *
 * Where scaled != 0 the rate of parameter p is rate times factors[p], and a parameter whose
 * factor is 0 stays as it is, to the bit; its gradient is no part of a norm that is clipped.
 * Else factors is not read.
 *
 * parameters, m, v, factors: float [n]; gradients: float [nslices][n]. Grid: (n / ITEM_PARAMETERS,
 * rounded up), a work-item taking that many in a row as vecs; what is over is skipped.
 *
 * Clipping (torch.nn.utils.clip_grad_norm_), in an order that is always the same:
 *
 *   square_gradients   squares[part] = the sum of g^2 over a part of the parameters.
 *                      Grid: (NPARTS), work-groups of LOCKSTEP_ITEMS or 1.
 *   find_scale         scale[0] = min(1, most / (sqrt(the sum of squares) + 1e-6)).
 *                      Grid: one work-group of LOCKSTEP_ITEMS or 1.
 *
 * gather_gradients, over the same grid as a step, writes the sum of the slices to gathered,
 * float [n], or adds it to what is there (add != 0).
 *
 * average_parameters, over the same grid as a step, keeps a moving average of what the steps
 * lead to: average += (1 - decay) (w - average), decay being another than that above.
 *
 * Tolerance of all: 1e-6 + 1e-5 |reference|. */

#ifndef ITEM_PARAMETERS
#define ITEM_PARAMETERS VW
#endif
#ifndef NPARTS
#define NPARTS 1024
#endif
/* Work-items of a group that run in lockstep. */
#ifndef LOCKSTEP_ITEMS
#define LOCKSTEP_ITEMS 64
#endif

/* Up to VW values from p on, of which left are there. */
static inline vec load_some(global const float *p, size_t left)
{
    if (left >= VW)
        return vload_vec(p);
    float some[VW];
    for (int k = 0; k < VW; k++)
        some[k] = k < left ? p[k] : 0.0f;
    return vload_vec(some);
}

static inline void store_some(vec v, global float *p, size_t left)
{
    if (left >= VW) {
        vstore_vec(v, p);
        return;
    }
    float some[VW];
    vstore_vec(v, some);
    for (int k = 0; k < left; k++)
        p[k] = some[k];
}

static inline vec slice_sum(global const float *gradients, size_t p, uint n, uint nslices)
{
    vec sum = 0.0f;
    for (uint s = 0; s < nslices; s++)
        sum += load_some(gradients + (size_t)s * n + p, n - p);
    return sum;
}

/* VW numbers of rates, 1 where rates are not scaled. */
static inline vec load_factors(global const float *factors, size_t p, uint n, int scaled)
{
    return scaled ? load_some(factors + p, n - p) : (vec)1.0f;
}

/* after, where the factor is not 0, else before. */
static inline vec unless_frozen(vec before, vec after, vec factor)
{
    return select(after, before, factor == (vec)0.0f);
}

kernel void square_gradients(global const float *restrict gradients, const uint n,
                             const uint nslices, global float *restrict squares,
                             global const float *restrict factors, const int scaled)
{
    const size_t part = get_global_id(0);
#if VW == 1
    const size_t first = part, step = NPARTS, end = n;
#else /* a stretch of whole vecs */
    const size_t length = (n + (size_t)NPARTS * VW - 1) / ((size_t)NPARTS * VW) * VW;
    const size_t first = part * length, step = VW, end = min(first + length, (size_t)n);
#endif
    vec sum = 0.0f;
    for (size_t p = first; p < end; p += step) {
        const vec g = unless_frozen((vec)0.0f, slice_sum(gradients, p, n, nslices),
                                    load_factors(factors, p, n, scaled));
        sum = fma(g, g, sum);
    }
    squares[part] = sum_vec(sum);
}

kernel void find_scale(global const float *restrict squares, const float most,
                       global float *restrict scale)
{
    float sum = 0.0f;
#if VW == 1
    local float sums[LOCKSTEP_ITEMS];
    const size_t item = get_local_id(0);
    for (size_t part = item; part < NPARTS; part += LOCKSTEP_ITEMS)
        sum += squares[part];
    sums[item] = sum;
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item)
        return;
    for (size_t other = 1; other < LOCKSTEP_ITEMS; other++)
        sum += sums[other];
#else
    for (size_t part = 0; part < NPARTS; part++)
        sum += squares[part];
#endif
    const float ratio = most / (sqrt(sum) + 1e-6f);
    scale[0] = ratio < 1.0f ? ratio : 1.0f;
}

kernel void sgd_step(global float *restrict parameters, global float *restrict m,
                     global const float *restrict gradients, const uint n,
                     const uint nslices, global const float *restrict scale,
                     const float rate, const float momentum, const float decay,
                     const int nesterov, global const float *restrict factors,
                     const int scaled)
{
    const size_t first = get_global_id(0) * ITEM_PARAMETERS;
    for (size_t p = first; p < min(first + ITEM_PARAMETERS, (size_t)n); p += VW) {
        const vec w = load_some(parameters + p, n - p);
        const vec g = fma((vec)decay, w, scale[0] * slice_sum(gradients, p, n, nslices));
        const vec moment = fma((vec)momentum, load_some(m + p, n - p), g);
        store_some(moment, m + p, n - p);
        const vec change = nesterov ? fma((vec)momentum, moment, g) : moment;
        const vec factor = load_factors(factors, p, n, scaled);
        store_some(unless_frozen(w, fma(-rate * factor, change, w), factor), parameters + p,
                   n - p);
    }
}

/* scale1 = 1 / (1 - b1^t), scale2 = 1 / (1 - b2^t); coupled != 0: Adam's decay. */
kernel void adam_step(global float *restrict parameters, global float *restrict m,
                      global float *restrict v, global const float *restrict gradients,
                      const uint n, const uint nslices, global const float *restrict scale,
                      const float rate, const float beta1, const float beta2,
                      const float epsilon, const float decay, const int coupled,
                      const float scale1, const float scale2,
                      global const float *restrict factors, const int scaled)
{
    const size_t first = get_global_id(0) * ITEM_PARAMETERS;
    const float decay_g = coupled ? decay : 0.0f, decay_w = coupled ? 0.0f : rate * decay;
    for (size_t p = first; p < min(first + ITEM_PARAMETERS, (size_t)n); p += VW) {
        const vec w = load_some(parameters + p, n - p);
        const vec factor = load_factors(factors, p, n, scaled);
        const vec g =
            fma((vec)decay_g, w, scale[0] * slice_sum(gradients, p, n, nslices));
        const vec m1 = fma((vec)beta1, load_some(m + p, n - p), (1.0f - beta1) * g);
        const vec v1 = fma((vec)beta2, load_some(v + p, n - p), (1.0f - beta2) * g * g);
        store_some(m1, m + p, n - p);
        store_some(v1, v + p, n - p);
        const vec after = fma(-decay_w * factor, w, w) -
                          rate * factor * (m1 * scale1) / (sqrt(v1 * scale2) + epsilon);
        store_some(unless_frozen(w, after, factor), parameters + p, n - p);
    }
}

kernel void gather_gradients(global float *restrict gathered,
                             global const float *restrict gradients, const uint n,
                             const uint nslices, const int add)
{
    const size_t first = get_global_id(0) * ITEM_PARAMETERS;
    for (size_t p = first; p < min(first + ITEM_PARAMETERS, (size_t)n); p += VW) {
        const vec before = add ? load_some(gathered + p, n - p) : (vec)0.0f;
        store_some(before + slice_sum(gradients, p, n, nslices), gathered + p, n - p);
    }
}

kernel void average_parameters(global float *restrict average,
                               global const float *restrict parameters, const uint n,
                               const float decay)
{
    const size_t first = get_global_id(0) * ITEM_PARAMETERS;
    for (size_t p = first; p < min(first + ITEM_PARAMETERS, (size_t)n); p += VW) {
        const vec a = load_some(average + p, n - p);
        const vec w = load_some(parameters + p, n - p);
        const vec after = fma((vec)(1.0f - decay), w - a, a);
        store_some(select(after, a, a == w), average + p, n - p); /* of frozen ones, a -0 */
    }
}
