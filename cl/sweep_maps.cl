/* The student's first layer, once for each image: maps, float [image][o][y][x],
 *
 *     maps[o][y][x] = b[o] + sum w[o][c][ky][kx] x[c][S y + ky - P][S x + kx - P]
 *
 * of x = pixel * scale[c] + shift[c], which is zero outside the image. A fully connected
 * layer is a convolution whose kernel covers its input. Without a linear first layer
 * (LINEAR 0) the maps are x itself. images: uchar [image][y][x][c].
 *
 * Grid: (map elements, images). Tolerance against float64: 1e-5 + 1e-5 |reference|. */

#ifndef IC
#define LINEAR 1
#define IC 1
#define IH 28
#define IW 28
#define KH 5
#define KW 5
#define S 1
#define P 2
#define OH 28
#define OW 28
#define MAP_SIZE 2352
#define WEIGHTS 0
#define BIASES 75
#endif

static float pixel_at(global const uchar *image, global const float *scale,
                      global const float *shift, const int c, const int y, const int x)
{
    return fma((float)image[(y * IW + x) * IC + c], scale[c], shift[c]);
}

kernel void sweep_maps(global const uchar *restrict images,
                       global const float *restrict scale,
                       global const float *restrict shift,
                       global const float *restrict parameters,
                       global float *restrict maps)
{
    const int at = get_global_id(0);
    const size_t image = get_global_id(1);
    images += image * (IC * IH * IW);
    const int o = at / (OH * OW), y = at / OW % OH, x = at % OW;
#if LINEAR
    global const float *w = parameters + WEIGHTS + o * (IC * KH * KW);
    float sum = parameters[BIASES + o];
    for (int c = 0; c < IC; c++)
        for (int ky = max(0, P - S * y); ky < min(KH, IH + P - S * y); ky++)
            for (int kx = max(0, P - S * x); kx < min(KW, IW + P - S * x); kx++)
                sum = fma(w[(c * KH + ky) * KW + kx],
                          pixel_at(images, scale, shift, c, S * y + ky - P, S * x + kx - P),
                          sum);
    maps[image * MAP_SIZE + at] = sum;
#else
    maps[image * MAP_SIZE + at] = pixel_at(images, scale, shift, o, y, x);
#endif
}
