/* One step of an optimizer over all parameters. The gradient g of a parameter is the sum of
 * its slices in order (conv.cl, dense.cl).
 *
 *   sgd   (torch.optim.SGD)    g += decay w;  m = momentum m + g;  w -= rate m
 *   adamw (arXiv 1711.05101)   w -= rate decay w;
 *                              m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;
 *                              w -= rate (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
 *   Adam (arXiv 1412.6980) is adamw with coupled decay: g += decay w instead.
 *
 * parameters, m, v: float [n]; gradients: float [nslices][n]. Grid: (n). */

static inline float slice_sum(global const float *gradients, uint n, uint nslices)
{
    float sum = 0.0f;
    for (uint s = 0; s < nslices; s++)
        sum += gradients[(size_t)s * n + get_global_id(0)];
    return sum;
}

kernel void sgd_step(global float *restrict parameters, global float *restrict m,
                     global const float *restrict gradients, const uint n,
                     const uint nslices, const float rate, const float momentum,
                     const float decay)
{
    const size_t p = get_global_id(0);
    const float g = fma(decay, parameters[p], slice_sum(gradients, n, nslices));
    m[p] = fma(momentum, m[p], g);
    parameters[p] = fma(-rate, m[p], parameters[p]);
}

/* scale1 = 1 / (1 - b1^t), scale2 = 1 / (1 - b2^t); coupled != 0: Adam's decay. */
kernel void adam_step(global float *restrict parameters, global float *restrict m,
                      global float *restrict v, global const float *restrict gradients,
                      const uint n, const uint nslices, const float rate,
                      const float beta1, const float beta2, const float epsilon,
                      const float decay, const int coupled, const float scale1,
                      const float scale2)
{
    const size_t p = get_global_id(0);
    float w = parameters[p];
    float g = slice_sum(gradients, n, nslices);
    if (coupled)
        g = fma(decay, w, g);
    else
        w = fma(-rate * decay, w, w);
    m[p] = fma(beta1, m[p], (1.0f - beta1) * g);
    v[p] = fma(beta2, v[p], (1.0f - beta2) * g * g);
    parameters[p] = w - rate * (m[p] * scale1) / (sqrt(v[p] * scale2) + epsilon);
}
