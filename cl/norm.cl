/* Batch normalization (torch.nn.BatchNorm2d), channel by channel:
 *
 *     y  = act((x - mean) / sqrt(var + EPSILON) weight + bias)
 *     dx = weight / sqrt(var + EPSILON) (dy - (sum dy + n sum(dy n)) / N)
 *
 * with n the normalized x and the sums over the N values of the channel in the batch. A
 * training takes mean and biased variance from the batch, and moves the running ones, with
 * the unbiased variance, by momentum; a prediction takes the running ones.
 *
 * Each slice of the blocks (net/README.md) is cut into SLICE_PARTS parts. Of each part the
 * mean and the sum M of squares around it are found, from sums around the part's first
 * value, so that a mean far from 0 costs no digits. Parts are put together in order (Chan,
 * Golub, LeVeque, "Algorithms for computing the sample variance", 1983, equation 2.1):
 *
 *     mean = mean_a + (mean_b - mean_a) n_b / n,   n = n_a + n_b
 *     M    = M_a + M_b + (mean_b - mean_a)^2 n_a n_b / n
 *
 * Of a batch that a team goes through, a member finds the parts of its own slices, and then
 * has them all. Lanes from nsamples on are of no sample: they are not summed, and get no gradient.
 *
 * Activations lie as in common.cl. parts: float [part][nchannels][2], mean and M, or the
 * two sums of the backward pass; stats: float [nchannels][4], mean, 1 / deviation, scale,
 * shift; sums: float [nchannels][2]. Grid of norm_parts and norm_back_parts: (LANE_ITEMS,
 * nchannels, parts), work-groups of LANE_ITEMS; of norm_apply and norm_back: that of
 * first_value; of the others: (nchannels).
 * Tolerance against float64: 1e-5 + 1e-5 |reference|. */

#ifndef EPSILON
#define EPSILON 1e-5f
#define SLICE_PARTS 2
#endif

/* The first block of a part, and where the one before ends. */
INLINE size_t part_start(const size_t part, const uint slice_nblocks, const uint nblocks)
{
    const size_t first = part % SLICE_PARTS * slice_nblocks / SLICE_PARTS;
    return min(part / SLICE_PARTS * slice_nblocks + first, (size_t)nblocks);
}

/* How many values a channel has in a part. */
INLINE float count_values(const size_t part, const uint slice_nblocks, const uint nblocks,
                          const uint nsamples, const uint nplaces)
{
    const size_t first = part_start(part, slice_nblocks, nblocks) * NLANES;
    const size_t end = part_start(part + 1, slice_nblocks, nblocks) * NLANES;
    return (float)((min(end, (size_t)nsamples) - min(first, (size_t)nsamples)) * nplaces);
}

/* v in the lanes of the block's samples, 0 in the others. lane: a vec's number. */
INLINE vec of_samples(const vec v, const size_t block, const size_t lane, const uint nsamples)
{
    const size_t first = block * NLANES + lane * VW;
    if (first + VW <= nsamples)
        return v;
    float some[VW];
    for (int k = 0; k < VW; k++)
        some[k] = first + k < nsamples ? 1.0f : 0.0f;
    return select((vec)0.0f, v, vload_vec(some) > (vec)0.0f);
}

/* The sums of first and second over a work-group's lanes. */
INLINE float2 sum_lanes(const vec first, const vec second, local float *shared)
{
    float a = sum_vec(first), b = sum_vec(second);
#if LANE_ITEMS > 1
    shared[get_local_id(0)] = a;
    shared[LANE_ITEMS + get_local_id(0)] = b;
    barrier(CLK_LOCAL_MEM_FENCE);
    a = b = 0.0f;
    for (int l = 0; l < LANE_ITEMS; l++) {
        a += shared[l];
        b += shared[LANE_ITEMS + l];
    }
#endif
    return (float2)(a, b);
}

