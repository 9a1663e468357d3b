/* Pair numbers: every pair once, exact for the largest sets, shards that partition. */
#include "base/error.h"
#include "steps/select/pool.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

static amkd_pool pool_of(uint64_t nfirst, uint64_t nsecond, uint64_t ndraw, uint64_t seed)
{
    amkd_pool pool;
    ck_assert_int_eq(amkd_pool_init(&pool, nfirst, nsecond, NULL, 0, ndraw, seed), 0);
    return pool;
}

static amkd_pair pair_at(const amkd_pool *pool, uint64_t row)
{
    amkd_pair pair;
    amkd_pool_rows(pool, &pair, row, 1);
    return pair;
}

static void assert_pair(amkd_pair pair, uint32_t i, uint32_t j)
{
    ck_assert_uint_eq(pair.i, i);
    ck_assert_uint_eq(pair.j, j);
}

START_TEST(all_pairs_come_in_order_read_singly_or_in_runs)
{
    static amkd_pair run[97 * 48];
    for (uint32_t n = 2; n <= 97; n += 5) {
        amkd_pool pool = pool_of(n, 0, 0, 0);
        uint64_t row = 0;
        amkd_pool_rows(&pool, run, 0, (size_t)pool.nrows);
        for (uint32_t i = 0; i < n; i++)
            for (uint32_t j = i + 1; j < n; j++, row++) {
                assert_pair(run[row], i, j);
                assert_pair(pair_at(&pool, row), i, j);
            }
        ck_assert_uint_eq(row, pool.nrows);
    }
}
END_TEST

START_TEST(pairs_across_two_sets_come_in_order)
{
    amkd_pool pool = pool_of(3, 5, 0, 0);
    amkd_pair run[15];
    ck_assert_uint_eq(pool.nrows, 15);
    amkd_pool_rows(&pool, run, 0, 15);
    for (uint32_t row = 0; row < 15; row++) {
        assert_pair(run[row], row / 5, 3 + row % 5);
        assert_pair(pair_at(&pool, row), row / 5, 3 + row % 5);
    }
}
END_TEST

START_TEST(drawing_as_many_as_there_are_gives_every_pair_once)
{
    for (uint32_t n = 2; n <= 41; n += 3) {
        uint64_t total = n * (uint64_t)(n - 1) / 2;
        amkd_pool pool = pool_of(n, 0, total, n);
        unsigned char seen[41 * 41] = {0};
        for (uint64_t row = 0; row < total; row++) {
            amkd_pair pair = pair_at(&pool, row);
            ck_assert_uint_lt(pair.i, pair.j);
            ck_assert_uint_lt(pair.j, n);
            ck_assert_uint_eq(seen[pair.i * n + pair.j]++, 0);
        }
    }
}
END_TEST

START_TEST(seeds_draw_different_pairs_and_fewer_are_a_prefix_of_more)
{
    amkd_pool few = pool_of(1000, 0, 50, 7), more = pool_of(1000, 0, 100, 7);
    amkd_pool other = pool_of(1000, 0, 50, 8);
    size_t nsame = 0;
    for (uint64_t row = 0; row < 50; row++) {
        amkd_pair a = pair_at(&few, row), b = pair_at(&more, row);
        amkd_pair c = pair_at(&other, row);
        assert_pair(a, b.i, b.j);
        nsame += a.i == c.i && a.j == c.j;
    }
    ck_assert_uint_lt(nsame, 3);
}
END_TEST

/* The number of pair (i, j), in 128 bits. */
static uint64_t number_of(uint64_t n, uint64_t i, uint64_t j)
{
    return (uint64_t)((unsigned __int128)i * (2 * n - i - 1) / 2 + j - i - 1);
}

