/* Views: the device's pixels are the reference's, bit for bit; the reference does what
 * its name says; draws depend on seed, row and view alone. */
#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "ops/augment.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static uint8_t *noise(size_t n, uint64_t seed)
{
    uint8_t *pixels = amkd_alloc(n, 1);
    ck_assert_ptr_nonnull(pixels);
    for (size_t i = 0; i < n; i++)
        pixels[i] = (uint8_t)amkd_random_u64(seed, 1, i);
    return pixels;
}

static void apply(uint8_t *out, const amkd_view *view, const amkd_view_options *options,
                  const uint8_t *image, size_t height, size_t width, size_t channels)
{
    uint8_t means[4];
    amkd_view_means(means, image, height * width, channels);
    amkd_view_apply(out, view, options, image, means, height, width, channels);
}

/* Ranges that reach every branch. */
static const amkd_view_ranges all_ranges = {.flip = 0.5,
                                            .crop = 2,
                                            .shift = 0.3,
                                            .rotate = 180,
                                            .scale = 0.6,
                                            .shear = 0.5,
                                            .contrast = 0.9,
                                            .brightness = 0.5,
                                            .saturation = 0.8,
                                            .erase = 0.7,
                                            .elastic = 0.2};

static void check_device(amkd_device *device, const size_t shape[3],
                         const amkd_view_options *options)
{
    enum { NIMAGES = 5, NVIEWS = 40 };
    const size_t height = shape[0], width = shape[1], channels = shape[2];
    const size_t npixels = height * width * channels;
    uint8_t *images = noise(NIMAGES * npixels, npixels);
    uint8_t *got = amkd_alloc(NVIEWS, npixels), *expected = amkd_alloc(1, npixels);
    amkd_view views[NVIEWS];
    for (size_t v = 0; v < NVIEWS; v++)
        amkd_view_draw(&views[v], options, height, width, v % NIMAGES, v / NIMAGES);
    amkd_augmenter *augmenter;
    ck_assert_msg(
        !amkd_augmenter_new(&augmenter, device, options, height, width, channels) &&
            !amkd_augmenter_run(augmenter, got, images, NIMAGES, views, NVIEWS),
        "%s", amkd_error());
    for (size_t v = 0; v < NVIEWS; v++) {
        apply(expected, &views[v], options, images + views[v].image * npixels, height,
              width, channels);
        ck_assert_mem_eq(got + v * npixels, expected, npixels);
    }
    amkd_augmenter_free(augmenter);
    free(images);
    free(got);
    free(expected);
}

START_TEST(the_device_gives_the_pixels_of_the_reference)
{
    static const size_t shapes[][3] = {{1, 1, 1}, {7, 5, 3}, {11, 13, 1}, {3, 17, 4}};
    amkd_device *device;
    ck_assert_msg(!amkd_device_open(&device, NULL), "%s", amkd_error());
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (int border = AMKD_BORDER_ZERO; border <= AMKD_BORDER_REFLECT; border++) {
            amkd_view_options options = {.ranges = all_ranges,
                                         .border = (amkd_border)border,
                                         .around_mean = border != AMKD_BORDER_EDGE,
                                         .seed = s};
            if (shapes[s][2] != 3)
                options.ranges.saturation = 0;
            if (shapes[s][0] == 1) /* a crop would miss it */
                options.ranges.crop = 0;
            check_device(device, shapes[s], &options);
            options.ranges.elastic = 0;
            check_device(device, shapes[s], &options);
        }
    amkd_device_close(device);
}
END_TEST

START_TEST(too_large_images_and_colours_of_what_has_none_are_refused)
{
    amkd_device *device;
    amkd_augmenter *augmenter;
    const amkd_view_options options = {.seed = 0};
    ck_assert_msg(!amkd_device_open(&device, NULL), "%s", amkd_error());
    ck_assert_int_eq(amkd_augmenter_new(&augmenter, device, &options, 1025, 1, 1), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "no side may be above 1024"));
    const amkd_view_options crop = {.ranges = {.crop = 5}};
    ck_assert_int_eq(amkd_augmenter_new(&augmenter, device, &crop, 5, 9, 1), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "expected less than a side"));
    const amkd_view_options colours = {.ranges = {.saturation = 0.1}};
    ck_assert_int_eq(amkd_augmenter_new(&augmenter, device, &colours, 5, 5, 4), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "images of 3 channels"));
    amkd_device_close(device);
}
END_TEST