/* The work-group's channel's and part's two of parts, of which first_part are before. */
INLINE void write_part(global float *parts, const float first, const float second,
                       const uint first_part, const uint nchannels)
{
    const size_t part = first_part + get_global_id(2);
    if (get_local_id(0) == 0)
        vstore2((float2)(first, second), part * nchannels + get_global_id(1), parts);
}

kernel LANE_GROUP void norm_parts(global float *restrict parts, global const vec *restrict x,
                       const uint first_part, const uint nblocks,
                       const uint slice_nblocks, const uint nsamples,
                       const uint nchannels, const uint nplaces)
{
    local float shared[2 * LANE_ITEMS];
    const size_t c = get_global_id(1), part = get_global_id(2);
    const size_t first = part_start(part, slice_nblocks, nblocks);
    const size_t end = part_start(part + 1, slice_nblocks, nblocks);
    const float n = count_values(part, slice_nblocks, nblocks, nsamples, nplaces);
    const float pivot =
        end > first ? ((global const float *)x)[(first * nchannels + c) * nplaces * NLANES]
                    : 0.0f;
    vec sum = 0.0f, squares = 0.0f;
    for (size_t block = first; block < end; block++)
        for (size_t lane = LANE_ITEM; lane < VECTORS; lane += LANE_ITEMS) {
            global const vec *plane = x + (block * nchannels + c) * nplaces * VECTORS + lane;
            vec some = 0.0f, some_squares = 0.0f;
            for (uint at = 0; at < nplaces; at++) {
                const vec d = plane[at * VECTORS] - pivot;
                some += d;
                some_squares = fma(d, d, some_squares);
            }
            sum += of_samples(some, block, lane, nsamples);
            squares += of_samples(some_squares, block, lane, nsamples);
        }
    const float2 sums = sum_lanes(sum, squares, shared);
    const float shift = end > first ? sums.x / n : 0.0f;
    write_part(parts, pivot + shift, sums.y - sums.x * shift, first_part,
               nchannels);
}

INLINE void write_stats(global float *stats, const size_t c, const float mean,
                        const float inverse, const float weight, const float bias)
{
    stats[c * 4] = mean;
    stats[c * 4 + 1] = inverse;
    stats[c * 4 + 2] = weight * inverse;
    stats[c * 4 + 3] = fma(-mean, weight * inverse, bias);
}

kernel void norm_measure(global float *restrict stats, global const float *restrict parts,
                         global float *restrict parameters, const uint weights,
                         const uint biases, const uint means, const uint variances,
                         const uint nparts, const uint nblocks, const uint slice_nblocks,
                         const uint nsamples, const float momentum, const uint nchannels,
                         const uint nplaces)
{
    const size_t c = get_global_id(0);
    float n = 0.0f, mean = 0.0f, squares = 0.0f;
    for (size_t part = 0; part < nparts; part++) {
        const float more =
            count_values(part, slice_nblocks, nblocks, nsamples, nplaces);
        if (more == 0.0f)
            continue;
        const float2 of_part = vload2(part * nchannels + c, parts);
        const float away = of_part.x - mean, share = more / (n + more);
        mean = fma(away, share, mean);
        squares += fma(away * (n * share), away, of_part.y);
        n += more;
    }
    const float variance = fmax(squares / n, 0.0f);
    const float unbiased = variance * (n / (n - 1.0f));
    /* A NaN among the values must not become a variance of 0. */
    const float from = isnan(squares) ? squares : variance;
    write_stats(stats, c, mean, 1.0f / sqrt(from + EPSILON), parameters[weights + c],
                parameters[biases + c]);
    parameters[means + c] += momentum * (mean - parameters[means + c]);
    parameters[variances + c] += momentum * (unbiased - parameters[variances + c]);
}

kernel void norm_recall(global float *restrict stats, global const float *restrict parameters,
                        const uint weights, const uint biases, const uint means,
                        const uint variances)
{
    const size_t c = get_global_id(0);
    write_stats(stats, c, parameters[means + c],
                1.0f / sqrt(parameters[variances + c] + EPSILON), parameters[weights + c],
                parameters[biases + c]);
}

