/* PNG, JPEG, WebP and BMP files of any bytes: refused, or decoded within the bounds. */
#include "data/decode.h"
#include "data/exif.h"
#include "fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    amkd_picture picture;
    const amkd_decode_options options = {.alpha = AMKD_ALPHA_WHITE};
    amkd_exif_orientation(bytes, nbytes);
    if (!amkd_decode(&picture, bytes, nbytes, &options))
        amkd_picture_clear(&picture);
    return 0;
}
