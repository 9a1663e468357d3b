/* Picture files as cameras, printers and broken downloads leave them: CMYK, orientation,
 * transparency, ends that are missing. */
#include "base/error.h"
#include "base/memory.h"
#include "data/decode.h"
#include "data/exif.h"
#include "data/jpeg.h"
#include "data/png.h"
#include "scratch.h"
#include <stdio.h>

#include <jpeglib.h>
#include <png.h>

static void assert_error(const char *part)
{
    ck_assert_msg(strstr(amkd_error(), part) != NULL, "'%s' is not in '%s'", part,
                  amkd_error());
}

/* How a JPEG of one colour a half is made. */
typedef struct kind {
    J_COLOR_SPACE from, stored;
    int nchannels;
    int progressive;
    int no_adobe;
    const void *app1;
    unsigned napp1;
} kind;

/* 16 x 24, the left half of colour left, the right one of colour right. */
static unsigned char *jpeg_of(unsigned long *nbytes, const kind *k, const uint8_t *left,
                              const uint8_t *right)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *bytes = NULL, line[4 * 24];
    for (int i = 0; i < 24 * k->nchannels; i++)
        line[i] = (i < 12 * k->nchannels ? left : right)[i % k->nchannels];
    *nbytes = 0;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &bytes, nbytes);
    jpeg.image_height = 16;
    jpeg.image_width = 24;
    jpeg.input_components = k->nchannels;
    jpeg.in_color_space = k->from;
    jpeg_set_defaults(&jpeg);
    jpeg_set_colorspace(&jpeg, k->stored);
    jpeg_set_quality(&jpeg, 100, TRUE);
    if (k->progressive)
        jpeg_simple_progression(&jpeg);
    if (k->no_adobe)
        jpeg.write_Adobe_marker = FALSE;
    jpeg_start_compress(&jpeg, TRUE);
    if (k->napp1)
        jpeg_write_marker(&jpeg, JPEG_APP0 + 1, k->app1, k->napp1);
    for (unsigned y = 0; y < 16; y++)
        jpeg_write_scanlines(&jpeg, (JSAMPROW[]){line}, 1);
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    return bytes;
}

static void assert_near(const uint8_t *pixel, int r, int g, int b)
{
    const int expected[] = {r, g, b};
    for (int c = 0; c < 3; c++)
        ck_assert_msg(abs(pixel[c] - expected[c]) <= 3, "%d %d %d, not %d %d %d",
                      pixel[0], pixel[1], pixel[2], r, g, b);
}

START_TEST(cmyk_and_ycck_become_rgb)
{
    static const kind kinds[] = {
        {.from = JCS_CMYK, .stored = JCS_CMYK, .nchannels = 4},
        {.from = JCS_CMYK, .stored = JCS_YCCK, .nchannels = 4},
        {.from = JCS_CMYK, .stored = JCS_CMYK, .nchannels = 4, .no_adobe = 1},
    };
    /* No ink is 255 with Adobe's marker, 0 without. */
    static const uint8_t adobe[2][4] = {{255, 0, 128, 255}, {200, 200, 200, 102}};
    static const uint8_t plain[2][4] = {{0, 255, 127, 0}, {55, 55, 55, 153}};
    const amkd_decode_options options = {0};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const uint8_t(*ink)[4] = kinds[i].no_adobe ? plain : adobe;
        unsigned long nbytes;
        amkd_picture picture;
        unsigned char *bytes = jpeg_of(&nbytes, &kinds[i], ink[0], ink[1]);
        ck_assert_msg(!amkd_decode(&picture, bytes, nbytes, &options), "%s",
                      amkd_error());
        ck_assert_uint_eq(picture.channels, 3);
        assert_near(picture.pixels, 255, 0, 128);
        assert_near(picture.pixels + 3 * 23, 80, 80, 80);
        amkd_picture_clear(&picture);
        for (size_t n = 0; n < nbytes - 2; n++)
            ck_assert_int_eq(amkd_decode(&picture, bytes, n, &options), -1);
        free(bytes);
    }
}
END_TEST

