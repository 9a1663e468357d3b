/* Subsampling: which pixels and channels are taken. */
#include "layers.h"

START_TEST(pixels_and_channels_are_those_of_option_a)
{
    amkd_graph graph;
    ck_ok(amkd_graph_parse(&graph, "subsample 5 s2 | fc 1", (amkd_shape){2, 3, 4}, 0));
    const amkd_layer *layer = &graph.layers[0];
    double x[24], y[20];
    for (size_t i = 0; i < 24; i++)
        x[i] = (double)i + 1;
    ck_assert_uint_eq(amkd_shape_size(layer->out), 20);
    const amkd_batch64 batch = {.n = 1, .in = (const double *[]){x}, .out = y};
    layer->kind->forward64(layer, &batch);
    /* One channel of zeros in front, two behind: an odd one is behind, as in PyTorch. */
    const double expected[20] = {0, 0, 0, 0, 1, 3, 9, 11, 13, 15, 21, 23};
    for (size_t i = 0; i < 20; i++)
        ck_assert_double_eq(y[i], expected[i]);
    amkd_graph_clear(&graph);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("subsample");
    TCase *tests = tcase_create("subsample");
    tcase_add_test(tests, pixels_and_channels_are_those_of_option_a);
    suite_add_tcase(suite, tests);
    return run_layer_tests(suite);
}
