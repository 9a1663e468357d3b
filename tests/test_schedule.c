/* Learning rates over the steps of a training against PyTorch's schedules. */
#include "steps/learn/schedule.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>

START_TEST(schedules_start_peak_and_end_where_they_should)
{
    ck_assert_double_eq(amkd_schedule_rate(AMKD_CONSTANT, 0.5, 9, 10), 0.5);
    ck_assert_double_eq_tol(amkd_schedule_rate(AMKD_COSINE, 1, 0, 100), 1, 1e-12);
    ck_assert_double_eq_tol(amkd_schedule_rate(AMKD_COSINE, 1, 50, 100), 0.5, 1e-12);
    ck_assert_double_eq_tol(amkd_schedule_rate(AMKD_ONECYCLE, 1, 0, 100), 0.04, 1e-12);
    ck_assert_double_eq_tol(amkd_schedule_rate(AMKD_ONECYCLE, 1, 29, 100), 1, 1e-12);
    ck_assert_double_eq_tol(amkd_schedule_rate(AMKD_ONECYCLE, 1, 99, 100), 4e-6, 1e-12);
    for (uint64_t n = 1; n < 5; n++) /* short trainings have finite rates too */
        for (uint64_t s = 0; s < n; s++)
            ck_assert(isfinite(amkd_schedule_rate(AMKD_ONECYCLE, 1, s, n)));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("schedule");
    TCase *tests = tcase_create("rates");
    tcase_add_test(tests, schedules_start_peak_and_end_where_they_should);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed ? EXIT_FAILURE : EXIT_SUCCESS;
}