START_TEST(numbers_are_exact_for_the_largest_sets)
{
    const uint64_t sizes[] = {((uint64_t)1 << 32), ((uint64_t)1 << 32) - 1, 3000000019};
    for (size_t s = 0; s < 3; s++) {
        uint64_t n = sizes[s];
        amkd_pool pool = pool_of(n, 0, 0, 0);
        for (uint64_t c = 0; c < 20000; c++) {
            uint64_t i = amkd_random_u64(1, s, c) % (n - 1);
            if (c % 4 == 0)
                i = n - 2 - c / 4 % 100;
            uint64_t j = i + 1 + amkd_random_u64(2, s, c) % (n - 1 - i);
            if (c % 3 == 0)
                j = c % 2 ? i + 1 : n - 1;
            assert_pair(pair_at(&pool, number_of(n, i, j)), (uint32_t)i, (uint32_t)j);
        }
        assert_pair(pair_at(&pool, pool.nrows - 1), (uint32_t)(n - 2), (uint32_t)(n - 1));
    }
    uint64_t half = (uint64_t)1 << 31;
    amkd_pool two = pool_of(half, half, 0, 0);
    assert_pair(pair_at(&two, two.nrows - 1), (uint32_t)(half - 1), UINT32_MAX);
}
END_TEST

START_TEST(shards_follow_each_other_and_differ_by_one_row_at_most)
{
    for (uint64_t count = 1; count < 40; count++) {
        amkd_pool pool = pool_of(8, 0, 0, 0); /* 28 rows: some shards are empty */
        uint64_t next = 0;
        for (uint64_t index = 0; index < count; index++) {
            uint64_t first, n;
            amkd_pool_shard(&first, &n, &pool, index, count);
            ck_assert_uint_eq(first, next);
            ck_assert_uint_ge(n, pool.nrows / count);
            ck_assert_uint_le(n, pool.nrows / count + 1);
            next = first + n;
        }
        ck_assert_uint_eq(next, pool.nrows);
    }
}
END_TEST

/* The pairs of different sources in order, of one set or (nsecond) across two. */
static size_t list_pairs(amkd_pair *pairs, uint32_t nfirst, uint32_t nsecond,
                         const uint32_t *sources)
{
    size_t n = 0;
    for (uint32_t i = 0; i < nfirst; i++)
        for (uint32_t j = nsecond ? nfirst : i + 1; j < nfirst + nsecond; j++)
            if (sources[i] != sources[j])
                pairs[n++] = (amkd_pair){i, j};
    return n;
}

enum { MOST = 60 };

/* Sets of views of nsources images, in blocks or mixed up, in part by one source alone.
 */
static size_t draw_sources(uint32_t *sources, uint32_t n, uint64_t seed)
{
    const size_t nsources = 1 + amkd_random_u64(seed, 1, 0) % (2 * n);
    for (uint32_t i = 0; i < n; i++)
        sources[i] = (uint32_t)(seed % 3 == 0 ? i * nsources / n
                                              : amkd_random_u64(seed, 2, i) % nsources);
    return nsources;
}

static void check_views(uint32_t nfirst, uint32_t nsecond, const uint32_t *sources,
                        size_t nsources)
{
    static amkd_pair expected[MOST * MOST], run[MOST * MOST];
    const size_t n = list_pairs(expected, nfirst, nsecond, sources);
    amkd_pool pool;
    const int rc = amkd_pool_init(&pool, nfirst, nsecond, sources, nsources, 0, 0);
    ck_assert_int_eq(rc, n ? 0 : -1);
    if (rc)
        return;
    ck_assert_uint_eq(pool.nrows, n);
    amkd_pool_rows(&pool, run, 0, n);
    for (size_t row = 0; row < n; row++) {
        assert_pair(run[row], expected[row].i, expected[row].j);
        amkd_pair single = pair_at(&pool, row);
        assert_pair(single, expected[row].i, expected[row].j);
    }
    amkd_pool_clear(&pool);

    unsigned char seen[MOST][MOST] = {{0}};
    ck_assert_int_eq(amkd_pool_init(&pool, nfirst, nsecond, sources, nsources, n, 5), 0);
    for (size_t row = 0; row < n; row++) {
        amkd_pair pair = pair_at(&pool, row);
        ck_assert_uint_ne(sources[pair.i], sources[pair.j]);
        ck_assert_uint_eq(seen[pair.i][pair.j]++, 0);
    }
    amkd_pool_clear(&pool);
    ck_assert_int_eq(amkd_pool_init(&pool, nfirst, nsecond, sources, nsources, n + 1, 5),
                     -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "of different images"));
}

