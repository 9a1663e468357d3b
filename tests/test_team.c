/* Teams of one and of threads: what members get of each other, and what they hear of one
 * that fails. */
#include "base/error.h"
#include "team/team.h"
#include "team/team_threads.h"
#include "team_work.h"
#include <check.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_all_sizes(int (*work)(void *context, amkd_team *team))
{
    for (size_t size = 1; size <= LARGEST; size++)
        ck_assert_msg(!amkd_team_threads(size, work, NULL), "%zu: %s", size,
                      amkd_error());
}

START_TEST(a_sum_has_the_same_bits_however_copies_are_dealt)
{
    make_copies();
    check_all_sizes(sum_however_dealt);
}
END_TEST

START_TEST(a_sum_of_no_copies_is_zero)
{
    check_all_sizes(sum_nothing);
}
END_TEST

START_TEST(members_get_the_bytes_of_all_and_of_rank_0)
{
    check_all_sizes(share_bytes);
}
END_TEST

START_TEST(rank_0_gets_the_items_of_others_in_order)
{
    check_all_sizes(collect_items);
}
END_TEST

START_TEST(what_rank_0_cannot_take_fails_for_all)
{
    uint32_t item = 5600;
    ck_assert_int_eq(amkd_team_threads(4, collect_items, &item), -1);
    ck_assert_str_eq(amkd_error(), "member 0: item 5600 cannot be kept");
}
END_TEST

/* Each rank once, and all at the same time. */
static int count_members(void *context, amkd_team *team)
{
    atomic_uint *seen = context;
    atomic_fetch_or(seen, 1u << amkd_team_rank(team));
    if (amkd_team_agree(team, 0))
        return -1;
    return *seen == (1u << amkd_team_size(team)) - 1
               ? 0
               : amkd_fail("members %x alone have come", *seen);
}

START_TEST(agreement_waits_for_every_member)
{
    for (size_t size = 1; size <= LARGEST; size++) {
        atomic_uint seen = 0;
        ck_assert_msg(!amkd_team_threads(size, count_members, &seen), "%s", amkd_error());
    }
}
END_TEST

/* What every member's error was in the end. */
static char heard[LARGEST][256];

static int note(amkd_team *team, int rc)
{
    snprintf(heard[amkd_team_rank(team)], sizeof *heard, "%s", rc ? amkd_error() : "");
    return rc;
}

typedef struct noted {
    int (*work)(void *context, amkd_team *team);
    void *context;
} noted;

static int do_noted(void *context, amkd_team *team)
{
    const noted *what = context;
    return note(team, what->work(what->context, team));
}

static void check_fails(size_t size, int (*work)(void *context, amkd_team *team),
                        void *context)
{
    noted what = {work, context};
    memset(heard, 0, sizeof heard);
    ck_assert_int_eq(amkd_team_threads(size, do_noted, &what), -1);
}

static void check_heard(size_t size, size_t but, const char *message)
{
    for (size_t m = 0; m < size; m++)
        if (m != but)
            ck_assert_str_eq(heard[m], message);
}

/* The members of a set say that they failed, the others go on as if nothing were. */
static int disagree(void *context, amkd_team *team)
{
    const unsigned failing = *(unsigned *)context;
    int failed = failing >> amkd_team_rank(team) & 1;
    if (failed)
        amkd_fail("no room on %zu", amkd_team_rank(team));
    return note(team, amkd_team_agree(team, failed));
}

START_TEST(all_fail_with_the_message_of_the_lowest_that_did)
{
    unsigned failing = 1u << 2 | 1u << 3;
    ck_assert_int_eq(amkd_team_threads(4, disagree, &failing), -1);
    ck_assert_str_eq(amkd_error(), "member 2: no room on 2");
    check_heard(4, 4, "member 2: no room on 2");
    failing = 1;
    ck_assert_int_eq(amkd_team_threads(2, disagree, &failing), -1);
    check_heard(2, 2, "member 0: no room on 0");
    ck_assert_int_eq(amkd_team_threads(1, disagree, &failing), -1);
    ck_assert_str_eq(amkd_error(), "no room on 0");
}
END_TEST