START_TEST(the_identity_and_a_mirror_image_are_exact)
{
    enum { H = 9, W = 14, C = 3 };
    uint8_t *image = noise(H * W * C, 3), out[H * W * C];
    amkd_view_options options = {.border = AMKD_BORDER_MEAN};
    amkd_view view;
    amkd_view_identity(&view, 0);
    apply(out, &view, &options, image, H, W, C);
    ck_assert_mem_eq(out, image, sizeof out);
    amkd_view_draw(&view, &options, H, W, 0, 0); /* no range: nothing changes */
    apply(out, &view, &options, image, H, W, C);
    ck_assert_mem_eq(out, image, sizeof out);
    options.ranges.flip = 1;
    amkd_view_draw(&view, &options, H, W, 0, 0);
    apply(out, &view, &options, image, H, W, C);
    for (size_t y = 0; y < H; y++)
        for (size_t x = 0; x < W; x++)
            ck_assert_mem_eq(out + (y * W + x) * C, image + (y * W + W - 1 - x) * C, C);
    free(image);
}
END_TEST

START_TEST(pixels_between_pixels_are_their_mix_and_borders_are_what_was_asked)
{
    const uint8_t image[] = {100, 200, 20, 40}; /* 2 x 2 */
    uint8_t out[4];
    for (int border = 0; border < 3; border++) {
        amkd_view view;
        const amkd_view_options options = {.border = (amkd_border)border};
        amkd_view_identity(&view, 0);
        view.matrix[2] = 3 << 14; /* three quarters of a pixel to the right */
        apply(out, &view, &options, image, 2, 2, 1);
        const int fill = border == 0 ? 0 : border == 2 ? 90 : -1;
        ck_assert_int_eq(out[0], 175);
        ck_assert_int_eq(out[2], 35);
        ck_assert_int_eq(out[1], fill < 0 ? 200 : (200 + 3 * fill + 2) / 4);
        ck_assert_int_eq(out[3], fill < 0 ? 40 : (40 + 3 * fill + 2) / 4);
    }
}
END_TEST

START_TEST(contrast_brightness_and_erasing_change_values_and_keep_to_white_and_black)
{
    const uint8_t image[] = {0, 100, 200, 100}; /* a row, mean 100 */
    const struct {
        int32_t gain, offset, erase[4];
        int border, around_mean;
        uint8_t expected[4];
    } cases[] = {
        {1 << 15, 0, {0}, 0, 0, {0, 50, 100, 50}},
        {1 << 15, 0, {0}, 0, 1, {50, 100, 150, 100}},
        {3 << 15, 0, {0}, 0, 0, {0, 150, 255, 150}},
        {2 << 16, 0, {0}, 0, 1, {0, 100, 255, 100}},
        {1 << 16, 70, {0}, 0, 0, {70, 170, 255, 170}},
        {1 << 16, -150, {0}, 0, 0, {0, 0, 50, 0}},
        {1 << 16, 0, {1, 0, 3, 1}, 0, 0, {0, 0, 0, 100}},
        {1 << 16, 9, {2, 0, 4, 1}, 2, 0, {9, 109, 100, 100}},
        {1 << 16, 0, {1, 0, 3, 0}, 0, 0, {0, 100, 200, 100}},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        uint8_t out[4];
        amkd_view view;
        const amkd_view_options options = {.border = (amkd_border)cases[c].border,
                                           .around_mean = cases[c].around_mean};
        amkd_view_identity(&view, 0);
        view.gain = cases[c].gain;
        view.offset = cases[c].offset;
        memcpy(view.erase, cases[c].erase, sizeof view.erase);
        apply(out, &view, &options, image, 1, 4, 1);
        ck_assert_mem_eq(out, cases[c].expected, 4);
    }
}
END_TEST

/* torch.nn.functional.pad(mode="reflect"), and
 * torchvision.transforms.RandomCrop(padding). */
START_TEST(a_crop_moves_by_whole_pixels_and_a_reflected_border_is_a_mirror)
{
    enum { H = 6, W = 7, C = 2, N = 3, NVIEWS = 500 };
    uint8_t *image = noise(H * W * C, 6), out[H * W * C];
    int nseen[2 * N + 1] = {0};
    for (int border = 0; border <= AMKD_BORDER_REFLECT; border += AMKD_BORDER_REFLECT)
        for (uint64_t v = 0; v < NVIEWS; v++) {
            const amkd_view_options options = {.ranges = {.crop = N, .flip = 0.5},
                                               .border = (amkd_border)border};
            amkd_view view;
            amkd_view_draw(&view, &options, H, W, 0, v);
            apply(out, &view, &options, image, H, W, C);
            const int mirror = view.matrix[0] < 0, down = view.matrix[5] / 65536;
            const int left = view.matrix[2] / 65536 - (mirror ? W - 1 : 0);
            ck_assert(abs(left) <= N && abs(down) <= N && view.matrix[5] % 65536 == 0);
            nseen[left + N]++;
            for (int p = 0; p < H * W * C; p++) {
                int x = (mirror ? W - 1 - p / C % W : p / C % W) + left;
                int y = p / C / W + down;
                const int inside = x >= 0 && x < W && y >= 0 && y < H;
                x = x < 0 ? -x : x >= W ? 2 * (W - 1) - x : x;
                y = y < 0 ? -y : y >= H ? 2 * (H - 1) - y : y;
                ck_assert_uint_eq(out[p],
                                  inside || border ? image[(y * W + x) * C + p % C] : 0);
            }
        }
    for (int n = 0; n < 2 * N + 1; n++)
        ck_assert_double_eq_tol(nseen[n] / (2.0 * NVIEWS), 1.0 / 7, 0.04);
    free(image);
}
END_TEST

