/* Picture files: the decoder that fits, then what all formats have in common. */
#include "data/decode.h"
#include "base/error.h"
#include "data/jpeg.h"
#include "data/magic.h"
#include "data/png.h"

static int decode_any(amkd_picture *picture, const void *bytes, size_t nbytes)
{
    if (amkd_png_is(bytes, nbytes))
        return amkd_png_decode(picture, bytes, nbytes);
    if (amkd_jpeg_is(bytes, nbytes))
        return amkd_jpeg_decode(picture, bytes, nbytes);
    const char *name = amkd_magic_name(bytes, nbytes);
    return amkd_fail("neither PNG nor JPEG%s%s", name ? ", but " : "", name ? name : "");
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
