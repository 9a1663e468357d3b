/* What is said of a student: its figures and their intervals, as text and as JSON. */
#include "base/error.h"
#include "base/memory.h"
#include "scratch.h"
#include "steps/learn/evaluate.h"
#include "steps/learn/scorecard.h"
#include <jansson.h>
#include <math.h>

enum { NCLASSES = 3, MOST = 200 };

/* Images of class 0, of which so many both name rightly, the student alone, the teacher
 * alone, and neither: these the student takes for class 1, the teacher for class 2. */
typedef struct world {
    amkd_images *images;
    float student[MOST * NCLASSES], teacher[MOST * NCLASSES];
} world;

static void say(float *p, size_t class)
{
    for (size_t c = 0; c < NCLASSES; c++)
        p[c] = c == class ? 0.8F : 0.1F;
}

static void fill(world *w, size_t both, size_t student, size_t teacher, size_t neither)
{
    const size_t n = both + student + teacher + neither;
    ck_assert_uint_le(n, MOST);
    ck_assert_int_eq(amkd_images_new(&w->images, n, 1, 1, 1, NCLASSES), 0);
    for (size_t r = 0; r < n; r++) {
        const int only_student = r >= both && r < both + student;
        const int only_teacher = r >= both + student && r < both + student + teacher;
        say(w->student + r * NCLASSES, r < both || only_student ? 0 : 1);
        say(w->teacher + r * NCLASSES, r < both || only_teacher ? 0 : 2);
    }
}

static json_t *json_of(const world *w, int with_teacher)
{
    char *text;
    ck_assert_int_eq(amkd_scorecard_json(&text, w->student,
                                         with_teacher ? w->teacher : NULL, w->images),
                     0);
    json_t *all = json_loads(text, 0, NULL);
    ck_assert_ptr_nonnull(all);
    free(text);
    return all;
}

static void ck_interval(const json_t *object, const char *key, double low, double high)
{
    const json_t *interval = json_object_get(object, key);
    ck_assert_uint_eq(json_array_size(interval), 2);
    ck_assert_double_eq_tol(json_real_value(json_array_get(interval, 0)), low, 0.00006);
    ck_assert_double_eq_tol(json_real_value(json_array_get(interval, 1)), high, 0.00006);
}

static void ck_figure(const json_t *object, const char *key, double expected)
{
    ck_assert_double_eq_tol(json_real_value(json_object_get(object, key)), expected,
                            1e-5);
}

START_TEST(figures_come_with_intervals)
{
    world w;
    fill(&w, 59, 6, 16, 80);
    json_t *all = json_of(&w, 1);
    ck_interval(json_object_get(all, "student"), "accuracy_interval", 0.3310, 0.4809);
    ck_interval(json_object_get(all, "teacher"), "accuracy_interval", 0.3905, 0.5428);
    ck_interval(all, "agreement_interval", 0.2960, 0.4432);
    /* The published one (test_interval.c). */
    ck_interval(all, "success_rate_interval", 0.7579, 0.9910);
    json_decref(all);

    char *text;
    ck_assert_int_eq(amkd_scorecard_text(&text, w.student, w.teacher, w.images), 0);
    static const char *const lines[] = {
        "            accuracy   95 % interval  mean top    top = 1\n",
        "student       0.4037   0.3310-0.4809    0.8000      0.00%\n",
        "teacher       0.4658   0.3905-0.5428    0.8000      0.00%\n",
        "success       0.8667   0.7579-0.9910\n",
        "agreement     0.3665   0.2960-0.4432\n"};
    for (size_t l = 0; l < sizeof lines / sizeof *lines; l++)
        ck_assert_msg(!!strstr(text, lines[l]), "no '%s' in:\n%s", lines[l], text);
    free(text);
    amkd_images_free(w.images);
}
END_TEST

START_TEST(a_student_alone_has_an_interval_of_its_accuracy_only)
{
    world w;
    fill(&w, 0, 0, 0, 10);
    json_t *all = json_of(&w, 0);
    ck_interval(json_object_get(all, "student"), "accuracy_interval", 0, 0.2775);
    ck_assert_uint_eq(json_object_size(all), 1);
    json_decref(all);
    amkd_images_free(w.images);
}
END_TEST

START_TEST(a_teacher_that_is_never_right_leaves_the_success_without_one)
{
    world w;
    fill(&w, 0, 5, 0, 5);
    json_t *all = json_of(&w, 1);
    ck_assert(json_is_null(json_object_get(all, "success_rate_interval")));
    ck_interval(all, "agreement_interval", 0, 0.2775);
    json_decref(all);
    char *text;
    ck_assert_int_eq(amkd_scorecard_text(&text, w.student, w.teacher, w.images), 0);
    ck_assert_ptr_nonnull(strstr(text, "success       0.0000               -\n"));
    free(text);
    amkd_images_free(w.images);
}
END_TEST

