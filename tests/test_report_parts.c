/* What a report is put together of: escaping, axes, means, times, names of methods. */
#include "base/error.h"
#include "report/html.h"
#include "report/methods.h"
#include "report/run.h"
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

START_TEST(times_of_a_target_made_again_count_once)
{
    amkd_times times = {0};
    static const char good[] = "amkd-score\ta\t10\t20\namkd-score\tb\t15\t25.5\n"
                               "amkd-train\tc\t30\t40\namkd-train\tc\t50\t51\n";
    put_file("times.tsv", good, strlen(good));
    ck_assert_int_eq(amkd_times_read(&times, "times.tsv"), 0);
    ck_assert_uint_eq(times.n, 2);
    ck_assert_str_eq(times.tools[0].tool, "amkd-score");
    ck_assert(fabs(times.tools[0].seconds - 15.5) < 1e-9);
    ck_assert(fabs(times.tools[1].seconds - 1) < 1e-9);
    free(times.tools);
    times = (amkd_times){0};
    ck_assert_int_eq(amkd_times_read(&times, "missing.tsv"), 0);
    ck_assert_uint_eq(times.n, 0);
    static const char *const bad[] = {"amkd-score\ta\t10\n", "amkd-score\ta\t10\t9\n",
                                      "amkd-score\ta\tx\t9\n", "t\ta\t1\t2\t3\n",
                                      "t\ta\t1\tnan\n"};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        put_file("times.tsv", bad[k], strlen(bad[k]));
        ck_assert_int_eq(amkd_times_read(&times, "times.tsv"), -1);
        ck_assert_msg(strstr(amkd_error(), "line 1"), "%s", amkd_error());
    }
}
END_TEST

/* A run of these parameters, "key value" in turn. */
static amkd_run run_of(const char *seed, size_t nimages, const char *const *parameters)
{
    amkd_run run = {.nimages = nimages, .nrounds = 2, .parameters = json_object()};
    snprintf(run.seed, sizeof run.seed, "%s", seed);
    for (; *parameters; parameters += 2)
        json_object_set_new(run.parameters, parameters[0], json_string(parameters[1]));
    static amkd_round rounds[2];
    rounds[0].held_out = rounds[1].held_out = NAN;
    run.rounds = rounds;
    return run;
}

START_TEST(methods_are_named_by_what_tells_them_apart)
{
    static const char *const c2[] = {"amkd-score --by",
                                     "c2",
                                     "amkd-score --lambda",
                                     "0.3:0.7:11",
                                     "amkd-pool --pairs",
                                     "1000",
                                     "amkd-train --steps",
                                     "60",
                                     "run images",
                                     "60",
                                     NULL};
    static const char *const random[] = {"amkd-score --by",
                                         "random",
                                         "amkd-score --lambda",
                                         "0.5",
                                         "amkd-pool --pairs",
                                         "1000",
                                         "amkd-train --steps",
                                         "60",
                                         "run images",
                                         "60",
                                         NULL};
    static const char *const few[] = {"amkd-score --by",
                                      "c2",
                                      "amkd-score --lambda",
                                      "0.3:0.7:11",
                                      "amkd-train --steps",
                                      "60",
                                      "run images",
                                      "40",
                                      NULL};
    static const char *const fewer[] = {"amkd-score --by",
                                        "c2",
                                        "amkd-score --lambda",
                                        "0.3:0.7:11",
                                        "amkd-pool --pairs",
                                        "400",
                                        "amkd-train --steps",
                                        "60",
                                        "run images",
                                        "30",
                                        NULL};
    static const char *const long_c2[] = {"amkd-score --by",
                                          "c2",
                                          "amkd-score --lambda",
                                          "0.3:0.7:11",
                                          "amkd-pool --pairs",
                                          "1000",
                                          "amkd-train --steps",
                                          "90",
                                          "run images",
                                          "60",
                                          NULL};
    amkd_run runs[] = {run_of("1", 60, c2), run_of("1", 60, random), run_of("2", 60, c2),
                       run_of("1", 40, few), run_of("1", 60, long_c2),
                       run_of("1", 30, fewer)};
    const size_t nruns = sizeof runs / sizeof *runs;
    for (size_t r = 0; r < nruns; r++)
        runs[r].dir = strdup(r % 2 ? "b/seed-1" : "amkd-run");
    amkd_methods methods;
    ck_assert_int_eq(amkd_methods_find(&methods, runs, nruns), 0);
    ck_assert_uint_eq(methods.n, 5);
    ck_assert_uint_eq(methods.methods[0].nruns, 2);
    ck_assert_str_eq(methods.methods[0].name, "c2, steps=60, 60 images");
    ck_assert_str_eq(methods.methods[1].name, "random, steps=60, 60 images");
    ck_assert_str_eq(methods.methods[2].name, "c2, steps=60, 40 images");
    ck_assert_str_eq(methods.methods[3].name, "c2, steps=90, 60 images");
    /* All pairs of fewer images, and a smaller pool, are no other method. */
    ck_assert_uint_eq(methods.methods[2].family, methods.methods[0].family);
    ck_assert_uint_eq(methods.methods[4].family, methods.methods[0].family);
    ck_assert_uint_ne(methods.methods[1].family, methods.methods[0].family);
    ck_assert_uint_ne(methods.methods[3].family, methods.methods[0].family);
    amkd_methods_clear(&methods);
    ck_assert_int_eq(amkd_methods_find(&methods, runs, 1), 0);
    ck_assert_str_eq(methods.methods[0].name, "");
    amkd_methods_clear(&methods);
    for (size_t r = 0; r < nruns; r++) {
        free(runs[r].dir);
        json_decref(runs[r].parameters);
    }
}
END_TEST

