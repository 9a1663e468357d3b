/* JPEG by libjpeg, whose errors come by longjmp: the function that calls setjmp keeps all
 * it changes in a struct of its caller, so that nothing is lost at the jump. */
#include "data/jpeg.h"
#include "base/error.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

typedef struct decoder {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    jmp_buf jump;
} decoder;

static void on_error(j_common_ptr jpeg)
{
    decoder *d = jpeg->client_data;
    char message[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, message);
    amkd_fail("JPEG: %s", message);
    longjmp(d->jump, 1);
}

/* Level -1 is a warning: libjpeg would go on with gray blocks where data are missing. */
static void on_message(j_common_ptr jpeg, int level)
{
    if (level >= 0)
        return;
    switch (jpeg->err->msg_code) {
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
        jpeg->err->error_exit(jpeg);
    }
}

static int decode(decoder *d, amkd_picture *picture, const void *bytes, size_t nbytes)
{
    if (setjmp(d->jump))
        return -1;
    jpeg_create_decompress(&d->jpeg);
    jpeg_mem_src(&d->jpeg, bytes, (unsigned long)nbytes);
    jpeg_read_header(&d->jpeg, TRUE);
    if (d->jpeg.num_components != 1 && d->jpeg.num_components != 3)
        return amkd_fail("JPEG: %d components; gray and RGB are read",
                         d->jpeg.num_components);
    d->jpeg.out_color_space = d->jpeg.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    if (amkd_picture_new(picture, d->jpeg.image_height, d->jpeg.image_width,
                         (size_t)d->jpeg.num_components))
        return -1;
    jpeg_start_decompress(&d->jpeg);
    while (d->jpeg.output_scanline < d->jpeg.output_height) {
        JSAMPROW line = picture->pixels +
                        d->jpeg.output_scanline * picture->width * picture->channels;
        jpeg_read_scanlines(&d->jpeg, &line, 1);
    }
    jpeg_finish_decompress(&d->jpeg);
    return 0;
}

int amkd_jpeg_is(const void *bytes, size_t nbytes)
{
    return nbytes >= 3 && !memcmp(bytes, "\xff\xd8\xff", 3);
}

int amkd_jpeg_decode(amkd_picture *picture, const void *bytes, size_t nbytes)
{
    decoder d = {0};
    *picture = (amkd_picture){0};
    d.jpeg.err = jpeg_std_error(&d.errors);
    d.jpeg.client_data = &d;
    d.errors.error_exit = on_error;
    d.errors.emit_message = on_message;
    int failed = decode(&d, picture, bytes, nbytes);
    jpeg_destroy_decompress(&d.jpeg);
    if (failed)
        amkd_picture_clear(picture);
    return failed;
}
