/* The activations one by one: their values, their bends and extremes on the device, and
 * which of them are fused. */
#include "layers.h"
#include "net/bound.h"
#include "net/model.h"
#include "net/wiring.h"

static const amkd_shape in = {1, 3, 7};
enum { NVALUES = 3 * 7 };

/* At and around the bends, far beyond them, and in the middle. */
static const float points[NVALUES] = {NAN,   0,      -0.0F, 3,    -3,     6,    2.9999F,
                                      -2.9F, 3.001F, 6.5F,  5.9F, -3.25F, 1,    -1,
                                      0.3F,  -0.7F,  1e-6F, 20,   -20,    8e9F, -8e9F};

static const char *const texts[] = {"relu",    "relu6", "leaky",    "leaky 0.25",
                                    "leaky 0", "tanh",  "sigmoid",  "hardsigmoid",
                                    "silu",    "gelu",  "hardswish"};
enum { NTEXTS = sizeof texts / sizeof *texts };

static amkd_graph graph_of(const char *format, const char *act)
{
    amkd_graph graph;
    char text[128];
    snprintf(text, sizeof text, format, act);
    ck_ok(amkd_graph_parse(&graph, text, in, 0));
    return graph;
}

START_TEST(values_are_those_of_pytorch)
{
    static const struct {
        const char *text;
        double x, y;
    } cases[] = {
        {"relu6", 7, 6},
        {"leaky", -2, -0.02},
        {"leaky 0.25", -2, -0.5},
        {"sigmoid", 1, 0.7310585786},
        {"hardsigmoid", 1, 2.0 / 3},
        {"hardsigmoid", -4, 0},
        {"silu", 1, 0.7310585786},
        {"silu", -2, -0.2384058440},
        {"gelu", 1, 0.8413447461},
        {"gelu", -2, -0.0455002639},
        {"hardswish", 1, 2.0 / 3},
        {"hardswish", -1, -1.0 / 3},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        amkd_graph graph = graph_of("%s | fc 1", cases[c].text);
        double x[NVALUES] = {cases[c].x}, y[NVALUES];
        const amkd_batch64 batch = {.n = 1, .in = (const double *[]){x}, .out = y};
        graph.layers[0].kind->forward64(&graph.layers[0], &batch);
        ck_assert_double_eq_tol(y[0], cases[c].y, 1e-7);
        amkd_graph_clear(&graph);
    }
}
END_TEST

/* The op of the graph's first layer over the points, the same in every lane. */
static void run_op(const amkd_graph *graph, float *y, float *dx)
{
    const size_t nlanes = device->nlanes, n = nlanes * NVALUES;
    float *lanes = malloc(n * sizeof *lanes);
    amkd_op *op;
    amkd_op_args args = {.run = {.nblocks = 1, .nsamples = nlanes}};
    for (size_t i = 0; i < n; i++)
        lanes[i] = points[i / nlanes];
    ck_ok(graph->layers[0].kind->open(&op, device, &graph->layers[0],
                                      &(amkd_op_options){.train = 1, .nslices = 1}));
    ck_ok(amkd_buffer_new(&args.x[0], device, CL_MEM_READ_WRITE, n * 4, lanes));
    ck_ok(amkd_buffer_new(&args.y, device, CL_MEM_READ_WRITE, n * 4, lanes));
    ck_ok(amkd_buffer_new(&args.dx, device, CL_MEM_READ_WRITE, n * 4, lanes));
    for (size_t i = 0; i < n; i++)
        lanes[i] = 2;
    ck_ok(amkd_buffer_new(&args.dy, device, CL_MEM_READ_WRITE, n * 4, lanes));
    ck_ok(amkd_op_run(op, AMKD_FORWARD, &args));
    ck_ok(amkd_op_run(op, AMKD_BACKWARD_DATA, &args));
    ck_ok(amkd_buffer_read(device, lanes, args.y, 0, n * 4));
    for (size_t i = 0; i < NVALUES; i++)
        y[i] = lanes[i * nlanes + nlanes - 1];
    ck_ok(amkd_buffer_read(device, lanes, args.dx, 0, n * 4));
    for (size_t i = 0; i < NVALUES; i++)
        dx[i] = lanes[i * nlanes + nlanes - 1];
    amkd_buffer_free(args.x[0]);
    amkd_buffer_free(args.y);
    amkd_buffer_free(args.dx);
    amkd_buffer_free(args.dy);
    amkd_op_free(op);
    free(lanes);
}

