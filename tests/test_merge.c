/* Merging the picks of shards against the picks of the whole pool, byte for byte, and the
 * shards that must not be merged. Scores come from random numbers, as a scorer's would.
 */
#include "base/error.h"
#include "base/random.h"
#include "scratch.h"
#include "steps/select/lowest.h"
#include "steps/select/merge.h"
#include "steps/select/pool.h"
#include "stream/stream.h"
#include <math.h>

enum { NIMAGES = 40, NPAIRS = NIMAGES * (NIMAGES - 1) / 2, MOST_SHARDS = 9 };

typedef struct plan {
    uint64_t seed;
    size_t k, max_per_image; /* k 0: all are kept */
} scoring;

static char names[MOST_SHARDS][32];
static const char *paths[MOST_SHARDS];

static void set(amkd_header *header, const char *key, json_t *value)
{
    ck_assert_int_eq(json_object_set_new(header->more, key, value), 0);
}

static amkd_header header_of(const scoring *plan, size_t nrows)
{
    amkd_header header;
    ck_assert_int_eq(amkd_picks_header(&header), 0);
    set(&header, "images",
        json_pack("[{s:s, s:i, s:s}]", "path", "real.amkd", "rows", NIMAGES, "digest",
                  "xxh3-128:00000000000000000000000000000000"));
    set(&header, "image_shape", json_pack("[i, i, i]", 2, 2, 1));
    set(&header, "k", plan->k ? json_integer((json_int_t)plan->k) : json_null());
    set(&header, "max_per_image", json_integer((json_int_t)plan->max_per_image));
    set(&header, "rows", json_integer((json_int_t)nrows));
    return header;
}

static void write_picks(const char *path, amkd_header *header, const amkd_pick *picks,
                        size_t n)
{
    amkd_writer *writer;
    ck_assert_int_eq(amkd_writer_open(&writer, path, header, 0), 0);
    ck_assert_int_eq(amkd_writer_write(writer, picks, n), 0);
    ck_assert_int_eq(amkd_writer_close(writer), 0);
    amkd_header_clear(header);
}

/* Scores shard index of count (0 of 0: the whole pool) into path, as amkd-score does. */
static void score(const char *path, const scoring *plan, uint64_t index, uint64_t count)
{
    static amkd_pair pairs[NPAIRS];
    static amkd_pick all[NPAIRS];
    amkd_pool pool;
    uint64_t first, n;
    ck_assert_int_eq(amkd_pool_init(&pool, NIMAGES, 0, NULL, 0, NPAIRS - 5, plan->seed),
                     0);
    amkd_pool_shard(&first, &n, &pool, index, count ? count : 1);
    amkd_pool_rows(&pool, pairs, first, (size_t)n);
    for (size_t r = 0; r < n; r++) {
        uint64_t number = pairs[r].i * (uint64_t)NIMAGES + pairs[r].j;
        float value = (float)(amkd_random_u64(plan->seed, 1, number) % 300) / 300;
        all[r] = (amkd_pick){pairs[r].i, pairs[r].j, 0.25f, value};
    }
    const amkd_pick *picks = all;
    size_t npicks = (size_t)n;
    amkd_lowest *lowest = NULL;
    if (plan->k) {
        ck_assert_int_eq(amkd_lowest_new(&lowest, plan->k, plan->max_per_image, NIMAGES),
                         0);
        ck_assert_int_eq(amkd_lowest_offer(lowest, all, npicks), 0);
        ck_assert_int_eq(count ? amkd_lowest_finish_shard(lowest, &picks, &npicks)
                               : amkd_lowest_finish(lowest, &picks, &npicks),
                         0);
    }
    amkd_header header = header_of(plan, npicks);
    if (count)
        set(&header, "shard",
            json_pack("{s:i, s:i}", "index", (int)index, "count", (int)count));
    write_picks(path, &header, picks, npicks);
    amkd_lowest_free(lowest);
}

static int merge(const char *output, size_t npaths, uint64_t k)
{
    amkd_merge_counts counts;
    const amkd_merge_options options = {
        .paths = paths, .npaths = npaths, .output = output, .k = k, .quiet = 1};
    return amkd_merge_write(&counts, &options);
}

static void make_shards(const scoring *plan, size_t count)
{
    for (size_t s = 0; s < count; s++) {
        snprintf(names[s], sizeof names[s], "part%zu", s);
        paths[count - 1 - s] = names[s]; /* not in the order of the shards */
        score(names[s], plan, s, count);
    }
}

static void assert_same(const char *a, const char *b)
{
    size_t na, nb;
    uint8_t *bytes_a = get_file(a, &na), *bytes_b = get_file(b, &nb);
    ck_assert_uint_eq(na, nb);
    ck_assert_mem_eq(bytes_a, bytes_b, na);
    free(bytes_a);
    free(bytes_b);
}

static void assert_refused(size_t npaths, uint64_t k, const char *message)
{
    remove("merged");
    ck_assert_int_eq(merge("merged", npaths, k), -1);
    ck_assert_msg(strstr(amkd_error(), message) != NULL, "said '%s'", amkd_error());
    ck_assert_int_ne(access("merged", F_OK), 0);
}