/* torchvision.transforms.functional.adjust_saturation: a blend with the grey image. */
START_TEST(saturation_is_a_blend_with_grey)
{
    enum { N = 50 };
    uint8_t *image = noise(N * 3, 8), out[N * 3];
    const double factors[] = {0, 0.5, 1, 1.75};
    for (size_t f = 0; f < 4; f++) {
        amkd_view view;
        const amkd_view_options options = {.border = AMKD_BORDER_EDGE};
        amkd_view_identity(&view, 0);
        view.saturation = (int32_t)lrint(65536 * factors[f]);
        const double tolerance = factors[f] == 1 ? 1e-9 : 1;
        apply(out, &view, &options, image, 1, N, 3);
        for (size_t p = 0; p < N; p++) {
            const uint8_t *q = image + 3 * p;
            const double grey = 0.299 * q[0] + 0.587 * q[1] + 0.114 * q[2];
            for (size_t c = 0; c < 3; c++) {
                const double blend = grey + factors[f] * (q[c] - grey);
                ck_assert_double_eq_tol(out[3 * p + c], fmin(255, fmax(0, blend)),
                                        tolerance);
            }
        }
    }
    free(image);
}
END_TEST

START_TEST(equal_pulls_at_all_points_are_a_shift)
{
    enum { H = 12, W = 10 };
    uint8_t *image = noise(H * W, 4), out[H * W];
    const amkd_view_options options = {.border = AMKD_BORDER_EDGE};
    amkd_view view;
    amkd_view_identity(&view, 0);
    for (size_t r = 0; r < AMKD_VIEW_POINTS; r++)
        for (size_t c = 0; c < AMKD_VIEW_POINTS; c++) {
            view.pull[0][r][c] = -(2 << 16);
            view.pull[1][r][c] = 1 << 16;
        }
    apply(out, &view, &options, image, H, W, 1);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            ck_assert_uint_eq(out[y * W + x],
                              image[(y + 1 < H ? y + 1 : y) * W + (x > 2 ? x - 2 : 0)]);
    free(image);
}
END_TEST

/* What a transform does to lengths and angles is read off the matrix. */
START_TEST(draws_fill_their_ranges_and_no_more)
{
    enum { N = 4000 };
    const amkd_view_options options = {.ranges = {.flip = 0.25,
                                                  .rotate = 30,
                                                  .scale = 0.2,
                                                  .contrast = 0.3,
                                                  .saturation = 0.4,
                                                  .erase = 0.5}};
    double grey = 9, gaudy = 0;
    double low = 9, high = 0, tilt = 0, dark = 9, light = 0;
    int nmirrored = 0, longest = 0;
    for (uint64_t v = 0; v < N; v++) {
        amkd_view view;
        amkd_view_draw(&view, &options, 28, 20, 0, v);
        const int32_t *m = view.matrix;
        const double zoom = 65536 / hypot(m[1], m[4]), angle = atan2(-m[1], m[4]);
        low = fmin(low, zoom);
        high = fmax(high, zoom);
        tilt = fmax(tilt, fabs(angle) * 180 / acos(-1));
        dark = fmin(dark, view.gain / 65536.0);
        light = fmax(light, view.gain / 65536.0);
        grey = fmin(grey, view.saturation / 65536.0);
        gaudy = fmax(gaudy, view.saturation / 65536.0);
        nmirrored += (double)m[0] * m[4] - (double)m[1] * m[3] < 0;
        ck_assert_int_ge(view.erase[0], 0);
        ck_assert_int_le(view.erase[0], view.erase[2]);
        ck_assert_int_le(view.erase[2], 20);
        ck_assert_int_le(view.erase[3], 28);
        longest = view.erase[3] - view.erase[1] > longest ? view.erase[3] - view.erase[1]
                                                          : longest;
        /* About the middle: it stays where it is. */
        ck_assert_double_eq_tol(m[0] * 9.5 + m[1] * 13.5 + m[2], 9.5 * 65536, 30);
        ck_assert_double_eq_tol(m[3] * 9.5 + m[4] * 13.5 + m[5], 13.5 * 65536, 30);
    }
    ck_assert_double_eq_tol(low, 0.8, 0.002);
    ck_assert_double_eq_tol(high, 1.2, 0.002);
    ck_assert_double_eq_tol(tilt, 30, 0.1);
    ck_assert_double_eq_tol(dark, 0.7, 0.002);
    ck_assert_double_eq_tol(light, 1.3, 0.002);
    ck_assert_double_eq_tol(grey, 0.6, 0.002);
    ck_assert_double_eq_tol(gaudy, 1.4, 0.002);
    ck_assert_int_eq(longest, 14);
    ck_assert_double_eq_tol(nmirrored / (double)N, 0.25, 0.03);
}
END_TEST

