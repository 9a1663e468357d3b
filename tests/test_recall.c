/* What refining finds, as a sample tells, against what it found. The scores are random
 * numbers, and the coarse pass sees them with an error. */
#include "base/error.h"
#include "base/interval.h"
#include "base/random.h"
#include "steps/select/recall.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { NIMAGES = 300, N = NIMAGES * (NIMAGES - 1) / 2, K = 2000, NKEPT = 2400 };

typedef struct pool {
    amkd_pair pairs[N];
    float fine[N], coarse[N];
} pool;

static pool the_pool;

static const pool *make_pool(void)
{
    pool *p = &the_pool;
    size_t n = 0;
    for (uint32_t i = 0; i < NIMAGES; i++)
        for (uint32_t j = i + 1; j < NIMAGES; j++)
            p->pairs[n++] = (amkd_pair){i, j};
    for (n = 0; n < N; n++) {
        p->fine[n] = (float)amkd_random_uniform(1, 1, n);
        p->coarse[n] = p->fine[n] + 0.1F * (float)amkd_random_uniform(1, 2, n);
    }
    return p;
}

static size_t place_of(amkd_pair pair)
{
    return pair.i * (2 * (size_t)NIMAGES - pair.i - 1) / 2 + pair.j - pair.i - 1;
}

/* The n pairs as picks, the lowest by scores first; freed with free(). */
static amkd_pick *sort_by(const float *scores, const amkd_pair *among, size_t n)
{
    amkd_pick *picks = malloc((n + 1) * sizeof *picks);
    ck_assert_ptr_nonnull(picks);
    for (size_t c = 0; c < n; c++)
        picks[c] = (amkd_pick){among[c].i, among[c].j, 0.5F, scores[place_of(among[c])]};
    qsort(picks, n, sizeof *picks, amkd_pick_compare);
    return picks;
}

static amkd_pair *pairs_of(const amkd_pick *picks, size_t n)
{
    amkd_pair *pairs = malloc((n + 1) * sizeof *pairs);
    ck_assert_ptr_nonnull(pairs);
    for (size_t p = 0; p < n; p++)
        pairs[p] = (amkd_pair){picks[p].i, picks[p].j};
    return pairs;
}

static amkd_recall *new_recall(size_t sample)
{
    amkd_recall *recall;
    ck_assert_msg(!amkd_recall_new(&recall, sample, sample, NIMAGES), "%s", amkd_error());
    return recall;
}

/* The refined picks, K of them, with this recall's sample. */
static amkd_pick *refine(amkd_recall *recall, const pool *p)
{
    amkd_pick *kept = sort_by(p->coarse, p->pairs, N);
    amkd_pair *pairs = pairs_of(kept, NKEPT);
    size_t n = NKEPT;
    free(kept);
    ck_assert_msg(!amkd_recall_join(recall, &pairs, &n), "%s", amkd_error());
    for (size_t c = 1; c < n; c++)
        ck_assert_int_lt(amkd_pair_compare(&pairs[c - 1], &pairs[c]), 0);
    amkd_pick *picks = sort_by(p->fine, pairs, n);
    free(pairs);
    return picks;
}

/* How many of the picks of the whole grid the coarse pass keeps. */
static size_t count_found(const pool *p)
{
    amkd_pick *kept = sort_by(p->coarse, p->pairs, N);
    amkd_pick *exact = sort_by(p->fine, p->pairs, N);
    static char is_kept[N];
    size_t nfound = 0;
    memset(is_kept, 0, sizeof is_kept);
    for (size_t c = 0; c < NKEPT; c++)
        is_kept[place_of((amkd_pair){kept[c].i, kept[c].j})] = 1;
    for (size_t c = 0; c < K; c++)
        nfound += (size_t)is_kept[place_of((amkd_pair){exact[c].i, exact[c].j})];
    free(kept);
    free(exact);
    return nfound;
}

static const amkd_noise none;

static amkd_recall_figures measure(size_t sample, const pool *p, const amkd_noise *noise)
{
    amkd_recall *recall = new_recall(sample);
    ck_assert(!amkd_recall_offer(recall, p->pairs, N));
    amkd_pick *picks = refine(recall, p);
    amkd_recall_count(recall, noise, picks, K);
    const amkd_recall_figures figures = amkd_recall_read(recall);
    free(picks);
    amkd_recall_free(recall);
    return figures;
}

START_TEST(a_sample_of_all_tells_exactly_what_is_found)
{
    const pool *p = make_pool();
    const size_t nfound = count_found(p);
    ck_assert_uint_gt(nfound, K / 2);
    ck_assert_uint_lt(nfound, K - K / 10);
    for (size_t more = 0; more < 2; more++) {
        const amkd_recall_figures figures = measure(N + more * 100, p, &none);
        ck_assert_uint_eq(figures.nsampled, K);
        ck_assert_uint_eq(figures.nfound, nfound);
    }
}
END_TEST

