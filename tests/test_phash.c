/* The perceptual hash: bits against a plain DCT in double, the same on every machine,
 * what it bears and what it refuses. */
#include "base/random.h"
#include "data/phash.h"
#include "data/picture.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A smooth picture of some waves, drawn by seed, and a little noise; gray or RGB. */
static amkd_picture draw(uint64_t seed, size_t height, size_t width, size_t channels)
{
    amkd_picture picture;
    uint32_t grid[9][9];
    ck_assert_int_eq(amkd_picture_new(&picture, height, width, channels), 0);
    for (size_t i = 0; i < 81; i++)
        grid[i / 9][i % 9] = (uint32_t)(amkd_random_u64(seed, 1, i) % 200);
    for (size_t y = 0; y < height; y++) {
        for (size_t x = 0; x < width; x++) {
            const uint32_t *above = grid[y * 8 / height], *below = above + 9;
            size_t gx = x * 8 / width;
            uint32_t fy = (uint32_t)(y * 8 % height), fx = (uint32_t)(x * 8 % width);
            uint32_t h = (uint32_t)height, w = (uint32_t)width;
            uint32_t top = above[gx] * (w - fx) + above[gx + 1] * fx;
            uint32_t bottom = below[gx] * (w - fx) + below[gx + 1] * fx;
            uint32_t value = (top * (h - fy) + bottom * fy) / (w * h);
            for (size_t c = 0; c < channels; c++)
                picture.pixels[(y * width + x) * channels + c] =
                    (uint8_t)(value + amkd_random_u64(seed, 2, y * width + x) % 16);
        }
    }
    return picture;
}

static amkd_phash hash_of(const amkd_picture *p)
{
    amkd_phash hash;
    ck_assert_int_eq(amkd_phash_make(&hash, p->pixels, p->height, p->width, p->channels),
                     0);
    return hash;
}

/* The share of pixel i, of n, that lies in cell c of 64. */
static double share(size_t i, size_t n, size_t c)
{
    double low = fmax((double)i * 64, (double)(c * n));
    double high = fmin((double)(i + 1) * 64, (double)((c + 1) * n));
    return high > low ? (high - low) / (double)n : 0;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The 16 x 16 frequencies of a gray picture by the formula, each sum over all pixels. */
static void reference(double *coefficients, const amkd_picture *p)
{
    double *along_y = calloc(16 * p->height, sizeof *along_y);
    double *along_x = calloc(16 * p->width, sizeof *along_x);
    for (size_t k = 0; k < 16; k++) {
        for (size_t c = 0; c < 64; c++) {
            double wave = cos(M_PI * (2.0 * (double)c + 1) * (double)(k + 1) / 128);
            for (size_t y = 0; y < p->height; y++)
                along_y[k * p->height + y] += wave * share(y, p->height, c);
            for (size_t x = 0; x < p->width; x++)
                along_x[k * p->width + x] += wave * share(x, p->width, c);
        }
    }
    for (size_t j = 0; j < 16; j++) {
        for (size_t k = 0; k < 16; k++) {
            double sum = 0;
            for (size_t y = 0; y < p->height; y++)
                for (size_t x = 0; x < p->width; x++)
                    sum += along_y[j * p->height + y] * along_x[k * p->width + x] *
                           p->pixels[y * p->width + x];
            coefficients[j * 16 + k] = sum / 1024; /* in gray levels */
        }
    }
    free(along_y);
    free(along_x);
}

START_TEST(bits_are_those_of_frequencies_above_the_median)
{
    static const size_t sides[][2] = {{28, 28}, {64, 64}, {61, 97}, {150, 131}};
    amkd_picture picture = draw(3, sides[_i][0], sides[_i][1], 1);
    double coefficients[256], sorted[256];
    size_t nset = 0;
    amkd_phash hash = hash_of(&picture);
    reference(coefficients, &picture);
    memcpy(sorted, coefficients, sizeof sorted);
    qsort(sorted, 256, sizeof *sorted, compare);
    for (size_t j = 0; j < 16; j++) {
        for (size_t k = 0; k < 16; k++) {
            double above = coefficients[j * 16 + k] - sorted[127];
            unsigned bit = hash.chunk[(k + 16 - j) % 16] >> j & 1;
            nset += bit;
            /* Cells are rounded to a 256th of a gray level. */
            if (fabs(above) > 1e-3)
                ck_assert_msg(bit == (above > 0), "frequency %zu, %zu: %g", j, k, above);
        }
    }
    ck_assert_uint_eq(nset, 128);
    amkd_picture_clear(&picture);
}
END_TEST

START_TEST(bits_are_the_same_on_every_machine)
{
    static const uint16_t expected[16] = {0xd415, 0x7644, 0x6eaa, 0xa3cd, 0xe002, 0x2cd8,
                                          0xa479, 0x1947, 0xeebb, 0x524c, 0xffbf, 0xfc19,
                                          0x8622, 0x3a98, 0x643b, 0x970b};
    amkd_picture picture = draw(5, 40, 30, 3);
    amkd_phash hash = hash_of(&picture);
    for (size_t c = 0; c < 16; c++)
        ck_assert_msg(hash.chunk[c] == expected[c], "chunk %zu is 0x%04x", c,
                      hash.chunk[c]);
    amkd_picture_clear(&picture);
}
END_TEST

START_TEST(gray_and_the_same_in_three_channels_are_one)
{
    amkd_picture picture = draw(7, 33, 47, 1);
    amkd_phash gray = hash_of(&picture);
    ck_assert_int_eq(amkd_picture_rgb(&picture), 0);
    amkd_phash rgb = hash_of(&picture);
    ck_assert_uint_eq(amkd_phash_distance(&gray, &rgb), 0);
    amkd_picture_clear(&picture);
}
END_TEST

START_TEST(a_picture_resized_or_brighter_stays_near_and_another_is_far)
{
    amkd_picture picture = draw(11, 120, 90, 3), other = draw(12, 120, 90, 3);
    amkd_phash hash = hash_of(&picture), far = hash_of(&other);
    ck_assert_uint_ge(amkd_phash_distance(&hash, &far), 80);
    for (size_t i = 0; i < 120 * 90 * 3; i++)
        picture.pixels[i] = (uint8_t)(picture.pixels[i] + 20);
    amkd_phash bright = hash_of(&picture);
    ck_assert_uint_eq(amkd_phash_distance(&hash, &bright), 0);
    ck_assert_int_eq(amkd_picture_resize(&picture, 70, 70), 0);
    amkd_phash small = hash_of(&picture);
    ck_assert_uint_le(amkd_phash_distance(&hash, &small), 16);
    amkd_picture_clear(&picture);
    amkd_picture_clear(&other);
}
END_TEST

static int value_at(size_t way, size_t x, size_t y)
{
    switch (way) {
    case 0:
        return 0;
    case 1:
        return 255;
    case 2:
        return (int)(3 * x + 2 * y); /* a gradient */
    case 3:
        return x / 3 % 2 ? 255 : 0; /* stripes */
    default:
        return y / 5 % 2 ? 10 : 240;
    }
}

START_TEST(a_picture_without_structure_is_refused)
{
    uint8_t pixels[31 * 29 * 3];
    amkd_phash hash;
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)value_at((size_t)_i, i / 3 % 29, i / 3 / 29);
    ck_assert_int_eq(amkd_phash_make(&hash, pixels, 31, 29, 3), -1);
}
END_TEST

