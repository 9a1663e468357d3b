/* Teams of one and of threads: what members get of each other, and what they hear of one
 * that fails. */
#include "base/error.h"
#include "base/memory.h"
#include "team/team.h"
#include "team/team_threads.h"
#include <check.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST = 5, NCOPIES = 11, N = 1009 };

/* Copies whose sum depends on the order: large and small values beside each other. */
static float copies[NCOPIES][N], expected[N];

static void make_copies(void)
{
    unsigned state = 7;
    for (size_t c = 0; c < NCOPIES; c++)
        for (size_t i = 0; i < N; i++) {
            state = state * 1664525u + 1013904223u;
            copies[c][i] = ((float)(state >> 8) - 8e6f) * (c % 3 ? 1.0f : 4096.0f);
        }
    for (size_t i = 0; i < N; i++) {
        expected[i] = 0;
        for (size_t c = 0; c < NCOPIES; c++)
            expected[i] += copies[c][i];
    }
}

/* The copies of a member: more or fewer than others have, or none. */
typedef struct dealt {
    size_t first[LARGEST + 1]; /* of each member; that of the next is the end */
    size_t n;
} dealt;

static int sum_dealt(void *context, amkd_team *team)
{
    const dealt *hand = context;
    const size_t rank = amkd_team_rank(team), first = hand->first[rank];
    const size_t ncopies = hand->first[rank + 1] - first;
    float *mine = malloc((ncopies * hand->n + 1) * sizeof *mine), sum[N];
    for (size_t c = 0; c < ncopies; c++)
        memcpy(mine + c * hand->n, copies[first + c], hand->n * sizeof *mine);
    int rc = 0;
    for (int again = 0; again < 3 && !rc; again++) {
        memset(sum, 0x55, sizeof sum);
        rc = amkd_team_sum(team, sum, ncopies ? mine : NULL, ncopies, hand->n);
        if (!rc && memcmp(sum, expected, hand->n * sizeof *sum) != 0)
            rc = amkd_fail("the sum is another");
    }
    free(mine);
    return rc;
}

START_TEST(a_sum_has_the_same_bits_however_copies_are_dealt)
{
    static const size_t lengths[] = {0, 1, 2, 3, 64, 997, N};
    make_copies();
    for (size_t size = 1; size <= LARGEST; size++)
        for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
            dealt evenly = {{0}, lengths[l]}, last_has_all = {{0}, lengths[l]};
            for (size_t m = 0; m <= size; m++)
                evenly.first[m] = m * NCOPIES / size;
            last_has_all.first[size] = NCOPIES;
            ck_assert_msg(!amkd_team_threads(size, sum_dealt, &evenly), "%s",
                          amkd_error());
            ck_assert_msg(!amkd_team_threads(size, sum_dealt, &last_has_all), "%s",
                          amkd_error());
        }
}
END_TEST

START_TEST(a_sum_of_no_copies_is_zero)
{
    static const dealt nothing = {{0}, 3};
    memset(expected, 0, sizeof expected);
    for (size_t size = 1; size <= LARGEST; size++)
        ck_assert_msg(!amkd_team_threads(size, sum_dealt, (void *)&nothing), "%s",
                      amkd_error());
}
END_TEST

static int gather_and_broadcast(void *context, amkd_team *team)
{
    const size_t nbytes = *(size_t *)context, size = amkd_team_size(team);
    const size_t rank = amkd_team_rank(team);
    unsigned char mine[64], all[LARGEST * 64 + 1];
    for (size_t round = 0; round < 20; round++) {
        memset(mine, (int)(16 * round + rank), sizeof mine);
        memset(all, 0xee, sizeof all);
        if (amkd_team_all_gather(team, all, mine, nbytes))
            return -1;
        for (size_t m = 0; m < size; m++)
            for (size_t b = 0; b < nbytes; b++)
                if (all[m * nbytes + b] != (unsigned char)(16 * round + m))
                    return amkd_fail("byte %zu of member %zu is another", b, m);
        if (all[size * nbytes] != 0xee)
            return amkd_fail("bytes behind the end were written");
        if (amkd_team_broadcast(team, mine, nbytes))
            return -1;
        for (size_t b = 0; b < sizeof mine; b++)
            if (mine[b] != (unsigned char)(16 * round + (b < nbytes ? 0 : rank)))
                return amkd_fail("byte %zu of rank 0 is another", b);
    }
    return 0;
}

