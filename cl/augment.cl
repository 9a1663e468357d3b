/* Views: random transforms of images, in whole numbers (libcore/data/views.h has the
 * formula, libcore/data/views.c the reference).
 *
 * images: uchar [image][y][x][channel]. means: uchar [image][channel]. views: int
 * [view][NINTS] = image, matrix a b tx c d ty, gain, offset, erased left top right bottom,
 * pull x and y [POINTS][POINTS], which count where ELASTIC is set.
 * out: uchar [view][y][x][channel].
 * Grid: (HEIGHT * WIDTH, views). Exact. */

#ifndef HEIGHT
#define HEIGHT 28
#define WIDTH 28
#define CHANNELS 1
#endif
#define BORDER_ZERO 0
#define BORDER_EDGE 1
#define BORDER_MEAN 2
#ifndef BORDER
#define BORDER BORDER_ZERO
#endif
#ifndef AROUND_MEAN
#define AROUND_MEAN 0
#endif
#ifndef ELASTIC
#define ELASTIC 1
#endif
#define CELLS 4
#define POINTS (CELLS + 2)
#define NINTS (13 + 2 * POINTS * POINTS)

static inline uint pixel_at(global const uchar *image, int x, int y, uint outside)
{
    const int u = clamp(x, 0, WIDTH - 1), v = clamp(y, 0, HEIGHT - 1);
    const uint inside = image[(v * WIDTH + u) * CHANNELS];
#if BORDER == BORDER_EDGE
    return inside;
#else
    return u == x && v == y ? inside : outside;
#endif
}

static inline int bilinear(global const uchar *image, long u, long v, uint outside)
{
    const int x = (u + 128) >> 16, y = (v + 128) >> 16;
    const uint fx = ((u + 128) >> 8) & 255, fy = ((v + 128) >> 8) & 255;
    const uint top = (256 - fx) * pixel_at(image, x, y, outside) +
                     fx * pixel_at(image, x + 1, y, outside);
    const uint bottom = (256 - fx) * pixel_at(image, x, y + 1, outside) +
                        fx * pixel_at(image, x + 1, y + 1, outside);
    return ((256 - fy) * top + fy * bottom + 32768) >> 16;
}

static inline int spline(int *weights, int position, int side)
{
    const int cells = (2 * position + 1) * (CELLS * 128) / side;
    const int t = cells & 255;
    weights[0] = (256 - t) * (256 - t);
    weights[2] = t * t;
    weights[1] = (1 << 17) - weights[0] - weights[2];
    return cells >> 8;
}

static inline long pulled(global const int *points, const int *across, const int *down)
{
    long sum = 0;
    for (int r = 0; r < 3; r++) {
        long line = 0;
        for (int c = 0; c < 3; c++)
            line += (long)across[c] * points[r * POINTS + c];
        sum += down[r] * (line >> 17);
    }
    return sum >> 17;
}

kernel void augment(global const uchar *restrict images,
                    global const uchar *restrict means, global const int *restrict views,
                    global uchar *restrict out)
{
    const size_t at = get_global_id(0), row = get_global_id(1);
    const int x = at % WIDTH, y = at / WIDTH;
    global const int *view = views + row * NINTS;
    global const int *m = view + 1, *erase = view + 9;
    const int gain = view[7], offset = view[8];
    const size_t image = (uint)view[0];
    long u = (long)m[0] * x + (long)m[1] * y + m[2];
    long v = (long)m[3] * x + (long)m[4] * y + m[5];
#if ELASTIC
    int across[3], down[3];
    const int column = spline(across, x, WIDTH), line = spline(down, y, HEIGHT);
    global const int *points = view + 13 + line * POINTS + column;
    u += pulled(points, across, down);
    v += pulled(points + POINTS * POINTS, across, down);
#endif
    const int erased = x >= erase[0] && x < erase[2] && y >= erase[1] && y < erase[3];
    images += image * (HEIGHT * WIDTH * CHANNELS);
    means += image * CHANNELS;
    out += (row * (HEIGHT * WIDTH) + at) * CHANNELS;
    for (int c = 0; c < CHANNELS; c++) {
        const int mean = means[c];
        const int outside = BORDER == BORDER_MEAN ? mean : 0;
        const int pivot = AROUND_MEAN ? mean : 0;
        const int value = bilinear(images + c, u, v, outside);
        const int p = pivot + offset + ((gain * (value - pivot) + 32768) >> 16);
        out[c] = erased ? outside : clamp(p, 0, 255);
    }
}
