/* Training: schedules, optimizers and the loss against plain formulas; that it learns, is
 * repeatable, resumes exactly and refuses what it cannot train on. */
#include "base/error.h"
#include "base/random.h"
#include "ops/loss.h"
#include "ops/optimizer.h"
#include "steps/learn/evaluate.h"
#include "steps/learn/train.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ck_ok(call) ck_assert_msg(!(call), "%s", amkd_error())

static amkd_device *device;

static void open_device(void)
{
    ck_ok(amkd_device_open(&device, NULL));
}

static void close_device(void)
{
    amkd_device_close(device);
}

static double normal(uint64_t stream, uint64_t index)
{
    return amkd_random_normal(11, stream, index);
}

START_TEST(schedules_start_peak_and_end_where_they_should)
{
    ck_assert_double_eq(amkd_schedule_rate(AMKD_CONSTANT, 0.5, 9, 10), 0.5);
    ck_assert_double_eq_tol(amkd_schedule_rate(AMKD_COSINE, 1, 0, 100), 1, 1e-12);
    ck_assert_double_eq_tol(amkd_schedule_rate(AMKD_COSINE, 1, 50, 100), 0.5, 1e-12);
    ck_assert_double_eq_tol(amkd_schedule_rate(AMKD_ONECYCLE, 1, 0, 100), 0.04, 1e-12);
    ck_assert_double_eq_tol(amkd_schedule_rate(AMKD_ONECYCLE, 1, 29, 100), 1, 1e-12);
    ck_assert_double_eq_tol(amkd_schedule_rate(AMKD_ONECYCLE, 1, 99, 100), 4e-6, 1e-12);
    for (uint64_t n = 1; n < 5; n++) /* short trainings have finite rates too */
        for (uint64_t s = 0; s < n; s++)
            ck_assert(isfinite(amkd_schedule_rate(AMKD_ONECYCLE, 1, s, n)));
}
END_TEST

/* The formulas of cl/optimizer.cl in double. */
static void reference_step(const amkd_optimizer_options *o, double *w, double *m,
                           double *v, double g, double rate, int t)
{
    if (o->kind == AMKD_ADAMW)
        *w -= rate * o->decay * *w;
    else
        g += o->decay * *w;
    if (o->kind == AMKD_SGD) {
        *m = o->momentum * *m + g;
        *w -= rate * *m;
        return;
    }
    *m = o->beta1 * *m + (1 - o->beta1) * g;
    *v = o->beta2 * *v + (1 - o->beta2) * g * g;
    *w -= rate * (*m / (1 - pow(o->beta1, t))) /
          (sqrt(*v / (1 - pow(o->beta2, t))) + o->epsilon);
}

START_TEST(optimizers_equal_their_formulas)
{
    enum { N = 37, SLICES = 3, STEPS = 6 };
    const amkd_optimizer_options options = {.kind = (amkd_optimizer_kind)_i,
                                            .momentum = 0.9,
                                            .beta1 = 0.9,
                                            .beta2 = 0.99,
                                            .epsilon = 1e-8,
                                            .decay = 0.1};
    float parameters[N], gradients[SLICES * N];
    double w[N], m[N] = {0}, v[N] = {0};
    for (size_t p = 0; p < N; p++)
        w[p] = parameters[p] = (float)normal(1, p);
    amkd_optimizer *optimizer;
    cl_mem on_device, slices;
    ck_ok(amkd_optimizer_new(&optimizer, device, &options, N));
    ck_ok(amkd_buffer_new(&on_device, device, CL_MEM_READ_WRITE, sizeof parameters,
                          parameters));
    ck_ok(amkd_buffer_new(&slices, device, CL_MEM_READ_ONLY, sizeof gradients, NULL));
    for (int t = 1; t <= STEPS; t++) {
        for (size_t g = 0; g < SLICES * N; g++)
            gradients[g] = (float)normal(2 + (uint64_t)t, g);
        ck_ok(amkd_buffer_write(device, slices, gradients, 0, sizeof gradients));
        ck_ok(amkd_optimizer_step(optimizer, on_device, slices, SLICES, 0.01 * t));
        for (size_t p = 0; p < N; p++)
            reference_step(&options, &w[p], &m[p], &v[p],
                           (double)gradients[p] + gradients[N + p] + gradients[2 * N + p],
                           0.01 * t, t);
    }
    ck_ok(amkd_buffer_read(device, parameters, on_device, 0, sizeof parameters));
    for (size_t p = 0; p < N; p++)
        ck_assert_double_eq_tol(parameters[p], w[p], 1e-5);
    amkd_buffer_free(on_device);
    amkd_buffer_free(slices);
    amkd_optimizer_free(optimizer);
}
END_TEST

