/* Mixup: the kernels against their formula, the distribution of mu, and inputs and
 * targets that are mixed alike whatever step a training begins with. */
#include "base/error.h"
#include "base/random.h"
#include "data/mix.h"
#include "ops/batch.h"
#include "steps/learn/samples.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

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

/* Mean, variance and fourth moment of Beta(a, a) about its mean: 1/2, 1 / (4 (2a + 1)),
 * 3 / (16 (2a + 1) (2a + 3)). */
START_TEST(symmetric_betas_have_their_moments)
{
    static const double alphas[] = {0.01, 0.2, 0.5, 1, 2.5, 40, 1000};
    enum { N = 200000 };
    const double a = alphas[_i];
    double mean = 0, square = 0, fourth = 0;
    for (uint64_t n = 0; n < N; n++) {
        const double d = amkd_random_beta(a, 7, 3, n) - 0.5;
        ck_assert(fabs(d) <= 0.5); /* no NaN either */
        mean += d / N;
        square += d * d / N;
        fourth += d * d * d * d / N;
    }
    const double variance = 0.25 / (2 * a + 1);
    ck_assert_double_eq_tol(mean, 0, 4 * sqrt(variance / N));
    ck_assert_double_eq_tol(square, variance, 0.01 * variance);
    ck_assert_double_eq_tol(fourth, 3 * variance / (4 * (2 * a + 3)), 0.01 * fourth);
}
END_TEST

/* Of Beta(1, 1) a tenth lies in each tenth. */
START_TEST(a_beta_of_one_is_uniform)
{
    enum { N = 100000, BINS = 10 };
    int counts[BINS] = {0};
    for (uint64_t n = 0; n < N; n++)
        counts[(int)fmin(amkd_random_beta(1, 9, 1, n) * BINS, BINS - 1)]++;
    for (int b = 0; b < BINS; b++)
        ck_assert_int_lt(abs(counts[b] - N / BINS), 400); /* 4 deviations */
}
END_TEST

enum {
    SIDE = 5,
    CHANNELS = 3,
    NPIXELS = SIDE * SIDE * CHANNELS,
    NIMAGES = 7,
    ROWS = 90,
    CLASSES = 5,
    FIRST = 2
};

/* What the kernels are given. */
typedef struct batch {
    uint8_t images[NIMAGES][NPIXELS];
    amkd_label_key keys[ROWS];
    float targets[ROWS][CLASSES];
    uint32_t order[FIRST + ROWS];
    float mu[FIRST + ROWS];
} batch;

static const float scale[CHANNELS] = {0.01f, 0.02f, 0.03f}, shift[CHANNELS] = {1, 0, -2};

static void make_batch(batch *b)
{
    for (size_t n = 0; n < NIMAGES; n++)
        for (size_t p = 0; p < NPIXELS; p++)
            b->images[n][p] = (uint8_t)amkd_random_u64(1, n, p);
    for (size_t r = 0; r < ROWS; r++) {
        b->keys[r] =
            (amkd_label_key){(uint32_t)(r % NIMAGES), (uint32_t)(r * 3 % NIMAGES),
                             (float)amkd_random_uniform(2, 0, r)};
        for (size_t c = 0; c < CLASSES; c++)
            b->targets[r][c] = (float)amkd_random_uniform(3, r, c);
    }
    for (size_t n = 0; n < FIRST + ROWS; n++) {
        b->order[n] = (uint32_t)(n * 37 % ROWS);
        b->mu[n] = (float)amkd_random_uniform(4, 0, n);
    }
    b->mu[FIRST] = 0, b->mu[FIRST + 1] = 1;
}

/* What the network sees of value at of sample n, not mixed again. */
static double input_of(const batch *b, size_t n, size_t at)
{
    const amkd_label_key *key = &b->keys[b->order[FIRST + n]];
    uint8_t pixel;
    amkd_mix_u8(&pixel, b->images[key->i] + at, b->images[key->j] + at,
                amkd_mix_weight(key->lambda), 1);
    return (double)pixel * scale[at % CHANNELS] + shift[at % CHANNELS];
}

