/* Noise on scores against its formula and its distribution, and what it lets be skipped.
 */
#include "base/error.h"
#include "base/random.h"
#include "scratch.h"
#include "steps/select/lowest.h"
#include "steps/select/noise.h"
#include "stream/stream.h"
#include <math.h>

static const amkd_noise plain = {.temperature = 0.5, .seed = 3};

static double gumbel_of(const amkd_noise *noise, uint32_t i, uint32_t j, float lambda)
{
    const amkd_pick pick = {i, j, lambda, 1};
    return -amkd_noise_key(noise, &pick) / noise->temperature;
}

START_TEST(keys_are_the_logarithm_less_the_noise)
{
    const amkd_noise none = {0}, entropy = {.temperature = 0.5, .seed = 3, .entropy = 1};
    const double u =
        ((double)(amkd_random_u64(3, 0x6e6f6973, 7ULL << 32 | 9) >> 12) + 0.5) * 0x1p-52;
    const amkd_pick pick = {7, 9, 0.25F, 0.3F}, minus = {7, 9, 0.25F, -0.3F};
    const double expected = log((double)0.3F) - 0.5 * -log(-log(u));
    ck_assert_double_eq_tol(amkd_noise_key(&plain, &pick), expected, 1e-15);
    ck_assert_double_eq(amkd_noise_key(&none, &pick), (double)0.3F);
    ck_assert_double_eq_tol(amkd_noise_key(&entropy, &minus),
                            expected - 2 * log((double)0.3F), 1e-15);
    ck_assert(isnan(amkd_noise_key(&plain, &minus)));
    ck_assert(isnan(amkd_noise_key(&entropy, &pick)));
}
END_TEST

START_TEST(noise_is_gumbels_and_of_the_pair_or_of_its_lambda)
{
    amkd_noise other = plain, each = plain;
    other.seed = 4;
    each.each_lambda = 1;
    const double g = gumbel_of(&plain, 1, 2, 0.5F);
    ck_assert_double_eq(gumbel_of(&plain, 1, 2, 0.25F), g);
    ck_assert_double_ne(gumbel_of(&plain, 1, 3, 0.5F), g);
    ck_assert_double_ne(gumbel_of(&plain, 2, 1, 0.5F), g);
    ck_assert_double_ne(gumbel_of(&other, 1, 2, 0.5F), g);
    ck_assert_double_ne(gumbel_of(&each, 1, 2, 0.5F), gumbel_of(&each, 1, 2, 0.25F));

    enum { N = 200000 };
    double sum = 0, squares = 0;
    for (uint32_t n = 0; n < N; n++) {
        const double x = gumbel_of(&plain, n / 500, n % 500, 0.5F);
        ck_assert(isfinite(x));
        sum += x;
        squares += x * x;
    }
    const double mean = sum / N; /* Euler's constant, and pi^2 / 6 */
    ck_assert_double_eq_tol(mean, 0.5772, 0.015);
    ck_assert_double_eq_tol(squares / N - mean * mean, 1.6449, 0.05);
}
END_TEST

/* Of candidates with scores s, the first of the lowest keys is s^(-1/T) as often as that
 * is of the sum. */
START_TEST(what_is_lowest_is_a_draw_by_the_scores)
{
    static const float scores[3] = {0.2F, 0.4F, 0.8F};
    enum { N = 40000 };
    size_t nfirst[3] = {0};
    for (uint32_t draw = 0; draw < N; draw++) {
        size_t lowest = 0;
        double least = INFINITY;
        for (uint32_t c = 0; c < 3; c++) {
            const amkd_pick pick = {draw, draw + 1 + c, 0.5F, scores[c]};
            const double key = amkd_noise_key(&plain, &pick);
            if (key < least) {
                least = key;
                lowest = c;
            }
        }
        nfirst[lowest]++;
    }
    double total = 0;
    for (size_t c = 0; c < 3; c++)
        total += pow((double)scores[c], -2);
    for (size_t c = 0; c < 3; c++)
        ck_assert_double_eq_tol((double)nfirst[c] / N, pow((double)scores[c], -2) / total,
                                0.01);
}
END_TEST

