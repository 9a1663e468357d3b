/* Networks on the device against the float64 reference: every kernel of cl/ that training
 * and prediction use, over shapes of size 1, primes and nothing's multiples. */
#include "base/error.h"
#include "base/random.h"
#include "data/mix.h"
#include "graph/reference.h"
#include "net/network.h"
#include "net/predict.h"
#include "ops/batch.h"
#include "ops/loss.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>

static amkd_device *device;

static void open_device(void)
{
    ck_assert_msg(!amkd_device_open(&device, NULL), "%s", amkd_error());
}

static void close_device(void)
{
    amkd_device_close(device);
}

#define ck_ok(call) ck_assert_msg(!(call), "%s", amkd_error())

typedef struct network_case {
    const char *text;
    amkd_shape in;
    size_t count;    /* samples */
    size_t nclasses; /* of named archs, else 0 */
} network_case;

enum { NLENETS = 2 }; /* the first of the cases */

static const network_case cases[] = {
    {"lenet5", {1, 28, 28}, 5, 10},
    {"lenet5-half", {1, 28, 28}, 33, 10},
    {"mlp", {1, 7, 5}, 17, 10},
    {"fc 3", {1, 1, 1}, 1},
    {"conv 5 k3 p1 | tanh | maxpool 3 s2 | conv 7 k2 | relu | fc 4", {3, 9, 11}, 19},
    {"conv 2 k3 s2 p1 | conv 13 k1 | avgpool 2 | tanh | fc 11 | tanh | fc 3",
     {2, 13, 7},
     3},
    {"conv 9 k5 s3 p4 | relu | avgpool 3 s1 | fc 2", {1, 17, 16}, 16},
    {"maxpool 2 | relu | conv 3 k3 p2 | maxpool 2 s3 | flatten | fc 5", {3, 12, 10}, 21},
    {"relu | conv 4 k7 p3 s2 | relu | relu | fc 6", {1, 11, 8}, 2},
    {"conv 3 k1 | maxpool 3 s2 | fc 4", {1, 9, 9}, 20},
    {"conv 17 k3 p1 | relu | conv 3 k4 | fc 7", {4, 4, 4}, 48},
    /* Convolutions: rows of many tiles, of one pixel, padding wider than a tile, kernels
     * of one tap and of more than a tile has, strides beyond the kernel. */
    {"conv 11 k3 p1 | relu | conv 5 k5 p2 s2 | tanh | fc 2", {3, 4, 67}, 3},
    {"conv 13 k3 p1 | relu | conv 10 k3 p1 | relu | conv 9 k3 p2 | fc 2", {7, 3, 1}, 5},
    {"conv 3 k7 p6 | relu | conv 5 k7 p6 s2 | fc 2", {2, 5, 31}, 3},
    {"conv 11 k1 | tanh | conv 7 k1 s2 | relu | conv 4 k1 | fc 2", {5, 7, 9}, 17},
    {"conv 3 k13 s2 p5 | relu | conv 2 k13 s3 p8 | fc 3", {2, 15, 22}, 5},
    /* Several readers of a value, joined branches, batch norms. */
    {"conv 5 k3 p1 nobias | bn | relu | fc 3", {2, 6, 7}, 21},
    {"bn | tanh | fc 4 | bn | relu | fc 3", {3, 5, 4}, 35},
    {"conv 4 k3 p1 | relu | residual( conv 4 k3 p1 nobias | bn | relu | conv 4 k3 p1 "
     "nobias | bn ) | relu | residual( conv 6 k3 s2 p1 | bn | relu | conv 6 k3 p1 ; conv "
     "6 k1 s2 nobias | bn ) | relu | avgpool all | fc 3",
     {3, 9, 8},
     19},
    {"conv 4 k3 p1 | residual( ; maxpool 3 s1 p1 ; tanh | conv 4 k1 ) | residual( relu | "
     "maxpool 3 s1 p1 ) | bn | residual( bn | relu ) | fc 2",
     {1, 7, 6},
     17},
    {"maxpool 3 s2 p1 | conv 3 k3 s2 same | relu | avgpool 2 s1 same | fc 3",
     {2, 9, 8},
     5},
    {"conv 2 k25 p12 | relu | conv 3 k2 s4 | fc 2", {1, 9, 29}, 3},
};

static double normal(uint64_t stream, uint64_t index)
{
    return amkd_random_normal(7, stream, index);
}

/* One case's data: inputs [count][size] in float and double, targets, parameters. */
typedef struct fixture {
    amkd_graph graph;
    size_t count, size;
    float *parameters, *inputs, *targets;
} fixture;

