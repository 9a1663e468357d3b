/* Trainings by an assistant: that a student learns, from lessons that depend on nothing
 * but what they should, and what is refused. */
#include "lessons.h"
#include "steps/learn/feed.h"
#include <unistd.h>

/* The student after a training from its fresh weights. */
static amkd_model *train(const amkd_train_options *options)
{
    amkd_model *model = make_model(small_arch, 3);
    ck_ok(amkd_train(model, device, &dataset, options, NULL, NULL));
    return model;
}

static int same_weights(const amkd_model *a, const amkd_model *b)
{
    return !memcmp(a->parameters, b->parameters, a->graph.nparameters * sizeof(float));
}

START_TEST(weights_do_not_depend_on_what_lies_on_the_device)
{
    amkd_train_options options = make_options();
    options.nsteps = 40;
    options.views = _i & 1 ? &views : NULL;
    options.mixup = _i & 2 ? 0.7 : 0;
    options.min_top = _i & 2 ? 0.6 : 0;
    options.nviews = _i & 4 ? 2 : 0;
    amkd_model *resident = train(&options);
    options.kept_nbytes = 1; /* nothing is kept */
    options.window = small_window;
    amkd_model *windowed = train(&options);
    options.window.span_nbytes = 1; /* a step at a time */
    amkd_model *single = train(&options);
    options.seed++;
    amkd_model *other = train(&options);
    ck_assert(same_weights(resident, windowed));
    ck_assert(same_weights(resident, single));
    ck_assert(!same_weights(resident, other));
    amkd_model_free(resident), amkd_model_free(windowed);
    amkd_model_free(single), amkd_model_free(other);
}
END_TEST

/* Which lessons teach, and how many, is of the whole step. */
START_TEST(micro_batches_of_lessons_end_in_the_weights_of_whole_batches)
{
    amkd_train_options options = make_options();
    options.nsteps = 30;
    options.optimizer = (amkd_optimizer_options){.kind = AMKD_SGD, .momentum = 0.9};
    options.views = _i & 1 ? &views : NULL;
    options.mixup = _i & 2 ? 0.7 : 0;
    options.min_top = 0.6;
    amkd_model *whole = train(&options);
    options.micro_batch = 7;
    amkd_model *parts = train(&options);
    for (size_t p = 0; p < whole->graph.nparameters; p++)
        ck_assert_double_eq_tol(parts->parameters[p], whole->parameters[p], 2e-5);
    amkd_model_free(whole), amkd_model_free(parts);
}
END_TEST

/* Ends the training at the second report, as a kill would; these come every 256 steps,
 * however many the window holds. */
static int stop_at_second(void *context, const amkd_train_report *report)
{
    ck_assert_uint_eq(report->step % AMKD_SPAN_STEPS, 0);
    return ++*(int *)context == 2 ? amkd_fail("stopped") : 0;
}

START_TEST(stopped_lessons_resume_to_the_same_weights)
{
    char path[] = "/tmp/amkd-test-XXXXXX";
    close(mkstemp(path));
    amkd_train_options options = make_options();
    options.views = &views;
    options.mixup = _i ? 0.4 : 0;
    options.nviews = _i ? 0 : 3;
    options.window = _i ? small_window : (amkd_span_images_limits){0};
    amkd_model *through = train(&options);
    amkd_model *stopped = make_model(small_arch, 3);
    int nreports = 0;
    options.checkpoint = path;
    ck_assert_int_eq(
        amkd_train(stopped, device, &dataset, &options, stop_at_second, &nreports), -1);
    options.checkpoint = NULL;
    options.resume = path;
    amkd_model *resumed = train(&options);
    ck_assert(same_weights(through, resumed));

    amkd_model *again = make_model(small_arch, 3);
    assistant->mean[1] += 0.01F; /* another teacher's lessons must not go on from it */
    ck_assert_int_eq(amkd_train(again, device, &dataset, &options, NULL, NULL), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "another training"));
    assistant->mean[1] -= 0.01F;
    options.views = NULL;
    ck_assert_int_eq(amkd_train(again, device, &dataset, &options, NULL, NULL), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "another training"));
    amkd_model_free(through), amkd_model_free(stopped);
    amkd_model_free(resumed), amkd_model_free(again);
    unlink(path);
}
END_TEST

