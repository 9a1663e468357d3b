/* Networks on the device against the float64 reference: LeNets, graphs with several
 * readers of a value, mixing of pixels, predictions. The kinds one by one: layers/. */
#include "data/mix.h"
#include "layers/layers.h"
#include "net/predict.h"
#include "net/wiring.h"
#include "ops/batch.h"

enum { NLENETS = 2 }; /* the first of the cases */

static const network_case cases[] = {
    {"lenet5", {1, 28, 28}, 5, 10},
    {"lenet5-half", {1, 28, 28}, 33, 10},
    {"mlp", {1, 7, 5}, 17, 10},
    {"fc 3", {1, 1, 1}, 1},
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
    /* Derivatives with the gradients of several readers. */
    {"conv 3 k1 | relu | residual( bn ) | fc 3", {2, 4, 5}, 9},
    {"fc 4 | relu | residual( fc 4 ) | fc 3", {1, 3, 4}, 19},
    {"conv 3 k1 | relu | residual( conv 3 k1 ; bn | conv 3 k1 ) | fc 3", {2, 4, 3}, 9},
    {"conv 3 k1 | relu | residual( subsample 3 s1 ; conv 3 k1 ) | fc 3", {2, 4, 4}, 9},
};

START_TEST(logits_equal_the_reference)
{
    expect_logits(&cases[_i]);
}
END_TEST

START_TEST(gradients_equal_the_reference)
{
    expect_gradients(&cases[_i]);
}
END_TEST

