/* What a report is put together of: escaping, axes, means. */
#include "report/html.h"
#include "report/methods.h"
#include "report/svg.h"
#include "scratch.h"
#include <check.h>
#include <math.h>
#include <string.h>

/* amkd_html with these arguments writes expected. */
#define WRITES(expected, ...)                                                            \
    do {                                                                                 \
        amkd_bytes page = {0};                                                           \
        amkd_html(&page, __VA_ARGS__);                                                   \
        amkd_bytes_add(&page, "", 1);                                                    \
        ck_assert(!page.failed);                                                         \
        ck_assert_str_eq(page.data, expected);                                           \
        amkd_bytes_clear(&page);                                                         \
    } while (0)

START_TEST(markup_in_data_is_escaped)
{
    WRITES("<b>&lt;i&gt; &amp; &quot;x&quot; &#39;y&#39;</b>", "<b>%s</b>",
           "<i> & \"x\" 'y'");
    WRITES("<p>&amp;lt;</p>", "<p>%s</p>", "&lt;");
    WRITES("100 % of 7: -3.50, a&lt;b, x", "%d %% of %zu: %.*f, %.3s, %c", 100, (size_t)7,
           2, -3.5, "a<bc", 'x');
}
END_TEST

START_TEST(what_is_no_character_is_replaced)
{
    WRITES("Gr\u00f6\u00dfe \u65e5\u672c \U0001f600", "%s",
           "Gr\u00f6\u00dfe \u65e5\u672c \U0001f600");
    /* Control characters; a byte alone; one cut short; overlong; a surrogate; beyond the
     * last; no character; C1 control. */
    static const char *const bad[] = {"\x01",
                                      "\x7f",
                                      "\xff",
                                      "\xc3",
                                      "\xc0\xbc",
                                      "\xed\xa0\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xef\xbf\xbf",
                                      "\xc2\x85"};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        amkd_bytes page = {0};
        amkd_html_text(&page, bad[k]);
        amkd_bytes_add(&page, "", 1);
        ck_assert_msg(!strncmp(page.data, "\xef\xbf\xbd", 3), "text %zu", k);
        amkd_bytes_clear(&page);
    }
}
END_TEST

START_TEST(long_names_are_cut_in_their_middle)
{
    amkd_bytes page = {0};
    amkd_html_short(&page, "\u00e4\u00f6\u00fc<", 4);
    amkd_html_short(&page, "\u00e4\u00f6\u00fc<e", 4);
    amkd_html_text(&page, NULL);
    amkd_bytes_add(&page, "", 1);
    ck_assert_str_eq(page.data, "\u00e4\u00f6\u00fc&lt;\u00e4\u00f6\u2026e");
    amkd_bytes_clear(&page);
}
END_TEST

START_TEST(counts_have_commas_at_thousands)
{
    amkd_bytes page = {0};
    amkd_html_count(&page, 999);
    amkd_bytes_puts(&page, " ");
    amkd_html_count(&page, 1000);
    amkd_bytes_puts(&page, " ");
    amkd_html_count(&page, 1234567);
    amkd_bytes_add(&page, "", 1);
    ck_assert_str_eq(page.data, "999 1,000 1,234,567");
    amkd_bytes_clear(&page);
}
END_TEST

START_TEST(axes_hold_all_values_and_have_round_steps)
{
    static const double ranges[][2] = {{0, 24000}, {0.917, 0.93}, {-3, 5},  {0, 0},
                                       {0.5, 0.5}, {1e-9, 2e-9},  {0, 1e12}};
    for (size_t k = 0; k < sizeof ranges / sizeof *ranges; k++) {
        amkd_axis axis = {0};
        amkd_axis_fit(&axis, ranges[k][0], ranges[k][1], 5);
        ck_assert(axis.low <= ranges[k][0] + 1e-12 && axis.high >= ranges[k][1] - 1e-12);
        ck_assert(axis.high > axis.low && axis.step > 0);
        const double nsteps = (axis.high - axis.low) / axis.step;
        ck_assert(fabs(nsteps - round(nsteps)) < 1e-6 && nsteps >= 1 && nsteps <= 8);
        const double digit = axis.step / pow(10, floor(log10(axis.step) + 1e-9));
        ck_assert(fabs(digit - 1) < 1e-6 || fabs(digit - 2) < 1e-6 ||
                  fabs(digit - 5) < 1e-6);
    }
}
END_TEST

START_TEST(means_have_the_deviation_of_a_sample)
{
    amkd_mean mean = {0};
    amkd_mean_add(&mean, 3);
    ck_assert(mean.n == 1 && mean.mean == 3 && mean.deviation == 0);
    amkd_mean_add(&mean, 7);
    amkd_mean_add(&mean, 5);
    amkd_mean_add(&mean, 9);
    ck_assert(fabs(mean.mean - 6) < 1e-12);
    ck_assert(fabs(mean.deviation - sqrt(20.0 / 3)) < 1e-12);
    ck_assert(mean.low == 3 && mean.high == 9);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("report");
    tcase_add_test(tests, markup_in_data_is_escaped);
    tcase_add_test(tests, what_is_no_character_is_replaced);
    tcase_add_test(tests, long_names_are_cut_in_their_middle);
    tcase_add_test(tests, counts_have_commas_at_thousands);
    tcase_add_test(tests, axes_hold_all_values_and_have_round_steps);
    tcase_add_test(tests, means_have_the_deviation_of_a_sample);
    Suite *suite = suite_create("report");
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
