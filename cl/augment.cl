/* Views: random transforms of images, in whole numbers (libcore/data/views.h has the
 * formula, libcore/data/views.c the reference).
 *
 * images: uchar [image][y][x][channel]. means: uchar [image][channel]. views: int
 * [view][NINTS] = image, matrix a b tx c d ty, gain, offset, saturation, which counts where
 * COLOUR is set, erased left top right bottom, pull x and y [POINTS][POINTS], which count
 * where ELASTIC is set.
 * out: uchar [n][y][x][channel] of view first + n, written for n from from on.
 * Grid: (HEIGHT * WIDTH / RUN, views to make). Exact. */

#ifndef HEIGHT
#define HEIGHT 28
#define WIDTH 28
#define CHANNELS 1
#endif
#define BORDER_ZERO 0
#define BORDER_EDGE 1
#define BORDER_MEAN 2
#define BORDER_REFLECT 3
#ifndef BORDER
#define BORDER BORDER_ZERO
#endif
#ifndef AROUND_MEAN
#define AROUND_MEAN 0
#endif
#ifndef ELASTIC
#define ELASTIC 1
#endif
/* Of images of three channels alone. */
#ifndef COLOUR
#define COLOUR 0
#endif
/* Pixels that a work-item makes, of one row: 1 or WIDTH. */
#ifndef RUN
#define RUN 1
#endif
#define CELLS 4
#define POINTS (CELLS + 2)
#define NINTS (14 + 2 * POINTS * POINTS)

/* Where a mirror at the first and at the last pixel shows what is at x. */
static inline int reflected(int x, int side)
{
    const int period = 2 * (side - 1), at = period ? (int)(abs(x) % (uint)period) : 0;
    return at < side ? at : period - at;
}

static inline uint pixel_at(global const uchar *image, int x, int y, uint outside)
{
#if BORDER == BORDER_REFLECT
    x = reflected(x, WIDTH), y = reflected(y, HEIGHT);
#endif
    const int u = clamp(x, 0, WIDTH - 1), v = clamp(y, 0, HEIGHT - 1);
    const uint inside = image[(v * WIDTH + u) * CHANNELS];
#if BORDER == BORDER_EDGE
    return inside;
#else
    return u == x && v == y ? inside : outside;
#endif
}

/* Most of a view lies inside its image, where no neighbour needs to be looked for. */
static inline int bilinear(global const uchar *image, long u, long v, uint outside)
{
    const int x = (u + 128) >> 16, y = (v + 128) >> 16;
    const uint fx = ((u + 128) >> 8) & 255, fy = ((v + 128) >> 8) & 255;
    uint p00, p01, p10, p11;
    if ((uint)x < WIDTH - 1 && (uint)y < HEIGHT - 1) {
        global const uchar *at = image + (y * WIDTH + x) * CHANNELS;
        p00 = at[0], p01 = at[CHANNELS];
        p10 = at[WIDTH * CHANNELS], p11 = at[(WIDTH + 1) * CHANNELS];
    } else {
        p00 = pixel_at(image, x, y, outside), p01 = pixel_at(image, x + 1, y, outside);
        p10 = pixel_at(image, x, y + 1, outside);
        p11 = pixel_at(image, x + 1, y + 1, outside);
    }
    const uint top = (256 - fx) * p00 + fx * p01;
    const uint bottom = (256 - fx) * p10 + fx * p11;
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

/* Makes the colour of a pixel of three channels stronger or weaker. */
static inline void colour(int *values, int saturation)
{
    const int grey =
        (19595 * values[0] + 38470 * values[1] + 7471 * values[2] + 32768) >> 16;
    for (int c = 0; c < 3; c++)
        values[c] = grey + ((saturation * (values[c] - grey) + 32768) >> 16);
}

kernel void augment(global const uchar *restrict images,
                    global const uchar *restrict means, global const int *restrict views,
                    const uint first, const uint from, global uchar *restrict out)
{
    const int begin = get_global_id(0) * RUN;
    const size_t row = from + get_global_id(1);
    global const int *view = views + (first + row) * NINTS;
    const int gain = view[7], offset = view[8];
    const int left = view[10], top = view[11], right = view[12], bottom = view[13];
    const size_t image = (uint)view[0];
    images += image * (HEIGHT * WIDTH * CHANNELS);
    means += image * CHANNELS;
    out += (row * (HEIGHT * WIDTH) + begin) * CHANNELS;
    const int y = begin / WIDTH;
    int x = begin % WIDTH;
    long u0 = (long)view[1] * x + (long)view[2] * y + view[3];
    long v0 = (long)view[4] * x + (long)view[5] * y + view[6];
    const int du = view[1], dv = view[4];
#if ELASTIC
    int across[3], down[3];
    const int line = spline(down, y, HEIGHT);
    global const int *points = view + 14 + line * POINTS;
#endif
    for (int n = 0; n < RUN; n++, x++, u0 += du, v0 += dv) {
        long u = u0, v = v0;
#if ELASTIC
        const int column = spline(across, x, WIDTH);
        u += pulled(points + column, across, down);
        v += pulled(points + column + POINTS * POINTS, across, down);
#endif
        const int erased = x >= left && x < right && y >= top && y < bottom;
        int values[CHANNELS];
        for (int c = 0; c < CHANNELS; c++)
            values[c] =
                bilinear(images + c, u, v, BORDER == BORDER_MEAN ? means[c] : 0);
#if COLOUR
        colour(values, view[9]);
#endif
        for (int c = 0; c < CHANNELS; c++) {
            const int mean = means[c];
            const int outside = BORDER == BORDER_MEAN ? mean : 0;
            const int pivot = AROUND_MEAN ? mean : 0;
            const int p = pivot + offset + ((gain * (values[c] - pivot) + 32768) >> 16);
            *out++ = erased ? outside : clamp(p, 0, 255);
        }
    }
}
