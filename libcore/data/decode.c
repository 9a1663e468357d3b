/* Picture files: the decoder that fits, then what all formats have in common. */
#include "data/decode.h"
#include "base/error.h"
#include "data/bmp.h"
#include "data/jpeg.h"
#include "data/magic.h"
#include "data/png.h"
#include "data/webp.h"

static const struct {
    int (*is)(const void *bytes, size_t nbytes);
    int (*decode)(amkd_picture *picture, const void *bytes, size_t nbytes);
} formats[] = {
    {amkd_png_is, amkd_png_decode},
    {amkd_jpeg_is, amkd_jpeg_decode},
    {amkd_webp_is, amkd_webp_decode},
    {amkd_bmp_is, amkd_bmp_decode},
};

int amkd_decode_is(const void *bytes, size_t nbytes)
{
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++)
        if (formats[f].is(bytes, nbytes))
            return 1;
    return 0;
}

static int decode_any(amkd_picture *picture, const void *bytes, size_t nbytes)
{
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++)
        if (formats[f].is(bytes, nbytes))
            return formats[f].decode(picture, bytes, nbytes);
    const char *name = amkd_magic_name(bytes, nbytes);
    return amkd_fail("no PNG, JPEG, WebP or BMP%s%s", name ? ", but " : "",
                     name ? name : "");
}

int amkd_decode(amkd_picture *picture, const void *bytes, size_t nbytes,
                const amkd_decode_options *options)
{
    if (decode_any(picture, bytes, nbytes))
        return -1;
    if (amkd_picture_flatten(picture, options->alpha) ||
        (!options->ignore_exif && amkd_picture_orient(picture))) {
        amkd_picture_clear(picture);
        return -1;
    }
    return 0;
}
