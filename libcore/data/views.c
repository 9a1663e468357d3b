/* Views on the host: drawn by counters, and the reference of the device's kernel. */
#include "data/views.h"
#include "base/random.h"
#include <math.h>
#include <string.h>

/* One stream of the seed for each number that is drawn. New ones come first, so that the
 * others are as they were. */
enum {
    STREAM_SATURATION = 0x76696573,
    STREAM_CROP_X,
    STREAM_CROP_Y,
    STREAM_NTH, /* the seeds of the views of a row */
    STREAM_FLIP,
    STREAM_SHIFT_X,
    STREAM_SHIFT_Y,
    STREAM_ROTATE,
    STREAM_SCALE,
    STREAM_SHEAR,
    STREAM_CONTRAST,
    STREAM_BRIGHTNESS,
    STREAM_ERASE_WIDTH,
    STREAM_ERASE_HEIGHT,
    STREAM_ERASE_X,
    STREAM_ERASE_Y,
    STREAM_PULL, /* and those behind it, one a coordinate of a point */
};

static const double ONE = 65536;

static const char *const border_names[] = {"zero", "edge", "mean", "reflect"};

int amkd_border_parse(amkd_border *border, const char *text)
{
    for (size_t b = 0; b < sizeof border_names / sizeof *border_names; b++)
        if (!strcmp(text, border_names[b])) {
            *border = (amkd_border)b;
            return 0;
        }
    return -1;
}

void amkd_view_identity(amkd_view *view, uint32_t image)
{
    *view = (amkd_view){.image = image,
                        .matrix = {1 << 16, 0, 0, 0, 1 << 16, 0},
                        .gain = 1 << 16,
                        .saturation = 1 << 16};
}

typedef struct draws {
    uint64_t seed, index;
} draws;

static double uniform(const draws *d, uint64_t stream)
{
    return amkd_random_uniform(d->seed, stream, d->index);
}

static double within(const draws *d, uint64_t stream, double range)
{
    return range * (2 * uniform(d, stream) - 1);
}

static int32_t fixed(double value)
{
    return (int32_t)lrint(ONE * value);
}

/* One of the 2 range + 1 whole numbers in [-range, range]. */
static double whole_within(const draws *d, uint64_t stream, uint64_t range)
{
    return floor(uniform(d, stream) * (2 * (double)range + 1)) - (double)range;
}

/* From the view back into the image, about its middle: rotation, shear, scale, mirror. */
static void draw_matrix(amkd_view *view, const amkd_view_ranges *r, const draws *d,
                        size_t height, size_t width)
{
    const double angle = within(d, STREAM_ROTATE, r->rotate) * acos(-1) / 180;
    const double zoom = 1 / (1 + within(d, STREAM_SCALE, r->scale));
    const double shear = within(d, STREAM_SHEAR, r->shear);
    const double mirror = uniform(d, STREAM_FLIP) < r->flip ? -zoom : zoom;
    const double x = ((double)width - 1) / 2, y = ((double)height - 1) / 2;
    const double dx = within(d, STREAM_SHIFT_X, r->shift) * (double)width +
                      whole_within(d, STREAM_CROP_X, r->crop);
    const double dy = within(d, STREAM_SHIFT_Y, r->shift) * (double)height +
                      whole_within(d, STREAM_CROP_Y, r->crop);
    const double m[2][2] = {
        {cos(angle) * mirror, (cos(angle) * shear - sin(angle)) * zoom},
        {sin(angle) * mirror, (sin(angle) * shear + cos(angle)) * zoom}};
    view->matrix[0] = fixed(m[0][0]);
    view->matrix[1] = fixed(m[0][1]);
    view->matrix[2] = fixed(x - m[0][0] * x - m[0][1] * y + dx);
    view->matrix[3] = fixed(m[1][0]);
    view->matrix[4] = fixed(m[1][1]);
    view->matrix[5] = fixed(y - m[1][0] * x - m[1][1] * y + dy);
}

static void draw_rectangle(int32_t *first, int32_t *end, double part, double place,
                           size_t side)
{
    const int32_t length = (int32_t)lrint(part * (double)side);
    *first = (int32_t)(place * (double)(side - (size_t)length + 1));
    *end = *first + length;
}

