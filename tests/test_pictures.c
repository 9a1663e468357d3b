/* Pictures: PNG and JPEG whole, cut short and lying, conversions, contact sheets. */
#include "base/error.h"
#include "data/jpeg.h"
#include "data/picture.h"
#include "data/png.h"
#include "data/sheet.h"
#include "scratch.h"
#include <stdio.h>

#include <jpeglib.h>
#include <zlib.h>

static void assert_error(const char *part)
{
    ck_assert_msg(strstr(amkd_error(), part) != NULL, "'%s' is not in '%s'", part,
                  amkd_error());
}

/* A picture of these pixels. */
static amkd_picture picture_of(size_t height, size_t width, size_t channels,
                               const uint8_t *pixels)
{
    amkd_picture picture;
    ck_assert_int_eq(amkd_picture_new(&picture, height, width, channels), 0);
    memcpy(picture.pixels, pixels, height * width * channels);
    return picture;
}

START_TEST(gray_weighs_the_colours_by_itu_r_601)
{
    const uint8_t rgb[] = {255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 10, 20, 30};
    amkd_picture picture = picture_of(1, 5, 3, rgb);
    ck_assert_int_eq(amkd_picture_gray(&picture), 0);
    ck_assert_mem_eq(picture.pixels, ((uint8_t[]){76, 150, 29, 255, 18}), 5);
    ck_assert_int_eq(amkd_picture_rgb(&picture), 0);
    ck_assert_mem_eq(picture.pixels, ((uint8_t[]){76, 76, 76, 150, 150, 150}), 6);
    amkd_picture_clear(&picture);
    picture = picture_of(1, 1, 2, rgb);
    ck_assert_int_eq(amkd_picture_gray(&picture), -1);
    assert_error("2 channels");
    amkd_picture_clear(&picture);
}
END_TEST

START_TEST(resizing_has_the_triangle_filters_values)
{
    const uint8_t ramp[] = {0, 40, 80, 120, 160, 200, 240, 250};
    amkd_picture picture = picture_of(1, 8, 1, ramp);
    /* Twice smaller: weights 1 3 3 1 of 8 inside, renormalized at the borders. */
    ck_assert_int_eq(amkd_picture_resize(&picture, 1, 4), 0);
    ck_assert_mem_eq(picture.pixels, ((uint8_t[]){29, 100, 180, 239}), 4);
    amkd_picture_clear(&picture);
    /* Twice larger: bilinear, pixel centres kept. */
    picture = picture_of(2, 1, 1, (const uint8_t[]){0, 100});
    ck_assert_int_eq(amkd_picture_resize(&picture, 4, 1), 0);
    ck_assert_mem_eq(picture.pixels, ((uint8_t[]){0, 25, 75, 100}), 4);
    amkd_picture_clear(&picture);
    picture = picture_of(1, 2, 3, (const uint8_t[]){255, 9, 0, 255, 9, 0});
    ck_assert_int_eq(amkd_picture_resize(&picture, 7, 5), 0);
    for (size_t i = 0; i < 35; i++)
        ck_assert_mem_eq(picture.pixels + 3 * i, ((uint8_t[]){255, 9, 0}), 3);
    amkd_picture_clear(&picture);
}
END_TEST

START_TEST(pictures_too_large_are_refused_before_memory_is_taken)
{
    amkd_picture picture;
    ck_assert_int_eq(amkd_picture_new(&picture, 1 << 15, 1, 1), -1);
    ck_assert_int_eq(amkd_picture_new(&picture, 1 << 14, 1 << 14, 1), -1);
    assert_error("too large");
    ck_assert_int_eq(amkd_picture_new(&picture, 1 << 13, (1 << 13) + 1, 1), -1);
    assert_error("too large: 8193x8192; up to 16384 a side and 67 million pixels");
    ck_assert_int_eq(amkd_picture_new(&picture, 0, 1, 1), -1);
    assert_error("empty");
}
END_TEST

START_TEST(a_png_too_wide_is_refused_in_the_same_words)
{
    static uint8_t pixels[20000];
    amkd_picture read,
        wide = {.height = 1, .width = 20000, .channels = 1, .pixels = pixels};
    size_t nbytes;
    ck_assert_msg(!amkd_png_write("wide.png", &wide), "%s", amkd_error());
    uint8_t *bytes = get_file("wide.png", &nbytes);
    ck_assert_int_eq(amkd_png_decode(&read, bytes, nbytes), -1);
    assert_error("the image is too large: 20000x1; up to 16384 a side");
    free(bytes);
}
END_TEST

START_TEST(a_sheet_shows_every_image_enlarged_with_gaps)
{
    const uint8_t pixels[] = {1, 2, 3, 4, 5, 6};
    amkd_picture sheet;
    /* Three images of 1 x 2 in two columns, doubled: 4 x 2 cells and gaps of 2. */
    ck_assert_int_eq(amkd_sheet_new(&sheet, pixels, 3, 1, 2, 1, 2, 2), 0);
    ck_assert_uint_eq(sheet.width, 2 * (4 + 2) + 2);
    ck_assert_uint_eq(sheet.height, 2 * (2 + 2) + 2);
    const uint8_t line[] = {112, 112, 1, 1, 2, 2, 112, 112, 3, 3, 4, 4, 112, 112};
    for (size_t y = 0; y < sheet.height; y++)
        ck_assert_uint_eq(sheet.pixels[y * sheet.width], 112);
    ck_assert_mem_eq(sheet.pixels + 2 * sheet.width, line, sizeof line);
    ck_assert_mem_eq(sheet.pixels + 3 * sheet.width, line, sizeof line);
    ck_assert_uint_eq(sheet.pixels[6 * sheet.width + 2], 5);
    ck_assert_uint_eq(sheet.pixels[6 * sheet.width + 8], 112);
    amkd_picture_clear(&sheet);
}
END_TEST

