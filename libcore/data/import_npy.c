/* NPY arrays of images: uint8, [n][height][width], and [n][height][width][channels] or
 * [n][channels][height][width]. */
#include "base/error.h"
#include "data/npy.h"
#include "data/source.h"
#include <string.h>

enum { MAX_CHANNELS = 4 }; /* that a dimension is taken for channels without being told */

static int is_usual(size_t channels)
{
    return channels == 1 || channels == 3;
}

/* Whether the channels of four dimensions come first: 1, or 0 when they come last; -1
 * when the shape does not tell. Where both could be channels, 1 and 3 are likelier than 2
 * and 4, then square images than others. */
static int channels_first(const size_t *shape)
{
    size_t first = shape[1], last = shape[3];
    int may_first = first <= MAX_CHANNELS, may_last = last <= MAX_CHANNELS;
    if (may_first && may_last && is_usual(first) != is_usual(last)) {
        may_first = is_usual(first);
        may_last = is_usual(last);
    } else if (may_first && may_last) {
        may_first = shape[2] == last;
        may_last = first == shape[2];
    }
    return may_first != may_last ? may_first : -1;
}

static int find_layout(int *first, const size_t *shape, const char *layout)
{
    *first = layout ? !strcmp(layout, "nchw") : channels_first(shape);
    if (*first >= 0)
        return 0;
    if (shape[1] == 1 && shape[2] == 1 && shape[3] == 1) {
        *first = 0;
        return 0;
    }
    return amkd_fail(
        "the shape (%zu, %zu, %zu, %zu) does not tell where the channels are: "
        "%s (--layout nhwc: last, --layout nchw: behind the first)",
        shape[0], shape[1], shape[2], shape[3],
        shape[1] > MAX_CHANNELS ? "images have 1 to 4" : "first or last");
}

/* One picture of RGB, [height][width][3], is easily taken for a set of gray ones. */
static int looks_like_one(const size_t *shape)
{
    return (shape[2] == 3 || shape[2] == 4) && shape[0] > MAX_CHANNELS &&
           shape[1] > MAX_CHANNELS;
}

static int read_strided(amkd_picture *picture, const amkd_source *source, size_t index)
{
    const size_t *strides = source->strides;
    if (amkd_picture_new(picture, source->height, source->width, source->channels))
        return -1;
    const uint8_t *from = source->data + index * strides[0];
    uint8_t *to = picture->pixels;
    for (size_t y = 0; y < source->height; y++)
        for (size_t x = 0; x < source->width; x++)
            for (size_t c = 0; c < source->channels; c++)
                *to++ = from[y * strides[1] + x * strides[2] + c * strides[3]];
    return 0;
}

/* Sets shape and strides of the source by an array of four dimensions. */
static int set_shape(amkd_source *source, const size_t *shape, const size_t *strides,
                     const amkd_source_options *options)
{
    int first;
    if (find_layout(&first, shape, options->layout))
        return -1;
    const size_t order[4] = {0, first ? 2 : 1, first ? 3 : 2, first ? 1 : 3};
    for (size_t d = 0; d < 4; d++)
        source->strides[d] = strides[order[d]];
    source->n = shape[0];
    source->height = shape[order[1]];
    source->width = shape[order[2]];
    source->channels = shape[order[3]];
    if (first && !options->layout)
        amkd_notes_add(
            &options->report->remarks, 0,
            "'%s': the shape (%zu, %zu, %zu, %zu) is read as channels first, "
            "images of %zux%zu, %zu channels (--layout nhwc reads it otherwise)",
            source->path, shape[0], shape[1], shape[2], shape[3], source->width,
            source->height, source->channels);
    return 0;
}

int amkd_source_npy(amkd_source *source, size_t nbytes,
                    const amkd_source_options *options)
{
    amkd_npy npy;
    const void *data;
    size_t strides[AMKD_NPY_MAX_DIMENSIONS];
    if (amkd_npy_open(&npy, &data, source->bytes, nbytes))
        return -1;
    if (strcmp(npy.dtype, "|u1") != 0)
        return amkd_fail(
            "images of dtype '%s', expected '|u1' (numpy.uint8)%s", npy.dtype,
            npy.dtype[1] == 'f'
                ? "; numpy.rint(255 * x).astype('uint8') makes them of 0 to 1"
                : "");
    if (npy.ndim != 3 && npy.ndim != 4)
        return amkd_fail("array of %zu dimensions, expected [n,height,width] or "
                         "[n,height,width,channels]",
                         npy.ndim);
    if (npy.ndim == 3 && looks_like_one(npy.shape))
        return amkd_fail(
            "the shape (%zu, %zu, %zu) looks like one picture (x[None] makes "
            "a set of it, x[..., None] a set of gray ones)",
            npy.shape[0], npy.shape[1], npy.shape[2]);
    source->data = data;
    source->read = read_strided;
    amkd_npy_strides(strides, &npy);
    if (npy.ndim == 4) {
        if (set_shape(source, npy.shape, strides, options))
            return -1;
    } else {
        source->n = npy.shape[0];
        source->height = npy.shape[1];
        source->width = npy.shape[2];
        source->channels = 1;
        memcpy(source->strides, strides, 3 * sizeof *strides);
    }
    if (source->n && !npy.nbytes)
        return amkd_fail("images of %zux%zu, %zu channels are empty", source->width,
                         source->height, source->channels);
    return 0;
}
