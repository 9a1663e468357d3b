/* How far probabilities can be believed, and the temperature that mends them. */
#include "base/error.h"
#include "scratch.h"
#include "steps/learn/calibration.h"
#include "steps/learn/evaluate.h"
#include "steps/learn/temperature.h"
#include <math.h>

enum { NCLASSES = 5, N = 400 };

static void assert_error(const char *part)
{
    ck_assert_msg(strstr(amkd_error(), part) != NULL, "'%s' is not in '%s'", part,
                  amkd_error());
}

START_TEST(errors_of_bins_are_weighed_by_their_answers)
{
    amkd_calibration calibration = {0};
    /* Three of four right at 0.95, one of two at 0.6, which is the upper end of a bin. */
    static const float sure[] = {0.95F, 0.05F, 0}, unsure[] = {0.3F, 0.1F, 0.6F};
    static const size_t truths[] = {0, 0, 0, 1};
    for (size_t r = 0; r < 4; r++)
        amkd_calibration_add(&calibration, sure, truths[r], 3);
    amkd_calibration_add(&calibration, unsure, 2, 3);
    amkd_calibration_add(&calibration, unsure, 0, 3);
    ck_assert_uint_eq(calibration.n, 6);
    ck_assert_uint_eq(calibration.bins[14].n, 4);
    ck_assert_uint_eq(calibration.bins[14].nright, 3);
    ck_assert_uint_eq(calibration.bins[8].n, 2);
    ck_assert_double_eq_tol(amkd_calibration_error(&calibration),
                            (4 * 0.20 + 2 * 0.1) / 6, 1e-6);
    ck_assert_double_eq_tol(amkd_calibration_log_loss(&calibration),
                            -(3 * log(0.95) + log(0.05) + log(0.6) + log(0.3)) / 6, 1e-6);
    ck_assert_double_eq_tol(
        amkd_calibration_brier(&calibration),
        (3 * 2 * 0.0025 + 2 * 0.9025 + 0.09 + 0.01 + 0.16 + 0.49 + 0.01 + 0.36) / 6,
        1e-6);
    json_t *bins = amkd_reliability_json(&calibration);
    ck_assert_uint_eq(json_array_size(bins), 2);
    const json_t *last = json_array_get(bins, 1);
    ck_assert_int_eq(json_integer_value(json_object_get(last, "count")), 4);
    ck_assert_double_eq_tol(json_real_value(json_object_get(last, "right")), 0.75, 1e-9);
    ck_assert_double_eq_tol(json_real_value(json_object_get(last, "confidence")), 0.95,
                            1e-6);
    json_decref(bins);
}
END_TEST

START_TEST(ends_of_the_range_have_their_bins)
{
    amkd_calibration calibration = {0};
    ck_assert_double_eq(amkd_calibration_error(&calibration), 0);
    amkd_calibration_add(&calibration, (const float[]){1, 0}, 0, 2);
    amkd_calibration_add(&calibration, (const float[]){1.0000001F, 0}, 0, 2);
    amkd_calibration_add(&calibration, (const float[]){0, 0}, 0, 2);
    ck_assert_uint_eq(calibration.bins[14].n, 2);
    ck_assert_uint_eq(calibration.bins[0].n, 1);
    ck_assert(isfinite(amkd_calibration_log_loss(&calibration)));
}
END_TEST

START_TEST(soft_answers_are_right_where_the_top_classes_are_the_same)
{
    amkd_calibration calibration = {0};
    static const float p[] = {0.7F, 0.3F};
    amkd_calibration_add_soft(&calibration, p, (const float[]){0.9F, 0.1F}, 2);
    amkd_calibration_add_soft(&calibration, p, (const float[]){0.2F, 0.8F}, 2);
    ck_assert_uint_eq(calibration.bins[10].nright, 1);
    ck_assert_double_eq_tol(amkd_calibration_error(&calibration), 0.2, 1e-6);
    ck_assert_double_eq_tol(amkd_calibration_brier(&calibration), (0.08 + 0.5) / 2, 1e-6);
    ck_assert_double_eq_tol(amkd_calibration_log_loss(&calibration),
                            -(1.1 * log(0.7) + 0.9 * log(0.3)) / 2, 1e-6);
}
END_TEST