START_TEST(merged_shards_equal_the_whole_pool_byte_for_byte)
{
    for (uint64_t seed = 0; seed < 40; seed++)
        for (size_t limit = 0; limit < 4; limit++) {
            size_t most = limit ? NIMAGES * limit / 4 : 200;
            const scoring plan = {seed, 1 + seed * 7 % most, limit};
            size_t count = 1 + (size_t)(seed % MOST_SHARDS);
            make_shards(&plan, count);
            score("whole", &plan, 0, 0);
            ck_assert_msg(merge("merged", count, 0) == 0, "%s", amkd_error());
            assert_same("merged", "whole");
        }
}
END_TEST

START_TEST(shards_that_kept_all_are_put_together_in_their_order)
{
    const scoring plan = {3, 0, 0};
    make_shards(&plan, 7);
    score("whole", &plan, 0, 0);
    ck_assert_msg(merge("merged", 7, 0) == 0, "%s", amkd_error());
    assert_same("merged", "whole");
}
END_TEST

START_TEST(fewer_can_be_kept_than_the_shards_did)
{
    const scoring ten = {5, 10, 2}, four = {5, 4, 2};
    make_shards(&ten, 3);
    score("whole", &four, 0, 0);
    ck_assert_msg(merge("merged", 3, 4) == 0, "%s", amkd_error());
    assert_same("merged", "whole");
}
END_TEST

START_TEST(more_than_the_shards_kept_is_refused)
{
    const scoring plan = {5, 10, 0};
    make_shards(&plan, 3);
    assert_refused(3, 11, "cannot keep 11 picks: only the 10 lowest were kept");
}
END_TEST

START_TEST(more_than_the_pool_holds_is_refused)
{
    const scoring plan = {5, 2000, 0};
    make_shards(&plan, 3);
    assert_refused(3, 0, "only 775 picks for -k 2000");
}
END_TEST

START_TEST(missing_and_repeated_shards_are_refused)
{
    const scoring plan = {5, 10, 0};
    make_shards(&plan, 5);
    assert_refused(4, 0, "is shard 4 of 5, 4 were given");
    paths[1] = paths[3];
    assert_refused(5, 0, "'part1' and 'part1' are both shard 1");
    score("part3", &plan, 3, 6);
    paths[1] = "part3";
    assert_refused(5, 0, "is of a pool in 5 shards, 'part3' of one in 6");
    score("part3", &plan, 0, 0);
    assert_refused(5, 0, "'part4' and 'part3': one is a shard, the other a whole pool");
}
END_TEST

/* Rewrites part1 with another value of a header's key. */
static void spoil(const scoring *plan, const char *key, json_t *value)
{
    const amkd_pick pick = {0, 1, 0.5f, 0};
    amkd_header header = header_of(plan, 1);
    set(&header, "shard", json_pack("{s:i, s:i}", "index", 1, "count", 2));
    set(&header, key, value);
    write_picks("part1", &header, &pick, 1);
}

START_TEST(shards_made_in_different_ways_are_refused)
{
    const scoring plan = {5, 10, 0};
    make_shards(&plan, 2);
    spoil(&plan, "k", json_integer(11));
    assert_refused(2, 0, "differ in their header's \"k\"");
    spoil(&plan, "by", json_string("c2"));
    assert_refused(2, 0, "differ in their header's \"by\"");
    spoil(&plan, "provenance", json_pack("[{s:s}]", "tool", "amkd-score"));
    assert_refused(2, 0, "differ in their header's \"provenance\"");
    spoil(&plan, "shard", json_pack("{s:i, s:i}", "index", 2, "count", 2));
    assert_refused(2, 0, "the header's \"shard\" is no {\"index\", \"count\"}");
    spoil(&plan, "images",
          json_pack("[{s:s, s:i, s:s}]", "path", "real.amkd", "rows", NIMAGES, "digest",
                    "xxh3-128:10000000000000000000000000000000"));
    assert_refused(2, 0, "'part1' and 'part0': ");
}
END_TEST

START_TEST(bad_picks_are_refused_with_their_place)
{
    const struct {
        amkd_pick pick;
        const char *message;
    } cases[] = {
        {{0, 1, 0.5f, NAN}, "'part1': row 0: score nan, expected a finite number"},
        {{0, 1, -1, 0}, "lambda -1 is outside [0, 1]"},
        {{0, NIMAGES, 0.5f, 0}, "j = 40 is outside the image sets, which hold 40"},
    };
    const scoring plans[] = {{5, 10, 0}, {5, 0, 0}};
    for (size_t c = 0; c < 2 * sizeof cases / sizeof *cases; c++) {
        const scoring plan = plans[c % 2];
        make_shards(&plan, 2);
        amkd_header header = header_of(&plan, 1);
        set(&header, "shard", json_pack("{s:i, s:i}", "index", 1, "count", 2));
        write_picks("part1", &header, &cases[c / 2].pick, 1);
        assert_refused(2, 0, cases[c / 2].message);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("merge");
    TCase *tests = tcase_create("merge");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, merged_shards_equal_the_whole_pool_byte_for_byte);
    tcase_add_test(tests, shards_that_kept_all_are_put_together_in_their_order);
    tcase_add_test(tests, fewer_can_be_kept_than_the_shards_did);
    tcase_add_test(tests, more_than_the_shards_kept_is_refused);
    tcase_add_test(tests, more_than_the_pool_holds_is_refused);
    tcase_add_test(tests, missing_and_repeated_shards_are_refused);
    tcase_add_test(tests, shards_made_in_different_ways_are_refused);
    tcase_add_test(tests, bad_picks_are_refused_with_their_place);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