START_TEST(a_progressive_jpeg_without_its_last_scan_is_cut_short)
{
    const kind k = {
        .from = JCS_RGB, .stored = JCS_YCbCr, .nchannels = 3, .progressive = 1};
    const uint8_t red[] = {255, 0, 0}, blue[] = {0, 0, 255};
    unsigned long nbytes;
    amkd_picture picture;
    unsigned char *bytes = jpeg_of(&nbytes, &k, red, blue);
    for (size_t n = nbytes - 2; n <= nbytes; n++) {
        ck_assert_msg(!amkd_jpeg_decode(&picture, bytes, n), "%s", amkd_error());
        ck_assert_int_eq(picture.lacks_end, n < nbytes);
        amkd_picture_clear(&picture);
    }
    /* Also where a scan ends, and all rows are there, but coarse. */
    for (size_t n = 0; n < nbytes - 2; n++)
        ck_assert_msg(amkd_jpeg_decode(&picture, bytes, n) == -1, "%zu bytes", n);
    free(bytes);
}
END_TEST

/* EXIF data of one entry. */
static size_t make_exif(uint8_t *bytes, int big_endian, uint8_t orientation)
{
    static const uint8_t little[] =
        "Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0";
    static const uint8_t big[] = "Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01";
    memcpy(bytes, big_endian ? big : little, 24);
    memset(bytes + 24, 0, 4);
    bytes[24 + (big_endian ? 1 : 0)] = orientation;
    return 28;
}

/* The corner of the picture, of 24 x 16 when upright, where it is light. */
static const char *light_corner(const amkd_picture *picture)
{
    static const char *const names[] = {"top left", "top right", "bottom left",
                                        "bottom right"};
    size_t h = picture->height - 1, w = picture->width - 1, n = picture->channels;
    const size_t at[] = {0, w, h * (w + 1), h * (w + 1) + w};
    for (size_t i = 0; i < 4; i++)
        if (picture->pixels[at[i] * n] > 200)
            return names[i];
    return "none";
}

START_TEST(every_orientation_turns_the_picture_upright)
{
    /* Where the pixel at the top left of the file comes to be, and whether sides change.
     */
    static const struct {
        const char *corner;
        int sides;
    } expected[] = {{"top left", 0},     {"top right", 0},  {"bottom right", 0},
                    {"bottom left", 0},  {"top left", 1},   {"top right", 1},
                    {"bottom right", 1}, {"bottom left", 1}};
    for (int o = 1; o <= 8; o++) {
        amkd_picture picture;
        ck_assert_int_eq(amkd_picture_new(&picture, 2, 3, 1), 0);
        memcpy(picture.pixels, ((uint8_t[]){255, 1, 2, 3, 4, 5}), 6);
        picture.orientation = o;
        ck_assert_int_eq(amkd_picture_orient(&picture), 0);
        ck_assert_str_eq(light_corner(&picture), expected[o - 1].corner);
        ck_assert_uint_eq(picture.width, expected[o - 1].sides ? 2 : 3);
        ck_assert_uint_eq(picture.height, expected[o - 1].sides ? 3 : 2);
        ck_assert_int_eq(picture.orientation, 0);
        if (o == 6) /* lies on its left side */
            ck_assert_mem_eq(picture.pixels, ((uint8_t[]){3, 255, 4, 1, 5, 2}), 6);
        if (o == 5)
            ck_assert_mem_eq(picture.pixels, ((uint8_t[]){255, 3, 1, 4, 2, 5}), 6);
        amkd_picture_clear(&picture);
    }
}
END_TEST

