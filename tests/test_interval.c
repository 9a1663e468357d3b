/* Intervals of shares and of their ratio: published values, and how often they hold. */
#include "base/interval.h"
#include "base/random.h"
#include "scratch.h"
#include <math.h>

/* The first four by Newcombe (Statist. Med. 17, 1998, table I), the others by Wilson's
 * formula in closed form: none of n is 0 to z^2 / (n + z^2). */
static const struct {
    size_t part, whole;
    double low, high;
} shares[] = {
    {81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611},
    {1, 29, 0.0061, 0.1718},   {0, 10, 0, 0.2775},        {10, 10, 0.7225, 1},
    {5, 10, 0.2366, 0.7634},   {1, 1, 0.2065, 1},         {9000, 10000, 0.8940, 0.9057},
};

START_TEST(shares_have_the_published_intervals)
{
    const amkd_interval found = amkd_interval_share(shares[_i].part, shares[_i].whole);
    ck_assert_double_eq_tol(found.low, shares[_i].low, 0.00006);
    ck_assert_double_eq_tol(found.high, shares[_i].high, 0.00006);
}
END_TEST

START_TEST(none_and_all_are_exact_ends_and_no_points)
{
    for (size_t n = 1; n < 100000000; n = n * 3 + 1) {
        const amkd_interval none = amkd_interval_share(0, n);
        const amkd_interval all = amkd_interval_share(n, n);
        ck_assert_double_eq(none.low, 0);
        ck_assert_double_eq(all.high, 1);
        ck_assert_double_gt(none.high, 0);
        ck_assert_double_eq_tol(all.low, 1 - none.high, 1e-15);
        const amkd_interval one = amkd_interval_share(1, n);
        ck_assert(one.low > 0 && one.low < 1 / (double)n && one.high > none.high);
    }
    const amkd_interval unknown = amkd_interval_share(0, 0);
    ck_assert(unknown.low == 0 && unknown.high == 1);
}
END_TEST

/* Fagerland, Lydersen and Laake (Statistical Analysis of Contingency Tables, 2017,
 * chapter 8), of 59, 6, 16 and 80 in neither. */
START_TEST(a_ratio_has_the_published_interval)
{
    amkd_interval ratio, other;
    ck_assert_int_eq(amkd_interval_ratio(&ratio, 59, 6, 16), 1);
    ck_assert_double_eq_tol(ratio.low, 0.7579, 0.00005);
    ck_assert_double_eq_tol(ratio.high, 0.9910, 0.00005);
    ck_assert_int_eq(amkd_interval_ratio(&other, 59, 16, 6), 1);
    ck_assert_double_eq_tol(other.low, 1 / ratio.high, 1e-12);
    ck_assert_double_eq_tol(other.high, 1 / ratio.low, 1e-12);
}
END_TEST

START_TEST(a_ratio_stays_finite_and_no_point_where_counts_are_zero)
{
    amkd_interval ratio;
    for (size_t n = 1; n < 100000000; n = n * 3 + 1) {
        ck_assert_int_eq(amkd_interval_ratio(&ratio, n, 0, 0), 1);
        ck_assert(ratio.low < 1 && ratio.low > 0 && ratio.high > 1 && ratio.high < 5);
        ck_assert_double_eq_tol(ratio.low * ratio.high, 1, 1e-12);
        ck_assert_int_eq(amkd_interval_ratio(&ratio, 0, 0, n), 1);
        ck_assert(ratio.low == 0 && ratio.high > 0 && isfinite(ratio.high));
        ck_assert_int_eq(amkd_interval_ratio(&ratio, 0, n, 1), 1);
        ck_assert(ratio.low > 0 && ratio.low < (double)n && isfinite(ratio.high) &&
                  ratio.high > (double)n);
        ck_assert_int_eq(amkd_interval_ratio(&ratio, 0, n, 0), 0);
        ck_assert(ratio.low == 0 && ratio.high == 0);
    }
    ck_assert_int_eq(amkd_interval_ratio(&ratio, 0, 0, 0), 0);
}
END_TEST

/* Chances of an image to be in both, in the first alone, in the second alone. The shares
 * that come of it: of a student and a teacher, close and far, alike and good. */
static const struct {
    double both, first, second;
    size_t n;
} worlds[] = {
    {0.85, 0.02, 0.05, 1000}, {0.65, 0.05, 0.25, 200}, {0.88, 0.03, 0.03, 1000},
    {0.97, 0.005, 0.02, 300}, {0.30, 0.20, 0.15, 100},
};

/* Draws a sample; whether the interval has the ratio in it. *width is its width. */
static int holds(double *width, size_t world, size_t sample)
{
    const double both = worlds[world].both, first = worlds[world].first;
    const double second = worlds[world].second;
    size_t counts[3] = {0};
    for (size_t r = 0; r < worlds[world].n; r++) {
        const double u = amkd_random_uniform(world, sample, r);
        counts[0] += u < both;
        counts[1] += u >= both && u < both + first;
        counts[2] += u >= both + first && u < both + first + second;
    }
    amkd_interval found;
    ck_assert_int_eq(amkd_interval_ratio(&found, counts[0], counts[1], counts[2]), 1);
    const double ratio = (both + first) / (both + second);
    *width = found.high - found.low;
    return found.low <= ratio && ratio <= found.high;
}

START_TEST(the_interval_of_a_ratio_holds_in_95_of_100_samples)
{
    enum { SAMPLES = 4000 };
    size_t nheld = 0;
    double sum = 0;
    for (size_t s = 0; s < SAMPLES; s++) {
        double width;
        nheld += (size_t)holds(&width, (size_t)_i, s);
        sum += width;
    }
    const double n = (double)worlds[_i].n;
    const double a = worlds[_i].both + worlds[_i].first;
    const double b = worlds[_i].both + worlds[_i].second;
    const double held = (double)nheld / SAMPLES;
    /* Were the two shares not of the same images, it would be this wide. */
    const double apart = 2 * 1.96 * a / b * sqrt((1 - a) / (n * a) + (1 - b) / (n * b));
    ck_assert_msg(held > 0.94 && held < 0.97, "held in %g of the samples", held);
    ck_assert_msg(sum / SAMPLES < apart, "%g wide, %g apart", sum / SAMPLES, apart);
}
END_TEST

int main(void)
{
    TCase *test = tcase_create("interval");
    tcase_set_timeout(test, 120);
    tcase_add_loop_test(test, shares_have_the_published_intervals, 0,
                        sizeof shares / sizeof *shares);
    tcase_add_test(test, none_and_all_are_exact_ends_and_no_points);
    tcase_add_test(test, a_ratio_has_the_published_interval);
    tcase_add_test(test, a_ratio_stays_finite_and_no_point_where_counts_are_zero);
    tcase_add_loop_test(test, the_interval_of_a_ratio_holds_in_95_of_100_samples, 0,
                        sizeof worlds / sizeof *worlds);
    Suite *suite = suite_create("interval");
    suite_add_tcase(suite, test);
    return scratch_run(suite);
}
