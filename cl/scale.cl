/* Channels of an image times a factor each (squeeze and excitation):
 *
 *     y[c][at] = act(x[c][at] s[c]);   dx[c][at] = dy[c][at] s[c];
 *                                      ds[c] = sum over at of dy[c][at] x[c][at]
 *
 * Activations lie as in common.cl, s as an image of one place. Grid of scale_forward and
 * scale_back_image: that of first_value; of scale_back_factors: (VECTORS, nchannels,
 * blocks). Tolerance against float64: 1e-5 + 1e-5 |reference|. */

/* Where the factor of a work-item's channel is. */
static inline size_t factor_at(const uint nchannels, const uint nplaces)
{
    return (get_global_id(2) * nchannels + channel_of(nplaces)) * VECTORS +
           get_global_id(0);
}

kernel void scale_forward(global const vec *x, global const vec *s,
                          global vec *restrict y, const uint nchannels,
                          const uint nplaces)
{
    const size_t first = first_value(nchannels, nplaces);
    const vec factor = s[factor_at(nchannels, nplaces)];
    for (uint k = 0; k < RUN(nplaces); k++)
        y[first + k * VECTORS] = act_forward(x[first + k * VECTORS] * factor);
}

kernel void scale_back_image(global const vec *restrict s, global const vec *restrict dy,
                             global vec *restrict dx, const int add,
                             const uint nchannels, const uint nplaces)
{
    const size_t first = first_value(nchannels, nplaces);
    const vec factor = s[factor_at(nchannels, nplaces)];
    for (uint k = 0; k < RUN(nplaces); k++) {
        const size_t at = first + k * VECTORS;
        const vec d = dy[at] * factor;
        dx[at] = add ? dx[at] + d : d;
    }
}

kernel void scale_back_factors(global const vec *restrict x, global const vec *restrict dy,
                               global vec *restrict ds, const int add,
                               const uint nchannels, const uint nplaces)
{
    const size_t plane = get_global_id(2) * nchannels + get_global_id(1);
    const size_t lane = get_global_id(0);
    vec sum = 0.0f;
    for (uint at = 0; at < nplaces; at++) {
        const size_t i = (plane * nplaces + at) * VECTORS + lane;
        sum = fma(dy[i], x[i], sum);
    }
    ds[plane * VECTORS + lane] = add ? ds[plane * VECTORS + lane] + sum : sum;
}