static fixture make_fixture(const network_case *c)
{
    fixture f = {.count = c->count, .size = amkd_shape_size(c->in)};
    ck_ok(amkd_graph_parse(&f.graph, c->text, c->in, c->nclasses));
    const size_t nclasses = f.graph.nclasses;
    f.parameters = calloc(f.graph.nparameters, sizeof(float));
    f.inputs = calloc(f.count * f.size, sizeof(float));
    f.targets = calloc(f.count * nclasses, sizeof(float));
    for (size_t p = 0; p < f.graph.nparameters; p++)
        f.parameters[p] = (float)(0.2 * normal(1, p));
    for (size_t p = f.graph.ntrained; p < f.graph.nparameters; p++)
        f.parameters[p] = (float)(0.5 + amkd_random_uniform(7, 1, p));
    for (size_t x = 0; x < f.count * f.size; x++)
        f.inputs[x] = (float)round(2 * normal(2, x)) / 2; /* so that maxima tie */
    for (size_t r = 0; r < f.count; r++) {
        double sum = 0;
        for (size_t k = 0; k < nclasses; k++)
            sum += f.targets[r * nclasses + k] =
                (float)amkd_random_uniform(7, 3, r * nclasses + k);
        for (size_t k = 0; k < nclasses; k++)
            f.targets[r * nclasses + k] /= (float)sum;
    }
    return f;
}

static void free_fixture(fixture *f)
{
    amkd_graph_clear(&f->graph);
    free(f->parameters);
    free(f->inputs);
    free(f->targets);
}

/* Puts the inputs into the network's lanes; empty ones repeat the last sample. */
static void upload(amkd_network *network, const fixture *f, size_t nblocks)
{
    const size_t nlanes = device->nlanes, n = nblocks * nlanes * f->size;
    float *lanes = malloc(n * sizeof *lanes);
    for (size_t s = 0; s < nblocks * nlanes; s++)
        for (size_t x = 0; x < f->size; x++)
            lanes[(s / nlanes * f->size + x) * nlanes + s % nlanes] =
                f->inputs[(s < f->count ? s : f->count - 1) * f->size + x];
    ck_ok(amkd_buffer_write(device, amkd_network_value(network, 0), lanes, 0,
                            n * sizeof *lanes));
    ck_ok(amkd_buffer_write(device, amkd_network_parameters(network), f->parameters, 0,
                            f->graph.nparameters * sizeof(float)));
    free(lanes);
}

static void expect_close(double value, double reference, const char *what, size_t at)
{
    ck_assert_msg(fabs(value - reference) <= 1e-5 + 1e-5 * fabs(reference),
                  "%s %zu is %.9g, the reference %.9g", what, at, value, reference);
}

/* The samples' floats as doubles, freed with free(). */
static double *doubles(const float *values, size_t n)
{
    double *out = malloc(n * sizeof *out);
    for (size_t i = 0; i < n; i++)
        out[i] = (double)values[i];
    return out;
}

static amkd_batch batch_of(const fixture *f, int training)
{
    return (amkd_batch){.nblocks = (f->count + device->nlanes - 1) / device->nlanes,
                        .nsamples = f->count,
                        .training = training,
                        .seed = 5,
                        .step = 3};
}

START_TEST(logits_equal_the_reference)
{
    fixture f = make_fixture(&cases[_i]);
    const amkd_batch batch = batch_of(&f, 0);
    const size_t n = f.count * f.graph.nclasses;
    amkd_network *network;
    amkd_reference *reference;
    amkd_loss *loss;
    cl_mem out;
    float *logits = malloc(n * sizeof *logits);
    double *input = doubles(f.inputs, f.count * f.size), *expected = malloc(n * 8);
    ck_ok(amkd_network_new(&network, device, &f.graph, batch.nblocks, 0));
    ck_ok(amkd_reference_new(&reference, &f.graph, f.parameters, f.count));
    ck_ok(amkd_loss_new(&loss, device, f.graph.nclasses));
    ck_ok(amkd_buffer_new(&out, device, CL_MEM_WRITE_ONLY, n * 4, NULL));
    upload(network, &f, batch.nblocks);
    ck_ok(amkd_network_forward(network, 0, &batch));
    ck_ok(amkd_loss_softmax(loss, out, amkd_network_logits(network), f.count, 1));
    ck_ok(amkd_buffer_read(device, logits, out, 0, n * 4));
    amkd_reference_forward(reference, expected, input);
    for (size_t i = 0; i < n; i++)
        expect_close(logits[i], expected[i], "logit", i);
    amkd_buffer_free(out);
    amkd_loss_free(loss);
    amkd_network_free(network);
    amkd_reference_free(reference);
    free(logits);
    free(input);
    free(expected);
    free_fixture(&f);
}
END_TEST

/* The mean over the samples of the reference's gradients and loss in a training, and what
 * becomes of the parameters. */
