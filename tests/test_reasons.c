/* Counting by reasons, from several threads. */
#include "base/parallel.h"
#include "base/reasons.h"
#include "scratch.h"

/* Thing i: every third for one reason, the others for another. */
static int add(void *context, size_t i)
{
    char example[32];
    snprintf(example, sizeof example, "thing %zu", i);
    amkd_reasons_add(context, i, i % 3 ? "too\nlarge" : "cut", example);
    return 0;
}

START_TEST(reasons_are_counted_and_keep_the_example_of_the_lowest_order)
{
    amkd_reasons reasons;
    for (size_t nthreads = 1; nthreads <= 4; nthreads++) {
        amkd_reasons_init(&reasons);
        ck_assert_int_eq(amkd_parallel(300, nthreads, add, &reasons), 0);
        amkd_reasons_sort(&reasons);
        ck_assert_uint_eq(reasons.n, 300);
        ck_assert_uint_eq(reasons.nreasons, 2);
        ck_assert_str_eq(reasons.reasons[0].text, "too?large");
        ck_assert_uint_eq(reasons.reasons[0].n, 200);
        ck_assert_str_eq(reasons.reasons[0].example, "thing 1");
        ck_assert_str_eq(reasons.reasons[1].text, "cut");
        ck_assert_uint_eq(reasons.reasons[1].n, 100);
        ck_assert_str_eq(reasons.reasons[1].example, "thing 0");
        amkd_reasons_clear(&reasons);
    }
}
END_TEST

START_TEST(of_equal_orders_the_first_example_by_text_stays_and_equal_counts_go_by_text)
{
    amkd_reasons reasons;
    amkd_reasons_init(&reasons);
    amkd_reasons_add(&reasons, 0, "b", "y");
    amkd_reasons_add(&reasons, 0, "b", "x");
    amkd_reasons_add(&reasons, 0, "b", "z");
    amkd_reasons_add(&reasons, 3, "a", "q");
    amkd_reasons_add(&reasons, 2, "a", "r");
    amkd_reasons_add(&reasons, 4, "a", "p");
    amkd_reasons_sort(&reasons);
    ck_assert_str_eq(reasons.reasons[0].text, "a");
    ck_assert_str_eq(reasons.reasons[0].example, "r");
    ck_assert_str_eq(reasons.reasons[1].example, "x");
    amkd_reasons_clear(&reasons);
}
END_TEST

START_TEST(reasons_without_room_are_counted_among_all)
{
    amkd_reasons reasons;
    amkd_reasons_init(&reasons);
    for (size_t r = 0; r < AMKD_MAX_REASONS + 10; r++) {
        char text[32];
        snprintf(text, sizeof text, "reason %zu", r);
        amkd_reasons_add(&reasons, r, text, "x");
    }
    ck_assert_uint_eq(reasons.nreasons, AMKD_MAX_REASONS);
    ck_assert_uint_eq(reasons.n, AMKD_MAX_REASONS + 10);
    amkd_reasons_clear(&reasons);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reasons");
    TCase *tests = tcase_create("reasons");
    tcase_add_test(tests, reasons_are_counted_and_keep_the_example_of_the_lowest_order);
    tcase_add_test(
        tests,
        of_equal_orders_the_first_example_by_text_stays_and_equal_counts_go_by_text);
    tcase_add_test(tests, reasons_without_room_are_counted_among_all);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
