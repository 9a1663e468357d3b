/* The window onto images on a device. */
#include "base/error.h"
#include "ops/window.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { N = 40, NPIXELS = 6 };

static amkd_device *device;
static amkd_images *images;

static void open_all(void)
{
    ck_assert_msg(!amkd_device_open(&device, NULL), "%s", amkd_error());
    ck_assert_int_eq(amkd_images_new(&images, N, 2, 3, 1, 0), 0);
    for (size_t p = 0; p < N * NPIXELS; p++)
        images->pixels[p] = (uint8_t)p;
}

static void close_all(void)
{
    amkd_images_free(images);
    amkd_device_close(device);
}

/* The places hold what the numbers asked for. */
static void assert_holds(const amkd_window *window, const uint32_t *numbers,
                         const uint32_t *places, size_t n)
{
    uint8_t pixels[N * NPIXELS];
    ck_assert_int_eq(amkd_buffer_read(device, pixels, amkd_window_pixels(window), 0,
                                      amkd_window_room(window) * NPIXELS),
                     0);
    for (size_t r = 0; r < n; r++)
        ck_assert_mem_eq(pixels + places[r] * NPIXELS,
                         images->pixels + numbers[r] * NPIXELS, NPIXELS);
}

START_TEST(numbers_become_places_in_the_window)
{
    static const uint32_t numbers[][8] = {{7, 3, 7, 39, 0, 3, 7, 3},
                                          {39, 38, 37, 36, 36, 36, 36, 36},
                                          {5, 5, 5, 5, 5, 5, 5, 5},
                                          {0, 1, 2, 3, 3, 2, 1, 0}};
    static const size_t ndistinct[] = {4, 4, 1, 4};
    amkd_window *window;
    ck_assert_int_eq(amkd_window_new(&window, device, images, 4), 0);
    ck_assert_uint_eq(amkd_window_room(window), 4);
    for (size_t t = 0; t < 12; t++) {
        uint32_t places[8];
        size_t n;
        memcpy(places, numbers[t % 4], sizeof places);
        ck_assert_msg(!amkd_window_fill(window, places, 8, &n), "%s", amkd_error());
        ck_assert_uint_eq(n, ndistinct[t % 4]);
        assert_holds(window, numbers[t % 4], places, 8);
    }
    amkd_window_free(window);
}
END_TEST

START_TEST(more_images_than_the_room_are_refused)
{
    amkd_window *window;
    size_t n;
    uint32_t numbers[] = {1, 2, 3, 4, 5}, outside[] = {N};
    ck_assert_int_eq(amkd_window_new(&window, device, images, 4), 0);
    ck_assert_int_eq(amkd_window_fill(window, numbers, 5, &n), -1);
    ck_assert_str_eq(amkd_error(), "5 images do not go into a window for 4");
    ck_assert_int_eq(amkd_window_fill(window, outside, 1, &n), -1);
    amkd_window_free(window);
}
END_TEST

START_TEST(a_window_is_for_what_a_buffer_of_the_device_cannot_hold)
{
    const cl_ulong most = device->max_buffer_nbytes;
    ck_assert_int_eq(amkd_window_needed(device, images), 0);
    device->max_buffer_nbytes = N * NPIXELS;
    ck_assert_int_eq(amkd_window_needed(device, images), 0);
    device->max_buffer_nbytes = N * NPIXELS - 1;
    ck_assert_int_eq(amkd_window_needed(device, images), 1);
    device->max_buffer_nbytes = most;
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("window");
    TCase *tests = tcase_create("window");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, open_all, close_all);
    tcase_add_test(tests, numbers_become_places_in_the_window);
    tcase_add_test(tests, more_images_than_the_room_are_refused);
    tcase_add_test(tests, a_window_is_for_what_a_buffer_of_the_device_cannot_hold);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed ? 1 : 0;
}
