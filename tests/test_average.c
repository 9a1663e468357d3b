/* Averaged weights: which steps count, and the running mean on the device. */
#include "compute/average.h"
#include "base/error.h"
#include "base/random.h"
#include "steps/schedule.h"
#include <check.h>
#include <stdlib.h>

#define ck_ok(call) ck_assert_msg(!(call), "%s", amkd_error())

START_TEST(every_eighth_of_the_last_steps_is_averaged_and_the_last)
{
    ck_assert_uint_eq(amkd_schedule_first_averaged(0, 100), 101);
    ck_assert_uint_eq(amkd_schedule_first_averaged(1e-9, 100), 100);
    ck_assert_uint_eq(amkd_schedule_first_averaged(0.08, 100), 100);
    ck_assert_uint_eq(amkd_schedule_first_averaged(0.09, 100), 92);
    ck_assert_uint_eq(amkd_schedule_first_averaged(0.25, 100), 76);
    ck_assert_uint_eq(amkd_schedule_first_averaged(1, 100), 4);
    ck_assert_uint_eq(amkd_schedule_first_averaged(1, 1), 1);
}
END_TEST

START_TEST(a_running_mean_equals_the_mean)
{
    enum { N = 130, TIMES = 300 };
    float parameters[N], mean[N];
    double sums[N] = {0};
    amkd_device *device;
    amkd_average *average;
    cl_mem on_device;
    ck_ok(amkd_device_open(&device, NULL));
    ck_ok(amkd_average_new(&average, device, N));
    ck_ok(amkd_buffer_new(&on_device, device, CL_MEM_READ_WRITE, sizeof mean, NULL));
    for (uint64_t t = 1; t <= TIMES; t++) {
        for (size_t p = 0; p < N; p++)
            sums[p] += parameters[p] = (float)(3 + amkd_random_normal(11, t, p));
        ck_ok(amkd_buffer_write(device, on_device, parameters, 0, sizeof parameters));
        ck_ok(amkd_average_add(average, on_device, t));
    }
    ck_ok(amkd_buffer_read(device, mean, amkd_average_mean(average), 0, sizeof mean));
    for (size_t p = 0; p < N; p++)
        ck_assert_double_eq_tol(mean[p], sums[p] / TIMES, 5e-6);
    amkd_buffer_free(on_device);
    amkd_average_free(average);
    amkd_device_close(device);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("average");
    TCase *tests = tcase_create("average");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, every_eighth_of_the_last_steps_is_averaged_and_the_last);
    tcase_add_test(tests, a_running_mean_equals_the_mean);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed ? EXIT_FAILURE : EXIT_SUCCESS;
}
