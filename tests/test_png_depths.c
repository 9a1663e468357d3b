/* PNG files of every depth and kind of colour, which all become 8 bits. */
#include "base/error.h"
#include "data/decode.h"
#include "scratch.h"
#include <png.h>

/* Writes a PNG of 2 x 1 pixels of so many bits with libpng itself. The second colour of a
 * palette is transparent. */
static uint8_t *png_of(size_t *nbytes, int type, int bits, const uint8_t *pixels)
{
    FILE *file = fopen("x.png", "wb");
    ck_assert_ptr_nonnull(file);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, file);
    png_set_IHDR(png, info, 2, 1, bits, type, PNG_INTERLACE_NONE, 0, 0);
    if (type == PNG_COLOR_TYPE_PALETTE) {
        png_set_PLTE(png, info, (png_color[]){{10, 20, 30}, {40, 50, 60}}, 2);
        png_set_tRNS(png, info, (png_byte[]){255, 0}, 2, NULL);
    }
    png_write_info(png, info);
    png_write_row(png, pixels);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    ck_assert_int_eq(fclose(file), 0);
    return get_file("x.png", nbytes);
}

static void assert_depth(int type, int bits, const uint8_t *pixels, size_t nchannels,
                         const uint8_t *expected)
{
    const amkd_decode_options options = {.alpha = AMKD_ALPHA_WHITE};
    size_t nbytes;
    amkd_picture picture;
    uint8_t *bytes = png_of(&nbytes, type, bits, pixels);
    ck_assert_msg(!amkd_decode(&picture, bytes, nbytes, &options), "%s", amkd_error());
    ck_assert_uint_eq(picture.channels, nchannels);
    ck_assert_mem_eq(picture.pixels, expected, 2 * nchannels);
    amkd_picture_clear(&picture);
    free(bytes);
}

START_TEST(every_depth_of_png_becomes_8_bits)
{
    /* 16 bits are rounded, not cut: 0x00ff is 1 of 255. */
    static const uint8_t deep[] = {0, 0xff, 0x80, 0, 0xff, 0xff, 1, 1, 2, 2, 3, 3};
    assert_depth(PNG_COLOR_TYPE_GRAY, 16, deep, 1, (const uint8_t[]){1, 128});
    assert_depth(PNG_COLOR_TYPE_RGB, 16, deep, 3,
                 (const uint8_t[]){1, 128, 255, 1, 2, 3});
    assert_depth(PNG_COLOR_TYPE_GRAY_ALPHA, 16,
                 (const uint8_t[]){0, 0, 0x33, 0x33, 0x40, 0x40, 0xff, 0xff}, 1,
                 (const uint8_t[]){204, 64});
    assert_depth(PNG_COLOR_TYPE_RGB_ALPHA, 16,
                 (const uint8_t[]){0, 0, 0xff, 0xff, 0, 0, 0x33, 0x33, 1, 1, 2, 2, 3, 3,
                                   0xff, 0xff},
                 3, (const uint8_t[]){204, 255, 204, 1, 2, 3});
    assert_depth(PNG_COLOR_TYPE_GRAY, 1, (const uint8_t[]){0x40}, 1,
                 (const uint8_t[]){0, 255});
    assert_depth(PNG_COLOR_TYPE_GRAY, 2, (const uint8_t[]){0x90}, 1,
                 (const uint8_t[]){170, 85});
    assert_depth(PNG_COLOR_TYPE_GRAY, 4, (const uint8_t[]){0x1f}, 1,
                 (const uint8_t[]){17, 255});
    assert_depth(PNG_COLOR_TYPE_PALETTE, 1, (const uint8_t[]){0x40}, 3,
                 (const uint8_t[]){10, 20, 30, 255, 255, 255});
    assert_depth(PNG_COLOR_TYPE_PALETTE, 4, (const uint8_t[]){0x10}, 3,
                 (const uint8_t[]){255, 255, 255, 10, 20, 30});
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("png_depths");
    TCase *tests = tcase_create("png_depths");
    tcase_add_test(tests, every_depth_of_png_becomes_8_bits);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