enum { NIMAGES = 200, NPAIRS = NIMAGES * (NIMAGES - 1) / 2, NCLASSES = 10, NGRID = 3 };

static void list_pairs(amkd_pair *pairs)
{
    size_t n = 0;
    for (uint32_t i = 0; i < NIMAGES; i++)
        for (uint32_t j = i + 1; j < NIMAGES; j++)
            pairs[n++] = (amkd_pair){i, j};
}

/* Whether the lowest score that there is would rank some lambda of the pair at or before
 * the cutoff. */
static int has_a_chance(const amkd_thinning *t, amkd_pair pair)
{
    const float least = t->noise->entropy ? -logf(NCLASSES) : 1.0F / NCLASSES;
    for (size_t l = 0; l < NGRID; l++) {
        const amkd_pick pick = {pair.i, pair.j, t->lambdas[l], least};
        if (amkd_noise_key(t->noise, &pick) <= t->cutoff)
            return 1;
    }
    return 0;
}

START_TEST(only_pairs_without_a_chance_are_dropped_and_hardly_any_of_them_stays)
{
    static const float lambdas[NGRID] = {0.3F, 0.5F, 0.7F};
    static amkd_pair pairs[NPAIRS], left[NPAIRS];
    const amkd_noise noise = {.temperature = _i % 2 ? 1 : 0.3,
                              .seed = 5,
                              .each_lambda = _i / 2 == 1,
                              .entropy = _i / 2 == 2};
    const double lowest = noise.entropy ? -log(log(NCLASSES)) : -log(NCLASSES);
    list_pairs(pairs);
    for (double g = -1; g < 9; g += 2.5) {
        const amkd_thinning t = {&noise, NCLASSES, lambdas, NGRID,
                                 lowest - noise.temperature * g};
        memcpy(left, pairs, sizeof left);
        const size_t n = amkd_thinning_drop(&t, left, NPAIRS);
        size_t at = 0, nidle = 0;
        for (size_t p = 0; p < NPAIRS; p++) {
            const int kept = at < n && !memcmp(&left[at], &pairs[p], sizeof *pairs);
            ck_assert(kept || !has_a_chance(&t, pairs[p]));
            nidle += kept && !has_a_chance(&t, pairs[p]);
            at += (size_t)kept;
        }
        ck_assert_uint_eq(at, n);
        ck_assert_uint_le(nidle, NPAIRS / 200);
    }
    const amkd_thinning open = {&noise, NCLASSES, lambdas, NGRID, INFINITY};
    ck_assert_uint_eq(amkd_thinning_drop(&open, left, NPAIRS), NPAIRS);
}
END_TEST

START_TEST(a_share_at_random_comes_first_by_its_numbers)
{
    amkd_noise share = {.seed = 5, .random_below = 0.1}, noisy = share;
    size_t nrandom = 0, ndrawn[NGRID] = {0};
    static amkd_pair pairs[NPAIRS];
    list_pairs(pairs);
    noisy.temperature = 0.5;
    for (size_t p = 0; p < NPAIRS; p++) {
        const amkd_pick pick = {pairs[p].i, pairs[p].j, 0.5F, 0.3F};
        const uint64_t index = (uint64_t)pick.i << 32 | pick.j;
        const uint64_t random = amkd_random_u64(5, 0x73686172, index);
        const double number = ((double)(random >> 12) + 0.5) * 0x1p-52;
        const double key = amkd_noise_key(&share, &pick);
        ck_assert_int_eq(amkd_noise_is_random(&share, pairs[p], 0), number < 0.1);
        if (number < 0.1) {
            ck_assert_double_eq(key, -1e300 * (2 - number));
            ck_assert_double_eq(amkd_noise_key(&noisy, &pick), key);
            nrandom++;
            ndrawn[amkd_noise_draw_lambda(5, pairs[p], NGRID)]++;
        } else {
            ck_assert_double_eq(key, (double)0.3F);
        }
    }
    ck_assert_uint_gt(nrandom, NPAIRS / 10 - 200); /* five deviations */
    ck_assert_uint_lt(nrandom, NPAIRS / 10 + 200);
    for (size_t l = 0; l < NGRID; l++)
        ck_assert_uint_gt(ndrawn[l], nrandom / NGRID - 120);

    /* None of them is dropped, whatever its noise. */
    const amkd_thinning thinning = {&noisy, NCLASSES, (float[NGRID]){0}, NGRID, -50};
    ck_assert_uint_eq(amkd_thinning_drop(&thinning, pairs, NPAIRS), nrandom);
}
END_TEST

