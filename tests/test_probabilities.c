/* Answers of every kind become probabilities by their formulas; what is no answer is
 * refused by name. */
#include "base/error.h"
#include "teacher/probabilities.h"
#include <check.h>
#include <math.h>
#include <string.h>

static void assert_becomes(amkd_answer_rule rule, const float *values, const double *p)
{
    static const float student[4] = {0.1f, 0.2f, 0.3f, 0.4f};
    float got[4];
    ck_assert_msg(amkd_answer_check(&rule, values, 4) == 0, "%s", amkd_error());
    amkd_answer_probabilities(got, &rule, values, student, 4);
    for (int y = 0; y < 4; y++)
        ck_assert_double_eq_tol(got[y], p[y], 1e-5);
}

static void assert_refused(amkd_answer_kind kind, const float *values, const char *why)
{
    const amkd_answer_rule rule = {.kind = kind, .temperature = 1};
    ck_assert_int_eq(amkd_answer_check(&rule, values, 4), -1);
    ck_assert_msg(strstr(amkd_error(), why) != NULL, "%s", amkd_error());
}

START_TEST(probabilities_stay_as_they_are_bit_for_bit)
{
    const amkd_answer_rule rule = {.kind = AMKD_PROBS};
    const float values[4] = {0.1f, 0.2f, 0.3f, 0.4001f};
    float p[4];
    amkd_answer_probabilities(p, &rule, values, NULL, 4);
    ck_assert_mem_eq(p, values, sizeof p);
}
END_TEST

START_TEST(logits_go_through_the_softmax_at_a_temperature)
{
    const float values[4] = {100, 100 + 2 * logf(2), 100 + 2 * logf(3), -1e30f};
    assert_becomes((amkd_answer_rule){.kind = AMKD_LOGITS, .temperature = 2}, values,
                   (double[]){1 / 6.0, 2 / 6.0, 3 / 6.0, 0});
}
END_TEST

START_TEST(lists_of_the_best_are_filled_up)
{
    const float values[4] = {NAN, 0.5f, 0.3f, NAN};
    assert_becomes((amkd_answer_rule){.kind = AMKD_TOPK, .fill = AMKD_FILL_ZERO}, values,
                   (double[]){0, 0.625, 0.375, 0});
    assert_becomes((amkd_answer_rule){.kind = AMKD_TOPK, .fill = AMKD_FILL_UNIFORM},
                   values, (double[]){0.1, 0.5, 0.3, 0.1});
    assert_becomes((amkd_answer_rule){.kind = AMKD_TOPK, .fill = AMKD_FILL_STUDENT},
                   values, (double[]){0.04, 0.5, 0.3, 0.16});
    /* All there is: nothing to fill. */
    assert_becomes((amkd_answer_rule){.kind = AMKD_TOPK, .fill = AMKD_FILL_UNIFORM},
                   (float[]){0.25f, 0.25f, 0.3f, 0.2f}, (double[]){0.25, 0.25, 0.3, 0.2});
}
END_TEST

START_TEST(whole_answers_are_cut_to_their_best)
{
    const float values[4] = {0.2f, 0.4f, 0.2f, 0.2f};
    amkd_answer_rule rule = {.kind = AMKD_PROBS, .keep_top = 2};
    assert_becomes(rule, values, (double[]){1 / 3.0, 2 / 3.0, 0, 0});
    rule.fill = AMKD_FILL_UNIFORM;
    assert_becomes(rule, values, (double[]){0.2, 0.4, 0.2, 0.2});
    rule.fill = AMKD_FILL_STUDENT;
    assert_becomes(rule, values, (double[]){0.2, 0.4, 0.4 * 3 / 7, 0.4 * 4 / 7});
    rule.keep_top = 1;
    assert_becomes(rule, values, (double[]){0.6 / 8, 0.4, 0.6 * 3 / 8, 0.6 * 4 / 8});
    rule.keep_top = 9;
    assert_becomes(rule, values, (double[]){0.2, 0.4, 0.2, 0.2});
    /* A list that is shorter already. */
    assert_becomes((amkd_answer_rule){.kind = AMKD_TOPK, .keep_top = 3},
                   (float[]){NAN, 0.5f, 0.25f, NAN}, (double[]){0, 2 / 3.0, 1 / 3.0, 0});
    assert_becomes(
        (amkd_answer_rule){.kind = AMKD_LOGITS, .keep_top = 1, .temperature = 1}, values,
        (double[]){0, 1, 0, 0});
    /* Probabilities next to nothing and equal ones of nothing. */
    assert_becomes((amkd_answer_rule){.kind = AMKD_PROBS, .keep_top = 3},
                   (float[]){1, 0, 0, 1e-12f}, (double[]){1, 0, 0, 0});
}
END_TEST