START_TEST(members_get_the_bytes_of_all_and_of_rank_0)
{
    for (size_t size = 1; size <= LARGEST; size++)
        for (size_t nbytes = 0; nbytes <= 64; nbytes += 1 + nbytes * 62)
            ck_assert_msg(!amkd_team_threads(size, gather_and_broadcast, &nbytes), "%s",
                          amkd_error());
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

/* One member returns with an error while the others are in calls of every kind. */
static int leave_early(void *context, amkd_team *team)
{
    const size_t *plan = context; /* the member, and the round in which it goes */
    const size_t rank = amkd_team_rank(team);
    float sum[3], copy[3] = {0};
    char all[LARGEST];
    for (size_t round = 0; round < 8; round++) {
        if (rank == plan[0] && round == plan[1])
            return amkd_fail("its disk is full");
        int rc = round % 4 == 0   ? amkd_team_sum(team, sum, copy, 1, 3)
                 : round % 4 == 1 ? amkd_team_all_gather(team, all, "x", 1)
                 : round % 4 == 2 ? amkd_team_broadcast(team, all, 1)
                                  : amkd_team_agree(team, 0);
        if (rc)
            return note(team, rc);
    }
    return note(team, 0);
}

START_TEST(a_member_that_leaves_with_an_error_ends_the_calls_of_others)
{
    for (size_t size = 2; size <= LARGEST; size++)
        for (size_t round = 0; round <= 7; round++) {
            const size_t plan[] = {size - 1, round};
            ck_assert_int_eq(amkd_team_threads(size, leave_early, (void *)plan), -1);
            char message[64];
            snprintf(message, sizeof message, "member %zu: its disk is full", size - 1);
            check_heard(size, size - 1, message);
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

static int leave_too_soon(void *context, amkd_team *team)
{
    (void)context;
    return amkd_team_rank(team) ? 0 : note(team, amkd_team_agree(team, 0));
}

START_TEST(members_at_different_steps_are_found_out)
{
    ck_assert_int_eq(amkd_team_threads(3, leave_too_soon, NULL), -1);
    ck_assert_str_eq(heard[0],
                     "the members of the team are not at the same step of the work");
}
END_TEST

static int compare_texts(void *context, amkd_team *team)
{
    const char *const *texts = context;
    return note(team, amkd_team_same(team, "the seed", texts[amkd_team_rank(team)]));
}

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
    ck_assert_int_eq(amkd_team_threads(3, compare_texts, (void *)short_ones), -1);
    check_heard(3, 3, "member 2: the seed: '75' here, '7' at rank 0");
    static const char *const long_ones[] = {
        "{\"steps\": 4000, \"lr\": 0.001, \"batch\": 64, \"seed\": 1}",
        "{\"steps\": 4000, \"lr\": 0.001, \"batch\": 32, \"seed\": 1}"};
    ck_assert_int_eq(amkd_team_threads(2, compare_texts, (void *)long_ones), -1);
    check_heard(2, 2,
                "member 1: the seed: '..., \"lr\": 0.001, \"batch\": 32, \"seed\": 1}' "
                "here, '..., \"lr\": 0.001, \"batch\": 64, \"seed\": 1}' at rank 0");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("team");
    TCase *tests = tcase_create("team");
    tcase_add_test(tests, a_sum_has_the_same_bits_however_copies_are_dealt);
    tcase_add_test(tests, a_sum_of_no_copies_is_zero);
    tcase_add_test(tests, members_get_the_bytes_of_all_and_of_rank_0);
    tcase_add_test(tests, agreement_waits_for_every_member);
    tcase_add_test(tests, all_fail_with_the_message_of_the_lowest_that_did);
    tcase_add_test(tests, a_member_that_leaves_with_an_error_ends_the_calls_of_others);
    tcase_add_test(tests, every_call_fails_after_the_first_that_did);
    tcase_add_test(tests, members_at_different_steps_are_found_out);
    tcase_add_test(tests, texts_that_are_the_same_pass);
    tcase_add_test(tests, another_text_is_named_with_its_member_and_where_it_differs);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed ? EXIT_FAILURE : EXIT_SUCCESS;
}
