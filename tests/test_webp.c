/* WebP files: lossless and lossy, with alpha and EXIF data, cut short and moving. */
#include "base/error.h"
#include "base/memory.h"
#include "data/decode.h"
#include "data/webp.h"
#include "scratch.h"
#include <webp/encode.h>

typedef struct file {
    uint8_t *bytes;
    size_t n;
} file;

/* The chunks of a simple file behind a VP8X chunk of these flags, and more behind them.
 */
static file extend(file simple, unsigned flags, size_t width, size_t height,
                   const void *more, size_t nmore)
{
    const uint8_t head[] = {'R',
                            'I',
                            'F',
                            'F',
                            0,
                            0,
                            0,
                            0,
                            'W',
                            'E',
                            'B',
                            'P',
                            'V',
                            'P',
                            '8',
                            'X',
                            10,
                            0,
                            0,
                            0,
                            (uint8_t)flags,
                            0,
                            0,
                            0,
                            (uint8_t)(width - 1),
                            0,
                            0,
                            (uint8_t)(height - 1),
                            0,
                            0};
    file f = {malloc(sizeof head + simple.n + nmore),
              sizeof head + simple.n - 12 + nmore};
    memcpy(f.bytes, head, sizeof head);
    memcpy(f.bytes + sizeof head, simple.bytes + 12, simple.n - 12);
    memcpy(f.bytes + f.n - nmore, more, nmore);
    for (size_t k = 0; k < 4; k++)
        f.bytes[4 + k] = (uint8_t)((f.n - 8) >> 8 * k);
    WebPFree(simple.bytes);
    return f;
}

static void assert_error(const char *part)
{
    ck_assert_msg(strstr(amkd_error(), part) != NULL, "'%s' is not in '%s'", part,
                  amkd_error());
}

/* Refused wherever it is cut, from a block of its own size. */
static void expect_refused_cut(const uint8_t *bytes, size_t nbytes)
{
    amkd_picture picture;
    for (size_t n = 0; n < nbytes; n++) {
        uint8_t *part = malloc(n + !n);
        memcpy(part, bytes, n);
        ck_assert_msg(amkd_webp_decode(&picture, part, n) == -1, "%zu of %zu bytes", n,
                      nbytes);
        ck_assert_ptr_null(picture.pixels);
        free(part);
    }
}

START_TEST(lossless_pictures_come_back_as_they_were)
{
    enum { WIDTH = 5, HEIGHT = 3 };
    const amkd_decode_options options = {0};
    amkd_picture picture;
    uint8_t rgb[3 * WIDTH * HEIGHT];
    file f;
    for (size_t p = 0; p < sizeof rgb; p++)
        rgb[p] = (uint8_t)(p * 37);
    f.n = WebPEncodeLosslessRGB(rgb, WIDTH, HEIGHT, 3 * WIDTH, &f.bytes);
    ck_assert_msg(!amkd_decode(&picture, f.bytes, f.n, &options), "%s", amkd_error());
    ck_assert_uint_eq(picture.height, HEIGHT);
    ck_assert_uint_eq(picture.width, WIDTH);
    ck_assert_uint_eq(picture.channels, 3);
    ck_assert_mem_eq(picture.pixels, rgb, sizeof rgb);
    amkd_picture_clear(&picture);
    expect_refused_cut(f.bytes, f.n);
    WebPFree(f.bytes);
}
END_TEST

START_TEST(transparency_is_laid_onto_what_is_asked_for)
{
    static const uint8_t rgba[] = {100, 0, 200, 255, 100, 0, 200, 51};
    static const uint8_t expected[3][6] = {
        [AMKD_ALPHA_DROP] = {100, 0, 200, 100, 0, 200},
        [AMKD_ALPHA_WHITE] = {100, 0, 200, 224, 204, 244},
        [AMKD_ALPHA_BLACK] = {100, 0, 200, 20, 0, 40}};
    file f;
    f.n = WebPEncodeLosslessRGBA(rgba, 2, 1, 8, &f.bytes);
    for (size_t a = 0; a < 3; a++) {
        const amkd_decode_options options = {.alpha = (amkd_alpha)a};
        amkd_picture picture;
        ck_assert_msg(!amkd_decode(&picture, f.bytes, f.n, &options), "%s", amkd_error());
        ck_assert_mem_eq(picture.pixels, expected[a], 6);
        ck_assert_int_eq(picture.transparent, 1);
        amkd_picture_clear(&picture);
    }
    WebPFree(f.bytes);
}
END_TEST