/* added: to y before the activation, with has_sum; else any buffer. */
kernel void norm_apply(global const vec *restrict x, global const float *restrict stats,
                       global const vec *added, global vec *y, const int has_sum,
                       const uint nchannels, const uint nplaces)
{
    const size_t c = channel_of(nplaces);
    const size_t first = first_value(nchannels, nplaces);
    const vec scale = stats[c * 4 + 2], shift = stats[c * 4 + 3];
    for (uint k = 0; k < RUN(nplaces); k++) {
        const size_t at = first + k * VECTORS;
        const vec value = fma(x[at], scale, shift);
        y[at] = act_forward(has_sum ? value + added[at] : value);
    }
}

kernel LANE_GROUP void norm_back_parts(global float *restrict parts, global const vec *restrict x,
                            global const vec *restrict dy,
                            global const float *restrict stats, const uint first_part,
                            const uint nblocks, const uint slice_nblocks, const uint nchannels,
                            const uint nplaces)
{
    local float shared[2 * LANE_ITEMS];
    const size_t c = get_global_id(1), part = get_global_id(2);
    const size_t end = part_start(part + 1, slice_nblocks, nblocks);
    const vec mean = stats[c * 4], inverse = stats[c * 4 + 1];
    vec sum = 0.0f, products = 0.0f;
    for (size_t block = part_start(part, slice_nblocks, nblocks); block < end; block++)
        for (size_t lane = LANE_ITEM; lane < VECTORS; lane += LANE_ITEMS) {
            const size_t first = (block * nchannels + c) * nplaces * VECTORS + lane;
            vec some = 0.0f, some_products = 0.0f;
            for (uint at = 0; at < nplaces; at++) {
                const vec d = dy[first + at * VECTORS];
                some += d;
                some_products = fma(d, (x[first + at * VECTORS] - mean) * inverse,
                                    some_products);
            }
            sum += some;
            products += some_products;
        }
    const float2 sums = sum_lanes(sum, products, shared);
    write_part(parts, sums.x, sums.y, first_part, nchannels);
}

/* The whole gradient goes into the batch's first slice, which is here or not. */
kernel void norm_back_sums(global float *restrict sums, global const float *restrict parts,
                           global float *restrict gradients, const uint weights,
                           const uint biases, const uint ntrained, const uint nparts,
                           const uint nslices, const int has_first,
                           const uint nchannels)
{
    const size_t c = get_global_id(0);
    float sum = 0.0f, products = 0.0f;
    for (size_t part = 0; part < nparts; part++) {
        const float2 of_part = vload2(part * nchannels + c, parts);
        sum += of_part.x;
        products += of_part.y;
    }
    sums[c * 2] = sum;
    sums[c * 2 + 1] = products;
    for (size_t slice = 0; slice < nslices; slice++) {
        const int takes = has_first && slice == 0;
        gradients[slice * ntrained + weights + c] = takes ? products : 0.0f;
        gradients[slice * ntrained + biases + c] = takes ? sum : 0.0f;
    }
}

/* share: 1 / N, or 0 where mean and deviation were not the batch's. */
kernel void norm_back(global const vec *restrict x, global const vec *restrict dy,
                      global vec *restrict dx, global const float *restrict stats,
                      global const float *restrict sums, const float share,
                      const uint nsamples, const int add, const uint nchannels,
                      const uint nplaces)
{
    const size_t c = channel_of(nplaces);
    const size_t lane = get_global_id(0), block = get_global_id(2);
    const vec mean = stats[c * 4], inverse = stats[c * 4 + 1], scale = stats[c * 4 + 2];
    const vec even = sums[c * 2] * share, along = sums[c * 2 + 1] * share;
    const size_t first = first_value(nchannels, nplaces);
    for (uint k = 0; k < RUN(nplaces); k++) {
        const size_t i = first + k * VECTORS;
        const vec normal = (x[i] - mean) * inverse;
        const vec d = of_samples(scale * (dy[i] - fma(normal, along, even)), block, lane,
                                 nsamples);
        dx[i] = act_backward(add ? dx[i] + d : d, x[i]);
    }
}
