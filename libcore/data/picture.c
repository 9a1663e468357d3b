/* Pictures: conversions of colour, side and size, in arithmetic that is the same
 * everywhere. */
#include "data/picture.h"
#include "base/error.h"
#include "base/memory.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

int amkd_picture_new(amkd_picture *picture, size_t height, size_t width, size_t channels)
{
    *picture = (amkd_picture){0};
    if (!height || !width || !channels)
        return amkd_fail("the image is empty: %zux%zu, %zu channels", width, height,
                         channels);
    if (height > AMKD_PICTURE_MAX_SIDE || width > AMKD_PICTURE_MAX_SIDE ||
        height * width > AMKD_PICTURE_MAX_PIXELS)
        return amkd_fail(
            "the image is too large: %zux%zu; up to %d a side and %d million "
            "pixels are read",
            width, height, AMKD_PICTURE_MAX_SIDE, AMKD_PICTURE_MAX_PIXELS / 1000000);
    picture->pixels = amkd_alloc(height * width, channels);
    if (!picture->pixels)
        return -1;
    picture->height = height;
    picture->width = width;
    picture->channels = channels;
    return 0;
}

void amkd_picture_clear(amkd_picture *picture)
{
    free(picture->pixels);
    *picture = (amkd_picture){0};
}

/* Puts the pixels of a new picture in the place of an old one's. */
static void replace(amkd_picture *picture, const amkd_picture *by)
{
    free(picture->pixels);
    picture->height = by->height;
    picture->width = by->width;
    picture->channels = by->channels;
    picture->pixels = by->pixels;
}

/* EXIF's orientations as one exchange of the sides and two mirrors:
 * 2 mirrored, 3 half a turn, 4 upside down, 5 transposed, 6 to be turned right,
 * 7 transposed the other way, 8 to be turned left. */
int amkd_picture_orient(amkd_picture *picture)
{
    int o = picture->orientation;
    int sides = o >= 5, down = o == 3 || o == 4 || o == 6 || o == 7;
    int right = o == 2 || o == 3 || o == 7 || o == 8;
    size_t height = picture->height, width = picture->width, n = picture->channels;
    amkd_picture turned;
    picture->orientation = 0;
    if (o < 2)
        return 0;
    if (amkd_picture_new(&turned, sides ? width : height, sides ? height : width, n))
        return -1;
    uint8_t *to = turned.pixels;
    for (size_t y = 0; y < turned.height; y++) {
        for (size_t x = 0; x < turned.width; x++, to += n) {
            size_t from_y = sides ? x : y, from_x = sides ? y : x;
            if (down)
                from_y = height - 1 - from_y;
            if (right)
                from_x = width - 1 - from_x;
            memcpy(to, picture->pixels + (from_y * width + from_x) * n, n);
        }
    }
    replace(picture, &turned);
    return 0;
}

int amkd_picture_flatten(amkd_picture *picture, amkd_alpha alpha)
{
    size_t n = picture->channels - 1;
    unsigned ground = alpha == AMKD_ALPHA_WHITE ? 255 : 0;
    amkd_picture flat;
    if (n != 1 && n != 3)
        return 0;
    if (amkd_picture_new(&flat, picture->height, picture->width, n))
        return -1;
    const uint8_t *from = picture->pixels;
    uint8_t *to = flat.pixels;
    for (size_t i = 0; i < flat.height * flat.width; i++, from += n + 1) {
        unsigned opacity = from[n];
        picture->transparent |= opacity < 255;
        if (alpha == AMKD_ALPHA_DROP)
            opacity = 255;
        for (size_t c = 0; c < n; c++)
            *to++ = (uint8_t)((from[c] * opacity + ground * (255 - opacity) + 127) / 255);
    }
    replace(picture, &flat);
    return 0;
}

int amkd_picture_gray(amkd_picture *picture)
{
    amkd_picture gray;
    if (picture->channels == 1)
        return 0;
    if (picture->channels != 3)
        return amkd_fail("cannot make gray of %zu channels", picture->channels);
    if (amkd_picture_new(&gray, picture->height, picture->width, 1))
        return -1;
    for (size_t i = 0; i < gray.height * gray.width; i++) {
        const uint8_t *rgb = picture->pixels + 3 * i;
        gray.pixels[i] =
            (uint8_t)((19595u * rgb[0] + 38470u * rgb[1] + 7471u * rgb[2] + 32768u) >>
                      16);
    }
    replace(picture, &gray);
    return 0;
}

