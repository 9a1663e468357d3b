/* Learning rates over the steps of a training against PyTorch's schedules. */
#include "steps/learn/schedule.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>

static double rate_of(amkd_schedule_kind kind, double rate, uint64_t step,
                      uint64_t nsteps)
{
    const amkd_schedule schedule = {.kind = kind, .rate = rate};
    return amkd_schedule_rate(&schedule, step, nsteps);
}

START_TEST(schedules_start_peak_and_end_where_they_should)
{
    ck_assert_double_eq(rate_of(AMKD_CONSTANT, 0.5, 9, 10), 0.5);
    ck_assert_double_eq_tol(rate_of(AMKD_COSINE, 1, 0, 100), 1, 1e-12);
    ck_assert_double_eq_tol(rate_of(AMKD_COSINE, 1, 50, 100), 0.5, 1e-12);
    ck_assert_double_eq_tol(rate_of(AMKD_ONECYCLE, 1, 0, 100), 0.04, 1e-12);
    ck_assert_double_eq_tol(rate_of(AMKD_ONECYCLE, 1, 29, 100), 1, 1e-12);
    ck_assert_double_eq_tol(rate_of(AMKD_ONECYCLE, 1, 99, 100), 4e-6, 1e-12);
    for (uint64_t n = 1; n < 5; n++) /* short trainings have finite rates too */
        for (uint64_t s = 0; s < n; s++)
            ck_assert(isfinite(rate_of(AMKD_ONECYCLE, 1, s, n)));
}
END_TEST

/* torch.optim.lr_scheduler.MultiStepLR(milestones=[100, 150], gamma=0.1) of 200 steps. */
START_TEST(multistep_divides_the_rate_by_ten_at_each_milestone)
{
    amkd_schedule schedule = {.kind = AMKD_MULTISTEP, .rate = 0.1};
    ck_assert_int_eq(amkd_schedule_parse_milestones(&schedule, "0.5,0.75"), 0);
    for (uint64_t step = 0; step < 200; step++) {
        const double expected = step < 100 ? 0.1 : step < 150 ? 0.01 : 0.001;
        ck_assert_double_eq_tol(amkd_schedule_rate(&schedule, step, 200), expected,
                                1e-15);
    }
}
END_TEST

/* torch.optim.lr_scheduler.SequentialLR of LinearLR(start_factor=1/21, total_iters=20)
 * and, behind it, the schedule of the 180 steps that are left. */
START_TEST(a_warm_up_rises_in_a_line_and_then_the_schedule_begins)
{
    amkd_schedule schedule = {.kind = (amkd_schedule_kind)_i,
                              .rate = 0.3,
                              .warmup = 0.1,
                              .milestones = {0.5},
                              .nmilestones = 1};
    for (uint64_t step = 0; step < 200; step++) {
        const double start = 1.0 / 21, t = (double)step;
        double expected = 0.3;
        if (step < 20)
            expected = 0.3 * (start + (1 - start) * t / 20);
        else if (_i == AMKD_COSINE)
            expected = 0.15 * (1 + cos(acos(-1.0) * (t - 20) / 180));
        else if (_i == AMKD_MULTISTEP && step >= 100)
            expected = 0.03;
        ck_assert_double_eq_tol(amkd_schedule_rate(&schedule, step, 200), expected,
                                1e-12);
    }
    schedule.warmup = 1; /* up to the end */
    for (uint64_t step = 0; step < 3; step++)
        ck_assert_double_eq_tol(amkd_schedule_rate(&schedule, step, 3),
                                0.3 * ((double)step + 1) / 4, 1e-12);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("schedule");
    TCase *tests = tcase_create("rates");
    tcase_add_test(tests, schedules_start_peak_and_end_where_they_should);
    tcase_add_test(tests, multistep_divides_the_rate_by_ten_at_each_milestone);
    tcase_add_loop_test(tests, a_warm_up_rises_in_a_line_and_then_the_schedule_begins,
                        AMKD_CONSTANT, AMKD_COSINE + 1);
    tcase_add_loop_test(tests, a_warm_up_rises_in_a_line_and_then_the_schedule_begins,
                        AMKD_MULTISTEP, AMKD_MULTISTEP + 1);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed ? EXIT_FAILURE : EXIT_SUCCESS;
}