/* Writes a PNG of one colour. */
static void put_png(const char *name, size_t height, size_t width, size_t channels,
                    int value)
{
    amkd_picture picture;
    ck_assert_int_eq(amkd_picture_new(&picture, height, width, channels), 0);
    memset(picture.pixels, value, height * width * channels);
    ck_assert_msg(!amkd_png_write(name, &picture), "%s", amkd_error());
    amkd_picture_clear(&picture);
}

enum { IEND_NBYTES = 12, EOI_NBYTES = 2 }; /* what a file has behind its pixels */

START_TEST(a_png_cut_short_or_changed_anywhere_is_refused_or_whole)
{
    size_t nbytes;
    amkd_picture picture;
    put_png("x.png", 9, 7, 3, 77);
    uint8_t *bytes = get_file("x.png", &nbytes);
    for (size_t n = 0; n < nbytes - IEND_NBYTES; n++)
        ck_assert_msg(amkd_png_decode(&picture, bytes, n) == -1, "%zu bytes", n);
    for (size_t n = nbytes - IEND_NBYTES; n < nbytes; n++) {
        ck_assert_msg(!amkd_png_decode(&picture, bytes, n), "%s", amkd_error());
        ck_assert_int_eq(picture.lacks_end, 1);
        ck_assert_uint_eq(picture.pixels[9 * 7 * 3 - 1], 77);
        amkd_picture_clear(&picture);
    }
    for (size_t i = 0; i < nbytes; i++) {
        bytes[i] ^= 0x10;
        if (!amkd_png_decode(&picture, bytes, nbytes))
            amkd_picture_clear(&picture);
        bytes[i] ^= 0x10;
    }
    ck_assert_int_eq(amkd_png_decode(&picture, bytes, nbytes), 0);
    ck_assert_uint_eq(picture.height, 9);
    ck_assert_int_eq(picture.lacks_end, 0);
    ck_assert_uint_eq(picture.pixels[9 * 7 * 3 - 1], 77);
    amkd_picture_clear(&picture);
    free(bytes);
}
END_TEST

/* A JPEG of one colour in a new block. */
static unsigned char *jpeg_of(unsigned long *nbytes, unsigned height, unsigned width)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *bytes = NULL, line[3 * 64];
    memset(line, 100, sizeof line);
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &bytes, nbytes);
    jpeg.image_height = height;
    jpeg.image_width = width;
    jpeg.input_components = 3;
    jpeg.in_color_space = JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    for (unsigned y = 0; y < height; y++)
        jpeg_write_scanlines(&jpeg, (JSAMPROW[]){line}, 1);
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    return bytes;
}

START_TEST(a_jpeg_cut_short_before_its_end_marker_is_refused)
{
    unsigned long nbytes = 0;
    amkd_picture picture;
    unsigned char *bytes = jpeg_of(&nbytes, 20, 30);
    ck_assert_msg(!amkd_jpeg_decode(&picture, bytes, nbytes), "%s", amkd_error());
    ck_assert_uint_eq(picture.width, 30);
    ck_assert_uint_eq(picture.channels, 3);
    ck_assert_uint_eq(picture.pixels[0], 100);
    ck_assert_int_eq(picture.lacks_end, 0);
    amkd_picture_clear(&picture);
    for (size_t n = 0; n < nbytes - EOI_NBYTES; n++)
        ck_assert_msg(amkd_jpeg_decode(&picture, bytes, n) == -1, "%zu bytes", n);
    assert_error("JPEG: the file is cut short");
    for (size_t n = nbytes - EOI_NBYTES; n < nbytes; n++) {
        ck_assert_msg(!amkd_jpeg_decode(&picture, bytes, n), "%s", amkd_error());
        ck_assert_int_eq(picture.lacks_end, 1);
        ck_assert_uint_eq(picture.pixels[3 * 20 * 30 - 1], 100);
        amkd_picture_clear(&picture);
    }
    for (size_t i = 0; i < nbytes; i++) {
        bytes[i] ^= 0x11;
        if (!amkd_jpeg_decode(&picture, bytes, nbytes))
            amkd_picture_clear(&picture);
        bytes[i] ^= 0x11;
    }
    free(bytes);
}
END_TEST

START_TEST(a_picture_that_claims_to_be_huge_is_refused)
{
    amkd_picture picture;
    size_t nbytes;
    put_png("x.png", 1, 1, 1, 0);
    uint8_t *bytes = get_file("x.png", &nbytes);
    memcpy(bytes + 16, "\x00\x00\x3f\x00\x00\x00\x3f\x00", 8);
    unsigned long crc = crc32(0, bytes + 12, 17);
    for (int i = 0; i < 4; i++)
        bytes[29 + i] = (uint8_t)(crc >> (24 - 8 * i));
    ck_assert_int_eq(amkd_png_decode(&picture, bytes, nbytes), -1);
    assert_error("16128x16128; up to");
    free(bytes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pictures");
    TCase *tests = tcase_create("pictures");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, gray_weighs_the_colours_by_itu_r_601);
    tcase_add_test(tests, resizing_has_the_triangle_filters_values);
    tcase_add_test(tests, pictures_too_large_are_refused_before_memory_is_taken);
    tcase_add_test(tests, a_png_too_wide_is_refused_in_the_same_words);
    tcase_add_test(tests, a_sheet_shows_every_image_enlarged_with_gaps);
    tcase_add_test(tests, a_png_cut_short_or_changed_anywhere_is_refused_or_whole);
    tcase_add_test(tests, a_jpeg_cut_short_before_its_end_marker_is_refused);
    tcase_add_test(tests, a_picture_that_claims_to_be_huge_is_refused);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