int amkd_picture_rgb(amkd_picture *picture)
{
    amkd_picture rgb;
    if (picture->channels == 3)
        return 0;
    if (picture->channels != 1)
        return amkd_fail("cannot make RGB of %zu channels", picture->channels);
    if (amkd_picture_new(&rgb, picture->height, picture->width, 3))
        return -1;
    for (size_t i = 0; i < 3 * rgb.height * rgb.width; i++)
        rgb.pixels[i] = picture->pixels[i / 3];
    replace(picture, &rgb);
    return 0;
}

/* The filter along one side: output o is sum_k weights[o * nmax + k] * in[first[o] + k].
 */
typedef struct filter {
    size_t nmax;
    size_t *first, *n;
    double *weights;
} filter;

static void filter_clear(filter *f)
{
    free(f->first);
    free(f->n);
    free(f->weights);
}

static int filter_init(filter *f, size_t nout, size_t nin)
{
    double scale = (double)nin / (double)nout, support = scale > 1 ? scale : 1;
    f->nmax = (size_t)ceil(support) * 2 + 1;
    f->first = amkd_alloc(nout, sizeof *f->first);
    f->n = amkd_alloc(nout, sizeof *f->n);
    f->weights = amkd_alloc(nout, f->nmax * sizeof *f->weights);
    if (!f->first || !f->n || !f->weights)
        return -1;
    for (size_t o = 0; o < nout; o++) {
        double center = ((double)o + 0.5) * scale, sum = 0;
        double lo = center - support + 0.5, hi = center + support + 0.5;
        size_t end = hi < (double)nin ? (size_t)hi : nin;
        double *weights = f->weights + o * f->nmax;
        f->first[o] = lo > 0 ? (size_t)lo : 0;
        f->n[o] = end - f->first[o];
        for (size_t k = 0; k < f->n[o]; k++) {
            double x = fabs(((double)(f->first[o] + k) + 0.5 - center) / support);
            weights[k] = x < 1 ? 1 - x : 0;
            sum += weights[k];
        }
        for (size_t k = 0; k < f->n[o]; k++)
            weights[k] /= sum;
    }
    return 0;
}

/* rows[height][out width][channels] = in filtered along x. */
static void filter_x(double *rows, const amkd_picture *in, const filter *f, size_t width)
{
    size_t channels = in->channels;
    for (size_t y = 0; y < in->height; y++) {
        const uint8_t *line = in->pixels + y * in->width * channels;
        for (size_t x = 0; x < width; x++) {
            const double *weights = f->weights + x * f->nmax;
            for (size_t c = 0; c < channels; c++) {
                double sum = 0;
                for (size_t k = 0; k < f->n[x]; k++)
                    sum += weights[k] * line[(f->first[x] + k) * channels + c];
                *rows++ = sum;
            }
        }
    }
}

/* out = rows filtered along y and rounded. */
static void filter_y(amkd_picture *out, const double *rows, const filter *f)
{
    size_t stride = out->width * out->channels;
    for (size_t y = 0; y < out->height; y++) {
        const double *weights = f->weights + y * f->nmax;
        for (size_t x = 0; x < stride; x++) {
            double sum = 0;
            for (size_t k = 0; k < f->n[y]; k++)
                sum += weights[k] * rows[(f->first[y] + k) * stride + x];
            out->pixels[y * stride + x] = (uint8_t)(sum + 0.5);
        }
    }
}

int amkd_picture_resize(amkd_picture *picture, size_t height, size_t width)
{
    filter along_x = {0}, along_y = {0};
    amkd_picture out = {0};
    if (picture->height == height && picture->width == width)
        return 0;
    double *rows = NULL;
    int failed =
        amkd_picture_new(&out, height, width, picture->channels) ||
        filter_init(&along_x, width, picture->width) ||
        filter_init(&along_y, height, picture->height) ||
        !(rows = amkd_alloc(picture->height * width, picture->channels * sizeof *rows));
    if (!failed) {
        filter_x(rows, picture, &along_x, width);
        filter_y(&out, rows, &along_y);
        replace(picture, &out);
    } else {
        amkd_picture_clear(&out);
    }
    free(rows);
    filter_clear(&along_x);
    filter_clear(&along_y);
    return failed ? -1 : 0;
}