START_TEST(options_of_commands_are_found_by_their_whole_name)
{
    json_t *command = json_pack("[s, s, s, s, s]", "amkd-train", "--seeds=3", "--seed=7",
                                "--warm", "x.amkd");
    ck_assert_str_eq(amkd_command_option(command, "seed"), "7");
    ck_assert_str_eq(amkd_command_option(command, "warm"), "");
    ck_assert_ptr_null(amkd_command_option(command, "see"));
    json_t *parameters = json_object();
    json_t *made = json_pack("[{s:s, s:O}]", "tool", "amkd-train", "command", command);
    ck_assert_int_eq(amkd_parameters_add(parameters, made, NULL, NULL), 0);
    ck_assert_uint_eq(json_object_size(parameters), 2);
    ck_assert_str_eq(json_string_value(json_object_get(parameters, "amkd-train --seeds")),
                     "3");
    json_decref(parameters);
    json_decref(made);
    json_decref(command);
}
END_TEST

START_TEST(methods_are_named_by_their_arms)
{
    static const char *const c2[] = {"amkd-score --by", "c2", "run images", "60", NULL};
    static const char *const few[] = {"amkd-score --by", "c2", "run images", "40", NULL};
    amkd_run runs[] = {run_of("1", 60, c2), run_of("2", 60, c2), run_of("1", 60, c2),
                       run_of("1", 40, few)};
    static const char *const dirs[] = {"x/a.b/seed-1", "a.b/seed-2", "/b/seed-1",
                                       "b/seed-2"};
    for (size_t r = 0; r < 4; r++)
        runs[r].dir = strdup(dirs[r]);
    amkd_methods methods;
    ck_assert_int_eq(amkd_methods_find(&methods, runs, 4), 0);
    ck_assert_uint_eq(methods.n, 3);
    ck_assert_str_eq(methods.methods[0].name, "a.b");
    ck_assert_str_eq(methods.methods[0].words, "60 images");
    ck_assert_str_eq(methods.methods[1].name, "b, 60 images");
    ck_assert_str_eq(methods.methods[2].name, "b, 40 images");
    amkd_methods_clear(&methods);
    /* One elsewhere: none is. */
    static const char *const elsewhere[] = {"seed-1",    "../seed-1",  "b/seed-",
                                            "b/seed-1x", "b/seed-1/x", "b-seed-1"};
    for (size_t k = 0; k < sizeof elsewhere / sizeof *elsewhere; k++) {
        free(runs[3].dir);
        runs[3].dir = strdup(elsewhere[k]);
        ck_assert_int_eq(amkd_methods_find(&methods, runs, 4), 0);
        ck_assert_uint_eq(methods.n, 2);
        ck_assert_str_eq(methods.methods[0].name, "60 images");
        amkd_methods_clear(&methods);
    }
    for (size_t r = 0; r < 4; r++) {
        free(runs[r].dir);
        json_decref(runs[r].parameters);
    }
}
END_TEST

START_TEST(architectures_are_cut_where_names_differ_anyway)
{
    static const char *const arch[] = {"assistant --arch", "conv 8 | relu | fc classes",
                                       "run images", "60", NULL};
    static const char *const none[] = {"run images", "60", NULL};
    static const char *const other[] = {"assistant --arch", "conv 8 | tanh | fc classes",
                                        "run images", "60", NULL};
    amkd_run runs[] = {run_of("1", 60, arch), run_of("1", 60, none),
                       run_of("1", 60, other)};
    for (size_t r = 0; r < 3; r++)
        runs[r].dir = strdup("x");
    amkd_methods methods;
    ck_assert_int_eq(amkd_methods_find(&methods, runs, 2), 0);
    ck_assert_str_eq(methods.methods[0].name, "assistant arch=conv 8 | ... | fc classes");
    ck_assert_str_eq(methods.methods[0].words,
                     "assistant arch=conv 8 | relu | fc classes");
    ck_assert_str_eq(methods.methods[1].name, "plain");
    amkd_methods_clear(&methods);
    ck_assert_int_eq(amkd_methods_find(&methods, runs, 3), 0);
    ck_assert_str_eq(methods.methods[2].name,
                     "assistant arch=conv 8 | tanh | fc classes");
    amkd_methods_clear(&methods);
    for (size_t r = 0; r < 3; r++) {
        free(runs[r].dir);
        json_decref(runs[r].parameters);
    }
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
    tcase_add_test(tests, times_of_a_target_made_again_count_once);
    tcase_add_test(tests, methods_are_named_by_what_tells_them_apart);
    tcase_add_test(tests, methods_are_named_by_their_arms);
    tcase_add_test(tests, architectures_are_cut_where_names_differ_anyway);
    tcase_add_test(tests, options_of_commands_are_found_by_their_whole_name);
    Suite *suite = suite_create("report");
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
