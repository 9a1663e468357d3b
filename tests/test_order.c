/* The order of a training's samples: whole epochs, and the same wherever one begins. */
#include "base/error.h"
#include "steps/learn/order.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { N = 23, BATCH = 5, EPOCH_STEPS = 5 };

static amkd_order order;

static void open_order(void)
{
    ck_assert_msg(!amkd_order_new(&order, N, BATCH, 9), "%s", amkd_error());
}

static void close_order(void)
{
    amkd_order_clear(&order);
}

START_TEST(every_epoch_sees_every_sample_once)
{
    for (uint64_t step = 0; step < 3 * EPOCH_STEPS; step += EPOCH_STEPS) {
        int seen[N] = {0};
        for (uint64_t s = step; s < step + EPOCH_STEPS; s++) {
            uint32_t rows[BATCH];
            const size_t count = amkd_order_count(&order, s);
            ck_assert_uint_eq(count, s % EPOCH_STEPS == EPOCH_STEPS - 1 ? 3 : BATCH);
            amkd_order_step(&order, rows, s);
            for (size_t r = 0; r < count; r++)
                seen[rows[r]]++;
        }
        for (size_t n = 0; n < N; n++)
            ck_assert_int_eq(seen[n], 1);
    }
}
END_TEST

START_TEST(a_step_has_the_same_samples_whatever_was_asked_before)
{
    uint32_t there[BATCH], again[BATCH], other[BATCH];
    amkd_order_step(&order, there, 7);
    amkd_order_step(&order, other, 2);
    amkd_order_step(&order, again, 7);
    ck_assert_mem_eq(there, again, sizeof there);
    ck_assert_mem_ne(there, other, sizeof there); /* the same place of another epoch */
}
END_TEST

START_TEST(a_batch_larger_than_the_set_is_the_set)
{
    amkd_order all;
    uint32_t rows[3];
    ck_assert_msg(!amkd_order_new(&all, 3, 100, 9), "%s", amkd_error());
    ck_assert_uint_eq(all.epoch_nsteps, 1);
    ck_assert_uint_eq(amkd_order_count(&all, 12), 3);
    amkd_order_step(&all, rows, 12);
    ck_assert_uint_eq(rows[0] + rows[1] + rows[2], 3);
    amkd_order_clear(&all);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("order");
    TCase *tests = tcase_create("order");
    tcase_add_checked_fixture(tests, open_order, close_order);
    tcase_add_test(tests, every_epoch_sees_every_sample_once);
    tcase_add_test(tests, a_step_has_the_same_samples_whatever_was_asked_before);
    tcase_add_test(tests, a_batch_larger_than_the_set_is_the_set);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed ? EXIT_FAILURE : EXIT_SUCCESS;
}
