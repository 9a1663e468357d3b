/* The streaming selection against a sort of everything, on many small random pools. */
#include "base/error.h"
#include "base/random.h"
#include "steps/select/lowest.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 6000 };

typedef struct pool {
    size_t nimages, n, k, limit;
    amkd_pick picks[MOST];
} pool;

static pool the_pool;
static amkd_pick expected[MOST], merged[MOST];

static size_t below(uint64_t *state, size_t n)
{
    return (size_t)(amkd_random_u64(11, 1, (*state)++) % n);
}

/* Candidates with few different scores, so that ties are common, and now and then several
 * lambdas of one pair. */
static pool *random_pool(uint64_t seed, size_t most_images, size_t most_picks)
{
    uint64_t state = seed << 32;
    pool *p = &the_pool;
    p->nimages = 2 + below(&state, most_images - 1);
    p->n = 1 + below(&state, most_picks);
    p->k = 1 + below(&state, 2 * p->nimages);
    p->limit = below(&state, 5);
    size_t nscores = 1 + below(&state, 2 * p->n);
    for (size_t c = 0; c < p->n; c++) {
        uint32_t i = (uint32_t)below(&state, p->nimages - 1);
        uint32_t j = i + 1 + (uint32_t)below(&state, p->nimages - 1 - i);
        float lambda = 0.25f * (float)below(&state, 5);
        float score = (float)below(&state, nscores) / 16;
        p->picks[c] = (amkd_pick){i, j, lambda, score};
    }
    return p;
}

static void shuffle(pool *p, uint64_t seed)
{
    for (size_t c = p->n; c > 1; c--) {
        size_t other = (size_t)(amkd_random_u64(seed, 2, c) % c);
        amkd_pick pick = p->picks[c - 1];
        p->picks[c - 1] = p->picks[other];
        p->picks[other] = pick;
    }
}

static size_t brute_force(const pool *p)
{
    size_t npicks[MOST] = {0}, n = 0;
    memcpy(merged, p->picks, p->n * sizeof *merged);
    qsort(merged, p->n, sizeof *merged, amkd_pick_compare);
    for (size_t c = 0; c < p->n && n < p->k; c++) {
        const amkd_pick *pick = &merged[c];
        if (c && amkd_pick_compare(pick, &merged[c - 1]) == 0)
            continue;
        if (p->limit && (npicks[pick->i] >= p->limit || npicks[pick->j] >= p->limit))
            continue;
        npicks[pick->i]++;
        npicks[pick->j]++;
        expected[n++] = *pick;
    }
    return n;
}

static amkd_lowest *lowest_of(const pool *p)
{
    amkd_lowest *lowest;
    ck_assert_int_eq(amkd_lowest_new(&lowest, p->k, p->limit, p->nimages), 0);
    return lowest;
}

static void assert_expected(amkd_lowest *lowest, size_t nexpected)
{
    const amkd_pick *picks;
    size_t n;
    ck_assert_int_eq(amkd_lowest_finish(lowest, &picks, &n), 0);
    ck_assert_uint_eq(n, nexpected);
    for (size_t c = 0; c < n; c++)
        ck_assert_int_eq(amkd_pick_compare(&picks[c], &expected[c]), 0);
    amkd_lowest_free(lowest);
}

static void check_whole(pool *p, size_t nexpected, size_t piece)
{
    amkd_lowest *lowest = lowest_of(p);
    for (size_t c = 0; c < p->n; c += piece) {
        size_t n = p->n - c < piece ? p->n - c : piece;
        ck_assert_int_eq(amkd_lowest_offer(lowest, p->picks + c, n), 0);
    }
    assert_expected(lowest, nexpected);
}

static void check_shards(pool *p, size_t nexpected, size_t nshards)
{
    amkd_lowest *all = lowest_of(p);
    for (size_t s = 0; s < nshards; s++) {
        size_t first = p->n * s / nshards, end = p->n * (s + 1) / nshards;
        amkd_lowest *shard = lowest_of(p);
        const amkd_pick *candidates;
        size_t n;
        ck_assert_int_eq(amkd_lowest_offer(shard, p->picks + first, end - first), 0);
        ck_assert_int_eq(amkd_lowest_finish_shard(shard, &candidates, &n), 0);
        ck_assert_int_eq(amkd_lowest_offer(all, candidates, n), 0);
        amkd_lowest_free(shard);
    }
    assert_expected(all, nexpected);
}

