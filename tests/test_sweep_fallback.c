/* The sweep where the fused kernel turns out to be wrong. */
#include "sweep/sweep_internal.h"
#include "sweep_students.h"
#include <string.h>

/* Takes the place of the library's check. */
int amkd_fused_check(amkd_fused *fused, amkd_device *device, const amkd_model *model,
                     const amkd_images *images, size_t nimages,
                     const amkd_sweep_options *options)
{
    (void)fused, (void)device, (void)model, (void)images, (void)nimages, (void)options;
    return amkd_fail("as a test will have it");
}

static const float lambdas[] = {0.5F};
static amkd_device *device;
static student small;

static void open_student(void)
{
    device = open_device("4");
    small = new_student("conv 2 k2 | relu | fc 2", (amkd_shape){1, 3, 3});
}

static void close_student(void)
{
    amkd_device_close(device);
    free_student(&small);
}

static int new_sweep(amkd_sweep **sweep, amkd_engine engine)
{
    const amkd_sweep_options options = {
        .lambdas = lambdas, .nlambdas = 1, .engine = engine};
    return amkd_sweep_new(sweep, device, small.model, &small.images, &options);
}

START_TEST(a_fused_kernel_that_is_wrong_is_left_and_the_reason_kept)
{
    amkd_sweep *sweep;
    amkd_sweep_result result;
    ck_assert_msg(!new_sweep(&sweep, AMKD_ENGINE_AUTO), "%s", amkd_error());
    ck_assert_str_eq(amkd_sweep_engine(sweep), "layered");
    ck_assert_str_eq(amkd_sweep_reason(sweep), "as a test will have it");
    ck_assert(!amkd_sweep_start(sweep, &(amkd_pair){0, 1}, 1, INFINITY));
    ck_assert_int_eq(amkd_sweep_finish(sweep, &result), 1);
    amkd_sweep_free(sweep);
}
END_TEST

START_TEST(an_engine_asked_for_is_not_left)
{
    amkd_sweep *sweep;
    ck_assert_int_eq(new_sweep(&sweep, AMKD_ENGINE_FUSED), -1);
    ck_assert_str_eq(amkd_error(), "as a test will have it");
    ck_assert_msg(!new_sweep(&sweep, AMKD_ENGINE_LAYERED), "%s", amkd_error());
    ck_assert_ptr_null(amkd_sweep_reason(sweep));
    amkd_sweep_free(sweep);
}
END_TEST

START_TEST(a_kernel_that_cannot_be_dumped_is_an_error)
{
    amkd_sweep *sweep;
    setenv("AMKD_DUMP_KERNELS", "/nonexistent", 1);
    ck_assert_int_eq(new_sweep(&sweep, AMKD_ENGINE_AUTO), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "AMKD_DUMP_KERNELS: '/nonexistent/"));
    unsetenv("AMKD_DUMP_KERNELS");
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("fallback");
    tcase_set_timeout(tcase, 300);
    tcase_add_checked_fixture(tcase, open_student, close_student);
    tcase_add_test(tcase, a_fused_kernel_that_is_wrong_is_left_and_the_reason_kept);
    tcase_add_test(tcase, an_engine_asked_for_is_not_left);
    tcase_add_test(tcase, a_kernel_that_cannot_be_dumped_is_an_error);
    Suite *suite = suite_create("sweep fallback");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed != 0;
}