static void draw_pull(amkd_view *view, double range, const draws *d, size_t height,
                      size_t width)
{
    enum { N = AMKD_VIEW_POINTS };
    for (uint64_t p = 0; p < N * N; p++) {
        view->pull[0][p / N][p % N] =
            fixed((double)width * within(d, STREAM_PULL + p, range));
        view->pull[1][p / N][p % N] =
            fixed((double)height * within(d, STREAM_PULL + N * N + p, range));
    }
}

void amkd_view_draw(amkd_view *view, const amkd_view_options *options, size_t height,
                    size_t width, uint64_t row, uint64_t nth)
{
    const amkd_view_ranges *r = &options->ranges;
    /* Rows are below 2^32, and views of a row have their own seed. */
    const draws d = {amkd_random_u64(options->seed, STREAM_NTH, nth), row};
    amkd_view_identity(view, (uint32_t)row);
    draw_matrix(view, r, &d, height, width);
    view->gain = fixed(1 + within(&d, STREAM_CONTRAST, r->contrast));
    view->offset = (int32_t)lrint(255 * within(&d, STREAM_BRIGHTNESS, r->brightness));
    view->saturation = fixed(1 + within(&d, STREAM_SATURATION, r->saturation));
    draw_rectangle(&view->erase[0], &view->erase[2],
                   r->erase * uniform(&d, STREAM_ERASE_WIDTH),
                   uniform(&d, STREAM_ERASE_X), width);
    draw_rectangle(&view->erase[1], &view->erase[3],
                   r->erase * uniform(&d, STREAM_ERASE_HEIGHT),
                   uniform(&d, STREAM_ERASE_Y), height);
    if (r->elastic > 0)
        draw_pull(view, r->elastic, &d, height, width);
}

void amkd_view_means(uint8_t *means, const uint8_t *image, size_t npositions,
                     size_t channels)
{
    for (size_t c = 0; c < channels; c++) {
        uint64_t sum = 0;
        for (size_t p = 0; p < npositions; p++)
            sum += image[p * channels + c];
        means[c] = (uint8_t)((sum + npositions / 2) / npositions);
    }
}

int amkd_view_needs_means(const amkd_view_options *options)
{
    return options->border == AMKD_BORDER_MEAN || options->around_mean;
}

typedef struct plane {
    const uint8_t *pixels; /* of one channel, every channels-th */
    int64_t height, width, channels;
    amkd_border border;
    uint8_t mean;
} plane;

static int64_t clamp(int64_t value, int64_t most)
{
    return value < 0 ? 0 : value > most ? most : value;
}

/* Where a mirror at the first and at the last pixel shows what is at x. */
static int64_t reflected(int64_t x, int64_t side)
{
    const int64_t period = 2 * (side - 1), at = period ? (x < 0 ? -x : x) % period : 0;
    return at < side ? at : period - at;
}

static uint32_t pixel_at(const plane *p, int64_t x, int64_t y)
{
    if (p->border == AMKD_BORDER_REFLECT)
        x = reflected(x, p->width), y = reflected(y, p->height);
    const int64_t u = clamp(x, p->width - 1), v = clamp(y, p->height - 1);
    if (p->border != AMKD_BORDER_EDGE && (u != x || v != y))
        return p->border == AMKD_BORDER_MEAN ? p->mean : 0;
    return p->pixels[(v * p->width + u) * p->channels];
}

/* Arithmetic shift, as OpenCL's of negative numbers. */
static int64_t shifted(int64_t value, int nbits)
{
    return value >= 0 ? value >> nbits : ~(~value >> nbits);
}

static int32_t bilinear(const plane *p, int64_t u, int64_t v)
{
    const int64_t x = shifted(u + 128, 16), y = shifted(v + 128, 16);
    const uint32_t fx = (uint32_t)(shifted(u + 128, 8) & 255);
    const uint32_t fy = (uint32_t)(shifted(v + 128, 8) & 255);
    const uint32_t top = (256 - fx) * pixel_at(p, x, y) + fx * pixel_at(p, x + 1, y);
    const uint32_t bottom =
        (256 - fx) * pixel_at(p, x, y + 1) + fx * pixel_at(p, x + 1, y + 1);
    return (int32_t)(((256 - fy) * top + fy * bottom + 32768) >> 16);
}

