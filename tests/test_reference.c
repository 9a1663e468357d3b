/* The float64 reference: its outputs by hand, its gradients by finite differences. */
#include "base/error.h"
#include "base/random.h"
#include "graph/reference.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double draw(uint64_t stream, size_t index)
{
    return 2 * amkd_random_uniform(7, stream, index) - 1;
}

static void parse(amkd_graph *graph, const char *text, amkd_shape in)
{
    ck_assert_msg(!amkd_graph_parse(graph, text, in, 0), "%s", amkd_error());
}

static amkd_reference *new_reference(const amkd_graph *graph, const float *parameters)
{
    amkd_reference *reference;
    ck_assert_int_eq(amkd_reference_new(&reference, graph, parameters, 1), 0);
    return reference;
}

START_TEST(a_convolution_is_a_correlation_with_zero_padding)
{
    amkd_graph graph;
    parse(&graph, "conv 1 k2 s2 p1", (amkd_shape){1, 1, 1});
    ck_assert_uint_eq(graph.nparameters, 5);
    /* The one pixel lies at the window's lower right. */
    amkd_reference *r = new_reference(&graph, (float[]){1, 2, 3, 4, 0.5F});
    double logit;
    amkd_reference_forward(r, &logit, (double[]){10});
    ck_assert_double_eq(logit, 40.5);
    amkd_reference_free(r);
    amkd_graph_clear(&graph);

    parse(&graph, "conv 1 k2", (amkd_shape){2, 2, 2});
    r = new_reference(&graph, (float[]){1, 2, 3, 4, 5, 6, 7, 8, -1});
    amkd_reference_forward(r, &logit, (double[]){1, 10, 100, 1000, 2, 20, 200, 2000});
    ck_assert_double_eq(logit, 4321 + 2 * 8765 - 1);
    amkd_reference_free(r);
    amkd_graph_clear(&graph);
}
END_TEST

START_TEST(pools_take_the_greatest_and_the_mean_and_drop_the_incomplete_window)
{
    static const double input[] = {1, 5, 9, /**/ 2, -3, 9, /**/ 9, 9, 9};
    static const struct {
        const char *text;
        double expected;
    } cases[] = {{"maxpool 2 | fc 1", 5}, {"avgpool 2 | fc 1", 1.25}};
    for (size_t c = 0; c < 2; c++) {
        amkd_graph graph;
        parse(&graph, cases[c].text, (amkd_shape){1, 3, 3});
        amkd_reference *r = new_reference(&graph, (float[]){1, 0});
        double logit;
        amkd_reference_forward(r, &logit, input);
        ck_assert_double_eq(logit, cases[c].expected);
        amkd_reference_free(r);
        amkd_graph_clear(&graph);
    }
}
END_TEST

START_TEST(activations_and_dense_layers_are_as_written)
{
    amkd_graph graph;
    double logits[2];
    parse(&graph, "relu | fc 2", (amkd_shape){1, 1, 2});
    amkd_reference *r = new_reference(&graph, (float[]){1, 2, 3, 4, 0.5F, -0.5F});
    amkd_reference_forward(r, logits, (double[]){-7, 2});
    ck_assert_double_eq(logits[0], 4.5);
    ck_assert_double_eq(logits[1], 7.5);
    amkd_reference_free(r);
    amkd_graph_clear(&graph);

    parse(&graph, "tanh | fc 1", (amkd_shape){1, 1, 2});
    r = new_reference(&graph, (float[]){1, 2, 0});
    amkd_reference_forward(r, logits, (double[]){-7, 2});
    ck_assert_double_eq_tol(logits[0], tanh(-7) + 2 * tanh(2), 1e-15);
    amkd_reference_free(r);
    amkd_graph_clear(&graph);
}
END_TEST

START_TEST(the_loss_is_the_cross_entropy_of_the_softmax)
{
    amkd_graph graph;
    parse(&graph, "fc 3", (amkd_shape){1, 1, 1});
    amkd_reference *r = new_reference(&graph, (float[]){0, 0, 0, 1000, 1001, 999});
    double logits[3], d_parameters[6] = {0}, probs[3];
    const double target[] = {0.25, 0.5, 0.25};
    amkd_reference_forward(r, logits, (double[]){0});
    double loss = amkd_reference_backward(r, d_parameters, NULL, target);
    double total = log(exp(0) + exp(1) + exp(-1));
    ck_assert_double_eq_tol(loss, total - 0.5 * 1 - 0.25 * -1, 1e-12);
    amkd_reference_softmax(probs, logits, 3);
    ck_assert_double_eq_tol(probs[0] + probs[1] + probs[2], 1, 1e-12);
    for (size_t y = 0; y < 3; y++)
        ck_assert_double_eq_tol(d_parameters[3 + y], probs[y] - target[y], 1e-12);
    amkd_reference_free(r);
    amkd_graph_clear(&graph);
}
END_TEST

static double loss_at(amkd_reference *r, const double *input, const double *target,
                      double *scratch, size_t nclasses)
{
    double logits[16];
    ck_assert_uint_le(nclasses, 16);
    amkd_reference_forward(r, logits, input);
    return amkd_reference_backward(r, scratch, NULL, target);
}

