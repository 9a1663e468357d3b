/* Named networks: as many weights and multiply-adds as in the literature and in
 * torchvision, and modules called as there. */
#include "base/error.h"
#include "graph/graph.h"
#include "graph/named.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const amkd_shape cifar = {3, 32, 32}, imagenet = {3, 224, 224};

static void parse(amkd_graph *graph, const char *name, amkd_shape in, size_t nclasses)
{
    ck_assert_msg(!amkd_graph_parse(graph, name, in, nclasses), "%s", amkd_error());
}

/* Multiply-adds in millions, as far as they are known. */
static const struct network {
    const char *name;
    const amkd_shape *in;
    size_t nclasses, nweights;
    double millions;
} networks[] = {
    {"resnet8", &cifar, 10, 78042, 0},
    {"resnet20", &cifar, 10, 272474, 41},
    {"resnet32", &cifar, 10, 466906, 69},
    {"resnet56", &cifar, 10, 855770, 126},
    {"wrn-16-2", &cifar, 10, 691674, 0},
    {"wrn-16-2", &cifar, 100, 703284, 0},
    {"resnet18", &imagenet, 1000, 11689512, 1814},
    {"resnet34", &imagenet, 1000, 21797672, 3664},
    {"resnet50", &imagenet, 1000, 25557032, 4089},
    {"resnet18", &cifar, 10, 11173962, 556},
    {"vgg11-bn", &cifar, 10, 9231114, 0},
    {"vgg16-bn", &cifar, 10, 14728266, 313},
};

START_TEST(a_named_network_has_the_weights_and_multiply_adds_of_the_literature)
{
    const struct network *n = &networks[_i];
    amkd_graph graph;
    parse(&graph, n->name, *n->in, n->nclasses);
    ck_assert_uint_eq(graph.ntrained, n->nweights);
    const double millions = amkd_graph_nmacs(&graph) / 1e6;
    if (n->millions > 0)
        ck_assert_msg(fabs(millions - n->millions) < 0.5 + 0.015 * n->millions,
                      "%s: %g million multiply-adds", n->name, millions);
    amkd_graph_clear(&graph);
}
END_TEST

START_TEST(the_text_of_a_named_network_can_be_edited_and_stands_for_itself)
{
    const struct network *n = &networks[_i];
    amkd_graph graph, again;
    char *text;
    ck_assert_int_eq(amkd_named_text(&text, n->name, *n->in), 0);
    parse(&graph, text, *n->in, n->nclasses);
    parse(&again, graph.text, *n->in, 0);
    ck_assert_str_eq(graph.text, again.text);
    ck_assert_uint_eq(graph.ntrained, n->nweights);
    free(text);
    amkd_graph_clear(&graph);
    amkd_graph_clear(&again);
}
END_TEST

static int has_module(const amkd_graph *graph, const char *module, const char *kind)
{
    for (size_t l = 0; l < graph->nlayers; l++)
        if (!strcmp(graph->layers[l].module, module))
            return !strcmp(graph->layers[l].kind->name, kind);
    return 0;
}

START_TEST(modules_are_called_as_in_the_programs_whose_weights_are_published)
{
    static const struct {
        const char *name;
        const amkd_shape *in;
        const char *module, *kind;
    } cases[] = {
        {"resnet18", &imagenet, "conv1", "conv"},
        {"resnet18", &cifar, "bn1", "bn"},
        {"resnet18", &imagenet, "layer1.1.conv2", "conv"},
        {"resnet18", &imagenet, "layer4.0.downsample.0", "conv"},
        {"resnet18", &imagenet, "layer4.0.downsample.1", "bn"},
        {"resnet18", &imagenet, "fc", "fc"},
        {"resnet50", &imagenet, "layer1.0.downsample.1", "bn"},
        {"resnet50", &imagenet, "layer3.5.bn3", "bn"},
        {"resnet56", &cifar, "layer3.8.bn2", "bn"},
        {"wrn-16-2", &cifar, "block2.layer.0.convShortcut", "conv"},
        {"vgg16-bn", &cifar, "features.40", "conv"},
        {"vgg16-bn", &cifar, "features.41", "bn"},
        {"vgg11-bn", &cifar, "features.25", "conv"},
        {"vgg16-bn", &cifar, "classifier", "fc"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        amkd_graph graph;
        parse(&graph, cases[c].name, *cases[c].in, 10);
        ck_assert_msg(has_module(&graph, cases[c].module, cases[c].kind), "%s: no %s",
                      cases[c].name, cases[c].module);
        amkd_graph_clear(&graph);
    }
}
END_TEST

START_TEST(what_is_almost_a_name_is_none)
{
    static const char *const texts[] = {"resnet19", "resnet18-a", "vgg16", "resnet20 "};
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        char *text;
        amkd_named_usual usual;
        ck_assert_int_eq(amkd_named_text(&text, texts[t], cifar), 0);
        ck_assert_ptr_null(text);
        ck_assert_int_eq(amkd_named_usual_of(&usual, texts[t]), 0);
    }
}
END_TEST

START_TEST(networks_with_published_weights_know_their_images)
{
    amkd_named_usual usual;
    ck_assert_int_ne(amkd_named_usual_of(&usual, "resnet50"), 0);
    ck_assert_uint_eq(usual.in.height, 224);
    ck_assert_float_eq(usual.mean[2], 0.406F);
    ck_assert_int_ne(amkd_named_usual_of(&usual, "resnet20"), 0);
    ck_assert_uint_eq(usual.in.height, 32);
    ck_assert_float_eq(usual.std[0], 0);
    ck_assert_int_eq(amkd_named_usual_of(&usual, "lenet5"), 0);
}
END_TEST

int main(void)
{
    enum { N = sizeof networks / sizeof *networks };
    Suite *suite = suite_create("named");
    TCase *tests = tcase_create("named");
    tcase_add_loop_test(
        tests, a_named_network_has_the_weights_and_multiply_adds_of_the_literature, 0, N);
    tcase_add_loop_test(
        tests, the_text_of_a_named_network_can_be_edited_and_stands_for_itself, 0, N);
    tcase_add_test(tests,
                   modules_are_called_as_in_the_programs_whose_weights_are_published);
    tcase_add_test(tests, what_is_almost_a_name_is_none);
    tcase_add_test(tests, networks_with_published_weights_know_their_images);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed != 0;
}