/* The value of one channel at (u, v), its colour as strong as the view wants it. */
static int64_t coloured(const plane planes[3], size_t channel, const amkd_view *view,
                        int64_t u, int64_t v)
{
    const int64_t red = bilinear(&planes[0], u, v), green = bilinear(&planes[1], u, v);
    const int64_t blue = bilinear(&planes[2], u, v);
    const int64_t grey = (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16;
    const int64_t value = channel == 0 ? red : channel == 1 ? green : blue;
    return grey + shifted(view->saturation * (value - grey) + 32768, 16);
}

/* The first of the three points that pull at position of side, and their weights. */
static size_t spline(int64_t weights[3], int64_t position, int64_t side)
{
    const int64_t cells = (2 * position + 1) * (AMKD_VIEW_CELLS * 128) / side;
    const int64_t t = cells & 255;
    weights[0] = (256 - t) * (256 - t);
    weights[2] = t * t;
    weights[1] = (1 << 17) - weights[0] - weights[2];
    return (size_t)(cells >> 8);
}

static int64_t pulled(const int32_t points[AMKD_VIEW_POINTS][AMKD_VIEW_POINTS],
                      const plane *p, int64_t x, int64_t y)
{
    int64_t across[3], down[3], sum = 0;
    const size_t column = spline(across, x, p->width), row = spline(down, y, p->height);
    for (size_t r = 0; r < 3; r++) {
        int64_t line = 0;
        for (size_t c = 0; c < 3; c++)
            line += across[c] * points[row + r][column + c];
        sum += down[r] * shifted(line, 17);
    }
    return shifted(sum, 17);
}

/* A view's value at (x, y) in a channel of the image. */
static uint8_t value_at(const plane *planes, size_t nchannels, size_t channel,
                        const amkd_view *view, const amkd_view_options *options,
                        int64_t x, int64_t y)
{
    const int32_t *m = view->matrix, *erase = view->erase;
    const plane *p = &planes[channel];
    if (x >= erase[0] && x < erase[2] && y >= erase[1] && y < erase[3])
        return options->border == AMKD_BORDER_MEAN ? p->mean : 0;
    const int64_t u = m[0] * x + m[1] * y + m[2] + pulled(view->pull[0], p, x, y);
    const int64_t v = m[3] * x + m[4] * y + m[5] + pulled(view->pull[1], p, x, y);
    const int64_t value =
        nchannels == 3 ? coloured(planes, channel, view, u, v) : bilinear(p, u, v);
    const int32_t pivot = options->around_mean ? p->mean : 0;
    return (uint8_t)clamp(
        pivot + view->offset + shifted(view->gain * (value - pivot) + 32768, 16), 255);
}

void amkd_view_apply(uint8_t *out, const amkd_view *view,
                     const amkd_view_options *options, const uint8_t *image,
                     const uint8_t *means, size_t height, size_t width, size_t channels)
{
    const int64_t h = (int64_t)height, w = (int64_t)width;
    for (size_t c = 0; c < channels; c++) {
        /* Of three channels all count in each, of others only the one. */
        plane planes[3];
        const size_t first = channels == 3 ? 0 : c, n = channels == 3 ? 3 : 1;
        for (size_t p = 0; p < n; p++)
            planes[p] =
                (plane){image + first + p, h, w, (int64_t)channels, options->border,
                        means[first + p]};
        for (int64_t y = 0; y < h; y++)
            for (int64_t x = 0; x < w; x++)
                out[(size_t)(y * w + x) * channels + c] =
                    value_at(planes, n, c - first, view, options, x, y);
    }
}

json_t *amkd_view_describe(const amkd_view_options *options)
{
    const amkd_view_ranges *r = &options->ranges;
    const struct {
        const char *name;
        double range;
    } all[] = {
        {"flip", r->flip},
        {"crop", (double)r->crop},
        {"shift", r->shift},
        {"rotate", r->rotate},
        {"scale", r->scale},
        {"shear", r->shear},
        {"contrast", r->contrast},
        {"brightness", r->brightness},
        {"saturation", r->saturation},
        {"erase", r->erase},
        {"elastic", r->elastic},
    };
    json_t *list = json_array();
    int failed = !list;
    for (size_t t = 0; t < sizeof all / sizeof *all && !failed; t++)
        if (all[t].range > 0)
            failed = json_array_append_new(list,
                                           json_pack("{s:f}", all[t].name, all[t].range));
    failed =
        failed ||
        json_array_append_new(
            list, json_pack("{s:s}", "border", border_names[options->border])) ||
        (r->contrast > 0 &&
         json_array_append_new(list, json_pack("{s:s}", "around",
                                               options->around_mean ? "mean" : "black")));
    if (!failed)
        return list;
    json_decref(list);
    return NULL;
}
