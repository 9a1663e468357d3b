/* Answers of every kind become probabilities by their formulas; what is no answer is
 * refused by name. */
#include "base/error.h"
#include "teacher/probabilities.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
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

/* n classes: the first has first, nothers behind it other each, the rest nothing. */
static const float *answer(float first, size_t nothers, float other)
{
    static float values[1000];
    memset(values, 0, sizeof values);
    values[0] = first;
    for (size_t y = 1; y <= nothers; y++)
        values[y] = other;
    return values;
}

static void assert_scaled(amkd_answer_rule rule, const float *values, size_t n)
{
    float p[1000];
    double sum = 0;
    ck_assert_msg(amkd_answer_check(&rule, values, n) == 0, "%s", amkd_error());
    ck_assert_int_eq(amkd_answer_is_rounded(&rule, values, n), 1);
    amkd_answer_probabilities(p, &rule, values, NULL, n);
    for (size_t y = 0; y < n; y++) {
        sum += p[y];
        ck_assert_float_eq_tol(p[y] * values[0], p[0] * values[y], 1e-6f);
    }
    ck_assert_double_eq_tol(sum, 1, 1e-5);
}

START_TEST(sums_that_rounding_explains_are_scaled_to_one)
{
    const amkd_answer_rule probs = {.kind = AMKD_PROBS};
    assert_scaled(probs, answer(0.93f, 8, 0.01f), 10);   /* 1.01 */
    assert_scaled(probs, answer(0.88f, 9, 0.01f), 10);   /* 0.97 */
    assert_scaled(probs, answer(0.994f, 8, 0.001f), 10); /* 1.002 */
    assert_scaled(probs, answer(0.5f, 900, 0.0005f), 1000);
    assert_scaled(probs, answer(0.96f, 0, 0), 1000); /* the others round to nothing */
    assert_scaled((amkd_answer_rule){.kind = AMKD_PROBS, .percent = 1}, answer(93, 8, 1),
                  10);
    assert_scaled(probs, answer(0x1.dc4p-1f, 8, 0x1.47cp-7f), 10); /* 1.01 in float16 */
    const float list[4] = {0.75f, 0.26f, NAN, NAN};
    amkd_answer_rule rule = {.kind = AMKD_TOPK, .fill = AMKD_FILL_UNIFORM};
    ck_assert_int_eq(amkd_answer_check(&rule, list, 4), 0);
    ck_assert_int_eq(amkd_answer_is_rounded(&rule, list, 4), 1);
    assert_becomes(rule, list, (double[]){0.75 / 1.01, 0.26 / 1.01, 0, 0});
    /* Scaled before less is made of them. */
    rule =
        (amkd_answer_rule){.kind = AMKD_PROBS, .keep_top = 1, .fill = AMKD_FILL_UNIFORM};
    assert_becomes(rule, (float[]){0.7f, 0.11f, 0.1f, 0.1f},
                   (double[]){0.7 / 1.01, 0.31 / 3.03, 0.31 / 3.03, 0.31 / 3.03});
}
END_TEST

/* What --digits makes of answers, told by a teacher of its own. */
START_TEST(rounded_answers_of_any_shape_are_taken)
{
    static const size_t nclasses[] = {2, 3, 10, 100, 1000};
    static const amkd_answer_rule rule = {.kind = AMKD_PROBS};
    srand(7);
    for (size_t run = 0; run < 2000; run++) {
        const size_t n = nclasses[run % 5];
        const double unit = pow(10, n < 100 ? 1 + (double)(run / 5 % 5) : 3);
        float values[1000], p[1000];
        double sum = 0, raw[1000];
        for (size_t y = 0; y < n; y++)
            sum += raw[y] = pow(rand() / (double)RAND_MAX, 20);
        for (size_t y = 0; y < n; y++)
            values[y] = (float)(round(raw[y] / sum * unit) / unit);
        ck_assert_msg(amkd_answer_check(&rule, values, n) == 0, "%zu classes: %s", n,
                      amkd_error());
        amkd_answer_probabilities(p, &rule, values, NULL, n);
        sum = 0;
        for (size_t y = 0; y < n; y++)
            sum += p[y];
        ck_assert_double_eq_tol(sum, 1, 1.001e-3);
    }
}
END_TEST

static void assert_misread(amkd_answer_kind kind, const float *values, const char *option)
{
    const amkd_answer_rule rule = {.kind = kind, .temperature = 1};
    ck_assert_int_eq(amkd_answer_check(&rule, values, 4), -1);
    ck_assert_int_eq(amkd_answer_fail_misread(&rule, values, 4), -1);
    ck_assert_msg(strstr(amkd_error(), option) != NULL, "%s", amkd_error());
}