START_TEST(lossy_pictures_are_near_what_they_were)
{
    enum { SIDE = 16 };
    amkd_picture picture;
    uint8_t rgb[3 * SIDE * SIDE];
    file f;
    for (size_t p = 0; p < SIDE * SIDE; p++)
        memcpy(rgb + 3 * p, p % SIDE < SIDE / 2 ? "\x20\x80\xc0" : "\xc0\x80\x20", 3);
    f.n = WebPEncodeRGB(rgb, SIDE, SIDE, 3 * SIDE, 95, &f.bytes);
    ck_assert_msg(!amkd_webp_decode(&picture, f.bytes, f.n), "%s", amkd_error());
    for (size_t c = 0; c < 3; c++) {
        ck_assert_int_le(abs(picture.pixels[c] - rgb[c]), 8);
        ck_assert_int_le(
            abs(picture.pixels[3 * (SIDE - 1) + c] - rgb[3 * (SIDE - 1) + c]), 8);
    }
    amkd_picture_clear(&picture);
    expect_refused_cut(f.bytes, f.n);
    WebPFree(f.bytes);
}
END_TEST

START_TEST(the_orientation_of_exif_is_applied)
{
    enum { EXIF = 8 };
    /* Orientation 6: to be turned right. */
    static const char chunk[] = "EXIF\x16\0\0\0II*\0\x08\0\0\0\x01\0"
                                "\x12\x01\x03\0\x01\0\0\0\x06\0\0\0";
    static const uint8_t rgb[] = {250, 250, 250, 1, 2, 3};
    const amkd_decode_options upright = {0}, lying = {.ignore_exif = 1};
    amkd_picture picture;
    file f;
    f.n = WebPEncodeLosslessRGB(
        (const uint8_t[]){250, 250, 250, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 2, 2, 6, &f.bytes);
    f = extend(f, EXIF, 2, 2, chunk, sizeof chunk - 1);
    ck_assert_msg(!amkd_decode(&picture, f.bytes, f.n, &upright), "%s", amkd_error());
    ck_assert_mem_eq(picture.pixels + 3, rgb, 3);
    ck_assert_mem_eq(picture.pixels + 9, rgb + 3, 3);
    amkd_picture_clear(&picture);
    ck_assert_int_eq(amkd_decode(&picture, f.bytes, f.n, &lying), 0);
    ck_assert_mem_eq(picture.pixels, rgb, 6);
    amkd_picture_clear(&picture);
    /* Behind the pixels, too, where only the EXIF data are missing. */
    expect_refused_cut(f.bytes, f.n);
    f.bytes[f.n - sizeof chunk + 1 + 4] = 0x7f; /* more than the file has */
    ck_assert_int_eq(amkd_webp_decode(&picture, f.bytes, f.n), -1);
    free(f.bytes);
}
END_TEST

START_TEST(animations_and_damaged_files_are_refused)
{
    enum { ANIMATION = 2 };
    static const uint8_t rgb[3 * 64] = {1, 2, 3};
    amkd_picture picture;
    file f, whole;
    whole.n = WebPEncodeLosslessRGB(rgb, 8, 8, 24, &whole.bytes);
    for (size_t i = 12; i < whole.n; i++) {
        whole.bytes[i] ^= 0x10;
        if (!amkd_webp_decode(&picture, whole.bytes, whole.n))
            amkd_picture_clear(&picture);
        whole.bytes[i] ^= 0x10;
    }
    whole.bytes[20] ^= 0xff; /* the signature of lossless data */
    ck_assert_int_eq(amkd_webp_decode(&picture, whole.bytes, whole.n), -1);
    assert_error("WebP: the data are damaged");
    WebPFree(whole.bytes);
    f.n = WebPEncodeLosslessRGB(rgb, 1, 1, 3, &f.bytes);
    f = extend(f, ANIMATION, 1, 1, "", 0);
    ck_assert_int_eq(amkd_webp_decode(&picture, f.bytes, f.n), -1);
    assert_error("WebP: an animation");
    free(f.bytes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("webp");
    TCase *tests = tcase_create("webp");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, lossless_pictures_come_back_as_they_were);
    tcase_add_test(tests, transparency_is_laid_onto_what_is_asked_for);
    tcase_add_test(tests, lossy_pictures_are_near_what_they_were);
    tcase_add_test(tests, the_orientation_of_exif_is_applied);
    tcase_add_test(tests, animations_and_damaged_files_are_refused);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
