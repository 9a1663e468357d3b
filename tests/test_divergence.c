/* The divergence of answers, against values known by hand and its other formula. */
#include "steps/divergence.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>

START_TEST(answers_diverge_by_up_to_the_logarithm_of_their_number)
{
    const float same[] = {0.2F, 0.8F, 0.2F, 0.8F};
    const float sure[] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    ck_assert_double_eq_tol(amkd_divergence(same, 2, 2, 2), 0, 1e-12);
    ck_assert_double_eq_tol(amkd_divergence(sure, 3, 3, 3), log(3), 1e-12);
    ck_assert_double_eq_tol(amkd_divergence(sure, 3, 2, 3), log(2), 1e-12);
    ck_assert_double_eq_tol(amkd_divergence(sure, 3, 1, 3), 0, 1e-12);
}
END_TEST

START_TEST(divergence_is_the_entropy_of_the_mean_less_the_mean_entropy)
{
    const float p[] = {0.5F, 0.25F, 0.25F, -9, 0.125F, 0.75F, 0.125F, -9}; /* stride 4 */
    double of_mean = 0, mean_of = 0;
    for (size_t c = 0; c < 3; c++) {
        const double a = (double)p[c], b = (double)p[4 + c], q = (a + b) / 2;
        of_mean -= q * log(q);
        mean_of -= (a * log(a) + b * log(b)) / 2;
    }
    ck_assert_double_eq_tol(amkd_divergence(p, 4, 2, 3), of_mean - mean_of, 1e-12);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("divergence");
    TCase *tcase = tcase_create("divergence");
    tcase_add_test(tcase, answers_diverge_by_up_to_the_logarithm_of_their_number);
    tcase_add_test(tcase, divergence_is_the_entropy_of_the_mean_less_the_mean_entropy);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed ? EXIT_FAILURE : EXIT_SUCCESS;
}
