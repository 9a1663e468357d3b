/* Parts of the self-test that are small enough for Oclgrind: the optimizers, mixing and
 * loading of batches, prediction. */
#include "base/error.h"
#include "steps/selftest/selftest_internal.h"
#include <check.h>
#include <stdlib.h>

static void report(void *context, const char *what, double error, double tolerance)
{
    (void)context;
    ck_assert_msg(error <= tolerance, "%s: error %g, expected at most %g", what, error,
                  tolerance);
}

START_TEST(a_part_of_the_self_test_passes)
{
    static int (*const parts[])(amkd_selftest_run *) = {amkd_selftest_optimizers,
                                                        amkd_selftest_images};
    amkd_selftest_run run = {.report = report};
    ck_assert_msg(!amkd_device_open(&run.device, NULL), "%s", amkd_error());
    ck_assert_msg(!parts[_i](&run), "%s", amkd_error());
    ck_assert_uint_gt(run.nchecks, 0);
    ck_assert_uint_eq(run.nfailed, 0);
    amkd_device_close(run.device);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("self-test");
    TCase *tcase = tcase_create("small parts");
    tcase_set_timeout(tcase, 300);
    tcase_add_loop_test(tcase, a_part_of_the_self_test_passes, 0, 2);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed ? EXIT_FAILURE : EXIT_SUCCESS;
}