START_TEST(a_member_that_leaves_with_an_error_ends_the_calls_of_others)
{
    for (size_t size = 2; size <= LARGEST; size++)
        for (size_t round = 0; round < 8; round++) {
            leaving plan = {size - 1, round};
            char message[64];
            check_fails(size, leave_early, &plan);
            snprintf(message, sizeof message, "member %zu: its disk is full", size - 1);
            ck_assert_str_eq(amkd_error(), message);
            check_heard(round < 7 ? size : 0, size - 1, message);
        }
}
END_TEST

/* After the team has ended nobody waits for anybody. */
static int go_on_nevertheless(void *context, amkd_team *team)
{
    (void)context;
    char all[LARGEST];
    if (amkd_team_rank(team) == 1)
        return amkd_fail("gone");
    for (int call = 0; call < 3; call++)
        if (!amkd_team_all_gather(team, all, "x", 1))
            return 0; /* which makes the test fail: rank 0 has no error then */
    return note(team, -1);
}

START_TEST(every_call_fails_after_the_first_that_did)
{
    ck_assert_int_eq(amkd_team_threads(3, go_on_nevertheless, NULL), -1);
    check_heard(3, 1, "member 1: gone");
}
END_TEST

START_TEST(members_at_different_steps_are_found_out)
{
    check_fails(3, leave_too_soon, NULL);
    ck_assert_str_eq(heard[0],
                     "the members of the team are not at the same step of the work");
}
END_TEST

START_TEST(texts_that_are_the_same_pass)
{
    static const char *const texts[LARGEST] = {"7", "7", "7", "7", "7"};
    for (size_t size = 1; size <= LARGEST; size++)
        ck_assert_msg(!amkd_team_threads(size, compare_texts, (void *)texts), "%s",
                      amkd_error());
}
END_TEST

START_TEST(another_text_is_named_with_its_member_and_where_it_differs)
{
    static const char *const short_ones[] = {"7", "7", "75"};
    check_fails(3, compare_texts, (void *)short_ones);
    check_heard(3, 3, "member 2: the seed: '75' here, '7' at rank 0");
    static const char *const long_ones[] = {
        "{\"steps\": 4000, \"lr\": 0.001, \"batch\": 64, \"seed\": 1}",
        "{\"steps\": 4000, \"lr\": 0.001, \"batch\": 32, \"seed\": 1}"};
    check_fails(2, compare_texts, (void *)long_ones);
    check_heard(2, 2,
                "member 1: the seed: '..., \"lr\": 0.001, \"batch\": 32, \"seed\": 1}' "
                "here, '..., \"lr\": 0.001, \"batch\": 64, \"seed\": 1}' at rank 0");
}
END_TEST

static int fail_by_name(void *context, amkd_team *team)
{
    (void)context;
    amkd_team_call(team, amkd_team_rank(team) ? "device 3 (b)" : "device 2 (a)");
    return amkd_team_agree(team, amkd_team_rank(team) == 1 && amkd_fail("no memory"));
}

START_TEST(members_have_the_names_they_give_themselves)
{
    ck_assert_int_eq(amkd_team_threads(2, fail_by_name, NULL), -1);
    ck_assert_str_eq(amkd_error(), "device 3 (b): no memory");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("team");
    TCase *tests = tcase_create("team");
    tcase_add_test(tests, a_sum_has_the_same_bits_however_copies_are_dealt);
    tcase_add_test(tests, a_sum_of_no_copies_is_zero);
    tcase_add_test(tests, members_get_the_bytes_of_all_and_of_rank_0);
    tcase_add_test(tests, rank_0_gets_the_items_of_others_in_order);
    tcase_add_test(tests, what_rank_0_cannot_take_fails_for_all);
    tcase_add_test(tests, agreement_waits_for_every_member);
    tcase_add_test(tests, all_fail_with_the_message_of_the_lowest_that_did);
    tcase_add_test(tests, a_member_that_leaves_with_an_error_ends_the_calls_of_others);
    tcase_add_test(tests, every_call_fails_after_the_first_that_did);
    tcase_add_test(tests, members_at_different_steps_are_found_out);
    tcase_add_test(tests, texts_that_are_the_same_pass);
    tcase_add_test(tests, another_text_is_named_with_its_member_and_where_it_differs);
    tcase_add_test(tests, members_have_the_names_they_give_themselves);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed ? EXIT_FAILURE : EXIT_SUCCESS;
}