/* Moves each of values[n] a little both ways and compares the loss's slope. */
static void compare_slopes(amkd_reference *r, double *values, const double *gradient,
                           size_t n, const double *input, const double *target,
                           double *scratch, size_t nclasses, const char *text)
{
    const double step = 1e-6;
    for (size_t i = 0; i < n; i++) {
        double value = values[i];
        values[i] = value + step;
        double above = loss_at(r, input, target, scratch, nclasses);
        values[i] = value - step;
        double below = loss_at(r, input, target, scratch, nclasses);
        values[i] = value;
        double slope = (above - below) / (2 * step);
        ck_assert_msg(fabs(slope - gradient[i]) < 1e-7 + 1e-6 * fabs(slope),
                      "'%s': value %zu: slope %.12g, gradient %.12g", text, i, slope,
                      gradient[i]);
    }
}

static void compare_with_finite_differences(const char *text, amkd_shape in)
{
    amkd_graph graph;
    parse(&graph, text, in);
    size_t nin = amkd_shape_size(in);
    float *parameters = calloc(graph.nparameters, sizeof *parameters);
    double *gradient = calloc(graph.nparameters, sizeof *gradient);
    double *scratch = calloc(graph.nparameters, sizeof *scratch);
    double *input = calloc(nin, sizeof *input), *d_input = calloc(nin, sizeof *d_input);
    double *target = calloc(graph.nclasses, sizeof *target), sum = 0;
    for (size_t p = 0; p < graph.nparameters; p++)
        parameters[p] = (float)draw(1, p);
    for (size_t i = 0; i < nin; i++)
        input[i] = draw(2, i);
    for (size_t y = 0; y < graph.nclasses; y++)
        sum += target[y] = 1 + draw(3, y);
    for (size_t y = 0; y < graph.nclasses; y++)
        target[y] /= sum;
    amkd_reference *r = new_reference(&graph, parameters);
    double logits[16];
    amkd_reference_forward(r, logits, input);
    amkd_reference_backward(r, gradient, d_input, target);
    compare_slopes(r, amkd_reference_parameters(r), gradient, graph.nparameters, input,
                   target, scratch, graph.nclasses, text);
    compare_slopes(r, input, d_input, nin, input, target, scratch, graph.nclasses, text);
    amkd_reference_free(r);
    amkd_graph_clear(&graph);
    free(parameters);
    free(gradient);
    free(scratch);
    free(input);
    free(d_input);
    free(target);
}

static const struct {
    const char *text;
    amkd_shape in;
} networks[] = {
    {"fc 1", {1, 1, 1}},
    {"fc 3", {2, 3, 5}},
    {"fc 7 | relu | fc 5", {1, 3, 3}},
    {"fc 7 | tanh | fc 5", {1, 3, 3}},
    {"conv 3 k1 | fc 2", {2, 5, 3}},
    {"conv 3 k3 | fc 2", {2, 7, 5}},
    {"conv 3 k3 p2 | fc 2", {2, 4, 5}},
    {"conv 3 k4 s3 p1 | fc 2", {2, 7, 8}},
    {"conv 4 k5", {3, 5, 5}},
    {"maxpool 2 | fc 3", {2, 5, 5}},
    {"maxpool 3 s2 | fc 3", {2, 7, 8}},
    {"avgpool 2 | fc 3", {2, 5, 5}},
    {"avgpool 3 s1 | fc 3", {2, 5, 4}},
    {"flatten | relu | fc 3", {2, 3, 3}},
    {"conv 3 k3 p1 | relu | maxpool 2 | conv 4 k3 | tanh | avgpool 2 | fc 5 | relu | fc "
     "3",
     {2, 9, 11}},
};

START_TEST(gradients_match_finite_differences)
{
    compare_with_finite_differences(networks[_i].text, networks[_i].in);
}
END_TEST

START_TEST(gradients_are_added_and_input_gradients_overwritten)
{
    amkd_graph graph;
    parse(&graph, "fc 2", (amkd_shape){1, 1, 2});
    amkd_reference *r = new_reference(&graph, (float[]){1, 2, 3, 4, 5, 6});
    double logits[2], once[6] = {0}, twice[6] = {0}, d_input[2][2];
    const double target[] = {1, 0};
    amkd_reference_forward(r, logits, (double[]){0.5, -1});
    amkd_reference_backward(r, once, d_input[0], target);
    amkd_reference_backward(r, twice, d_input[1], target);
    amkd_reference_backward(r, twice, d_input[1], target);
    for (size_t p = 0; p < 6; p++)
        ck_assert_double_eq(twice[p], 2 * once[p]);
    ck_assert_mem_eq(d_input[0], d_input[1], sizeof d_input[0]);
    amkd_reference_free(r);
    amkd_graph_clear(&graph);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reference");
    TCase *tests = tcase_create("reference");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_convolution_is_a_correlation_with_zero_padding);
    tcase_add_test(tests,
                   pools_take_the_greatest_and_the_mean_and_drop_the_incomplete_window);
    tcase_add_test(tests, activations_and_dense_layers_are_as_written);
    tcase_add_test(tests, the_loss_is_the_cross_entropy_of_the_softmax);
    tcase_add_loop_test(tests, gradients_match_finite_differences, 0,
                        sizeof networks / sizeof *networks);
    tcase_add_test(tests, gradients_are_added_and_input_gradients_overwritten);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed != 0;
}