START_TEST(answers_are_rounded_to_digits_and_sum_to_one)
{
    const float values[4] = {0.004f, 0.746f, 0.236f, 0.014f};
    amkd_answer_rule rule = {.kind = AMKD_PROBS, .digits = 2};
    assert_becomes(rule, values, (double[]){0, 0.75 / 1.0, 0.24, 0.01});
    rule.digits = 1;
    assert_becomes(rule, values, (double[]){0, 0.7 / 0.9, 0.2 / 0.9, 0});
    rule.keep_top = 1;
    rule.fill = AMKD_FILL_UNIFORM;
    assert_becomes(rule, values, (double[]){0.1, 0.7, 0.1, 0.1});
    /* Nothing is left. */
    assert_becomes((amkd_answer_rule){.kind = AMKD_TOPK, .digits = 1},
                   (float[]){0.04f, NAN, 0.03f, NAN}, (double[]){0.25, 0.25, 0.25, 0.25});
}
END_TEST

START_TEST(the_best_alone_is_one_and_smoothing_spreads)
{
    const amkd_answer_rule rule = {.kind = AMKD_TOP1, .smooth = 0.2};
    assert_becomes(rule, (float[]){-3, -1, -2, -9}, (double[]){0.05, 0.85, 0.05, 0.05});
    assert_becomes(rule, (float[]){NAN, NAN, 0.2f, NAN},
                   (double[]){0.05, 0.05, 0.85, 0.05});
}
END_TEST

START_TEST(what_is_no_answer_is_refused)
{
    assert_refused(AMKD_PROBS, (float[]){0.5f, NAN, 0.5f, 0}, "class 1: nan is not a p");
    assert_refused(AMKD_PROBS, (float[]){0.5f, 0.7f, -0.2f, 0}, "class 2: probability");
    assert_refused(AMKD_PROBS, (float[]){0.5f, 0.25f, 0, 0}, "sum to 0.75, expected 1");
    assert_refused(AMKD_TOPK, (float[]){0.9f, 0.9f, NAN, NAN}, "expected at most 1");
    assert_refused(AMKD_TOPK, (float[]){NAN, NAN, NAN, NAN}, "names no class");
    assert_refused(AMKD_TOPK, (float[]){0, NAN, NAN, NAN}, "names no class");
    assert_refused(AMKD_LOGITS, (float[]){1, INFINITY, 0, 0}, "class 1: inf is not a n");
    assert_refused(AMKD_TOP1, (float[]){NAN, NAN, NAN, NAN}, "names no class");
}
END_TEST

START_TEST(rules_have_names)
{
    amkd_answer_rule rule = {.smooth = 0.1};
    ck_assert_int_eq(amkd_answer_rule_parse(&rule, "topk", "student"), 0);
    json_t *object = amkd_answer_rule_json(&rule);
    char *text =
        json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(3));
    ck_assert_str_eq(text, "{\"fill\":\"student\",\"kind\":\"topk\",\"smooth\":0.1}");
    free(text);
    json_decref(object);
    rule = (amkd_answer_rule){.kind = AMKD_PROBS, .digits = 2, .keep_top = 3};
    object = amkd_answer_rule_json(&rule);
    text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
    ck_assert_str_eq(
        text, "{\"digits\":2,\"fill\":\"zero\",\"keep_top\":3,\"kind\":\"probs\"}");
    free(text);
    json_decref(object);
    ck_assert_int_eq(amkd_answer_rule_parse(&rule, "top5", "zero"), -1);
    ck_assert_int_eq(amkd_answer_rule_parse(&rule, "probs", "one"), -1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("probabilities");
    TCase *tests = tcase_create("probabilities");
    tcase_add_test(tests, probabilities_stay_as_they_are_bit_for_bit);
    tcase_add_test(tests, logits_go_through_the_softmax_at_a_temperature);
    tcase_add_test(tests, lists_of_the_best_are_filled_up);
    tcase_add_test(tests, whole_answers_are_cut_to_their_best);
    tcase_add_test(tests, answers_are_rounded_to_digits_and_sum_to_one);
    tcase_add_test(tests, the_best_alone_is_one_and_smoothing_spreads);
    tcase_add_test(tests, what_is_no_answer_is_refused);
    tcase_add_test(tests, rules_have_names);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed ? 1 : 0;
}
