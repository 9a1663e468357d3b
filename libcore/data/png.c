/* PNG by libpng, whose errors come by longjmp: every function that calls setjmp keeps all
 * it changes in a struct of its caller, so that nothing is lost at the jump. */
#include "data/png.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "data/exif.h"
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

typedef struct codec {
    jmp_buf jump;
    png_structp png;
    png_infop info;
    png_bytepp lines;
    const png_byte *at, *end; /* reading */
    amkd_bytes *bytes;        /* writing */
    int reported;             /* the error is set already */
    int whole;                /* reading: all pixels are there */
    int cut;                  /* reading: the file ended too early */
} codec;

static void on_error(png_structp png, png_const_charp message)
{
    codec *c = png_get_error_ptr(png);
    if (!c->reported)
        amkd_fail("PNG: %s", message);
    longjmp(c->jump, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static void read_bytes(png_structp png, png_bytep bytes, size_t nbytes)
{
    codec *c = png_get_io_ptr(png);
    if ((size_t)(c->end - c->at) < nbytes) {
        c->cut = 1;
        png_error(png, "the file is cut short");
    }
    memcpy(bytes, c->at, nbytes);
    c->at += nbytes;
}

static void write_bytes(png_structp png, png_bytep bytes, size_t nbytes)
{
    codec *c = png_get_io_ptr(png);
    if (amkd_bytes_add(c->bytes, bytes, nbytes)) {
        c->reported = 1;
        png_error(png, "no room");
    }
}

static void flush_bytes(png_structp png)
{
    (void)png;
}

/* lines[y] points at line y of the picture. */
static int point_lines(codec *c, const amkd_picture *picture)
{
    size_t stride = picture->width * picture->channels;
    c->lines = amkd_alloc(picture->height, sizeof *c->lines);
    if (!c->lines)
        return -1;
    for (size_t y = 0; y < picture->height; y++)
        c->lines[y] = picture->pixels + y * stride;
    return 0;
}

static int decode(codec *c, amkd_picture *picture)
{
    if (setjmp(c->jump)) {
        picture->lacks_end = c->whole && c->cut;
        return picture->lacks_end ? 0 : -1;
    }
    png_set_read_fn(c->png, c, read_bytes);
    /* Which sizes are read amkd_picture_new says. */
    png_set_user_limits(c->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_read_info(c->png, c->info);
    png_set_expand(c->png);
    png_set_scale_16(c->png);
    png_set_interlace_handling(c->png);
    png_read_update_info(c->png, c->info);
    if (amkd_picture_new(picture, png_get_image_height(c->png, c->info),
                         png_get_image_width(c->png, c->info),
                         png_get_channels(c->png, c->info)) ||
        point_lines(c, picture))
        return -1;
    png_read_image(c->png, c->lines);
    c->whole = 1;
    png_read_end(c->png, c->info);
    return 0;
}

/* Of the eXIf chunk, which may stand before the pixels or behind them. */
static int orientation(const codec *c)
{
    png_uint_32 nbytes = 0;
    png_bytep exif = NULL;
    return png_get_eXIf_1(c->png, c->info, &nbytes, &exif)
               ? amkd_exif_orientation(exif, nbytes)
               : 0;
}

int amkd_png_is(const void *bytes, size_t nbytes)
{
    return nbytes >= 8 && !png_sig_cmp((png_const_bytep)bytes, 0, 8);
}

int amkd_png_decode(amkd_picture *picture, const void *bytes, size_t nbytes)
{
    codec c = {.at = bytes, .end = (const png_byte *)bytes + nbytes};
    *picture = (amkd_picture){0};
    c.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &c, on_error, on_warning);
    c.info = c.png ? png_create_info_struct(c.png) : NULL;
    int failed = c.info ? decode(&c, picture) : amkd_fail("libpng is out of memory");
    if (!failed)
        picture->orientation = orientation(&c);
    png_destroy_read_struct(&c.png, &c.info, NULL);
    free(c.lines);
    if (failed)
        amkd_picture_clear(picture);
    return failed;
}

static int encode(codec *c, const amkd_picture *picture)
{
    if (setjmp(c->jump))
        return -1;
    png_set_write_fn(c->png, c, write_bytes, flush_bytes);
    png_set_IHDR(
        c->png, c->info, (png_uint_32)picture->width, (png_uint_32)picture->height, 8,
        picture->channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB,
        PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(c->png, c->info);
    png_write_image(c->png, c->lines);
    png_write_end(c->png, NULL);
    return 0;
}

int amkd_png_encode(amkd_bytes *bytes, const amkd_picture *picture)
{
    codec c = {.bytes = bytes};
    if (picture->channels != 1 && picture->channels != 3)
        return amkd_fail("a PNG has 1 or 3 channels, not %zu", picture->channels);
    c.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &c, on_error, on_warning);
    c.info = c.png ? png_create_info_struct(c.png) : NULL;
    int failed = c.info ? point_lines(&c, picture) || encode(&c, picture)
                        : amkd_fail("libpng is out of memory");
    png_destroy_write_struct(&c.png, &c.info);
    free(c.lines);
    return failed ? -1 : 0;
}

int amkd_png_write(const char *path, const amkd_picture *picture)
{
    amkd_bytes bytes = {0};
    amkd_output *output;
    if (amkd_png_encode(&bytes, picture) || amkd_output_open(&output, path)) {
        amkd_bytes_clear(&bytes);
        return -1;
    }
    int failed = amkd_output_refuse_terminal(output, "a PNG image") ||
                 amkd_output_write(output, bytes.data, bytes.n);
    amkd_bytes_clear(&bytes);
    if (failed) {
        amkd_output_discard(output);
        return -1;
    }
    return amkd_output_commit(output);
}