START_TEST(figures_of_a_class_come_of_the_confusion)
{
    size_t confusion[] = {3, 1, 0, 2, 4, 0, 0, 0, 0};
    const amkd_evaluation evaluation = {.n = 10, .nclasses = 3, .confusion = confusion};
    const amkd_class_figures first = amkd_evaluation_class(&evaluation, 0);
    ck_assert_uint_eq(first.n, 4);
    ck_assert_uint_eq(first.npredicted, 5);
    ck_assert_uint_eq(first.ncorrect, 3);
    ck_assert_double_eq_tol(first.recall, 0.75, 1e-12);
    ck_assert_double_eq_tol(first.precision, 0.6, 1e-12);
    ck_assert_double_eq_tol(first.f1, 2 * 0.75 * 0.6 / 1.35, 1e-12);
    const amkd_class_figures none = amkd_evaluation_class(&evaluation, 2);
    ck_assert(isnan(none.recall) && isnan(none.precision) && isnan(none.f1));
}
END_TEST

/* Numbers between -8 and 8 that do not repeat soon. */
static void fill_logits(float *logits)
{
    for (size_t i = 0; i < N * NCLASSES; i++)
        logits[i] = (float)(8 * sin((double)i * 12.9898));
}

static void soften(float *targets, const float *logits, double temperature)
{
    for (size_t r = 0; r < N; r++) {
        double sum = 0;
        for (size_t c = 0; c < NCLASSES; c++)
            sum += exp(logits[r * NCLASSES + c] / temperature);
        for (size_t c = 0; c < NCLASSES; c++)
            targets[r * NCLASSES + c] =
                (float)(exp(logits[r * NCLASSES + c] / temperature) / sum);
    }
}

START_TEST(the_temperature_that_made_the_answers_is_found)
{
    static float logits[N * NCLASSES], targets[N * NCLASSES];
    static const double made[] = {0.05, 0.3, 1, 2.5, 40};
    fill_logits(logits);
    for (size_t m = 0; m < sizeof made / sizeof *made; m++) {
        float found;
        soften(targets, logits, made[m]);
        ck_assert_msg(!amkd_temperature_fit(&found, logits, targets, N, NCLASSES), "%s",
                      amkd_error());
        ck_assert_double_eq_tol(found, made[m], 1e-3 * made[m]);
    }
}
END_TEST

START_TEST(two_classes_have_the_temperature_in_closed_form)
{
    /* Three of four are right, by a distance of 6: 6 / T is the logarithm of 3. */
    static const float logits[] = {6, 0, 3, -3, 0, 6, 0, 6};
    static const float targets[] = {1, 0, 1, 0, 0, 1, 1, 0};
    float found;
    ck_assert_int_eq(amkd_temperature_fit(&found, logits, targets, 4, 2), 0);
    ck_assert_double_eq_tol(found, 6 / log(3), 1e-5);
}
END_TEST

START_TEST(answers_that_no_temperature_fits_are_refused)
{
    static const float right[] = {6, 0, 0, 6}, targets[] = {1, 0, 0, 1};
    static const float wrong[] = {0, 6, 6, 0}, flat[] = {2, 2, 2, 2};
    float found;
    ck_assert_int_eq(amkd_temperature_fit(&found, right, targets, 2, 2), -1);
    assert_error("the 2 answers are all as sure as can be");
    ck_assert_int_eq(amkd_temperature_fit(&found, wrong, targets, 2, 2), -1);
    assert_error("say nothing of the 2 answers");
    ck_assert_int_eq(amkd_temperature_fit(&found, flat, targets, 2, 2), -1);
    assert_error("say nothing of the 2 answers");
    ck_assert_int_eq(amkd_temperature_fit(&found, (const float[]){NAN, 0}, targets, 1, 2),
                     -1);
    assert_error("a logit is not finite");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("calibration");
    TCase *tests = tcase_create("calibration");
    tcase_add_test(tests, errors_of_bins_are_weighed_by_their_answers);
    tcase_add_test(tests, ends_of_the_range_have_their_bins);
    tcase_add_test(tests, soft_answers_are_right_where_the_top_classes_are_the_same);
    tcase_add_test(tests, figures_of_a_class_come_of_the_confusion);
    tcase_add_test(tests, the_temperature_that_made_the_answers_is_found);
    tcase_add_test(tests, two_classes_have_the_temperature_in_closed_form);
    tcase_add_test(tests, answers_that_no_temperature_fits_are_refused);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