static void expect_point(const char *text, const char *what, size_t i, double value,
                         double reference)
{
    ck_assert_msg(fabs(value - reference) <= 1e-6 + 1e-6 * fabs(reference),
                  "%s: %s at %g is %.9g, the reference %.9g", text, what,
                  (double)points[i], value, reference);
}

START_TEST(bends_and_extremes_equal_the_reference_and_a_nan_stays_one)
{
    for (size_t t = 0; t < NTEXTS; t++) {
        amkd_graph graph = graph_of("%s | fc 1", texts[t]);
        float y[NVALUES], dx[NVALUES];
        double x64[NVALUES], y64[NVALUES], d[NVALUES], dx64[NVALUES] = {0};
        amkd_batch64 batch = {.n = 1,
                              .in = (const double *[]){x64},
                              .out = y64,
                              .d_out = d,
                              .d_in = (double *[]){dx64}};
        for (size_t i = 0; i < NVALUES; i++) {
            x64[i] = (double)points[i];
            d[i] = 2;
        }
        graph.layers[0].kind->forward64(&graph.layers[0], &batch);
        graph.layers[0].kind->backward64(&graph.layers[0], &batch);
        run_op(&graph, y, dx);
        ck_assert_msg(isnan(y[0]), "%s makes %g of a NaN", texts[t], (double)y[0]);
        for (size_t i = 1; i < NVALUES; i++) {
            const double bound = graph.layers[0].kind->bound(&graph.layers[0], NULL,
                                                             (double[]){fabs(x64[i])});
            ck_assert_msg(fabs(y64[i]) <= bound, "%s makes %g of %g, its bound is %g",
                          texts[t], y64[i], x64[i], bound);
            expect_point(texts[t], "y", i, (double)y[i], y64[i]);
            expect_point(texts[t], "dx", i, (double)dx[i], dx64[i]);
        }
        amkd_graph_clear(&graph);
    }
}
END_TEST

static size_t count_nodes(const amkd_graph *graph, int train)
{
    amkd_wiring wiring;
    ck_ok(amkd_wiring_new(&wiring, graph, train));
    const size_t n = wiring.nnodes;
    amkd_wiring_clear(&wiring);
    return n;
}

START_TEST(a_training_fuses_those_alone_whose_slope_follows_from_the_output)
{
    for (size_t t = 0; t < NTEXTS; t++) {
        amkd_graph graph = graph_of("fc 3 | %s | fc 1", texts[t]);
        const int of_x = !strcmp(texts[t], "silu") || !strcmp(texts[t], "gelu") ||
                         !strcmp(texts[t], "hardswish");
        ck_assert_uint_eq(count_nodes(&graph, 0), 2);
        ck_assert_msg(count_nodes(&graph, 1) == (of_x ? 3 : 2), "%s", texts[t]);
        amkd_graph_clear(&graph);
    }
}
END_TEST

/* Times a weight of 1e37 a bound of 6 may be too much for a float, one of 1 is not. */
START_TEST(bounds_know_what_an_activation_can_be_at_most)
{
    static const struct {
        const char *text;
        int may;
    } cases[] = {{"sigmoid", 0},
                 {"hardsigmoid", 0},
                 {"relu6", 1},
                 {"hardswish", 1},
                 {"leaky 2", 1}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        amkd_graph graph = graph_of("fc 1 | %s | fc 1", cases[c].text);
        amkd_model *model;
        ck_ok(amkd_model_init(&model, &graph, 1));
        for (size_t p = 0; p < graph.nparameters; p++)
            model->parameters[p] = 0;
        model->mean[0] = 0;
        model->std[0] = 1;
        model->parameters[0] = 40;
        model->parameters[graph.layers[3].parameters[0].offset] = 2e37F;
        ck_assert_msg(amkd_model_may_overflow(model) == cases[c].may, "%s",
                      cases[c].text);
        amkd_model_free(model);
        amkd_graph_clear(&graph);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("act");
    TCase *tests = tcase_create("act");
    tcase_add_unchecked_fixture(tests, open_device, close_device);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, values_are_those_of_pytorch);
    tcase_add_test(tests, bends_and_extremes_equal_the_reference_and_a_nan_stays_one);
    tcase_add_test(tests,
                   a_training_fuses_those_alone_whose_slope_follows_from_the_output);
    tcase_add_test(tests, bounds_know_what_an_activation_can_be_at_most);
    suite_add_tcase(suite, tests);
    return run_layer_tests(suite);
}
