/* Training: that it learns, is repeatable, resumes exactly and refuses what it cannot
 * train on. */
#include "base/clock.h"
#include "quarters.h"
#include "steps/learn/evaluate.h"
#include "steps/learn/train_describe.h"
#include <unistd.h>

static amkd_device *device;

static void open_device(void)
{
    ck_ok(amkd_device_open(&device, NULL));
}

static void close_device(void)
{
    amkd_device_close(device);
}

START_TEST(training_learns_and_the_same_seed_gives_the_same_weights)
{
    amkd_dataset dataset = make_dataset();
    amkd_train_options options = make_options();
    amkd_model *a = make_model(SMALL_ARCH), *b = make_model(SMALL_ARCH);
    amkd_model *other = make_model(SMALL_ARCH);
    const size_t nbytes = a->graph.nparameters * sizeof(float);
    amkd_agreement agreement;
    amkd_predictors *predictors;
    ck_ok(amkd_predictors_new(&predictors, &device, 1, a));
    ck_ok(amkd_train(a, device, &dataset, &options, NULL, NULL));
    ck_ok(amkd_train(b, device, &dataset, &options, NULL, NULL));
    options.seed++;
    ck_ok(amkd_train(other, device, &dataset, &options, NULL, NULL));
    ck_assert_mem_eq(a->parameters, b->parameters, nbytes);
    ck_assert(memcmp(a->parameters, other->parameters, nbytes));
    ck_ok(amkd_evaluate_dataset(&agreement, predictors, &dataset));
    ck_assert_double_lt(agreement.agreement, 0.9);
    ck_ok(amkd_predictors_update(predictors, a));
    ck_ok(amkd_evaluate_dataset(&agreement, predictors, &dataset));
    ck_assert_double_gt(agreement.agreement, 0.99);
    amkd_predictors_free(predictors);
    amkd_model_free(a), amkd_model_free(b), amkd_model_free(other);
    amkd_dataset_clear(&dataset);
}
END_TEST

START_TEST(training_with_mixup_learns_and_is_another_training)
{
    amkd_dataset dataset = make_dataset();
    amkd_train_options options = make_options();
    amkd_model *plain = make_model(SMALL_ARCH), *mixed = make_model(SMALL_ARCH);
    amkd_agreement agreement;
    amkd_predictors *predictors;
    ck_ok(amkd_train(plain, device, &dataset, &options, NULL, NULL));
    options.mixup = 0.4;
    ck_ok(amkd_train(mixed, device, &dataset, &options, NULL, NULL));
    ck_assert(memcmp(plain->parameters, mixed->parameters,
                     plain->graph.nparameters * sizeof(float)));
    ck_ok(amkd_predictors_new(&predictors, &device, 1, mixed));
    ck_ok(amkd_evaluate_dataset(&agreement, predictors, &dataset));
    ck_assert_double_gt(agreement.agreement, 0.99);
    amkd_predictors_free(predictors);
    amkd_model_free(plain), amkd_model_free(mixed);
    amkd_dataset_clear(&dataset);
}
END_TEST

/* Ends the training at the second report, as a kill would. */
static int stop_at_second(void *context, const amkd_train_report *report)
{
    (void)report;
    return ++*(int *)context == 2 ? amkd_fail("stopped") : 0;
}

typedef struct times {
    int n;
    double last, sum;
} times;

/* As one that evaluates at length, at first. */
static int sleep_at_first(void *context, const amkd_train_report *report)
{
    times *t = context;
    ck_assert_double_gt(report->seconds, 0);
    t->last = report->seconds;
    t->sum += report->seconds;
    if (!t->n++)
        usleep(300000);
    return 0;
}