/* What is saved in the midst stands for all that came before it, time and again. */
static void check_saved(pool *p, size_t nexpected, size_t nparts)
{
    amkd_lowest *lowest = lowest_of(p);
    amkd_kept kept = {0};
    for (size_t s = 0; s < nparts; s++) {
        const size_t first = p->n * s / nparts, end = p->n * (s + 1) / nparts;
        ck_assert_int_eq(amkd_lowest_offer(lowest, p->picks + first, end - first), 0);
        ck_assert_int_eq(amkd_lowest_save(lowest, &kept), 0);
        amkd_lowest_free(lowest);
        lowest = lowest_of(p);
        ck_assert_int_eq(amkd_lowest_offer(lowest, kept.picks, kept.n), 0);
    }
    free(kept.picks);
    assert_expected(lowest, nexpected);
}

static int descending(const void *a, const void *b)
{
    return amkd_pick_compare(b, a);
}

static void check_pool(pool *p, uint64_t seed)
{
    size_t n = brute_force(p);
    check_whole(p, n, p->n);
    shuffle(p, seed);
    check_whole(p, n, 1 + seed % 7);
    check_shards(p, n, 1 + seed % 5);
    check_saved(p, n, 1 + seed % 4);
    qsort(p->picks, p->n, sizeof *p->picks, descending);
    check_whole(p, n, p->n);
    check_shards(p, n, 3);
    check_saved(p, n, 3);
}

START_TEST(picks_equal_a_sort_of_everything_in_any_order_and_sharding)
{
    for (uint64_t seed = 0; seed < 3000; seed++)
        check_pool(random_pool(seed, 12, 80), seed);
}
END_TEST

/* Pools beyond the first capacity of the buffer, so that candidates are cut on the way.
 */
START_TEST(picks_are_exact_when_the_buffer_is_cut)
{
    for (uint64_t seed = 0; seed < 60; seed++) {
        pool *p = random_pool(seed, 300, MOST);
        p->n = MOST - seed;
        for (size_t c = 0; c < p->n; c++) {
            uint64_t state = (seed << 32) + (c << 8);
            uint32_t i = (uint32_t)below(&state, p->nimages - 1);
            p->picks[c].i = i;
            p->picks[c].j = i + 1 + (uint32_t)below(&state, p->nimages - 1 - i);
            p->picks[c].score = (float)below(&state, 100000);
        }
        p->k = 1 + seed;
        p->limit = seed % 4;
        check_pool(p, seed);
    }
}
END_TEST

/* 0-1 and 2-3 are picked until 1-2 comes and takes the place of both: then 0-4, turned
 * away before by 0-1, comes back. A memory of two picks would have lost it. */
START_TEST(a_candidate_that_was_passed_over_comes_back)
{
    const amkd_pick first[] = {
        {0, 1, 0.5f, 2}, {2, 3, 0.5f, 3}, {0, 4, 0.5f, 4}, {5, 6, 0.5f, 9}};
    const amkd_pick late = {1, 2, 0.5f, 1};
    amkd_lowest *lowest;
    const amkd_pick *picks;
    size_t n;
    ck_assert_int_eq(amkd_lowest_new(&lowest, 2, 1, 7), 0);
    ck_assert_int_eq(amkd_lowest_offer(lowest, first, 4), 0);
    ck_assert_int_eq(amkd_lowest_offer(lowest, &late, 1), 0);
    ck_assert_int_eq(amkd_lowest_finish(lowest, &picks, &n), 0);
    ck_assert_uint_eq(n, 2);
    ck_assert_int_eq(amkd_pick_compare(&picks[0], &late), 0);
    ck_assert_int_eq(amkd_pick_compare(&picks[1], &first[2]), 0);
    amkd_lowest_free(lowest);
}
END_TEST

/* The worst case: every pick of the other shard takes the place of two of ours, and the
 * last of our 2k - 1 is still needed. */
START_TEST(a_shard_hands_on_what_stays_when_each_late_pick_displaces_two)
{
    for (uint32_t k = 1; k < 8; k++) {
        pool *p = &the_pool;
        *p = (pool){.nimages = 4 * k, .k = k, .limit = 1};
        for (uint32_t c = 0; c < 2 * k - 1; c++)
            p->picks[p->n++] = (amkd_pick){2 * c, 2 * c + 1, 0.5f, 1};
        for (uint32_t c = 0; c < k - 1; c++)
            p->picks[p->n++] = (amkd_pick){4 * c + 1, 4 * c + 2, 0.5f, 0};
        check_shards(p, brute_force(p), 1);
        amkd_lowest *shard = lowest_of(p), *all = lowest_of(p);
        const amkd_pick *candidates;
        size_t n;
        ck_assert_int_eq(amkd_lowest_offer(shard, p->picks, 2 * k - 1), 0);
        ck_assert_int_eq(amkd_lowest_finish_shard(shard, &candidates, &n), 0);
        ck_assert_int_eq(amkd_lowest_offer(all, candidates, n), 0);
        ck_assert_int_eq(amkd_lowest_offer(all, p->picks + 2 * k - 1, k - 1), 0);
        assert_expected(all, k);
        amkd_lowest_free(shard);
    }
}
END_TEST

