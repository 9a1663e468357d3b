/* Dropout: what it drops, and that it is the same at any vector width. */
#include "layers.h"
#include "net/wiring.h"
#include "ops/dropout.h"

/* The share of N samples' M values that are kept in one run and, if other is given, in
 * the other too. */
static double kept(const amkd_dropout *one, const amkd_dropout *other)
{
    enum { N = 128, M = 500 };
    size_t n = 0;
    for (uint32_t sample = 0; sample < N; sample++)
        for (uint32_t value = 0; value < M; value++)
            n += amkd_dropout_keeps(one, sample, value) &&
                 (!other || amkd_dropout_keeps(other, sample, value));
    return (double)n / (N * M);
}

START_TEST(the_share_is_dropped_independently_in_every_step_layer_and_seed)
{
    static const float shares[] = {0, 0.1F, 0.5F, 0.9F};
    for (size_t s = 0; s < sizeof shares / sizeof *shares; s++) {
        const double keep = 1 - (double)shares[s];
        const amkd_dropout one = amkd_dropout_of(shares[s], 1, 2, 3);
        const amkd_dropout others[] = {amkd_dropout_of(shares[s], 2, 2, 3),
                                       amkd_dropout_of(shares[s], 1, 3, 3),
                                       amkd_dropout_of(shares[s], 1, 2, 4)};
        ck_assert_double_eq_tol(kept(&one, NULL), keep, 0.01);
        ck_assert_double_eq_tol((double)one.scale, 1 / keep, 1e-5);
        for (size_t o = 0; o < 3; o++)
            ck_assert_double_eq_tol(kept(&one, &others[o]), keep * keep, 0.01);
    }
}
END_TEST

/* Neighbours, in the batch and in the sample, know nothing of each other. */
START_TEST(neighbours_are_dropped_independently)
{
    enum { N = 300 };
    const amkd_dropout d = amkd_dropout_of(0.5F, 7, 0, 0);
    size_t values = 0, samples = 0;
    for (uint32_t s = 0; s < N; s++)
        for (uint32_t v = 0; v < N; v++) {
            const int keeps = amkd_dropout_keeps(&d, s, v);
            values += keeps && amkd_dropout_keeps(&d, s, v + 1);
            samples += keeps && amkd_dropout_keeps(&d, s + 1, v);
        }
    ck_assert_double_eq_tol((double)values / (N * N), 0.25, 0.01);
    ck_assert_double_eq_tol((double)samples / (N * N), 0.25, 0.01);
}
END_TEST

enum {
    CHANNELS = 3,
    HEIGHT = 2,
    WIDTH = 5,
    SIZE = CHANNELS * HEIGHT * WIDTH,
    BLOCKS = 2
};

/* Both passes over ones: what is kept is 1 / (1 - share). */
static void expect_mask(amkd_op *op, amkd_op_args *args, float share)
{
    const size_t nlanes = device->nlanes, n = BLOCKS * SIZE * nlanes;
    const amkd_dropout d = amkd_dropout_of(share, args->run.seed, args->run.step, 4);
    float *got = malloc(n * sizeof *got);
    for (int back = 0; back < 2; back++) {
        ck_ok(amkd_op_run(op, back ? AMKD_BACKWARD_DATA : AMKD_FORWARD, args));
        ck_ok(amkd_buffer_read(device, got, back ? args->dx : args->y, 0, n * 4));
        for (size_t i = 0; i < n; i++) {
            const size_t block = i / nlanes / SIZE, value = i / nlanes % SIZE;
            const uint32_t sample = (uint32_t)(block * nlanes + i % nlanes);
            const int keeps = amkd_dropout_keeps(&d, sample, (uint32_t)value);
            ck_assert_msg(got[i] == (keeps ? d.scale : 0),
                          "width %zu: value %zu of sample %u is %g", device->vector_width,
                          value, sample, (double)got[i]);
        }
    }
    free(got);
}

START_TEST(both_passes_drop_the_same_at_any_vector_width)
{
    static const char *const widths[] = {"1", "4", "8", "16"};
    const amkd_op_shape shape = {.in_channels = CHANNELS,
                                 .in_height = HEIGHT,
                                 .in_width = WIDTH,
                                 .out_channels = CHANNELS,
                                 .out_height = HEIGHT,
                                 .out_width = WIDTH,
                                 .kernel_height = 1,
                                 .kernel_width = 1,
                                 .stride = 1,
                                 .dilation = 1,
                                 .groups = 1};
    setenv("AMKD_VECTOR_WIDTH", widths[_i], 1);
    open_device();
    const size_t n = BLOCKS * SIZE * device->nlanes;
    amkd_op *op;
    amkd_op_args args = {.run = {BLOCKS, BLOCKS * device->nlanes, 1, 5, 3}};
    float *ones = malloc(n * sizeof *ones);
    for (size_t i = 0; i < n; i++)
        ones[i] = 1;
    ck_ok(amkd_dropout_new(&op, device, &shape, 0.3F, 4));
    cl_mem *const buffers[] = {&args.x[0], &args.y, &args.dy, &args.dx};
    for (size_t b = 0; b < 4; b++)
        ck_ok(amkd_buffer_new(buffers[b], device, CL_MEM_READ_WRITE, n * 4, ones));
    expect_mask(op, &args, 0.3F);
    args.run.step++;
    expect_mask(op, &args, 0.3F);
    args.run.training = 0;
    expect_mask(op, &args, 0);
    for (size_t b = 0; b < 4; b++)
        amkd_buffer_free(*buffers[b]);
    amkd_op_free(op);
    free(ones);
    close_device();
}
END_TEST

START_TEST(a_prediction_does_without_it)
{
    amkd_graph graph;
    amkd_wiring wiring;
    ck_ok(amkd_graph_parse(&graph, "fc 4 | relu | dropout 0.5 | fc 3",
                           (amkd_shape){1, 2, 2}, 0));
    ck_ok(amkd_wiring_new(&wiring, &graph, 0));
    ck_assert_uint_eq(wiring.nnodes, 2);
    amkd_wiring_clear(&wiring);
    ck_ok(amkd_wiring_new(&wiring, &graph, 1));
    ck_assert_uint_eq(wiring.nnodes, 3);
    amkd_wiring_clear(&wiring);
    amkd_graph_clear(&graph);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dropout");
    TCase *tests = tcase_create("dropout");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests,
                   the_share_is_dropped_independently_in_every_step_layer_and_seed);
    tcase_add_test(tests, neighbours_are_dropped_independently);
    tcase_add_loop_test(tests, both_passes_drop_the_same_at_any_vector_width, 0, 4);
    tcase_add_test(tests, a_prediction_does_without_it);
    suite_add_tcase(suite, tests);
    return run_layer_tests(suite);
}
