/* Shares of a team's candidates: every row is one member's, strip by strip. */
#include "steps/select/share.h"
#include <check.h>
#include <stdlib.h>

/* Rows first..end as a member reads them, at most most at once: owner[r] is set to the
 * rank where they are its own. */
static void read_share(int *owner, const amkd_share *share, uint64_t end, uint64_t most)
{
    for (uint64_t row = share->from, run; row < end; row += run) {
        int mine;
        run = amkd_share_run(share, &mine, row, most);
        ck_assert_uint_ge(run, 1);
        ck_assert_uint_le(run, most);
        for (uint64_t r = row; mine && r < row + run; r++) {
            ck_assert_int_eq(owner[r], -1);
            owner[r] = (int)share->rank;
        }
    }
}

START_TEST(every_row_is_one_member_s_in_strips)
{
    enum { FROM = 5, PAUSE = 101, STRIP = 7 };
    for (size_t size = 1; size <= 4; size++)
        for (uint64_t most = 1; most <= 64; most += 3) {
            int owner[PAUSE];
            for (size_t r = 0; r < PAUSE; r++)
                owner[r] = -1;
            for (size_t rank = 0; rank < size; rank++) {
                const amkd_share share = {rank, size, STRIP, FROM, PAUSE};
                int mine;
                read_share(owner, &share, PAUSE, most);
                ck_assert_uint_eq(amkd_share_run(&share, &mine, PAUSE, most), 0);
            }
            for (size_t r = FROM; r < PAUSE; r++)
                ck_assert_int_eq(owner[r], (int)((r - FROM) / STRIP % size));
        }
}
END_TEST

START_TEST(who_is_alone_has_all)
{
    const amkd_share alone = {0};
    int mine;
    ck_assert_uint_eq(amkd_share_run(&alone, &mine, 77, 4096), 4096);
    ck_assert_int_eq(mine, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("share");
    TCase *tests = tcase_create("share");
    tcase_add_test(tests, every_row_is_one_member_s_in_strips);
    tcase_add_test(tests, who_is_alone_has_all);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed ? EXIT_FAILURE : EXIT_SUCCESS;
}