/* How often the two have the same top class on the images. */
static double agreement_of(const amkd_model *a, const amkd_model *b)
{
    const amkd_model *models[] = {a, b};
    float probs[2][NIMAGES][CLASSES];
    size_t nsame = 0;
    for (int m = 0; m < 2; m++) {
        amkd_predictor *predictor;
        ck_ok(amkd_predictor_new(&predictor, device, models[m]));
        ck_ok(
            amkd_predictor_run(predictor, probs[m][0], dataset.images->pixels, NIMAGES));
        amkd_predictor_free(predictor);
    }
    for (size_t i = 0; i < NIMAGES; i++) {
        size_t top[2] = {0};
        for (size_t c = 1; c < CLASSES; c++)
            for (int m = 0; m < 2; m++)
                if (probs[m][i][c] > probs[m][i][top[m]])
                    top[m] = c;
        nsame += top[0] == top[1];
    }
    return (double)nsame / NIMAGES;
}

static int keep_report(void *context, const amkd_train_report *report)
{
    *(amkd_train_report *)context = *report;
    return 0;
}

START_TEST(a_student_comes_to_agree_with_its_assistant)
{
    amkd_train_options options = make_options();
    amkd_train_report said;
    amkd_model *model = make_model(small_arch, 3);
    ck_assert_double_lt(agreement_of(model, assistant), 0.7);
    options.views = _i & 1 ? &views : NULL;
    options.mixup = _i & 2 ? 0.4 : 0;
    options.min_top = _i & 4 ? 0.5 : 0;
    ck_ok(amkd_train(model, device, &dataset, &options, keep_report, &said));
    ck_assert_double_gt(agreement_of(model, assistant), 0.8);
    ck_assert_uint_eq(said.step, 700);
    if (options.min_top > 0)
        ck_assert(said.taught > 0.1 && said.taught < 0.999);
    else
        ck_assert_double_eq(said.taught, 1);
    amkd_model_free(model);
}
END_TEST

START_TEST(an_assistant_that_is_never_sure_enough_is_an_error)
{
    amkd_train_options options = make_options();
    options.min_top = 1;
    amkd_model *model = make_model(small_arch, 3);
    ck_assert_int_eq(amkd_train(model, device, &dataset, &options, NULL, NULL), -1);
    ck_assert_msg(strstr(amkd_error(), "256 steps taught nothing") != NULL, "%s",
                  amkd_error());
    amkd_model_free(model);
}
END_TEST

START_TEST(an_assistant_of_other_classes_or_images_is_refused)
{
    amkd_train_options options = make_options();
    dataset.nclasses = 3;
    ck_assert_int_eq(amkd_train(student, device, &dataset, &options, NULL, NULL), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "the assistant: "));
    dataset.nclasses = CLASSES;
    dataset.images->width = 4;
    ck_assert_int_eq(amkd_train(student, device, &dataset, &options, NULL, NULL), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "the assistant: "));
    dataset.images->width = SIDE;
}
END_TEST

START_TEST(views_of_labeled_images_are_learned_by_their_labels)
{
    amkd_train_options options = make_options();
    amkd_train_report said;
    amkd_model *model = make_model(small_arch, 3);
    options.assistant = NULL;
    options.views = &views;
    dataset.keys = calloc(NIMAGES, sizeof *dataset.keys);
    dataset.targets = calloc(NIMAGES * CLASSES, sizeof *dataset.targets);
    for (uint32_t i = 0; i < NIMAGES; i++) {
        dataset.keys[i] = (amkd_label_key){i, i, 1};
        dataset.targets[i * CLASSES + i % CLASSES] = 1;
    }
    ck_ok(amkd_train(model, device, &dataset, &options, keep_report, &said));
    ck_assert_double_gt(said.agreement, 0.8);
    amkd_model_free(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lessons_train");
    TCase *tests = tcase_create("trainings");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, weights_do_not_depend_on_what_lies_on_the_device, 0, 8);
    tcase_add_loop_test(
        tests, micro_batches_of_lessons_end_in_the_weights_of_whole_batches, 0, 4);
    tcase_add_loop_test(tests, stopped_lessons_resume_to_the_same_weights, 0, 2);
    tcase_add_loop_test(tests, a_student_comes_to_agree_with_its_assistant, 0, 5);
    tcase_add_test(tests, an_assistant_that_is_never_sure_enough_is_an_error);
    tcase_add_test(tests, an_assistant_of_other_classes_or_images_is_refused);
    tcase_add_test(tests, views_of_labeled_images_are_learned_by_their_labels);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