static double reference_gradients(const fixture *f, double *gradients, double *parameters)
{
    const amkd_batch batch = batch_of(f, 1);
    amkd_reference *reference;
    double *input = doubles(f->inputs, f->count * f->size);
    double *target = doubles(f->targets, f->count * f->graph.nclasses);
    double *logits = malloc(f->count * f->graph.nclasses * sizeof *logits);
    ck_ok(amkd_reference_new(&reference, &f->graph, f->parameters, f->count));
    amkd_reference_train(reference, batch.seed, batch.step);
    amkd_reference_forward(reference, logits, input);
    const double loss = amkd_reference_backward(reference, gradients, NULL, target);
    for (size_t p = 0; p < f->graph.nparameters; p++) {
        gradients[p] /= (double)f->count;
        parameters[p] = amkd_reference_parameters(reference)[p];
    }
    amkd_reference_free(reference);
    free(input);
    free(target);
    free(logits);
    return loss / (double)f->count;
}

/* Runs the loss over all samples; returns its mean. */
static double run_loss(amkd_network *network, const fixture *f, size_t nblocks)
{
    const size_t nlanes = nblocks * device->nlanes;
    uint32_t *order = malloc(f->count * sizeof *order);
    float *losses = calloc(nlanes, sizeof *losses);
    for (size_t r = 0; r < f->count; r++)
        order[r] = (uint32_t)r;
    amkd_loss *loss;
    cl_mem targets, rows, sums, agreements;
    ck_ok(amkd_loss_new(&loss, device, f->graph.nclasses));
    ck_ok(amkd_buffer_new(&targets, device, CL_MEM_READ_ONLY,
                          f->count * f->graph.nclasses * 4, f->targets));
    ck_ok(amkd_buffer_new(&rows, device, CL_MEM_READ_ONLY, f->count * 4, order));
    ck_ok(amkd_buffer_new(&sums, device, CL_MEM_READ_WRITE, nlanes * 4, losses));
    ck_ok(amkd_buffer_new(&agreements, device, CL_MEM_READ_WRITE, nlanes * 4, losses));
    ck_ok(amkd_loss_run(loss, amkd_network_logits_gradient(network), sums, agreements,
                        amkd_network_logits(network), targets, rows, 0, f->count,
                        f->count, 1));
    ck_ok(amkd_buffer_read(device, losses, sums, 0, nlanes * 4));
    double total = 0;
    for (size_t lane = 0; lane < nlanes; lane++)
        total += losses[lane];
    amkd_loss_free(loss);
    amkd_buffer_free(targets);
    amkd_buffer_free(rows);
    amkd_buffer_free(sums);
    amkd_buffer_free(agreements);
    free(order);
    free(losses);
    return total / (double)f->count;
}

START_TEST(gradients_equal_the_reference)
{
    fixture f = make_fixture(&cases[_i]);
    const amkd_batch batch = batch_of(&f, 1);
    const size_t n = f.graph.nparameters, ntrained = f.graph.ntrained;
    amkd_network *network;
    ck_ok(amkd_network_new(&network, device, &f.graph, batch.nblocks, 1));
    const size_t nslices = amkd_network_nslices(network);
    float *slices = malloc(nslices * ntrained * sizeof *slices);
    float *parameters = malloc(n * sizeof *parameters);
    double *expected = calloc(n, sizeof *expected), *moved = malloc(n * sizeof *moved);
    upload(network, &f, batch.nblocks);
    ck_ok(amkd_network_forward(network, 0, &batch));
    const double loss = run_loss(network, &f, batch.nblocks);
    ck_ok(amkd_network_backward(network, &batch));
    ck_ok(amkd_buffer_read(device, slices, amkd_network_gradients(network), 0,
                           nslices * ntrained * sizeof *slices));
    ck_ok(amkd_buffer_read(device, parameters, amkd_network_parameters(network), 0,
                           n * sizeof *parameters));
    expect_close(loss, reference_gradients(&f, expected, moved), "loss", 0);
    for (size_t p = 0; p < ntrained; p++) {
        double sum = 0;
        for (size_t s = 0; s < nslices; s++)
            sum += slices[s * ntrained + p];
        expect_close(sum, expected[p], "gradient of parameter", p);
    }
    for (size_t p = 0; p < n; p++)
        expect_close(parameters[p], moved[p], "parameter", p);
    amkd_network_free(network);
    free(slices);
    free(parameters);
    free(expected);
    free(moved);
    free_fixture(&f);
}
END_TEST