START_TEST(agreement_with_labels_has_one_too)
{
    const amkd_agreement agreement = {
        .n = 263,
        .agreement = 81.0 / 263,
        .interval = amkd_interval_share(81, 263),
        .calibration = {
            .n = 2, .sum_log = 3, .sum_squares = 0.5, .bins = {[14] = {2, 1, 1.9}}}};
    char *text;
    ck_assert_int_eq(amkd_agreement_text(&text, &agreement, 0), 0);
    ck_assert_str_eq(text,
                     "answers                 263\nagreement            0.3080\n"
                     "95 % interval        0.2553-0.3662\ncross entropy        1.5000\n"
                     "Brier score          0.2500\ncalibration error    0.4500\n\n"
                     "top                  n  mean top     right   95 % interval\n"
                     "0.9333-1.0000        2    0.9500    0.5000   0.0945-0.9055\n");
    free(text);
    ck_assert_int_eq(amkd_agreement_text(&text, &agreement, 1), 0);
    json_t *all = json_loads(text, 0, NULL);
    ck_interval(all, "agreement_interval", 0.2553, 0.3662);
    ck_figure(all, "cross_entropy", 1.5);
    ck_figure(all, "brier", 0.25);
    ck_figure(all, "calibration_error", 0.45);
    ck_assert_uint_eq(json_array_size(json_object_get(all, "reliability")), 1);
    json_decref(all);
    free(text);
}
END_TEST

/* The student says class 0 in 5 of 10 and is right then, at 0.8; of the others it says 1.
 */
START_TEST(classes_and_calibration_are_said_in_every_form)
{
    world w;
    char *text;
    fill(&w, 5, 0, 3, 2);
    json_t *all = json_of(&w, 1);
    const json_t *student = json_object_get(all, "student");
    const json_t *class = json_array_get(json_object_get(student, "per_class"), 0);
    ck_figure(student, "log_loss", -(log(0.8) + log(0.1)) / 2);
    ck_figure(student, "brier", (0.06 + 0.81 + 0.64 + 0.01) / 2);
    ck_figure(student, "calibration_error", 0.3);
    ck_figure(class, "recall", 0.5);
    ck_figure(class, "precision", 1);
    ck_figure(class, "f1", 2.0 / 3);
    ck_assert_int_eq(json_integer_value(json_object_get(class, "predicted")), 5);
    json_decref(all);
    ck_assert_int_eq(amkd_scorecard_text(&text, w.student, w.teacher, w.images), 0);
    static const char *const lines[] = {
        "            log loss     Brier  calibration error\n",
        "student       1.2629    0.7600             0.3000\n",
        "teacher       0.6390    0.3400             0.0000\n",
        "0.7333-0.8000       10    0.8000    0.5000   0.2366-0.7634\n",
        "0                  10   0.5000     1.0000   0.6667\n",
        "1                   0        -     0.0000        -\n",
        "2                   0        -          -        -\n"};
    for (size_t l = 0; l < sizeof lines / sizeof *lines; l++)
        ck_assert_msg(!!strstr(text, lines[l]), "no '%s' in:\n%s", lines[l], text);
    free(text);
    w.images->class_names = json_pack("[s, s, s]", "a\tb", "dog", "cat");
    ck_assert_int_eq(amkd_scorecard_tsv(&text, w.student, w.teacher, w.images), 0);
    ck_assert_str_eq(text,
                     "model\tclass\tname\tn\tpredicted\tcorrect\tprecision\trecall\tf1\n"
                     "student\t0\ta b\t10\t5\t5\t1.000000\t0.500000\t0.666667\n"
                     "student\t1\tdog\t0\t5\t0\t0.000000\t\t\n"
                     "student\t2\tcat\t0\t0\t0\t\t\t\n"
                     "teacher\t0\ta b\t10\t8\t8\t1.000000\t0.800000\t0.888889\n"
                     "teacher\t1\tdog\t0\t0\t0\t\t\t\n"
                     "teacher\t2\tcat\t0\t2\t0\t0.000000\t\t\n");
    free(text);
    amkd_images_free(w.images);
}
END_TEST

int main(void)
{
    TCase *test = tcase_create("scorecard");
    tcase_add_test(test, figures_come_with_intervals);
    tcase_add_test(test, a_student_alone_has_an_interval_of_its_accuracy_only);
    tcase_add_test(test, a_teacher_that_is_never_right_leaves_the_success_without_one);
    tcase_add_test(test, agreement_with_labels_has_one_too);
    tcase_add_test(test, classes_and_calibration_are_said_in_every_form);
    Suite *suite = suite_create("scorecard");
    suite_add_tcase(suite, test);
    return scratch_run(suite);
}
