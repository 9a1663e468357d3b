/* Which attempts are made again, and when. */
#include "teacher/retry.h"
#include <check.h>

/* The delay after n attempts that failed with a status at no cost, in a time; -1: there
 * is no other attempt. */
static double delay_after(const amkd_retry *retry, uint64_t n, int status, double elapsed,
                          double retry_after, double chance)
{
    const amkd_attempts attempts = {
        .n = n, .status = status, .elapsed = elapsed, .retry_after = retry_after};
    double delay;
    return amkd_retry_next(&delay, retry, &attempts, chance) ? delay : -1;
}

START_TEST(retry_waits_twice_as_long_each_time_and_no_longer_than_it_may)
{
    const amkd_retry retry = {
        .max_retries = 5, .delay = 1, .max_delay = 6, .ncodes = 1, .codes = {503}};
    static const double delays[] = {1, 2, 4, 6, 6};
    for (uint64_t a = 1; a <= 5; a++) {
        ck_assert_double_eq_tol(delay_after(&retry, a, 503, 0, -1, 0), delays[a - 1] / 2,
                                1e-12);
        ck_assert_double_eq_tol(delay_after(&retry, a, 503, 0, -1, 0.999), delays[a - 1],
                                0.01);
    }
    ck_assert_double_eq(delay_after(&retry, 6, 503, 0, -1, 0), -1);
    ck_assert_double_eq(delay_after(&retry, 1, 500, 0, -1, 0), -1);
}
END_TEST

START_TEST(retry_waits_as_the_server_asks_within_its_time)
{
    amkd_retry retry = amkd_retry_default;
    ck_assert_double_eq(delay_after(&retry, 1, 429, 0, 20, 0), 20);
    ck_assert_double_eq(delay_after(&retry, 1, 429, 0, 5000, 0), retry.max_delay);
    ck_assert_double_eq(delay_after(&retry, 1, 429, 590, 20, 0), -1);
    retry.max_time = 0;
    ck_assert_double_eq(delay_after(&retry, 1, 429, 1e9, 20, 0), 20);
    ck_assert_int_eq(amkd_retry_parse_codes(&retry, "418,connection"), 0);
    ck_assert_double_eq(delay_after(&retry, 1, 429, 0, -1, 0), -1);
    ck_assert_double_gt(delay_after(&retry, 1, 418, 0, -1, 0), 0);
    ck_assert_double_gt(delay_after(&retry, 1, 0, 0, -1, 0), 0);
    ck_assert_int_eq(amkd_retry_parse_codes(&retry, "418,teapot"), -1);
    ck_assert_int_eq(amkd_retry_parse_codes(&retry, "99"), -1);
}
END_TEST

START_TEST(retry_pays_twice_at_most_by_default)
{
    const amkd_retry *retry = &amkd_retry_default;
    amkd_attempts attempts = {
        .n = 1, .npaid = 1, .paid = 1, .status = 502, .retry_after = -1};
    double delay;
    ck_assert_int_eq(amkd_retry_next(&delay, retry, &attempts, 0), 1);
    attempts.n = attempts.npaid = 2;
    ck_assert_int_eq(amkd_retry_next(&delay, retry, &attempts, 0), 0);
    attempts.paid = 0; /* but surely not the last time */
    ck_assert_int_eq(amkd_retry_next(&delay, retry, &attempts, 0), 1);
    attempts = (amkd_attempts){.n = 1, .npaid = 1, .paid = 1, .status = 200};
    ck_assert_int_eq(amkd_retry_next(&delay, retry, &attempts, 0), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("retry");
    TCase *tests = tcase_create("retry");
    tcase_add_test(tests, retry_waits_twice_as_long_each_time_and_no_longer_than_it_may);
    tcase_add_test(tests, retry_waits_as_the_server_asks_within_its_time);
    tcase_add_test(tests, retry_pays_twice_at_most_by_default);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed != 0;
}
