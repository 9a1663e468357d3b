/* Batches and mixed images from a resident uint8 image set.
 *
 *     x = (w x_i + (65536 - w) x_j + 32768) >> 16            (libcore/data/mix.h)
 *
 * images: uchar [image][y][x][channel]. keys: uint [row][3] = i, j, w.
 *
 * batch_load writes a network's input, vec [block][channel][y][x][lane], of sample n from
 * row order[first + n]: the mixed pixel times scale[channel] plus shift[channel]. Lanes
 * from count on repeat the last sample. Grid: (VECTORS, pixel tiles of PIXEL_TILE, blocks).
 *
 * mix_images writes the mixed pixels themselves, uchar [row][y][x][channel].
 * Grid: (HEIGHT * WIDTH * CHANNELS, rows). Both are exact. */

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

kernel void mix_images(global const uchar *restrict images,
                       global const uint *restrict keys, global uchar *restrict pixels)
{
    const size_t at = get_global_id(0), row = get_global_id(1);
    pixels[row * NPIXELS + at] =
        mixed(images[(size_t)keys[3 * row] * NPIXELS + at],
              images[(size_t)keys[3 * row + 1] * NPIXELS + at], keys[3 * row + 2]);
}