START_TEST(loss_at_a_temperature_equals_its_formula_and_leaves_empty_lanes_alone)
{
    enum { CLASSES = 5, FIRST = 2, COUNT = 3, ROWS = 6 };
    const double temperature = _i ? 4 : 1;
    const size_t nlanes = device->nlanes, n = CLASSES * nlanes;
    float *logits = calloc(n, 4), *gradient = calloc(n, 4), *sums = calloc(nlanes, 4);
    float targets[ROWS][CLASSES];
    const uint32_t order[] = {0, 0, 4, 1, 5, 0};
    for (size_t z = 0; z < n; z++)
        logits[z] = (float)(z % nlanes < COUNT ? 3 * normal(1, z) : NAN);
    for (size_t r = 0; r < ROWS; r++) {
        double sum = 0;
        for (size_t c = 0; c < CLASSES; c++)
            sum += targets[r][c] = (float)amkd_random_uniform(5, r, c);
        for (size_t c = 0; c < CLASSES; c++)
            targets[r][c] /= (float)sum;
    }
    amkd_loss *loss;
    cl_mem z, dz, p, rows, losses, agreements;
    ck_ok(amkd_loss_new(&loss, device, CLASSES));
    ck_ok(amkd_buffer_new(&z, device, CL_MEM_READ_ONLY, n * 4, logits));
    ck_ok(amkd_buffer_new(&dz, device, CL_MEM_READ_WRITE, n * 4, NULL));
    ck_ok(amkd_buffer_new(&p, device, CL_MEM_READ_ONLY, sizeof targets, targets));
    ck_ok(amkd_buffer_new(&rows, device, CL_MEM_READ_ONLY, sizeof order, order));
    ck_ok(amkd_buffer_new(&losses, device, CL_MEM_READ_WRITE, nlanes * 4, sums));
    ck_ok(amkd_buffer_new(&agreements, device, CL_MEM_READ_WRITE, nlanes * 4, sums));
    ck_ok(amkd_loss_run(loss, dz, losses, agreements, z, p, rows, FIRST, COUNT,
                        (float)temperature));
    ck_ok(amkd_buffer_read(device, gradient, dz, 0, n * 4));
    ck_ok(amkd_buffer_read(device, sums, losses, 0, nlanes * 4));
    for (size_t s = 0; s < nlanes; s++) {
        const float *target = targets[order[FIRST + (s < COUNT ? s : COUNT - 1)]];
        double sum = 0, expected = 0;
        for (size_t c = 0; c < CLASSES; c++)
            sum += exp(logits[c * nlanes + s] / temperature);
        for (size_t c = 0; c < CLASSES; c++) {
            const double q = exp(logits[c * nlanes + s] / temperature) / sum;
            const double d = temperature * (q - target[c]) / COUNT;
            ck_assert_double_eq_tol(gradient[c * nlanes + s], s < COUNT ? d : 0, 1e-6);
            expected -= temperature * temperature * target[c] * log(q);
        }
        ck_assert_double_eq_tol(sums[s], s < COUNT ? expected : 0,
                                1e-6 + 1e-5 * (s < COUNT ? expected : 0));
    }
    amkd_buffer_free(z), amkd_buffer_free(dz), amkd_buffer_free(p);
    amkd_buffer_free(rows), amkd_buffer_free(losses), amkd_buffer_free(agreements);
    amkd_loss_free(loss);
    free(logits), free(gradient), free(sums);
}
END_TEST

/* A labeled set that can be learned: the class is the brighter quarter of the image. */
enum { SIDE = 8, CLASSES = 4, NIMAGES = 203 };

static amkd_dataset make_dataset(void)
{
    amkd_dataset dataset = {.n = NIMAGES, .nclasses = CLASSES};
    const size_t npixels = SIDE * SIDE;
    amkd_images *images = dataset.images = calloc(1, sizeof *images);
    images->n = NIMAGES;
    images->height = images->width = SIDE;
    images->channels = 1;
    images->pixels = malloc(NIMAGES * npixels);
    images->nrefs = 1;
    images->refs = calloc(1, sizeof *images->refs);
    images->refs[0].rows = NIMAGES;
    dataset.keys = calloc(NIMAGES, sizeof *dataset.keys);
    dataset.targets = calloc(NIMAGES * CLASSES, sizeof *dataset.targets);
    for (uint32_t i = 0; i < NIMAGES; i++) {
        const size_t class = i % CLASSES;
        for (size_t p = 0; p < npixels; p++) {
            const size_t quarter = p / SIDE / 4 * 2 + p % SIDE / 4;
            images->pixels[i * npixels + p] =
                (uint8_t)(amkd_random_u64(4, i, p) % 128 + (quarter == class ? 100 : 0));
        }
        dataset.keys[i] = (amkd_label_key){i, i, 1};
        dataset.targets[i * CLASSES + class] = 1;
    }
    return dataset;
}

static amkd_model *make_model(const char *text)
{
    amkd_graph graph;
    amkd_model *model;
    ck_ok(amkd_graph_parse(&graph, text, (amkd_shape){1, SIDE, SIDE}, CLASSES));
    ck_ok(amkd_model_init(&model, &graph, 3));
    amkd_graph_clear(&graph);
    return model;
}

static const char *const small_arch = "conv 4 k3 | relu | maxpool 2 | fc classes";