START_TEST(a_sample_estimates_what_is_found)
{
    static const size_t samples[] = {2000, 5000, 10000, 30000};
    const pool *p = make_pool();
    const double truth = (double)count_found(p) / K;
    for (size_t s = 0; s < sizeof samples / sizeof *samples; s++) {
        const amkd_recall_figures figures = measure(samples[s], p, &none);
        const amkd_interval share = amkd_interval_share(figures.nfound, figures.nsampled);
        ck_assert_msg(share.low <= truth && truth <= share.high,
                      "a sample of %zu found %.3f to %.3f, in truth %.3f", samples[s],
                      share.low, share.high, truth);
        /* So many picks fall into it on average. */
        const double expected = (double)K * (double)samples[s] / N;
        ck_assert_double_eq_tol((double)figures.nsampled, expected, 0.35 * expected);
    }
}
END_TEST

START_TEST(a_sample_depends_on_no_order_and_no_repetition)
{
    const pool *p = make_pool();
    amkd_recall *recall = new_recall(3000);
    for (size_t c = N; c-- > 0;)
        ck_assert(!amkd_recall_offer(recall, &p->pairs[c], 1));
    amkd_recall *twice = new_recall(3000);
    for (size_t c = 0; c < N; c += 7) {
        const size_t n = N - c < 7 ? N - c : 7;
        ck_assert(!amkd_recall_offer(twice, &p->pairs[c], n));
        ck_assert(!amkd_recall_offer(twice, &p->pairs[c], 1));
    }
    amkd_pair *one = malloc(sizeof *one), *other = malloc(sizeof *other);
    size_t n = 0, nother = 0;
    ck_assert(!amkd_recall_join(recall, &one, &n));
    ck_assert(!amkd_recall_join(twice, &other, &nother));
    ck_assert_uint_eq(n, 3000);
    ck_assert_uint_eq(nother, 3000);
    ck_assert_mem_eq(one, other, n * sizeof *one);
    free(one);
    free(other);
    amkd_recall_free(recall);
    amkd_recall_free(twice);
}
END_TEST

START_TEST(one_in_thirty_two_is_drawn_within_the_limits)
{
    static const struct {
        size_t least, most, expected;
    } cases[] = {
        {10, 100000, N / AMKD_RECALL_ONE_IN}, {2000, 2500, 2000}, {10, 900, 900}};
    const pool *p = make_pool();
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        amkd_recall *recall;
        amkd_pair *pairs = malloc(sizeof *pairs);
        size_t n = 0;
        ck_assert(!amkd_recall_new(&recall, cases[c].least, cases[c].most, NIMAGES));
        ck_assert(!amkd_recall_offer(recall, p->pairs, N));
        ck_assert(!amkd_recall_join(recall, &pairs, &n));
        ck_assert_uint_eq(n, cases[c].expected);
        free(pairs);
        amkd_recall_free(recall);
    }
}
END_TEST

/* They come first, whatever the scores say. */
START_TEST(picks_at_random_are_not_counted)
{
    const pool *p = make_pool();
    const amkd_noise half = {.seed = 5, .random_below = 0.5};
    const amkd_recall_figures all = measure(N, p, &none), some = measure(N, p, &half);
    ck_assert_uint_gt(some.nsampled, all.nsampled / 3);
    ck_assert_uint_lt(some.nsampled, all.nsampled * 2 / 3);
}
END_TEST

START_TEST(a_drawing_goes_on_from_what_was_saved)
{
    const pool *p = make_pool();
    amkd_recall *recall = new_recall(3000);
    ck_assert(!amkd_recall_offer(recall, p->pairs, 20001));
    amkd_kept sample = {0};
    uint64_t noffered;
    ck_assert(!amkd_recall_save(recall, &sample, &noffered));
    ck_assert_uint_eq(sample.n, 3000);
    ck_assert_uint_eq(noffered, 20001);
    amkd_recall_free(recall);

    recall = new_recall(3000);
    ck_assert(!amkd_recall_restore(recall, &sample, noffered));
    ck_assert(!amkd_recall_offer(recall, p->pairs + 20001, N - 20001));
    amkd_pick *picks = refine(recall, p);
    amkd_recall_count(recall, &none, picks, K);
    const amkd_recall_figures figures = amkd_recall_read(recall),
                              expected = measure(3000, p, &none);
    ck_assert_uint_eq(figures.nsampled, expected.nsampled);
    ck_assert_uint_eq(figures.nfound, expected.nfound);
    free(picks);
    free(sample.picks);
    amkd_recall_free(recall);
}
END_TEST

int main(void)
{
    TCase *test = tcase_create("recall");
    tcase_set_timeout(test, 60);
    tcase_add_test(test, a_sample_of_all_tells_exactly_what_is_found);
    tcase_add_test(test, a_sample_estimates_what_is_found);
    tcase_add_test(test, a_sample_depends_on_no_order_and_no_repetition);
    tcase_add_test(test, one_in_thirty_two_is_drawn_within_the_limits);
    tcase_add_test(test, picks_at_random_are_not_counted);
    tcase_add_test(test, a_drawing_goes_on_from_what_was_saved);
    Suite *suite = suite_create("recall");
    suite_add_tcase(suite, test);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed != 0;
}