START_TEST(mixed_pixels_equal_the_host_formula)
{
    enum { N = 7, SIDE = 5, CHANNELS = 3, ROWS = 300, NPIXELS = SIDE * SIDE * CHANNELS };
    uint8_t images[N][NPIXELS], mixed[ROWS][NPIXELS], expected[NPIXELS];
    amkd_label_key keys[ROWS];
    for (size_t n = 0; n < N; n++)
        for (size_t p = 0; p < NPIXELS; p++)
            images[n][p] = (uint8_t)amkd_random_u64(1, n, p);
    for (size_t r = 0; r < ROWS; r++)
        keys[r] =
            (amkd_label_key){(uint32_t)(r % N), (uint32_t)(r * 3 % N),
                             r < 2 ? (float)r : (float)amkd_random_uniform(2, 0, r)};
    amkd_batches *batches;
    ck_ok(amkd_batches_new(&batches, device, SIDE, SIDE, CHANNELS));
    ck_ok(amkd_batches_images(batches, images[0], N));
    ck_ok(amkd_batches_keys(batches, keys, ROWS));
    ck_ok(amkd_batches_mix(batches, mixed[0]));
    for (size_t r = 0; r < ROWS; r++) {
        amkd_mix_u8(expected, images[keys[r].i], images[keys[r].j],
                    amkd_mix_weight(keys[r].lambda), NPIXELS);
        ck_assert_mem_eq(mixed[r], expected, NPIXELS);
    }
    amkd_batches_free(batches);
}
END_TEST

/* Each more than a chunk of the predictor, which is smaller for large activations. */
static const struct {
    const char *text;
    size_t side, n;
} predicted[] = {
    {"conv 3 k3 | relu | fc 5", 6, 2051},
    {"conv 16 k1 | relu | maxpool 32 | fc 5", 128, 261},
};

START_TEST(predictions_see_normalized_pixels_and_sum_to_one)
{
    enum { CLASSES = 5 };
    const size_t n = predicted[_i].n, npixels = predicted[_i].side * predicted[_i].side;
    const amkd_shape in = {2, predicted[_i].side, predicted[_i].side};
    amkd_graph graph;
    amkd_model *model;
    amkd_predictor *predictor;
    amkd_reference *reference;
    ck_ok(amkd_graph_parse(&graph, predicted[_i].text, in, 0));
    ck_ok(amkd_model_init(&model, &graph, 5));
    model->mean[0] = 0.25f, model->std[0] = 0.5f;
    model->mean[1] = 0.75f, model->std[1] = 0.125f;
    const size_t size = amkd_shape_size(in);
    uint8_t *pixels = malloc(n * size);
    float *probs = malloc(n * CLASSES * sizeof *probs);
    double *input = malloc(size * sizeof *input);
    for (size_t p = 0; p < n * size; p++)
        pixels[p] = (uint8_t)amkd_random_u64(3, 0, p);
    ck_ok(amkd_predictor_new(&predictor, device, model));
    ck_ok(amkd_predictor_run(predictor, probs, pixels, n));
    ck_ok(amkd_reference_new(&reference, &graph, model->parameters, 1));
    for (size_t r = 0; r < n; r += n / 5) {
        double expected[CLASSES], sum = 0;
        for (size_t c = 0; c < 2; c++)
            for (size_t at = 0; at < npixels; at++)
                input[c * npixels + at] =
                    (pixels[(r * npixels + at) * 2 + c] / 255.0 - model->mean[c]) /
                    model->std[c];
        amkd_reference_forward(reference, expected, input);
        amkd_reference_softmax(expected, expected, CLASSES);
        for (size_t k = 0; k < CLASSES; k++) {
            expect_close(probs[r * CLASSES + k], expected[k], "probability", r);
            sum += probs[r * CLASSES + k];
        }
        ck_assert_double_eq_tol(sum, 1, 1e-6);
    }
    amkd_reference_free(reference);
    amkd_predictor_free(predictor);
    amkd_model_free(model);
    amkd_graph_clear(&graph);
    free(pixels);
    free(probs);
    free(input);
}
END_TEST

int main(void)
{
    const int ncases = sizeof cases / sizeof *cases;
    Suite *suite = suite_create("network");
    TCase *large = tcase_create("LeNet-5"), *small = tcase_create("small shapes");
    tcase_add_unchecked_fixture(large, open_device, close_device);
    tcase_add_unchecked_fixture(small, open_device, close_device);
    tcase_set_timeout(large, 300);
    tcase_set_timeout(small, 300);
    tcase_add_loop_test(large, logits_equal_the_reference, 0, NLENETS);
    tcase_add_loop_test(large, gradients_equal_the_reference, 0, NLENETS);
    tcase_add_loop_test(small, logits_equal_the_reference, NLENETS, ncases);
    tcase_add_loop_test(small, gradients_equal_the_reference, NLENETS, ncases);
    tcase_add_test(small, mixed_pixels_equal_the_host_formula);
    tcase_add_loop_test(large, predictions_see_normalized_pixels_and_sum_to_one, 0, 2);
    suite_add_tcase(suite, large);
    suite_add_tcase(suite, small);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed ? EXIT_FAILURE : EXIT_SUCCESS;
}