START_TEST(the_orientation_of_exif_is_applied_unless_it_is_ignored)
{
    const uint8_t light[] = {255, 255, 255}, dark[] = {0, 0, 0};
    for (int big_endian = 0; big_endian < 2; big_endian++) {
        uint8_t exif[28];
        kind k = {.from = JCS_RGB, .stored = JCS_YCbCr, .nchannels = 3, .app1 = exif};
        amkd_decode_options options = {0};
        unsigned long nbytes;
        amkd_picture picture;
        k.napp1 = (unsigned)make_exif(exif, big_endian, 6);
        unsigned char *bytes = jpeg_of(&nbytes, &k, light, dark);
        ck_assert_msg(!amkd_decode(&picture, bytes, nbytes, &options), "%s",
                      amkd_error());
        ck_assert_uint_eq(picture.height, 24);
        ck_assert_uint_eq(picture.width, 16);
        ck_assert_uint_gt(picture.pixels[3 * 15], 250);
        ck_assert_uint_lt(picture.pixels[3 * 23 * 16], 5);
        amkd_picture_clear(&picture);
        options.ignore_exif = 1;
        ck_assert_int_eq(amkd_decode(&picture, bytes, nbytes, &options), 0);
        ck_assert_uint_eq(picture.height, 16);
        ck_assert_int_eq(picture.orientation, 6);
        amkd_picture_clear(&picture);
        free(bytes);
    }
}
END_TEST

START_TEST(exif_of_any_bytes_is_no_harm)
{
    uint8_t whole[28];
    for (int big_endian = 0; big_endian < 2; big_endian++) {
        size_t nbytes = make_exif(whole, big_endian, 8);
        ck_assert_int_eq(amkd_exif_orientation(whole, nbytes), 8);
        ck_assert_int_eq(amkd_exif_orientation(whole + 6, nbytes - 6), 8);
        for (size_t n = 0; n < nbytes; n++) {
            /* A block of its own, so that a sanitizer sees a read beyond it. */
            uint8_t *part = malloc(n + !n);
            memcpy(part, whole, n);
            int found = amkd_exif_orientation(part, n);
            ck_assert_int_eq(found, 0);
            for (size_t i = 0; i < 256 * n; i++) {
                part[i % n] = (uint8_t)(i / n);
                amkd_exif_orientation(part, n);
                part[i % n] = whole[i % n];
            }
            free(part);
        }
        make_exif(whole, big_endian, 9);
        ck_assert_int_eq(amkd_exif_orientation(whole, nbytes), 0);
        make_exif(whole, big_endian, 0);
        ck_assert_int_eq(amkd_exif_orientation(whole, nbytes), 0);
    }
}
END_TEST

/* Writes a PNG of 2 x 1 pixels with libpng itself: alpha, a palette, an eXIf chunk. */
static uint8_t *png_of(size_t *nbytes, int type, const uint8_t *pixels, int with_exif)
{
    FILE *file = fopen("x.png", "wb");
    ck_assert_ptr_nonnull(file);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, file);
    png_set_IHDR(png, info, 2, 1, 8, type, PNG_INTERLACE_NONE, 0, 0);
    if (type == PNG_COLOR_TYPE_PALETTE) {
        png_set_PLTE(png, info, (png_color[]){{10, 20, 30}, {40, 50, 60}}, 2);
        png_set_tRNS(png, info, (png_byte[]){255, 0}, 2, NULL);
    }
    uint8_t exif[28];
    if (with_exif)
        png_set_eXIf_1(png, info, (png_uint_32)make_exif(exif, 1, 6) - 6, exif + 6);
    png_write_info(png, info);
    png_write_row(png, pixels);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    ck_assert_int_eq(fclose(file), 0);
    return get_file("x.png", nbytes);
}

static void assert_alpha(int type, const uint8_t *pixels, const uint8_t expected[3][6],
                         size_t nchannels)
{
    size_t nbytes;
    uint8_t *bytes = png_of(&nbytes, type, pixels, 0);
    for (size_t a = 0; a < 3; a++) {
        const amkd_decode_options options = {.alpha = (amkd_alpha)a};
        amkd_picture picture;
        ck_assert_msg(!amkd_decode(&picture, bytes, nbytes, &options), "%s",
                      amkd_error());
        ck_assert_uint_eq(picture.channels, nchannels);
        ck_assert_mem_eq(picture.pixels, expected[a], 2 * nchannels);
        ck_assert_int_eq(picture.transparent, 1);
        amkd_picture_clear(&picture);
    }
    free(bytes);
}

