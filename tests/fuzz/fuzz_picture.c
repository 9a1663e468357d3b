/* PNG and JPEG files of any bytes: refused, or decoded within the bounds. */
#include "data/jpeg.h"
#include "data/png.h"
#include "fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    amkd_picture picture;
    if (amkd_png_is(bytes, nbytes) && !amkd_png_decode(&picture, bytes, nbytes))
        amkd_picture_clear(&picture);
    if (amkd_jpeg_is(bytes, nbytes) && !amkd_jpeg_decode(&picture, bytes, nbytes))
        amkd_picture_clear(&picture);
    return 0;
}