START_TEST(seconds_of_reports_are_all_seconds_of_the_training)
{
    amkd_dataset dataset = make_dataset();
    amkd_train_options options = make_options();
    amkd_model *model = make_model(SMALL_ARCH);
    times t = {0};
    options.nsteps = 2 * 256;
    const double began = amkd_now();
    ck_ok(amkd_train(model, device, &dataset, &options, sleep_at_first, &t));
    const double all = amkd_now() - began;
    ck_assert_int_eq(t.n, 2);
    ck_assert_double_ge(t.last, 0.3);
    ck_assert_double_le(t.sum, all);
    amkd_model_free(model);
    amkd_dataset_clear(&dataset);
}
END_TEST

static int count_reports(void *context, const amkd_train_report *report)
{
    (void)report;
    ++*(int *)context;
    return 0;
}

START_TEST(a_stopped_training_resumes_to_the_same_weights)
{
    char path[] = "/tmp/amkd-test-XXXXXX";
    close(mkstemp(path));
    amkd_dataset dataset = make_dataset();
    amkd_train_options options = make_options();
    options.optimizer.kind = (amkd_optimizer_kind)(_i / 2);
    options.optimizer.momentum = 0.9;
    options.mixup = _i % 2 ? 0.4 : 0;
    options.optimizer.clip = _i % 2 ? 1 : 0;
    options.optimizer.average = _i % 2 ? 0.99 : 0;
    options.schedule.warmup = options.optimizer.kind == AMKD_SGD ? 0.6 : 0;
    options.schedule.kind =
        options.optimizer.kind == AMKD_SGD ? AMKD_COSINE : AMKD_ONECYCLE;
    amkd_model *through = make_model(SMALL_ARCH), *resumed = make_model(SMALL_ARCH);
    int nall = 0, nreports = 0, nresumed = 0;
    ck_ok(amkd_train(through, device, &dataset, &options, count_reports, &nall));
    options.checkpoint = path;
    ck_assert_int_eq(
        amkd_train(resumed, device, &dataset, &options, stop_at_second, &nreports), -1);
    amkd_model_free(resumed);
    resumed = make_model(SMALL_ARCH);
    options.checkpoint = NULL;
    options.resume = path;
    ck_ok(amkd_train(resumed, device, &dataset, &options, count_reports, &nresumed));
    ck_assert_int_lt(nresumed, nall); /* it does not begin anew */
    ck_assert_mem_eq(through->parameters, resumed->parameters,
                     through->graph.nparameters * sizeof(float));

    amkd_model_free(resumed);
    resumed = make_model(SMALL_ARCH);
    options.schedule.rate = 0.02; /* another training must not go on from it */
    ck_assert_int_eq(amkd_train(resumed, device, &dataset, &options, NULL, NULL), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "another training"));
    amkd_model_free(through), amkd_model_free(resumed);
    amkd_dataset_clear(&dataset);
    unlink(path);
}
END_TEST

static char *description_of(const amkd_train_options *options)
{
    amkd_dataset dataset = make_dataset();
    amkd_model *model = make_model("fc classes");
    char *text = amkd_train_describe(model, &dataset, options, 700);
    ck_assert_ptr_nonnull(text);
    amkd_model_free(model);
    amkd_dataset_clear(&dataset);
    return text;
}

START_TEST(a_batch_norm_that_would_meet_one_value_is_refused_before_the_first_step)
{
    amkd_dataset dataset = make_dataset();
    amkd_model *model = make_model("fc 4 | bn | relu | fc classes");
    amkd_train_options options = make_options();
    options.batch = (NIMAGES - 1) / 2;
    options.nsteps = 3;
    ck_assert_int_eq(amkd_train(model, device, &dataset, &options, NULL, NULL), -1);
    ck_assert_msg(strstr(amkd_error(), "of 203 samples in batches of 101 one is left"),
                  "%s", amkd_error());
    options.nsteps = 2; /* they end before the short batch */
    ck_ok(amkd_train(model, device, &dataset, &options, NULL, NULL));
    options.micro_batch = 100; /* parts of 50 and 51, not of 100 and 1 */
    ck_ok(amkd_train(model, device, &dataset, &options, NULL, NULL));
    options.micro_batch = 1;
    ck_assert_int_eq(amkd_train(model, device, &dataset, &options, NULL, NULL), -1);
    amkd_model_free(model);
    amkd_dataset_clear(&dataset);
}
END_TEST

