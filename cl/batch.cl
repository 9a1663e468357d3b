/* Batches and mixed images from a resident uint8 image set.
 *
 *     x = (w x_i + (65536 - w) x_j + 32768) >> 16            (libcore/data/mix.h)
 *
 * and mixup of the samples of a batch (Zhang, Cisse, Dauphin, Lopez-Paz, "mixup: Beyond
 * empirical risk minimization", ICLR 2018, arXiv 1710.09412), each with the next, the last
 * with the first, of inputs x and targets p alike:
 *
 *     x'_n = mu_n x_n + (1 - mu_n) x_m,   p'_n = mu_n p_n + (1 - mu_n) p_m,
 *     m = (n + 1) mod total
 *
 * images: uchar [image][y][x][channel]. keys: uint [row][3] = i, j, w.
 *
 * batch_load writes a network's input, vec [block][channel][y][x][lane], of sample n from
 * row order[first + n]: the mixed pixel times scale[channel] plus shift[channel]. Lanes
 * from count on repeat the last sample. Grid: (VECTORS, pixel tiles of PIXEL_TILE, blocks).
 *
 * batch_load_mixup writes x' likewise, of the count samples from from on of a batch of
 * total, with mu, float, of sample n in mu[first + n]; lanes from count on hold the sample
 * that follows as it is. mix_targets writes p', float
 * [sample][class], of targets, float [row][class]. Grid: (nclasses, count). Tolerance of
 * both: 1e-6 + 1e-5 |reference|.
 *
 * mix_images writes the mixed pixels themselves of the rows from first on, uchar
 * [row - first][y][x][channel], those from number from on. Grid: (HEIGHT * WIDTH *
 * CHANNELS, rows). It and batch_load are exact. */

#ifndef HEIGHT
#define HEIGHT 28
#define WIDTH 28
#define CHANNELS 1
#endif
#define NPIXELS (HEIGHT * WIDTH * CHANNELS)
#ifndef PIXEL_TILE
#define PIXEL_TILE 112
#endif

static inline uint mixed(uint a, uint b, uint w)
{
    return (w * a + (65536u - w) * b + 32768u) >> 16;
}

kernel void batch_load(global const uchar *restrict images,
                       global const uint *restrict keys, global const uint *restrict order,
                       const uint first, const uint count, constant float *restrict scale,
                       constant float *restrict shift, global vec *restrict x)
{
    const size_t lane = get_global_id(0), block = get_global_id(2);
    const uint sample = block * NLANES + lane * VW;
    const int begin = get_global_id(1) * PIXEL_TILE;
    const int end = min(begin + PIXEL_TILE, NPIXELS);
    x += block * (NPIXELS * VECTORS) + lane;

    global const uchar *a[VW], *b[VW];
    uint w[VW];
    for (int k = 0; k < VW; k++) {
        const size_t row = order[first + min(sample + k, count - 1)];
        a[k] = images + (size_t)keys[3 * row] * NPIXELS;
        b[k] = images + (size_t)keys[3 * row + 1] * NPIXELS;
        w[k] = keys[3 * row + 2];
    }
    for (int p = begin; p < end; p++) {
        const int channel = p / (HEIGHT * WIDTH);
        const int at = p % (HEIGHT * WIDTH) * CHANNELS + channel;
        float pixel[VW];
#pragma unroll
        for (int k = 0; k < VW; k++)
            pixel[k] = mixed(a[k][at], b[k][at], w[k]);
        x[p * VECTORS] = fma(vload_vec(pixel), (vec)scale[channel], (vec)shift[channel]);
    }
}

kernel void batch_load_mixup(global const uchar *restrict images,
                             global const uint *restrict keys,
                             global const uint *restrict order, const uint first,
                             const uint total, const uint from, const uint count,
                             constant float *restrict scale,
                             constant float *restrict shift,
                             global const float *restrict mu, global vec *restrict x)
{
    const size_t lane = get_global_id(0), block = get_global_id(2);
    const uint sample = block * NLANES + lane * VW;
    const int begin = get_global_id(1) * PIXEL_TILE;
    const int end = min(begin + PIXEL_TILE, NPIXELS);
    x += block * (NPIXELS * VECTORS) + lane;

    /* The lanes' samples and the one behind the last of them. */
    global const uchar *a[VW + 1], *b[VW + 1];
    uint w[VW + 1];
    float share[VW];
    for (int k = 0; k <= VW; k++) {
        const uint n = from + min(sample + k, count);
        const size_t row = order[first + (n < total ? n : 0)];
        a[k] = images + (size_t)keys[3 * row] * NPIXELS;
        b[k] = images + (size_t)keys[3 * row + 1] * NPIXELS;
        w[k] = keys[3 * row + 2];
    }
    for (int k = 0; k < VW; k++)
        share[k] = mu[first + from + min(sample + k, count - 1)];
    for (int p = begin; p < end; p++) {
        const int channel = p / (HEIGHT * WIDTH);
        const int at = p % (HEIGHT * WIDTH) * CHANNELS + channel;
        float pixel[VW + 1];
#pragma unroll
        for (int k = 0; k <= VW; k++)
            pixel[k] = mixed(a[k][at], b[k][at], w[k]);
        const vec next = vload_vec(pixel + 1);
        const vec mixup = fma(vload_vec(share), vload_vec(pixel) - next, next);
        x[p * VECTORS] = fma(mixup, (vec)scale[channel], (vec)shift[channel]);
    }
}

kernel void mix_targets(global const float *restrict targets,
                        global const uint *restrict order, const uint first,
                        const uint total, const uint nclasses,
                        global const float *restrict mu, global float *restrict mixup)
{
    const size_t class = get_global_id(0), sample = get_global_id(1);
    const size_t row = order[first + sample];
    const size_t next = order[first + (sample + 1 < total ? sample + 1 : 0)];
    const float p = targets[row * nclasses + class], q = targets[next * nclasses + class];
    mixup[sample * nclasses + class] = fma(mu[first + sample], p - q, q);
}

kernel void mix_images(global const uchar *restrict images,
                       global const uint *restrict keys, const uint first,
                       const uint from, global uchar *restrict pixels)
{
    const size_t at = get_global_id(0), number = from + get_global_id(1);
    const size_t row = first + number;
    pixels[number * NPIXELS + at] =
        mixed(images[(size_t)keys[3 * row] * NPIXELS + at],
              images[(size_t)keys[3 * row + 1] * NPIXELS + at], keys[3 * row + 2]);
}
