/* The mean of the weights that a training passes through (stochastic weight averaging:
 * Izmailov, Podoprikhin, Garipov, Vetrov, Wilson, UAI 2018, arXiv 1803.05407).
 *
 *     mean += (w - mean) / k                  for the k-th weights w, k = 1, 2, ...
 *
 * parameters, mean: float [n]. Grid: (n, rounded up). Tolerance: 1e-6 |reference|. */

kernel void average_step(global const float *restrict parameters,
                         global float *restrict mean, const uint n, const float share)
{
    const size_t p = get_global_id(0);
    if (p < n)
        mean[p] = fma(parameters[p] - mean[p], share, mean[p]);
}
