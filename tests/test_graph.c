/* Architecture texts: the layers and sizes they stand for, and how wrong ones fail. */
#include "base/error.h"
#include "graph/graph.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

static const amkd_shape mnist = {1, 28, 28};

static size_t count_parameters(const char *text, amkd_shape in, size_t nclasses)
{
    amkd_graph graph;
    ck_assert_msg(!amkd_graph_parse(&graph, text, in, nclasses), "%s", amkd_error());
    size_t n = graph.nparameters;
    ck_assert_uint_eq(graph.nclasses, nclasses);
    amkd_graph_clear(&graph);
    return n;
}

START_TEST(named_texts_have_the_parameters_of_the_literature)
{
    ck_assert_uint_eq(count_parameters("lenet5", mnist, 10), 61706);
    ck_assert_uint_eq(count_parameters("lenet5-half", mnist, 10), 15738);
    ck_assert_uint_eq(count_parameters("lenet5", (amkd_shape){1, 32, 32}, 10), 61706);
    ck_assert_uint_eq(count_parameters("lenet5-half", (amkd_shape){1, 32, 32}, 10),
                      15738);
    ck_assert_uint_eq(count_parameters("mlp", mnist, 10),
                      785 * 256 + 257 * 128 + 129 * 10);
    /* 64x48: convolutions leave 28x20 and pools half of it, then 12x8. */
    ck_assert_uint_eq(count_parameters("lenet5", (amkd_shape){3, 64, 48}, 7),
                      6 * 76 + 16 * 151 + 120 * (16 * 14 * 10 + 1) + 84 * 121 + 7 * 85);
}
END_TEST

START_TEST(a_layer_knows_its_shapes_and_the_place_of_its_parameters)
{
    amkd_graph graph;
    ck_assert_int_eq(
        amkd_graph_parse(&graph,
                         "conv 4 k3 s2 p1 | tanh | avgpool 3 s2 | conv 5 k1 |"
                         "fc 3",
                         (amkd_shape){2, 13, 11}, 0),
        0);
    ck_assert_uint_eq(graph.nlayers, 6);
    const amkd_layer *l = graph.layers;
    ck_assert_str_eq(l[0].kind->name, "conv");
    ck_assert_uint_eq(l[0].out.height, 7);
    ck_assert_uint_eq(l[0].out.width, 6);
    ck_assert_uint_eq(l[0].parameters[0].n, 4 * 2 * 3 * 3);
    ck_assert_uint_eq(l[0].parameters[1].offset, 72);
    ck_assert_str_eq(l[1].kind->name, "tanh");
    ck_assert_str_eq(l[2].kind->name, "avgpool");
    ck_assert_uint_eq(l[2].out.height, 3);
    ck_assert_uint_eq(l[2].out.width, 2); /* the incomplete last window is dropped */
    ck_assert_uint_eq(l[3].parameters[0].offset, 76);
    ck_assert_str_eq(l[4].kind->name, "flatten");
    ck_assert_uint_eq(l[4].out.channels, 5 * 3 * 2);
    ck_assert_str_eq(l[5].kind->name, "fc");
    ck_assert_uint_eq(l[5].parameters[0].n, 90);
    ck_assert_uint_eq(l[5].parameters[0].offset, 76 + 4 * 5 + 5);
    ck_assert_uint_eq(graph.nparameters, 76 + 25 + 93);
    ck_assert_uint_eq(graph.nclasses, 3);
    ck_assert_double_eq(amkd_graph_nmacs(&graph), 72. * 7 * 6 + 20. * 3 * 2 + 90);
    amkd_graph_clear(&graph);
}
END_TEST