START_TEST(headers_without_noise_have_none_and_odd_ones_are_refused)
{
    static const char *const odd[] = {"{\"temperature\": 1}",
                                      "{\"seed\": 1}",
                                      "3",
                                      "{\"temperature\": 0, \"seed\": 1}",
                                      "{\"temperature\": -1, \"seed\": 1}",
                                      "{\"temperature\": \"1\", \"seed\": 1}"};
    amkd_header header = {0};
    amkd_noise noise;
    ck_assert(!amkd_picks_header(&header));
    ck_assert(!amkd_noise_get(&noise, &header));
    ck_assert_double_eq(noise.temperature, 0);
    ck_assert(!amkd_noise_put(&header, 0.7, UINT64_MAX - 1));
    ck_assert(amkd_noise_get(&noise, &header)); /* of what? */
    ck_assert(!amkd_header_put(&header, "by", json_string("c1")));
    ck_assert(!amkd_noise_get(&noise, &header));
    ck_assert_double_eq(noise.temperature, 0.7);
    ck_assert_uint_eq(noise.seed, UINT64_MAX - 1);
    ck_assert(noise.each_lambda && !noise.entropy);
    ck_assert_double_eq(noise.random_below, 0);
    ck_assert(!amkd_noise_put_share(&header, 0.5, 7, 100, 2000));
    ck_assert(!json_object_del(header.more, "noise"));
    ck_assert(!amkd_noise_get(&noise, &header));
    ck_assert_double_eq(noise.random_below, 0.5 * 100 / 2000);
    ck_assert_double_eq(noise.temperature, 0);
    ck_assert_uint_eq(noise.seed, 7);
    ck_assert(
        !amkd_header_put(&header, "random_share", json_pack("{s:f}", "share", 0.5)));
    ck_assert_int_eq(amkd_noise_get(&noise, &header), -1);
    ck_assert(!json_object_del(header.more, "random_share"));
    for (size_t o = 0; o < sizeof odd / sizeof *odd; o++) {
        ck_assert(!amkd_header_put(&header, "noise",
                                   json_loads(odd[o], JSON_DECODE_ANY, NULL)));
        ck_assert_msg(amkd_noise_get(&noise, &header) == -1, "%s", odd[o]);
    }
    amkd_header_clear(&header);
}
END_TEST

START_TEST(a_score_without_a_logarithm_is_refused)
{
    amkd_lowest *lowest;
    const amkd_pick pick = {0, 1, 0.5F, -0.1F};
    ck_assert(!amkd_lowest_new(&lowest, 2, 0, 3));
    amkd_lowest_noise(lowest, &plain);
    ck_assert_int_eq(amkd_lowest_offer(lowest, &pick, 1), -1);
    ck_assert_str_eq(amkd_error(), "pair (0, 1): score -0.1 has no logarithm");
    amkd_lowest_free(lowest);
}
END_TEST

int main(void)
{
    TCase *test = tcase_create("noise");
    tcase_set_timeout(test, 60);
    tcase_add_test(test, keys_are_the_logarithm_less_the_noise);
    tcase_add_test(test, noise_is_gumbels_and_of_the_pair_or_of_its_lambda);
    tcase_add_test(test, what_is_lowest_is_a_draw_by_the_scores);
    tcase_add_loop_test(
        test, only_pairs_without_a_chance_are_dropped_and_hardly_any_of_them_stays, 0, 6);
    tcase_add_test(test, a_share_at_random_comes_first_by_its_numbers);
    tcase_add_test(test, headers_without_noise_have_none_and_odd_ones_are_refused);
    tcase_add_test(test, a_score_without_a_logarithm_is_refused);
    Suite *suite = suite_create("noise");
    suite_add_tcase(suite, test);
    return scratch_run(suite);
}
