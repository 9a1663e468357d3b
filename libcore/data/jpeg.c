/* JPEG by libjpeg, whose errors come by longjmp: the function that calls setjmp keeps all
 * it changes in a struct of its caller, so that nothing is lost at the jump. */
#include "data/jpeg.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/exif.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

typedef struct decoder {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    jmp_buf jump;
    JSAMPROW line; /* of CMYK, before it is RGB */
    int cut;       /* the file ended before the marker of its end */
} decoder;

static void on_error(j_common_ptr jpeg)
{
    decoder *d = jpeg->client_data;
    char message[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, message);
    amkd_fail("JPEG: %s", d->cut ? "the file is cut short" : message);
    longjmp(d->jump, 1);
}

/* Level -1 is a warning: libjpeg would go on with gray blocks where data are missing.
 * That the file ends is no loss yet: JWRN_HIT_MARKER follows when a block lacks data. */
static void on_message(j_common_ptr jpeg, int level)
{
    if (level >= 0)
        return;
    switch (jpeg->err->msg_code) {
    case JWRN_JPEG_EOF:
        ((decoder *)jpeg->client_data)->cut = 1;
        return;
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
        jpeg->err->error_exit(jpeg);
    }
}

/* Whether no scan is missing, so that a file that was cut has all its pixels
 * nevertheless. Of a picture that is finished this is not known any more. */
static int is_complete(const struct jpeg_decompress_struct *jpeg)
{
    for (int c = 0; c < jpeg->num_components; c++) {
        if (!jpeg->comp_info[c].quant_table)
            return 0;
        for (int k = 0; jpeg->coef_bits && k < DCTSIZE2; k++)
            if (jpeg->coef_bits[c][k])
                return 0;
    }
    return 1;
}

/* Adobe's programs, which mark their files, store all four inverted: 255 is no ink. */
static void cmyk_to_rgb(uint8_t *rgb, const JSAMPLE *cmyk, size_t n, int inverted)
{
    unsigned flip = inverted ? 0 : 255;
    for (; n; n--, cmyk += 4, rgb += 3)
        for (size_t c = 0; c < 3; c++)
            rgb[c] = (uint8_t)(((cmyk[c] ^ flip) * (cmyk[3] ^ flip) + 127) / 255);
}

static void read_line(decoder *d, uint8_t *pixels)
{
    JSAMPROW line = d->line ? d->line : pixels;
    jpeg_read_scanlines(&d->jpeg, &line, 1);
    if (d->line)
        cmyk_to_rgb(pixels, d->line, d->jpeg.output_width, d->jpeg.saw_Adobe_marker);
}

static int orientation(const struct jpeg_decompress_struct *jpeg)
{
    for (jpeg_saved_marker_ptr at = jpeg->marker_list; at; at = at->next)
        if (at->data_length >= 6 && !memcmp(at->data, "Exif\0", 5))
            return amkd_exif_orientation(at->data, at->data_length);
    return 0;
}

static int decode(decoder *d, amkd_picture *picture, const void *bytes, size_t nbytes)
{
    if (setjmp(d->jump))
        return -1;
    jpeg_create_decompress(&d->jpeg);
    jpeg_mem_src(&d->jpeg, bytes, (unsigned long)nbytes);
    jpeg_save_markers(&d->jpeg, JPEG_APP0 + 1, UINT16_MAX);
    jpeg_read_header(&d->jpeg, TRUE);
    int n = d->jpeg.num_components;
    if (n != 1 && n != 3 && n != 4)
        return amkd_fail("JPEG: %d components; gray, RGB and CMYK are read", n);
    d->jpeg.out_color_space = n == 1 ? JCS_GRAYSCALE : n == 3 ? JCS_RGB : JCS_CMYK;
    if (amkd_picture_new(picture, d->jpeg.image_height, d->jpeg.image_width,
                         n == 1 ? 1 : 3) ||
        (n == 4 && !(d->line = amkd_alloc(picture->width, 4))))
        return -1;
    picture->orientation = orientation(&d->jpeg);
    jpeg_start_decompress(&d->jpeg);
    while (d->jpeg.output_scanline < d->jpeg.output_height)
        read_line(d, picture->pixels +
                         d->jpeg.output_scanline * picture->width * picture->channels);
    /* Of one scan the end is looked for only now, of several it was before the first
     * line. */
    int complete = is_complete(&d->jpeg);
    jpeg_finish_decompress(&d->jpeg);
    if (d->cut && !complete)
        return amkd_fail("JPEG: the file is cut short");
    picture->lacks_end = d->cut;
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
    free(d.line);
    if (failed)
        amkd_picture_clear(picture);
    return failed;
}