START_TEST(views_of_one_image_are_no_pair_and_draws_are_of_the_others)
{
    uint32_t sources[MOST];
    for (uint64_t seed = 0; seed < 300; seed++) {
        const uint32_t n = 2 + (uint32_t)(amkd_random_u64(seed, 3, 0) % (MOST - 1));
        const size_t nsources = draw_sources(sources, n, seed);
        const uint32_t nfirst = 1 + (uint32_t)(amkd_random_u64(seed, 3, 1) % (n - 1));
        check_views(n, 0, sources, nsources);
        check_views(nfirst, n - nfirst, sources, nsources);
    }
}
END_TEST

START_TEST(single_images_come_in_order_and_a_draw_has_none_twice)
{
    amkd_pool all, drawn;
    amkd_pair pairs[97];
    char seen[97] = {0};
    ck_assert_int_eq(amkd_pool_init_single(&all, 97, 0, 3), 0);
    ck_assert_uint_eq(all.nrows, 97);
    amkd_pool_rows(&all, pairs, 0, 97);
    for (uint32_t i = 0; i < 97; i++) {
        assert_pair(pairs[i], i, i);
        assert_pair(pair_at(&all, i), i, i);
    }
    ck_assert_int_eq(amkd_pool_init_single(&drawn, 97, 50, 3), 0);
    ck_assert_uint_eq(drawn.nrows, 50);
    amkd_pool_rows(&drawn, pairs, 0, 50);
    for (uint32_t r = 0; r < 50; r++) {
        ck_assert_uint_lt(pairs[r].i, 97);
        assert_pair(pairs[r], pairs[r].i, pairs[r].i);
        ck_assert(!seen[pairs[r].i]++);
    }
    ck_assert_int_eq(amkd_pool_init_single(&all, (uint64_t)1 << 32, 0, 0), 0);
    assert_pair(pair_at(&all, UINT32_MAX), UINT32_MAX, UINT32_MAX);
    ck_assert_int_eq(amkd_pool_init_single(&all, 0, 0, 0), -1);
    ck_assert_int_eq(amkd_pool_init_single(&all, ((uint64_t)1 << 32) + 1, 0, 0), -1);
    ck_assert_int_eq(amkd_pool_init_single(&all, 5, 6, 0), -1);
    ck_assert_str_eq(amkd_error(), "cannot draw 6 images: there are 5");
}
END_TEST

START_TEST(impossible_pools_are_refused)
{
    const struct {
        uint64_t nfirst, nsecond, ndraw;
        const char *message;
    } cases[] = {
        {0, 0, 0, "make no pair"},
        {1, 0, 0, "make no pair"},
        {5, 0, 11, "cannot draw 11 pairs: there are 10"},
        {2, 3, 7, "cannot draw 7 pairs: there are 6"},
        {((uint64_t)1 << 32) + 1, 0, 0, "more than 2^32"},
        {(uint64_t)1 << 32, 1, 0, "more than 2^32"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        amkd_pool pool;
        ck_assert_int_eq(amkd_pool_init(&pool, cases[c].nfirst, cases[c].nsecond, NULL, 0,
                                        cases[c].ndraw, 0),
                         -1);
        ck_assert_ptr_nonnull(strstr(amkd_error(), cases[c].message));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pool");
    TCase *tests = tcase_create("pool");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, all_pairs_come_in_order_read_singly_or_in_runs);
    tcase_add_test(tests, pairs_across_two_sets_come_in_order);
    tcase_add_test(tests, drawing_as_many_as_there_are_gives_every_pair_once);
    tcase_add_test(tests, seeds_draw_different_pairs_and_fewer_are_a_prefix_of_more);
    tcase_add_test(tests, numbers_are_exact_for_the_largest_sets);
    tcase_add_test(tests, shards_follow_each_other_and_differ_by_one_row_at_most);
    tcase_add_test(tests, views_of_one_image_are_no_pair_and_draws_are_of_the_others);
    tcase_add_test(tests, single_images_come_in_order_and_a_draw_has_none_twice);
    tcase_add_test(tests, impossible_pools_are_refused);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed != 0;
}