START_TEST(a_single_pixel_and_a_row_are_refused_without_harm)
{
    uint8_t pixels[4 * 1000];
    amkd_phash hash;
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)amkd_random_u64(1, 1, i);
    ck_assert_int_eq(amkd_phash_make(&hash, pixels, 1, 1, 1), -1);
    ck_assert_int_eq(amkd_phash_make(&hash, pixels, 1, 1000, 4), -1);
    ck_assert_int_eq(amkd_phash_make(&hash, pixels, 1000, 1, 2), -1);
}
END_TEST

START_TEST(the_largest_sides_do_not_overflow)
{
    /* White but for one black corner: a sum of the largest values that there are. */
    const size_t side = AMKD_PICTURE_MAX_SIDE, height = 4096;
    uint8_t *pixels = malloc(height * side);
    amkd_phash hash, expected;
    uint8_t few[64 * 64];
    memset(pixels, 255, height * side);
    memset(few, 255, sizeof few);
    for (size_t y = 0; y < height * 5 / 64; y++)
        memset(pixels + y * side, 0, side * 9 / 64);
    for (size_t y = 0; y < 5; y++)
        memset(few + y * 64, 0, 9);
    ck_assert_int_eq(amkd_phash_make(&hash, pixels, height, side, 1), 0);
    ck_assert_int_eq(amkd_phash_make(&expected, few, 64, 64, 1), 0);
    ck_assert_uint_eq(amkd_phash_distance(&hash, &expected), 0);
    free(pixels);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("phash");
    TCase *tcase = tcase_create("phash");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, bits_are_those_of_frequencies_above_the_median, 0, 4);
    tcase_add_test(tcase, bits_are_the_same_on_every_machine);
    tcase_add_test(tcase, gray_and_the_same_in_three_channels_are_one);
    tcase_add_test(tcase, a_picture_resized_or_brighter_stays_near_and_another_is_far);
    tcase_add_loop_test(tcase, a_picture_without_structure_is_refused, 0, 5);
    tcase_add_test(tcase, a_single_pixel_and_a_row_are_refused_without_harm);
    tcase_add_test(tcase, the_largest_sides_do_not_overflow);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed ? EXIT_FAILURE : EXIT_SUCCESS;
}