START_TEST(views_of_one_image_share_its_limit)
{
    /* Images 0 and 1 are views of source 7, 2 and 3 of source 0, 4 of source 1. */
    const uint32_t sources[] = {7, 7, 0, 0, 1};
    const amkd_pick offered[] = {
        {0, 2, 0.5f, 1}, /* taken */
        {1, 3, 0.5f, 2}, /* taken: 7 and 0 are used up */
        {1, 4, 0.5f, 3}, {2, 4, 0.5f, 4}, {0, 1, 0.5f, 5},
    };
    for (size_t limit = 2; limit <= 3; limit++) {
        amkd_lowest *lowest;
        const amkd_pick *picks;
        size_t n;
        ck_assert_int_eq(amkd_lowest_new(&lowest, 5, limit, 5), 0);
        ck_assert_int_eq(amkd_lowest_sources(lowest, sources, 8), 0);
        ck_assert_int_eq(amkd_lowest_offer(lowest, offered, 5), 0);
        ck_assert_int_eq(amkd_lowest_finish(lowest, &picks, &n), 0);
        ck_assert_uint_eq(n, limit == 2 ? 2 : 4);
        for (size_t p = 0; p < n; p++)
            ck_assert_int_eq(amkd_pick_compare(&picks[p], &offered[p]), 0);
        amkd_lowest_free(lowest);
    }
}
END_TEST

START_TEST(a_candidate_offered_twice_counts_once)
{
    const amkd_pick pick = {0, 1, 0.5f, 2};
    amkd_lowest *lowest;
    const amkd_pick *picks;
    size_t n;
    ck_assert_int_eq(amkd_lowest_new(&lowest, 3, 0, 2), 0);
    ck_assert_int_eq(amkd_lowest_offer(lowest, &pick, 1), 0);
    ck_assert_int_eq(amkd_lowest_offer(lowest, &pick, 1), 0);
    ck_assert_int_eq(amkd_lowest_finish(lowest, &picks, &n), 0);
    ck_assert_uint_eq(n, 1);
    amkd_lowest_free(lowest);
}
END_TEST

START_TEST(threshold_falls_to_the_kth_score_and_is_infinite_before)
{
    amkd_lowest *lowest;
    ck_assert_int_eq(amkd_lowest_new(&lowest, 10, 0, 2), 0);
    ck_assert(isinf(amkd_lowest_threshold(lowest)));
    for (int c = 100000; c > 0; c--) {
        amkd_pick pick = {0, 1, 0.5f, (float)c};
        ck_assert(pick.score <= amkd_lowest_threshold(lowest));
        ck_assert_int_eq(amkd_lowest_offer(lowest, &pick, 1), 0);
    }
    ck_assert(amkd_lowest_threshold(lowest) < 5000);
    amkd_lowest_free(lowest);
}
END_TEST

START_TEST(bad_candidates_are_refused)
{
    const struct {
        amkd_pick pick;
        const char *message;
    } cases[] = {
        {{0, 1, 0.5f, NAN}, "the score is not a number"},
        {{0, 1, 1.5f, 1}, "lambda 1.5 is outside [0, 1]"},
        {{0, 1, NAN, 1}, "outside [0, 1]"},
        {{0, 3, 0.5f, 1}, "pair (0, 3) is outside the set of 3 images"},
        {{3, 0, 0.5f, 1}, "pair (3, 0) is outside the set of 3 images"},
    };
    amkd_lowest *lowest;
    ck_assert_int_eq(amkd_lowest_new(&lowest, 2, 0, 3), 0);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        ck_assert_int_eq(amkd_lowest_offer(lowest, &cases[c].pick, 1), -1);
        ck_assert_ptr_nonnull(strstr(amkd_error(), cases[c].message));
    }
    amkd_lowest_free(lowest);
    ck_assert_int_eq(amkd_lowest_new(&lowest, 0, 0, 3), -1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lowest");
    TCase *tests = tcase_create("lowest");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, picks_equal_a_sort_of_everything_in_any_order_and_sharding);
    tcase_add_test(tests, picks_are_exact_when_the_buffer_is_cut);
    tcase_add_test(tests, a_candidate_that_was_passed_over_comes_back);
    tcase_add_test(tests, a_shard_hands_on_what_stays_when_each_late_pick_displaces_two);
    tcase_add_test(tests, views_of_one_image_share_its_limit);
    tcase_add_test(tests, a_candidate_offered_twice_counts_once);
    tcase_add_test(tests, threshold_falls_to_the_kth_score_and_is_infinite_before);
    tcase_add_test(tests, bad_candidates_are_refused);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed != 0;
}