/* A checkpoint is told by its description whether it is of this training. */
START_TEST(what_changes_the_weights_is_in_the_description)
{
    enum { NCHANGES = 18 };
    amkd_train_options changed[NCHANGES];
    for (size_t c = 0; c < NCHANGES; c++)
        changed[c] = make_options();
    changed[0].optimizer.kind = AMKD_SGD;
    changed[1].optimizer.momentum = 0.5;
    changed[2].optimizer.nesterov = 1;
    changed[3].optimizer.decay = 0.5;
    changed[4].optimizer.clip = 0.5;
    changed[5].schedule.kind = AMKD_COSINE;
    changed[6].schedule.rate = 0.5;
    changed[7].temperature = 0.5;
    changed[8].mixup = 0.5;
    changed[9].batch = 5;
    changed[10].seed = 6;
    changed[11].smoothing = 0.5;
    changed[12].schedule.warmup = 0.5;
    changed[13].schedule =
        (amkd_schedule){AMKD_MULTISTEP, 0.01, .milestones = {0.5}, .nmilestones = 1};
    changed[14].optimizer.average = 0.5;
    changed[15].micro_batch = 5;
    changed[16].refresh_bn = 5;
    changed[17].schedule.rate *= 1 + 1e-9;
    const amkd_train_options options = make_options();
    char *plain = description_of(&options);
    for (size_t c = 0; c < NCHANGES; c++) {
        char *text = description_of(&changed[c]);
        ck_assert_msg(strcmp(plain, text) != 0, "change %zu is not in '%s'", c, text);
        free(text);
    }
    free(plain);
}
END_TEST

START_TEST(a_diverging_training_is_an_error)
{
    amkd_dataset dataset = make_dataset();
    amkd_train_options options = make_options();
    options.optimizer.kind = AMKD_SGD;
    options.schedule.rate = 1e20;
    amkd_model *model = make_model(SMALL_ARCH);
    ck_assert_int_eq(amkd_train(model, device, &dataset, &options, NULL, NULL), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "diverged"));
    amkd_model_free(model);
    amkd_dataset_clear(&dataset);
}
END_TEST

START_TEST(data_of_another_shape_or_class_count_is_refused)
{
    amkd_dataset dataset = make_dataset();
    amkd_train_options options = make_options();
    amkd_model *model = make_model("flatten | fc classes");
    dataset.nclasses = 3;
    ck_assert_int_eq(amkd_train(model, device, &dataset, &options, NULL, NULL), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "classes"));
    dataset.nclasses = CLASSES;
    dataset.images->width = 4;
    ck_assert_int_eq(amkd_train(model, device, &dataset, &options, NULL, NULL), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "1x8x8"));
    amkd_model_free(model);
    amkd_dataset_clear(&dataset);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train");
    TCase *tests = tcase_create("training");
    tcase_add_unchecked_fixture(tests, open_device, close_device);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, training_learns_and_the_same_seed_gives_the_same_weights);
    tcase_add_loop_test(tests, a_stopped_training_resumes_to_the_same_weights,
                        2 * AMKD_SGD, 2 * AMKD_ADAMW + 2);
    tcase_add_test(tests, seconds_of_reports_are_all_seconds_of_the_training);
    tcase_add_test(tests, training_with_mixup_learns_and_is_another_training);
    tcase_add_test(
        tests, a_batch_norm_that_would_meet_one_value_is_refused_before_the_first_step);
    tcase_add_test(tests, what_changes_the_weights_is_in_the_description);
    tcase_add_test(tests, a_diverging_training_is_an_error);
    tcase_add_test(tests, data_of_another_shape_or_class_count_is_refused);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed ? EXIT_FAILURE : EXIT_SUCCESS;
}