static amkd_train_options make_options(void)
{
    return (amkd_train_options){
        .optimizer = {AMKD_ADAMW, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8},
        .schedule = AMKD_ONECYCLE,
        .rate = 0.01,
        .temperature = 1,
        .batch = 24, /* 203 is no multiple of it */
        .nsteps = 700,
        .seed = 5,
    };
}

START_TEST(training_learns_and_the_same_seed_gives_the_same_weights)
{
    amkd_dataset dataset = make_dataset();
    amkd_train_options options = make_options();
    amkd_model *a = make_model(small_arch), *b = make_model(small_arch);
    amkd_model *other = make_model(small_arch);
    const size_t nbytes = a->graph.nparameters * sizeof(float);
    amkd_agreement agreement;
    amkd_predictor *predictor;
    ck_ok(amkd_predictor_new(&predictor, device, a));
    ck_ok(amkd_train(a, device, &dataset, &options, NULL, NULL));
    ck_ok(amkd_train(b, device, &dataset, &options, NULL, NULL));
    options.seed++;
    ck_ok(amkd_train(other, device, &dataset, &options, NULL, NULL));
    ck_assert_mem_eq(a->parameters, b->parameters, nbytes);
    ck_assert(memcmp(a->parameters, other->parameters, nbytes));
    ck_ok(amkd_evaluate_dataset(&agreement, predictor, &dataset));
    ck_assert_double_lt(agreement.agreement, 0.9);
    ck_ok(amkd_predictor_update(predictor, a));
    ck_ok(amkd_evaluate_dataset(&agreement, predictor, &dataset));
    ck_assert_double_gt(agreement.agreement, 0.99);
    amkd_predictor_free(predictor);
    amkd_model_free(a), amkd_model_free(b), amkd_model_free(other);
    amkd_dataset_clear(&dataset);
}
END_TEST

START_TEST(training_with_mixup_learns_and_is_another_training)
{
    amkd_dataset dataset = make_dataset();
    amkd_train_options options = make_options();
    amkd_model *plain = make_model(small_arch), *mixed = make_model(small_arch);
    amkd_agreement agreement;
    amkd_predictor *predictor;
    ck_ok(amkd_train(plain, device, &dataset, &options, NULL, NULL));
    options.mixup = 0.4;
    ck_ok(amkd_train(mixed, device, &dataset, &options, NULL, NULL));
    ck_assert(memcmp(plain->parameters, mixed->parameters,
                     plain->graph.nparameters * sizeof(float)));
    ck_ok(amkd_predictor_new(&predictor, device, mixed));
    ck_ok(amkd_evaluate_dataset(&agreement, predictor, &dataset));
    ck_assert_double_gt(agreement.agreement, 0.99);
    amkd_predictor_free(predictor);
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

START_TEST(a_stopped_training_resumes_to_the_same_weights)
{
    char path[] = "/tmp/amkd-test-XXXXXX";
    close(mkstemp(path));
    amkd_dataset dataset = make_dataset();
    amkd_train_options options = make_options();
    options.optimizer.kind = (amkd_optimizer_kind)(_i / 2);
    options.optimizer.momentum = 0.9;
    options.mixup = _i % 2 ? 0.4 : 0;
    amkd_model *through = make_model(small_arch), *resumed = make_model(small_arch);
    ck_ok(amkd_train(through, device, &dataset, &options, NULL, NULL));
    int nreports = 0;
    options.checkpoint = path;
    ck_assert_int_eq(
        amkd_train(resumed, device, &dataset, &options, stop_at_second, &nreports), -1);
    amkd_model_free(resumed);
    resumed = make_model(small_arch);
    options.checkpoint = NULL;
    options.resume = path;
    ck_ok(amkd_train(resumed, device, &dataset, &options, NULL, NULL));
    ck_assert_mem_eq(through->parameters, resumed->parameters,
                     through->graph.nparameters * sizeof(float));

    amkd_model_free(resumed);
    resumed = make_model(small_arch);
    options.rate = 0.02; /* another training must not go on from it */
    ck_assert_int_eq(amkd_train(resumed, device, &dataset, &options, NULL, NULL), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "another training"));
    amkd_model_free(through), amkd_model_free(resumed);
    amkd_dataset_clear(&dataset);
    unlink(path);
}
END_TEST

START_TEST(a_diverging_training_is_an_error)
{
    amkd_dataset dataset = make_dataset();
    amkd_train_options options = make_options();
    options.optimizer.kind = AMKD_SGD;
    options.rate = 1e20;
    amkd_model *model = make_model(small_arch);
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
    tcase_add_test(tests, schedules_start_peak_and_end_where_they_should);
    tcase_add_loop_test(tests, optimizers_equal_their_formulas, AMKD_SGD, AMKD_ADAMW + 1);
    tcase_add_loop_test(
        tests, loss_at_a_temperature_equals_its_formula_and_leaves_empty_lanes_alone, 0,
        2);
    tcase_add_test(tests, training_learns_and_the_same_seed_gives_the_same_weights);
    tcase_add_loop_test(tests, a_stopped_training_resumes_to_the_same_weights,
                        2 * AMKD_SGD, 2 * AMKD_ADAMW + 2);
    tcase_add_test(tests, training_with_mixup_learns_and_is_another_training);
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
