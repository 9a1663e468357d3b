/* Dropout (torch.nn.Dropout), of a training:
 *
 *     y = act(x m),     dx = act'(x) dy m,     m = 0, or scale = 1 / (1 - share dropped)
 *
 * m follows from the run's two keys, the sample's number in the batch, of which first_sample
 * is the first here, and the value's in the sample, ops/dropout.h says how. So it is the same forward and backward, and for
 * any number of lanes. It is a factor, so that a NaN stays one.
 *
 * Activations lie as in common.cl. Grid: that of first_value.
 * Tolerance: 1e-6 relative. */

#if VW == 1
typedef uint uvec;
#define vload_uvec(p) (*(p))
#elif VW == 4
typedef uint4 uvec;
#define vload_uvec(p) vload4(0, p)
#elif VW == 8
typedef uint8 uvec;
#define vload_uvec(p) vload8(0, p)
#else
typedef uint16 uvec;
#define vload_uvec(p) vload16(0, p)
#endif

#define HASH(bits)                                                                       \
    bits ^= bits >> 16;                                                                  \
    bits *= 0x7feb352du;                                                                 \
    bits ^= bits >> 15;                                                                  \
    bits *= 0x846ca68bu;                                                                 \
    bits ^= bits >> 16;

static inline uvec hash(uvec bits)
{
    HASH(bits)
    return bits;
}

static inline uint hash_one(uint bits)
{
    HASH(bits)
    return bits;
}

/* Of the work-item's samples. */
static inline uvec sample_bits(const uint first_sample, const uint key)
{
    uint samples[VW];
    for (int k = 0; k < VW; k++)
        samples[k] =
            first_sample + get_global_id(2) * NLANES + get_global_id(0) * VW + k;
    return hash(vload_uvec(samples) ^ key);
}

static inline vec factor(const uvec samples, const uint key, const uint value,
                         const uint least, const float scale)
{
    const uvec bits = hash(samples ^ hash_one(value ^ key));
    return select((vec)0.0f, (vec)scale, bits >= (uvec)least);
}

kernel void dropout_forward(global const vec *restrict x, global vec *restrict y,
                            const uint first_sample, const uint sample_key,
                            const uint value_key, const uint least, const float scale,
                            const uint nchannels, const uint nplaces)
{
    const size_t first = first_value(nchannels, nplaces);
    const uint in_sample = get_global_id(1) * RUN(nplaces);
    const uvec samples = sample_bits(first_sample, sample_key);
    for (uint k = 0; k < RUN(nplaces); k++)
        y[first + k * VECTORS] =
            act_forward(x[first + k * VECTORS] *
                        factor(samples, value_key, in_sample + k, least, scale));
}

kernel void dropout_backward(global const vec *restrict x, global const vec *restrict dy,
                             global vec *restrict dx, const uint first_sample,
                             const uint sample_key, const uint value_key, const uint least, const float scale,
                             const int add, const uint nchannels, const uint nplaces)
{
    const size_t first = first_value(nchannels, nplaces);
    const uint in_sample = get_global_id(1) * RUN(nplaces);
    const uvec samples = sample_bits(first_sample, sample_key);
    for (uint k = 0; k < RUN(nplaces); k++) {
        const size_t at = first + k * VECTORS;
        const vec d = dy[at] * factor(samples, value_key, in_sample + k, least, scale);
        dx[at] = act_backward(add ? dx[at] + d : d, x[at]);
    }
}