static void expect_inputs(const batch *b, const float *x, size_t count, size_t nblocks)
{
    const size_t nlanes = device->nlanes;
    for (size_t n = 0; n < nblocks * nlanes; n++)
        for (size_t at = 0; at < NPIXELS; at++) {
            const double mu = n < count ? b->mu[FIRST + n] : 1;
            const double own = input_of(b, n < count ? n : 0, at);
            const double next = input_of(b, n + 1 < count ? n + 1 : 0, at);
            const size_t p = at % CHANNELS * SIDE * SIDE + at / CHANNELS;
            ck_assert_double_eq_tol(x[(n / nlanes * NPIXELS + p) * nlanes + n % nlanes],
                                    mu * own + (1 - mu) * next, 1e-5);
        }
}

START_TEST(a_batch_and_its_targets_are_mixed_by_the_formula)
{
    const size_t nlanes = device->nlanes;
    const size_t counts[] = {1, 2, 3, nlanes, nlanes + 1, ROWS};
    const size_t count = counts[_i] < ROWS ? counts[_i] : ROWS;
    const size_t nblocks = (count + nlanes - 1) / nlanes, nx = nblocks * nlanes * NPIXELS;
    static batch b;
    make_batch(&b);
    float *x = malloc(nx * sizeof *x), mixed[ROWS][CLASSES];
    amkd_batches *batches;
    cl_mem inputs, targets, order, mu, out;
    ck_ok(amkd_batches_new(&batches, device, SIDE, SIDE, CHANNELS));
    ck_ok(amkd_batches_images(batches, b.images[0], NIMAGES));
    ck_ok(amkd_batches_keys(batches, b.keys, ROWS));
    ck_ok(amkd_batches_normalize(batches, scale, shift));
    ck_ok(amkd_buffer_new(&inputs, device, CL_MEM_READ_WRITE, nx * sizeof *x, NULL));
    ck_ok(
        amkd_buffer_new(&targets, device, CL_MEM_READ_ONLY, sizeof b.targets, b.targets));
    ck_ok(amkd_buffer_new(&order, device, CL_MEM_READ_ONLY, sizeof b.order, b.order));
    ck_ok(amkd_buffer_new(&mu, device, CL_MEM_READ_ONLY, sizeof b.mu, b.mu));
    ck_ok(amkd_buffer_new(&out, device, CL_MEM_READ_WRITE, sizeof mixed, NULL));
    ck_ok(amkd_batches_load_mixup(
        batches, inputs, order,
        &(amkd_stretch){.first = FIRST, .total = count, .count = count}, mu));
    ck_ok(amkd_batches_mix_targets(batches, out, targets, CLASSES, order, FIRST, count,
                                   mu));
    ck_ok(amkd_buffer_read(device, x, inputs, 0, nx * sizeof *x));
    ck_ok(amkd_buffer_read(device, mixed, out, 0, count * sizeof *mixed));
    expect_inputs(&b, x, count, nblocks);
    for (size_t n = 0; n < count; n++)
        for (size_t c = 0; c < CLASSES; c++) {
            const float *own = b.targets[b.order[FIRST + n]];
            const float *next = b.targets[b.order[FIRST + (n + 1) % count]];
            const double share = b.mu[FIRST + n];
            ck_assert_double_eq_tol(mixed[n][c], share * own[c] + (1 - share) * next[c],
                                    1e-6);
        }
    amkd_batches_free(batches);
    amkd_buffer_free(inputs), amkd_buffer_free(targets), amkd_buffer_free(order);
    amkd_buffer_free(mu), amkd_buffer_free(out);
    free(x);
}
END_TEST

/* One pixel an image, whose value is the share of class 0 in its target: so it is after
 * mixup. */
enum { GREYS = 23, BATCH = 6, SEED = 5 };

static amkd_dataset make_greys(void)
{
    amkd_dataset dataset = {.n = GREYS, .nclasses = 2};
    amkd_images *images = dataset.images = calloc(1, sizeof *images);
    *images = (amkd_images){.n = GREYS, .height = 1, .width = 1, .channels = 1};
    images->pixels = malloc(GREYS);
    dataset.keys = calloc(GREYS, sizeof *dataset.keys);
    dataset.targets = calloc(GREYS * 2, sizeof *dataset.targets);
    for (uint32_t i = 0; i < GREYS; i++) {
        images->pixels[i] = (uint8_t)(i * 11);
        dataset.keys[i] = (amkd_label_key){i, i, 1};
        dataset.targets[2 * i] = (float)(i * 11) / 255;
        dataset.targets[2 * i + 1] = 1 - dataset.targets[2 * i];
    }
    return dataset;
}

