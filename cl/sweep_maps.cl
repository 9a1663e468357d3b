/* The student's first layer, once for each image: maps, float [image][o][y][x],
 *
 *     maps[o][y][x] = b[o] + sum w[o][c][ky][kx] x[c][S y + ky - P][S x + kx - P]
 *
 * of x = pixel * scale[c] + shift[c], which is zero outside the image. A fully connected
 * layer is a convolution whose kernel covers its input. Without a linear first layer
 * (LINEAR 0) the maps are x itself. images: uchar [image][y][x][c].
 *
 * A work-item does a row, one line of the image at a time, so that compilers find vectors.
 * Grid: (rows of o and y, images). Tolerance against float64: 1e-5 + 1e-5 |reference|. */

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

/* line[P + x] = x[c][y][x]. */
static void load_line(float *line, global const uchar *image, global const float *scale,
                      global const float *shift, const int c, const int y)
{
    for (int x = 0; x < IW; x++)
        line[P + x] = fma((float)image[(y * IW + x) * IC + c], scale[c], shift[c]);
}

kernel void sweep_maps(global const uchar *restrict images,
                       global const float *restrict scale,
                       global const float *restrict shift,
                       global const float *restrict parameters,
                       global float *restrict maps)
{
    const int row = get_global_id(0), o = row / OH, y = row % OH;
    const size_t image = get_global_id(1);
    images += image * (IC * IH * IW);
    maps += image * MAP_SIZE + row * OW;
    float line[IW + 2 * P];
#if LINEAR
    global const float *w = parameters + WEIGHTS + o * (IC * KH * KW);
    float sum[OW];
    for (int x = 0; x < OW; x++)
        sum[x] = parameters[BIASES + o];
    for (int x = 0; x < P; x++)
        line[x] = line[P + IW + x] = 0.0f;
    for (int c = 0; c < IC; c++)
        for (int ky = max(0, P - S * y); ky < min(KH, IH + P - S * y); ky++) {
            load_line(line, images, scale, shift, c, S * y + ky - P);
            for (int kx = 0; kx < KW; kx++)
                for (int x = 0; x < OW; x++)
                    sum[x] = fma(w[(c * KH + ky) * KW + kx], line[S * x + kx], sum[x]);
        }
    for (int x = 0; x < OW; x++)
        maps[x] = sum[x];
#else
    load_line(line, images, scale, shift, o, y);
    for (int x = 0; x < OW; x++)
        maps[x] = line[x];
#endif
}