START_TEST(the_widest_ranges_of_the_largest_images_fit)
{
    enum { SIDE = AMKD_VIEW_MAX_SIDE };
    const amkd_view_options options = {
        .ranges = {.flip = 0.5, .rotate = 180, .scale = 0.9, .shear = 2}};
    const double middle = (SIDE - 1) / 2.0;
    for (uint64_t v = 0; v < 4000; v++) {
        amkd_view view;
        amkd_view_draw(&view, &options, SIDE, SIDE, 0, v);
        const int32_t *m = view.matrix;
        ck_assert_double_eq_tol(m[0] * middle + m[1] * middle + m[2], middle * 65536,
                                SIDE);
        ck_assert_double_eq_tol(m[3] * middle + m[4] * middle + m[5], middle * 65536,
                                SIDE);
    }
}
END_TEST

START_TEST(a_view_depends_on_seed_row_and_number_alone)
{
    enum { N = 20 };
    const amkd_view_options one = {.ranges = all_ranges, .seed = 1},
                            two = {.ranges = all_ranges, .seed = 2};
    static amkd_view views[3][N][N];
    for (uint64_t i = 0; i < N; i++)
        for (uint64_t j = 0; j < N; j++) {
            amkd_view_draw(&views[0][i][j], &one, 28, 28, i, j);
            amkd_view_draw(&views[1][i][j], &two, 28, 28, i, j);
        }
    for (uint64_t j = N; j-- > 0;)
        for (uint64_t i = N; i-- > 0;)
            amkd_view_draw(&views[2][i][j], &one, 28, 28, i, j);
    ck_assert_mem_eq(views[0], views[2], sizeof views[0]);
    const amkd_view *all = &views[0][0][0];
    for (size_t a = 0; a < 2 * N * N; a++)
        for (size_t b = 0; b < a; b++)
            ck_assert_mem_ne(all[a].matrix, all[b].matrix, sizeof all->matrix);
}
END_TEST

START_TEST(a_range_turned_off_leaves_the_other_draws_as_they_are)
{
    amkd_view_options options = {.ranges = all_ranges, .seed = 3};
    amkd_view with, without;
    amkd_view_draw(&with, &options, 28, 28, 5, 6);
    options.ranges.erase = options.ranges.elastic = 0;
    amkd_view_draw(&without, &options, 28, 28, 5, 6);
    ck_assert_mem_eq(with.matrix, without.matrix, sizeof with.matrix);
    ck_assert_int_eq(with.gain, without.gain);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("augment");
    TCase *device = tcase_create("device"), *host = tcase_create("host");
    tcase_set_timeout(device, 600);
    tcase_set_timeout(host, 60);
    tcase_add_test(device, the_device_gives_the_pixels_of_the_reference);
    tcase_add_test(device, too_large_images_and_colours_of_what_has_none_are_refused);
    tcase_add_test(host, the_identity_and_a_mirror_image_are_exact);
    tcase_add_test(host,
                   pixels_between_pixels_are_their_mix_and_borders_are_what_was_asked);
    tcase_add_test(
        host, contrast_brightness_and_erasing_change_values_and_keep_to_white_and_black);
    tcase_add_test(host, a_crop_moves_by_whole_pixels_and_a_reflected_border_is_a_mirror);
    tcase_add_test(host, saturation_is_a_blend_with_grey);
    tcase_add_test(host, equal_pulls_at_all_points_are_a_shift);
    tcase_add_test(host, draws_fill_their_ranges_and_no_more);
    tcase_add_test(host, the_widest_ranges_of_the_largest_images_fit);
    tcase_add_test(host, a_view_depends_on_seed_row_and_number_alone);
    tcase_add_test(host, a_range_turned_off_leaves_the_other_draws_as_they_are);
    suite_add_tcase(suite, device);
    suite_add_tcase(suite, host);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed != 0;
}