/* Of small ones: a slope takes two passes, and one that meets a bend is none. */
START_TEST(reference_gradients_are_slopes)
{
    expect_finite_differences(&cases[_i], 0);
    expect_finite_differences(&cases[_i], 1);
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
            ck_assert_double_eq_tol(probs[r * CLASSES + k], expected[k], 1e-5);
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

/* The number of ops, and the text of the last but one. */
static size_t count_ops(char *text, size_t nbytes, const amkd_graph *graph, int train)
{
    amkd_network *network;
    ck_ok(amkd_network_new(&network, device, graph, 1, train));
    const size_t n = amkd_network_nops(network);
    amkd_network_op_print(text, nbytes, network, n - 2);
    amkd_network_free(network);
    return n;
}

/* Whose last but one op is ..., in predictions and in trainings. */
static void expect_ops(const char *arch, size_t nops, const char *last_but_one)
{
    amkd_graph graph;
    char text[100];
    ck_ok(amkd_graph_parse(&graph, arch, (amkd_shape){2, 5, 4}, 0));
    for (int train = 0; train < 2; train++) {
        ck_assert_uint_eq(count_ops(text, sizeof text, &graph, train), nops);
        ck_assert_str_eq(text, last_but_one);
    }
    amkd_graph_clear(&graph);
}

START_TEST(sums_are_in_the_op_that_ends_their_later_branch)
{
    expect_ops("conv 3 k1 | residual( conv 3 k1 ) | relu | fc 2", 3,
               "conv 3 k1 + branch | relu");
    expect_ops("conv 3 k1 | residual( conv 3 k1 | bn | relu | conv 3 k1 | bn ) | relu | "
               "fc 2",
               6, "bn + branch | relu");
    /* A branch that ends in an activation is added by a sum of its own. */
    expect_ops("conv 3 k1 | residual( conv 3 k3 p1 | relu | conv 3 k3 p1 ) | relu | "
               "residual( conv 3 k1 ; conv 3 k1 | tanh ) | fc 2",
               7, "residual");
}
END_TEST

/* How many derivatives are steps of their own in a training. */
static size_t count_masks(const char *text)
{
    amkd_graph graph;
    amkd_wiring wiring;
    ck_ok(amkd_graph_parse(&graph, text, (amkd_shape){2, 6, 6}, 0));
    ck_ok(amkd_wiring_new(&wiring, &graph, 1));
    size_t n = 0;
    for (size_t step = 0; step < wiring.nsteps; step++)
        n += wiring.steps[step].type == AMKD_STEP_MASK;
    amkd_wiring_clear(&wiring);
    amkd_graph_clear(&graph);
    return n;
}

START_TEST(the_last_op_backward_that_reads_a_value_has_the_derivative_in_it)
{
    /* The convolution adds to what has come by the identity. */
    ck_assert_uint_eq(count_masks("conv 3 k1 | relu | residual( conv 3 k1 ) | fc 2"), 0);
    /* So does the first of two. */
    ck_assert_uint_eq(
        count_masks("conv 3 k1 | relu | residual( conv 4 k1 ; conv 4 k1 ) | fc 2"), 0);
    /* A pooling layer cannot add, and a sum has no kernel backward. */
    ck_assert_uint_eq(
        count_masks("conv 3 k1 | relu | residual( maxpool 3 s1 p1 ) | fc 2"), 1);
    ck_assert_uint_eq(
        count_masks("conv 3 k1 | relu | residual( residual( conv 3 k1 ) ) | fc 2"), 0);
}
END_TEST

/* What a device need not be open for. */
static amkd_predictor_room room_on(const amkd_graph *graph, size_t width, size_t nunits,
                                   cl_ulong budget)
{
    const amkd_device described = {.global_nbytes = (cl_ulong)1 << 34,
                                   .max_buffer_nbytes = (cl_ulong)1 << 34,
                                   .vector_width = width,
                                   .ncompute_units = (cl_uint)nunits,
                                   .local_nbytes = 512 << 10,
                                   .budget_nbytes = budget,
                                   .nlanes = 16};
    amkd_predictor_room room;
    ck_ok(amkd_predictor_room_find(&room, &described, graph));
    return room;
}

START_TEST(a_cpu_predicts_as_few_samples_at_a_time_as_keep_it_busy)
{
    amkd_graph graph;
    ck_ok(amkd_graph_parse(&graph, "conv 64 k3 p1 | relu | conv 64 k3 p1 | fc 2",
                           (amkd_shape){64, 16, 16}, 0));
    ck_assert_uint_eq(room_on(&graph, 1, 2, 0).nsamples, 2048);
    ck_assert_uint_eq(room_on(&graph, 8, 2, 0).nsamples, 32);
    ck_assert_uint_eq(room_on(&graph, 8, 16, 0).nsamples, 256);
    amkd_graph_clear(&graph);
    ck_ok(amkd_graph_parse(&graph, "fc 10", (amkd_shape){1, 28, 28}, 0));
    ck_assert_uint_eq(room_on(&graph, 8, 2, 0).nsamples, 2048);
    amkd_graph_clear(&graph);
}
END_TEST

START_TEST(transformed_kernels_count_where_memory_is_not_limited)
{
    amkd_graph graph;
    ck_ok(amkd_graph_parse(&graph, "conv 64 k3 p1 | relu | conv 64 k3 p1 | fc 2",
                           (amkd_shape){64, 16, 16}, 0));
    const amkd_predictor_room free = room_on(&graph, 8, 2, 0);
    const amkd_predictor_room limited = room_on(&graph, 8, 2, (cl_ulong)1 << 34);
    const size_t kernels_nbytes = 36 * 64 * 64 * sizeof(float);
    ck_assert_uint_eq(free.nsamples, limited.nsamples);
    ck_assert_uint_eq(free.nbytes - limited.nbytes, 2 * kernels_nbytes);
    amkd_graph_clear(&graph);
}
END_TEST

START_TEST(a_temperature_softens_probabilities_and_leaves_logits)
{
    enum { N = 21, CLASSES = 3, SIZE = 8 };
    const double temperature = 2.5;
    amkd_graph graph;
    amkd_model *model;
    amkd_predictor *predictor;
    uint8_t pixels[N * SIZE];
    float logits[N * CLASSES], again[N * CLASSES], probs[N * CLASSES];
    const amkd_prediction plain = {.pixels = pixels, .logits = logits};
    const amkd_prediction both = {.pixels = pixels, .probs = probs, .logits = again};
    for (size_t p = 0; p < sizeof pixels; p++)
        pixels[p] = (uint8_t)amkd_random_u64(3, 0, p);
    ck_ok(amkd_graph_parse(&graph, "fc 3", (amkd_shape){2, 2, 2}, 0));
    ck_ok(amkd_model_init(&model, &graph, 5));
    ck_ok(amkd_predictor_new(&predictor, device, model));
    ck_ok(amkd_predictor_predict(predictor, &plain, N));
    model->temperature = (float)temperature;
    ck_ok(amkd_predictor_update(predictor, model));
    ck_ok(amkd_predictor_predict(predictor, &both, N));
    ck_assert_mem_eq(again, logits, sizeof logits);
    for (size_t r = 0; r < N; r++) {
        double sum = 0;
        for (size_t c = 0; c < CLASSES; c++)
            sum += exp(logits[r * CLASSES + c] / temperature);
        for (size_t c = 0; c < CLASSES; c++)
            ck_assert_double_eq_tol(probs[r * CLASSES + c],
                                    exp(logits[r * CLASSES + c] / temperature) / sum,
                                    1e-6);
    }
    amkd_predictor_free(predictor);
    amkd_model_free(model);
    amkd_graph_clear(&graph);
}
END_TEST

/* Convolutions that keep what they make of their weights. */
START_TEST(a_predictor_that_is_given_other_weights_predicts_as_they_do)
{
    enum { SIDE = 8, N = 3, CLASSES = 2, SIZE = 3 * SIDE * SIDE };
    amkd_graph graph;
    amkd_model *first, *second;
    amkd_predictor *predictor, *fresh;
    uint8_t pixels[N * SIZE];
    float before[N * CLASSES], after[N * CLASSES], expected[N * CLASSES];
    for (size_t p = 0; p < sizeof pixels; p++)
        pixels[p] = (uint8_t)amkd_random_u64(3, 0, p);
    ck_ok(amkd_graph_parse(&graph, "conv 64 k3 p1 | relu | conv 64 k3 p1 | fc 2",
                           (amkd_shape){3, SIDE, SIDE}, 0));
    ck_ok(amkd_model_init(&first, &graph, 5));
    ck_ok(amkd_model_init(&second, &graph, 6));
    ck_ok(amkd_predictor_new(&predictor, device, first));
    ck_ok(amkd_predictor_new(&fresh, device, second));
    ck_ok(amkd_predictor_run(predictor, before, pixels, N));
    ck_ok(amkd_predictor_run(fresh, expected, pixels, N));
    ck_ok(amkd_predictor_update(predictor, second));
    ck_ok(amkd_predictor_run(predictor, after, pixels, N));
    ck_assert(memcmp(before, after, sizeof before));
    ck_assert_mem_eq(after, expected, sizeof after);
    amkd_predictor_free(predictor);
    amkd_predictor_free(fresh);
    amkd_model_free(first);
    amkd_model_free(second);
    amkd_graph_clear(&graph);
}
END_TEST

int main(void)
{
    const int ncases = sizeof cases / sizeof *cases;
    Suite *suite = suite_create("network");
    TCase *large = tcase_create("LeNet-5"), *small = tcase_create("small shapes");
    TCase *predictions = tcase_create("predictions");
    tcase_add_unchecked_fixture(large, open_device, close_device);
    tcase_add_unchecked_fixture(small, open_device, close_device);
    tcase_add_unchecked_fixture(predictions, open_device, close_device);
    tcase_set_timeout(large, 300);
    tcase_set_timeout(small, 300);
    tcase_set_timeout(predictions, 300);
    tcase_add_loop_test(large, logits_equal_the_reference, 0, NLENETS);
    tcase_add_loop_test(large, gradients_equal_the_reference, 0, NLENETS);
    tcase_add_loop_test(small, logits_equal_the_reference, NLENETS, ncases);
    tcase_add_loop_test(small, gradients_equal_the_reference, NLENETS, ncases);
    tcase_add_loop_test(small, reference_gradients_are_slopes, NLENETS + 1, ncases);
    tcase_add_test(small, mixed_pixels_equal_the_host_formula);
    tcase_add_loop_test(predictions, predictions_see_normalized_pixels_and_sum_to_one, 0,
                        2);
    tcase_add_test(small,
                   the_last_op_backward_that_reads_a_value_has_the_derivative_in_it);
    tcase_add_test(predictions, sums_are_in_the_op_that_ends_their_later_branch);
    tcase_add_test(predictions, a_cpu_predicts_as_few_samples_at_a_time_as_keep_it_busy);
    tcase_add_test(predictions, transformed_kernels_count_where_memory_is_not_limited);
    tcase_add_test(predictions, a_temperature_softens_probabilities_and_leaves_logits);
    tcase_add_test(predictions,
                   a_predictor_that_is_given_other_weights_predicts_as_they_do);
    suite_add_tcase(suite, large);
    suite_add_tcase(suite, small);
    suite_add_tcase(suite, predictions);
    return run_layer_tests(suite);
}