static void expect_same_layers(const amkd_graph *a, const amkd_graph *b)
{
    ck_assert_uint_eq(a->nlayers, b->nlayers);
    for (size_t l = 0; l < a->nlayers; l++) {
        const amkd_layer *x = &a->layers[l], *y = &b->layers[l];
        char one[AMKD_LAYER_NBYTES], other[AMKD_LAYER_NBYTES];
        amkd_layer_print(one, sizeof one, x);
        amkd_layer_print(other, sizeof other, y);
        ck_assert_str_eq(one, other);
        ck_assert_str_eq(x->module, y->module);
        ck_assert_mem_eq(x->inputs, y->inputs, sizeof x->inputs);
        ck_assert_uint_eq(x->nparameters, y->nparameters);
        for (size_t p = 0; p < x->nparameters; p++)
            ck_assert_uint_eq(x->parameters[p].offset, y->parameters[p].offset);
    }
}

START_TEST(the_canonical_text_parses_to_itself)
{
    static const struct {
        const char *text, *canonical;
    } cases[] = {
        {"mlp", "flatten | fc 256 | relu | fc 128 | relu | fc 10"},
        {"conv 6 p2  k5|\trelu|maxpool 2 s2|fc classes",
         "conv 6 k5 p2 | relu | maxpool 2 | flatten | fc 10"},
        {"avgpool 3 s1|conv 10 k26 s9", "avgpool 3 s1 | conv 10 k26 s9"},
        {"conv1: conv 4 k3 s2 same d1|bn1 : bn m.3 e1e-3|fc 10",
         "conv1: conv 4 k3 s2 same | bn1: bn e0.001 m0.3 | flatten | fc 10"},
        {"2 x(conv 2 k1)|residual(relu|tanh;;maxpool 3 s1 p1)|avgpool all|fc 10",
         "conv 2 k1 | conv 2 k1 | residual( relu | tanh ;  ; maxpool 3 s1 p1 ) | avgpool "
         "all | flatten | fc 10"},
        {"leaky 0.01|leaky .25|dropout 5e-1|scale(avgpool all|hardswish)|fc 10",
         "leaky | leaky 0.25 | dropout 0.5 | scale( avgpool all | hardswish ) | flatten "
         "| "
         "fc 10"},
        {"subsample 2 s1 | subsample 4 s2 | fc 10",
         "subsample 2 | subsample 4 s2 | flatten | fc 10"},
        {"concat(silu;;gelu)|fc 10", "concat( silu ;  ; gelu ) | flatten | fc 10"},
        {"lenet5-half", "conv 3 k5 p2 | relu | maxpool 2 | conv 8 k5 | relu | maxpool 2 |"
                        " conv 60 k5 | relu | flatten | fc 42 | relu | fc 10"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        amkd_graph graph, again, copy;
        ck_assert_msg(!amkd_graph_parse(&graph, cases[c].text, mnist, 10), "%s",
                      amkd_error());
        ck_assert_str_eq(graph.text, cases[c].canonical);
        ck_assert_int_eq(amkd_graph_parse(&again, graph.text, mnist, 0), 0);
        ck_assert_str_eq(again.text, graph.text);
        expect_same_layers(&again, &graph);
        ck_assert_int_eq(amkd_graph_copy(&copy, &graph), 0);
        amkd_graph_clear(&graph);
        ck_assert_str_eq(copy.text, again.text);
        expect_same_layers(&copy, &again);
        amkd_graph_clear(&again);
        amkd_graph_clear(&copy);
    }
}
END_TEST

START_TEST(wrong_texts_fail_naming_the_layer)
{
    static const struct {
        const char *text, *message;
        size_t nclasses;
    } cases[] = {
        {"", "layer 1 is empty", 0},
        {"relu || fc 3", "layer 2 is empty", 0},
        {"fc 3 |", "layer 2 is empty", 0},
        {"resnet21", "no network is called 'resnet21', expected one of lenet5, ", 0},
        {"fold 3 | fc 2", "layer 1 'fold 3': expected one of conv", 0},
        {"conv", "layer 1 'conv': expected a number of channels", 0},
        {"conv 0 k3 | fc 2", "layer 1 'conv 0 k3': expected a number of channels", 0},
        {"conv 4 | fc 2", "layer 1 'conv 4': the kernel size is missing", 0},
        {"conv 4 k0 | fc 2", "kernel, stride and dilation must be 1 or more", 0},
        {"conv 4 k3 s0 | fc 2", "kernel, stride and dilation must be 1 or more", 0},
        {"conv 4 k3 p3 | fc 2", "the padding must be below the kernel size", 0},
        {"conv 4 k3 k3 | fc 2", "k is given twice", 0},
        {"conv 4 k3 q1 | fc 2", "'q1' is no option of conv", 0},
        {"conv 4 k-3 | fc 2", "'k-3' is no option of conv", 0},
        {"conv 4 k3 s1 p1 d1 g1 nobias p1 | fc 2", "has too many words", 0},
        {"relu | conv 4 k29",
         "layer 2 'conv 4 k29': a kernel of 29 is larger than its "
         "input of 28x28",
         0},
        {"maxpool 29 | fc 2", "layer 1 'maxpool 29': a kernel of 29", 0},
        {"maxpool 0 | fc 2", "kernel, stride and dilation must be 1 or more", 0},
        {"maxpool 2 d1 | fc 2", "'d1' is no option of maxpool", 0},
        {"maxpool", "expected a window size", 0},
        {"relu 3 | fc 2", "layer 1 'relu 3': takes no sizes", 0},
        {"fc 0", "expected a number of outputs", 0},
        {"fc", "expected a number of outputs", 0},
        {"fc 3 3", "'3' is no option of fc", 0},
        {"fc 99999999", "expected a number of outputs", 0},
        {"fc 1048576 | fc 1048576", "more than the 268435456", 0},
        {"fc 300000 | fc 800 | fc 200", "too many parameters", 0},
        {"conv 1048576 k1 | fc 2", "more than the 268435456", 0},
        {"fc classes", "the number of classes is not known", 0},
        {"lenet5", "layer 11 'fc classes'", 0},
        {"fc 3", "layer 1 'fc 3': 3 outputs for 4 classes", 4},
        {"fc 3 | relu", "layer 2 'relu': the last layer must be an fc", 0},
        {"conv 4 k3", "layer 1 'conv 4 k3': the last layer must be an fc", 0},
        {"conv 4 k1 | avgpool all", "'avgpool all | conv N k1' makes the same", 0},
        {"fc 3 | conv 4 k3", "layer 2 'conv 4 k3': needs an image", 0},
        {"flatten | flatten | fc 3", "layer 2 'flatten': its input is flattened", 0},
        {"residual | fc 3", "layer 1 'residual': expected branches", 0},
        {"relu( tanh ) | fc 3", "layer 1 'relu': has no branches", 0},
        {"residual( conv 4 k3 p1 ) | fc 3",
         "layer 1 'residual': its branches end in 1x28x28 and 4x28x28", 0},
        {"residual( relu ; ; maxpool 2 ) | fc 3", "end in 1x28x28 and 1x14x14", 0},
        {"residual( relu ; fc 3 ) | fc 3", "one of its branches is flattened", 0},
        {"residual( relu | fc 3", "layer 1 'residual': ')' is missing", 0},
        {"relu | fc 3 )", "')' behind layer 2", 0},
        {"3 x ( relu | fc 3", "')' is missing behind what is repeated", 0},
        {"0 x ( relu ) | fc 3", "layer 1 '0 x': expected 1 to 64 times", 0},
        {"65 x ( relu ) | fc 3", "layer 1 '65 x': expected 1 to 64 times", 0},
        {"a: residual( a: relu ) | fc 3", "two modules are called 'a'", 0},
        {"a: relu | a: tanh | fc 3", "two modules are called 'a'", 0},
        {"a b: relu | fc 3", "has letters, digits, _ and . alone", 0},
        {"conv 4 k3 g2 | fc 3", "2 groups do not divide 1 channels into 4", 0},
        {"conv 4 k3 d20 | fc 3", "a kernel of 41 is larger than its input", 0},
        {"conv 4 k3 d20 | fc 3", "; images of 41x41 would do", 0},
        {"conv 4 k3 d200 | fc 3", "larger than its input of 28x28", 0},
        {"vgg16-bn", "; images of 32x32 would do", 3},
        {"conv 4 k3 p1 same | fc 3", "'same' says the padding", 0},
        {"bn x | fc 3", "'x' is no option of bn", 0},
        {"bn e0 | fc 3", "e must be above 0", 0},
        {"silu 1 | fc 3", "layer 1 'silu 1': takes no sizes", 0},
        {"leaky -1 | fc 3", "layer 1 'leaky -1': expected one number, 0 or more", 0},
        {"leaky 0.1 0.2 | fc 3", "expected one number, 0 or more", 0},
        {"relu | dropout 1 | fc 3", "layer 2 'dropout 1': expected the share", 0},
        {"dropout | fc 3", "expected the share of values to drop", 0},
        {"dropout -0.1 | fc 3", "expected the share of values to drop", 0},
        {"subsample | fc 3", "layer 1 'subsample': expected a number of channels", 0},
        {"subsample 4 s0 | fc 3", "the stride must be 1 or more", 0},
        {"conv 4 k1 | subsample 3 s2 | fc 3",
         "layer 2 'subsample 3 s2': its input has 4 channels, more than it is to have",
         0},
        {"concat( relu ; maxpool 2 ) | fc 3",
         "layer 1 'concat': its branches end in images of 28x28 and 14x14", 0},
        {"concat( relu ) | fc 3", "layer 1 'concat': expected two branches or more", 0},
        {"scale( conv 2 k1 ; avgpool all ) | fc 3",
         "layer 1 'scale': the factors are 1x1x1, expected 2x1x1", 0},
        {"scale( relu ) | fc 3", "the factors are 1x28x28, expected 1x1x1", 0},
        {"scale( ; avgpool all ; avgpool all ) | fc 3",
         "layer 1 'scale': expected two branches, an image and its factors, not 3", 0},
        {"conv 4 k3 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
         "longer than any layer", 0},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        amkd_graph graph;
        ck_assert_int_eq(
            amkd_graph_parse(&graph, cases[c].text, mnist, cases[c].nclasses), -1);
        ck_assert_msg(strstr(amkd_error(), cases[c].message) != NULL,
                      "'%s' failed with: %s", cases[c].text, amkd_error());
        ck_assert_ptr_null(graph.layers);
        ck_assert_ptr_null(graph.text);
    }
}
END_TEST

START_TEST(too_many_layers_are_refused)
{
    amkd_graph graph;
    ck_assert_int_eq(amkd_graph_parse(&graph, "64 x ( 64 x ( relu ) ) | fc 3", mnist, 0),
                     -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "more than 4096 layers"));
    ck_assert_ptr_null(graph.layers);
}
END_TEST

START_TEST(impossible_inputs_are_refused)
{
    static const amkd_shape shapes[] = {
        {0, 28, 28}, {1, 0, 28}, {1, 28, 0}, {1, (size_t)-1, 2}, {3, 1 << 20, 1 << 20}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        amkd_graph graph;
        ck_assert_int_eq(amkd_graph_parse(&graph, "fc 3", shapes[s], 0), -1);
        ck_assert_ptr_nonnull(strstr(amkd_error(), "is no image"));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("graph");
    TCase *tests = tcase_create("graph");
    tcase_add_test(tests, named_texts_have_the_parameters_of_the_literature);
    tcase_add_test(tests, a_layer_knows_its_shapes_and_the_place_of_its_parameters);
    tcase_add_test(tests, the_canonical_text_parses_to_itself);
    tcase_add_test(tests, wrong_texts_fail_naming_the_layer);
    tcase_add_test(tests, too_many_layers_are_refused);
    tcase_add_test(tests, impossible_inputs_are_refused);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed != 0;
}
