/* What is left of answers, in words, and what they are worth. */
#include "report/leaks.h"
#include "scratch.h"
#include <math.h>

/* A run with these parameters has answers of this kind, all of them or less. */
static void expect_kind(const char *expected, int all, json_t *parameters)
{
    char *kind = amkd_leaks_kind(parameters);
    ck_assert_str_eq(kind, expected);
    ck_assert_int_eq(amkd_leaks_all(parameters), all);
    free(kind);
    json_decref(parameters);
}

START_TEST(kinds_of_answers_are_said_in_words)
{
    expect_kind("all probabilities", 1, json_object());
    expect_kind("all probabilities", 1,
                json_pack("{ss}", "amkd-query --labels", "logits"));
    expect_kind("probabilities rounded to 1 decimal", 0,
                json_pack("{ss}", "amkd-query --digits", "1"));
    expect_kind("the best 3 classes", 0, json_pack("{ss}", "amkd-query --keep-top", "3"));
    expect_kind(
        "the best 3 classes rounded to 2 decimals", 0,
        json_pack("{ssss}", "amkd-query --keep-top", "3", "amkd-query --digits", "2"));
    expect_kind("the label alone", 0, json_pack("{ss}", "amkd-query --keep-top", "1"));
    expect_kind("the label alone", 0, json_pack("{ss}", "amkd-query --labels", "top1"));
    expect_kind("the best classes", 0, json_pack("{ss}", "amkd-query --labels", "topk"));
}
END_TEST

START_TEST(answers_are_worth_as_many_as_come_as_far)
{
    /* At 400 answers no student was measured; more answers are worse once. */
    amkd_level levels[] = {{.answers = 100, .success = {.n = 1, .mean = 0.5}},
                           {.answers = 400},
                           {.answers = 1600, .success = {.n = 1, .mean = 0.9}},
                           {.answers = 3200, .success = {.n = 1, .mean = 0.8}},
                           {.answers = 6400, .success = {.n = 1, .mean = 0.95}}};
    const amkd_method method = {.nlevels = 5, .levels = levels};
    static const struct {
        double success;
        amkd_worth worth;
        double answers;
    } cases[] = {
        {0.4, AMKD_WORTH_LESS, 100},
        {0.5, AMKD_WORTH_KNOWN, 100},
        {0.7, AMKD_WORTH_KNOWN, 400},
        {0.9, AMKD_WORTH_KNOWN, 1600},
        {0.95, AMKD_WORTH_KNOWN, 6400},
        {0.96, AMKD_WORTH_MORE, 6400},
        {0.925, AMKD_WORTH_KNOWN, 3200 * pow(2, 0.125 / 0.15)},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        double answers = 0;
        ck_assert_msg(amkd_leaks_worth(&answers, &method, cases[k].success) ==
                          cases[k].worth,
                      "success %g", cases[k].success);
        ck_assert_double_eq_tol(answers, cases[k].answers, 1e-6 * cases[k].answers);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("what answers give away");
    tcase_add_test(tests, kinds_of_answers_are_said_in_words);
    tcase_add_test(tests, answers_are_worth_as_many_as_come_as_far);
    Suite *suite = suite_create("what answers give away");
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