/* The targets of a step, read back; its inputs are seen to agree. */
static void read_step(amkd_feed *samples, float (*targets)[2], uint64_t step)
{
    float *x = malloc(device->nlanes * sizeof *x);
    cl_mem inputs;
    amkd_step_targets p;
    ck_ok(amkd_buffer_new(&inputs, device, CL_MEM_READ_WRITE, device->nlanes * sizeof *x,
                          NULL));
    ck_ok(samples->teach(samples, &p, step));
    ck_ok(samples->load(samples, inputs, 0, p.count));
    ck_assert_uint_eq(p.first, 0);
    ck_ok(amkd_buffer_read(device, x, inputs, 0, device->nlanes * sizeof *x));
    ck_ok(amkd_buffer_read(device, targets, p.targets, 0, p.count * sizeof *targets));
    for (size_t n = 0; n < p.count; n++) {
        ck_assert_double_eq_tol(targets[n][0], x[n], 1e-5);
        ck_assert_double_eq_tol(targets[n][0] + targets[n][1], 1, 1e-5);
    }
    amkd_buffer_free(inputs);
    free(x);
}

/* The mu that the targets of a whole batch were mixed by. */
static void find_shares(double *mu, float (*targets)[2], uint64_t step)
{
    uint32_t rows[BATCH];
    amkd_order order;
    ck_ok(amkd_order_new(&order, GREYS, BATCH, SEED));
    amkd_order_step(&order, rows, step);
    for (size_t n = 0; n < BATCH; n++) {
        const double own = rows[n] * 11 / 255.0,
                     next = rows[(n + 1) % BATCH] * 11 / 255.0;
        mu[n] = (targets[n][0] - next) / (own - next);
        ck_assert(mu[n] > -1e-4 && mu[n] < 1 + 1e-4);
    }
    amkd_order_clear(&order);
}

START_TEST(inputs_and_targets_are_mixed_alike_and_by_the_step_alone)
{
    amkd_dataset dataset = make_greys();
    const amkd_train_options options = {
        .temperature = 1, .mixup = 1, .batch = BATCH, .seed = SEED};
    amkd_graph graph;
    amkd_model *model;
    amkd_feed *samples;
    size_t n;
    float early[BATCH][2], there[BATCH][2], again[BATCH][2];
    ck_ok(amkd_graph_parse(&graph, "flatten | fc classes", (amkd_shape){1, 1, 1}, 2));
    ck_ok(amkd_model_init(&model, &graph, 3));
    model->mean[0] = 0, model->std[0] = 1;
    ck_ok(amkd_samples_new(&samples, device, &dataset, model, &options));
    ck_ok(samples->begin(samples, &n, 0, 9));
    ck_assert_uint_eq(n, 2 * GREYS + BATCH);
    read_step(samples, early, 1);
    read_step(samples, again, 3); /* an epoch's last has fewer */
    read_step(samples, there, 6);
    ck_ok(samples->begin(samples, &n, 5, 8));
    read_step(samples, again, 6);
    ck_assert_mem_eq(there, again, sizeof there);
    double mu[BATCH], other[BATCH];
    find_shares(mu, there, 6);
    find_shares(other, early, 1);
    for (size_t s = 0; s < BATCH; s++) {
        ck_assert_double_gt(fabs(mu[s] - mu[(s + 1) % BATCH]), 1e-3);
        ck_assert_double_gt(fabs(mu[s] - other[s]), 1e-3);
    }
    samples->free(samples);
    amkd_model_free(model);
    amkd_graph_clear(&graph);
    amkd_dataset_clear(&dataset);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mixup");
    TCase *betas = tcase_create("betas"), *tests = tcase_create("device");
    tcase_add_loop_test(betas, symmetric_betas_have_their_moments, 0, 7);
    tcase_add_test(betas, a_beta_of_one_is_uniform);
    suite_add_tcase(suite, betas);
    tcase_add_unchecked_fixture(tests, open_device, close_device);
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, a_batch_and_its_targets_are_mixed_by_the_formula, 0, 6);
    tcase_add_test(tests, inputs_and_targets_are_mixed_alike_and_by_the_step_alone);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed ? EXIT_FAILURE : EXIT_SUCCESS;
}