START_TEST(what_rounding_does_not_explain_is_refused_with_the_option_that_reads_it)
{
    assert_misread(AMKD_PROBS, (float[]){0.5f, 0.25f, 0, 0}, "--labels=scores");
    assert_misread(AMKD_PROBS, (float[]){0.512345f, 0.5f, 0, 0}, "--labels=scores");
    assert_misread(AMKD_PROBS, (float[]){0.9f, 0.8f, 0.7f, 0}, "--labels=scores");
    assert_misread(AMKD_PROBS, (float[]){1, 1, 0, 0}, "--labels=scores");
    assert_misread(AMKD_PROBS, (float[]){0, 0, 0, 0}, "--labels=scores");
    assert_misread(AMKD_TOPK, (float[]){0.9f, 0.9f, NAN, NAN}, "--labels=scores");
    assert_misread(AMKD_PROBS, (float[]){91, 6, 3, 0}, "--percent");
    assert_misread(AMKD_PROBS, (float[]){91.2f, 5.7f, 3, 0}, "--percent");
    assert_misread(AMKD_TOPK, (float[]){91, 6, NAN, NAN}, "--percent");
    assert_misread(AMKD_PROBS, (float[]){0.9f, NAN, 0.1f, 0}, "--labels=topk");
    assert_misread(AMKD_PROBS, (float[]){3, -1, 0.1f, 0}, "--labels=logits");
    /* Probabilities taken for percentages, and what no option reads. */
    const float right[] = {0.9f, 0.1f, 0, 0}, none[] = {NAN, NAN, NAN, NAN};
    const amkd_answer_rule percent = {.kind = AMKD_PROBS, .percent = 1};
    ck_assert_int_eq(amkd_answer_check(&percent, right, 4), -1);
    ck_assert_int_eq(amkd_answer_fail_misread(&percent, right, 4), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "without --percent"));
    assert_misread(AMKD_TOP1, none, "names no class: do --labels");
    ck_assert_msg(strstr(amkd_error(), "takes") == NULL, "%s", amkd_error());
    /* A thousand classes to one decimal: rounding would explain anything. */
    float values[1000];
    const amkd_answer_rule rule = {.kind = AMKD_PROBS};
    for (size_t y = 0; y < 1000; y++)
        values[y] = y % 50 ? 0 : 0.1f;
    ck_assert_int_eq(amkd_answer_check(&rule, values, 1000), -1);
    ck_assert_msg(strstr(amkd_error(), "sum to 2, expected 1: rounding to 1 decimal "
                                       "explains no more than 0.5") != NULL,
                  "%s", amkd_error());
}
END_TEST

START_TEST(percentages_and_scores_become_probabilities)
{
    assert_becomes((amkd_answer_rule){.kind = AMKD_PROBS, .percent = 1},
                   (float[]){62.5f, 12.5f, 25, 0}, (double[]){0.625, 0.125, 0.25, 0});
    assert_becomes(
        (amkd_answer_rule){.kind = AMKD_TOPK, .percent = 1, .fill = AMKD_FILL_UNIFORM},
        (float[]){62.5f, NAN, 12.5f, NAN}, (double[]){0.625, 0.125, 0.125, 0.125});
    const amkd_answer_rule scores = {.kind = AMKD_SCORES};
    assert_becomes(scores, (float[]){0.9f, 0.6f, 0, 0.3f},
                   (double[]){0.5, 1 / 3.0, 0, 1 / 6.0});
    assert_becomes(scores, (float[]){30, NAN, 10, NAN}, (double[]){0.75, 0, 0.25, 0});
    assert_becomes(scores, (float[]){0, 0, 0, 0}, (double[]){0.25, 0.25, 0.25, 0.25});
    assert_refused(AMKD_SCORES, (float[]){0.5f, -0.1f, 0, 0}, "class 1: score -0.1");
    assert_refused(AMKD_SCORES, (float[]){NAN, NAN, NAN, NAN}, "names no class");
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
    rule = (amkd_answer_rule){.percent = 1};
    ck_assert_int_eq(amkd_answer_rule_parse(&rule, "topk", "zero"), 0);
    object = amkd_answer_rule_json(&rule);
    text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
    ck_assert_str_eq(text, "{\"fill\":\"zero\",\"kind\":\"topk\",\"percent\":true}");
    free(text);
    json_decref(object);
    ck_assert_int_eq(amkd_answer_rule_parse(&rule, "scores", "zero"), 0);
    ck_assert_int_eq(rule.kind, AMKD_SCORES);
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
    tcase_add_test(tests, sums_that_rounding_explains_are_scaled_to_one);
    tcase_add_test(tests, rounded_answers_of_any_shape_are_taken);
    tcase_add_test(
        tests, what_rounding_does_not_explain_is_refused_with_the_option_that_reads_it);
    tcase_add_test(tests, percentages_and_scores_become_probabilities);
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
