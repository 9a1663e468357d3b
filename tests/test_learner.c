/* Steps in micro-batches, and batch norms whose running figures are taken anew. */
#include "quarters.h"
#include "steps/learn/order.h"

static amkd_device *device;

static void open_device(void)
{
    ck_ok(amkd_device_open(&device, NULL));
}

static void close_device(void)
{
    amkd_device_close(device);
}

static int keep_report(void *context, const amkd_train_report *report)
{
    *(amkd_train_report *)context = *report;
    return 0;
}

/* Without batch norms, micro-batches change nothing but how sums are rounded. */
START_TEST(micro_batches_end_in_the_weights_of_whole_batches)
{
    static const uint64_t sizes[] = {1, 7, 16, 23};
    amkd_dataset dataset = make_dataset();
    amkd_train_options options = make_options();
    amkd_train_report said, parts_said;
    options.nsteps = 30; /* more than three epochs */
    options.optimizer =
        (amkd_optimizer_options){.kind = AMKD_SGD, .momentum = 0.9, .clip = 1};
    options.mixup = _i % 2 ? 0.4 : 0;
    amkd_model *whole = make_model(SMALL_ARCH), *parts = make_model(SMALL_ARCH);
    amkd_model *again = make_model(SMALL_ARCH);
    ck_ok(amkd_train(whole, device, &dataset, &options, keep_report, &said));
    options.micro_batch = sizes[_i / 2];
    ck_ok(amkd_train(parts, device, &dataset, &options, keep_report, &parts_said));
    ck_ok(amkd_train(again, device, &dataset, &options, NULL, NULL));
    const size_t n = whole->graph.nparameters;
    for (size_t p = 0; p < n; p++)
        ck_assert_double_eq_tol(parts->parameters[p], whole->parameters[p], 2e-5);
    ck_assert_mem_eq(parts->parameters, again->parameters, n * sizeof(float));
    ck_assert_double_eq_tol(parts_said.loss, said.loss, 1e-5);
    ck_assert_double_eq_tol(parts_said.agreement, said.agreement, 1e-9);
    amkd_model_free(whole), amkd_model_free(parts), amkd_model_free(again);
    amkd_dataset_clear(&dataset);
}
END_TEST

/* Of a batch norm that sees the images themselves: the means of its batches' means and
 * unbiased variances. */
static void expect_refreshed(const amkd_model *model, const amkd_dataset *dataset,
                             size_t batch, uint64_t first, size_t nbatches)
{
    enum { NPIXELS = SIDE * SIDE };
    amkd_order order;
    uint32_t rows[NIMAGES];
    double mean = 0, variance = 0;
    ck_ok(amkd_order_new(&order, NIMAGES, batch, make_options().seed));
    for (uint64_t step = first; step < first + nbatches; step++) {
        const size_t n = amkd_order_count(&order, step) * NPIXELS;
        double sum = 0, squares = 0;
        amkd_order_step(&order, rows, step);
        for (size_t p = 0; p < n; p++) {
            const double x =
                dataset->images->pixels[rows[p / NPIXELS] * NPIXELS + p % NPIXELS] /
                255.0;
            sum += x;
            squares += x * x;
        }
        mean += sum / (double)n / (double)nbatches;
        variance +=
            (squares - sum * sum / (double)n) / (double)(n - 1) / (double)nbatches;
    }
    amkd_order_clear(&order);
    const amkd_layer *bn = &model->graph.layers[0];
    ck_assert_double_eq_tol(
        model->parameters[amkd_layer_parameter(bn, "running_mean")->offset], mean, 1e-5);
    ck_assert_double_eq_tol(
        model->parameters[amkd_layer_parameter(bn, "running_var")->offset], variance,
        1e-5);
}

START_TEST(batch_norms_are_refreshed_as_plain_means_over_batches)
{
    static const uint64_t nsteps[] = {0, 20}, nepochs[] = {0, 1};
    amkd_dataset dataset = make_dataset();
    amkd_train_options options = make_options();
    amkd_model *model = make_model("bn | flatten | fc classes");
    model->std[0] = 1; /* its input is the pixels over 255 */
    options.nsteps = nsteps[_i];
    options.nepochs = nepochs[_i];
    options.optimizer.average = 0.99;
    options.refresh_bn = 300; /* more than a span */
    amkd_model *fresh = make_model("bn | flatten | fc classes");
    ck_ok(amkd_train(model, device, &dataset, &options, NULL, NULL));
    expect_refreshed(model, &dataset, options.batch, nsteps[_i], 300);
    const int same = !memcmp(model->parameters, fresh->parameters,
                             fresh->graph.ntrained * sizeof(float));
    ck_assert_int_eq(same, !nsteps[_i]); /* no step, no other weights */
    amkd_model_free(model), amkd_model_free(fresh);
    amkd_dataset_clear(&dataset);
}
END_TEST

START_TEST(a_batch_norm_refreshed_sees_micro_batches)
{
    amkd_dataset dataset = make_dataset();
    amkd_train_options options = make_options();
    amkd_model *whole = make_model("bn | flatten | fc classes");
    amkd_model *parts = make_model("bn | flatten | fc classes");
    options.nsteps = 0;
    options.batch = NIMAGES;
    options.refresh_bn = 1;
    ck_ok(amkd_train(whole, device, &dataset, &options, NULL, NULL));
    options.micro_batch = 20;
    ck_ok(amkd_train(parts, device, &dataset, &options, NULL, NULL));
    const size_t mean =
        amkd_layer_parameter(&whole->graph.layers[0], "running_mean")->offset;
    /* Parts of nearly the same size have nearly the mean of all, but not just it. */
    ck_assert_double_eq_tol(parts->parameters[mean], whole->parameters[mean], 1e-3);
    ck_assert(parts->parameters[mean] != whole->parameters[mean]);
    amkd_model_free(whole), amkd_model_free(parts);
    amkd_dataset_clear(&dataset);
}
END_TEST

START_TEST(there_must_be_batch_norms_to_refresh)
{
    amkd_dataset dataset = make_dataset();
    amkd_train_options options = make_options();
    amkd_model *model = make_model(SMALL_ARCH);
    options.refresh_bn = 1;
    ck_assert_int_eq(amkd_train(model, device, &dataset, &options, NULL, NULL), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "no batch norms"));
    amkd_model_free(model);
    amkd_dataset_clear(&dataset);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("learner");
    TCase *tests = tcase_create("parts");
    tcase_add_unchecked_fixture(tests, open_device, close_device);
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, micro_batches_end_in_the_weights_of_whole_batches, 0, 8);
    tcase_add_loop_test(tests, batch_norms_are_refreshed_as_plain_means_over_batches, 0,
                        2);
    tcase_add_test(tests, a_batch_norm_refreshed_sees_micro_batches);
    tcase_add_test(tests, there_must_be_batch_norms_to_refresh);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed ? EXIT_FAILURE : EXIT_SUCCESS;
}