START_TEST(transparency_is_dropped_or_laid_onto_white_or_black)
{
    static const uint8_t rgba[] = {100, 0, 200, 255, 100, 0, 200, 51};
    static const uint8_t of_rgba[3][6] = {
        [AMKD_ALPHA_DROP] = {100, 0, 200, 100, 0, 200},
        [AMKD_ALPHA_WHITE] = {100, 0, 200, 224, 204, 244},
        [AMKD_ALPHA_BLACK] = {100, 0, 200, 20, 0, 40}};
    static const uint8_t of_gray[3][6] = {[AMKD_ALPHA_DROP] = {9, 90},
                                          [AMKD_ALPHA_WHITE] = {255, 90},
                                          [AMKD_ALPHA_BLACK] = {0, 90}};
    static const uint8_t of_palette[3][6] = {
        [AMKD_ALPHA_DROP] = {10, 20, 30, 40, 50, 60},
        [AMKD_ALPHA_WHITE] = {10, 20, 30, 255, 255, 255},
        [AMKD_ALPHA_BLACK] = {10, 20, 30, 0, 0, 0}};
    assert_alpha(PNG_COLOR_TYPE_RGB_ALPHA, rgba, of_rgba, 3);
    assert_alpha(PNG_COLOR_TYPE_GRAY_ALPHA, (const uint8_t[]){9, 0, 90, 255}, of_gray, 1);
    assert_alpha(PNG_COLOR_TYPE_PALETTE, (const uint8_t[]){0, 1}, of_palette, 3);
}
END_TEST

START_TEST(an_opaque_alpha_is_no_transparency_and_png_has_exif_too)
{
    size_t nbytes;
    amkd_picture picture;
    const amkd_decode_options options = {0};
    const uint8_t opaque[] = {1, 2, 3, 255, 4, 5, 6, 255};
    uint8_t *bytes = png_of(&nbytes, PNG_COLOR_TYPE_RGB_ALPHA, opaque, 1);
    ck_assert_msg(!amkd_decode(&picture, bytes, nbytes, &options), "%s", amkd_error());
    ck_assert_int_eq(picture.transparent, 0);
    ck_assert_uint_eq(picture.height, 2);
    ck_assert_uint_eq(picture.width, 1);
    ck_assert_mem_eq(picture.pixels, ((uint8_t[]){1, 2, 3, 4, 5, 6}), 6);
    amkd_picture_clear(&picture);
    free(bytes);
}
END_TEST

START_TEST(pictures_of_other_formats_are_named)
{
    amkd_picture picture;
    const amkd_decode_options options = {0};
    ck_assert_int_eq(amkd_decode(&picture, "GIF89a", 6, &options), -1);
    assert_error("no PNG, JPEG, WebP or BMP, but a GIF picture");
    ck_assert_int_eq(amkd_decode(&picture,
                                 "\0\0\0\x18"
                                 "ftypheic",
                                 12, &options),
                     -1);
    assert_error("a HEIC picture");
    ck_assert_int_eq(amkd_decode(&picture, "", 0, &options), -1);
    assert_error("an empty file");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decode");
    TCase *tests = tcase_create("decode");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, cmyk_and_ycck_become_rgb);
    tcase_add_test(tests, a_progressive_jpeg_without_its_last_scan_is_cut_short);
    tcase_add_test(tests, every_orientation_turns_the_picture_upright);
    tcase_add_test(tests, the_orientation_of_exif_is_applied_unless_it_is_ignored);
    tcase_add_test(tests, exif_of_any_bytes_is_no_harm);
    tcase_add_test(tests, transparency_is_dropped_or_laid_onto_white_or_black);
    tcase_add_test(tests, an_opaque_alpha_is_no_transparency_and_png_has_exif_too);
    tcase_add_test(tests, pictures_of_other_formats_are_named);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
