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

/* Whether there is each kind of layer, of those with a space between. */
static int has_kinds(const char *kinds)
{
    for (const char *at = kinds; *at; at += strspn(at, " ")) {
        const size_t n = strcspn(at, " ");
        if (!amkd_kind_find(at, n))
            return 0;
        at += n;
    }
    return 1;
}

static void parse(amkd_graph *graph, const char *name, amkd_shape in, size_t nclasses)
{
    ck_assert_msg(!amkd_graph_parse(graph, name, in, nclasses), "%s", amkd_error());
}

/* Multiply-adds in millions, as far as they are known; needs: kinds of layers. */
static const struct network {
    const char *name;
    const amkd_shape *in;
    size_t nclasses, nweights;
    double millions;
    const char *needs;
} networks[] = {
    {"resnet8", &cifar, 10, 78042, 0, ""},
    {"resnet20", &cifar, 10, 272474, 41, ""},
    {"resnet32", &cifar, 10, 466906, 69, ""},
    {"resnet56", &cifar, 10, 855770, 126, ""},
    {"resnet20-a", &cifar, 10, 269722, 41, "subsample"},
    {"resnet56-a", &cifar, 10, 853018, 126, "subsample"},
    {"wrn-16-2", &cifar, 10, 691674, 0, ""},
    {"wrn-16-2", &cifar, 100, 703284, 0, ""},
    {"resnet18", &imagenet, 1000, 11689512, 1814, ""},
    {"resnet34", &imagenet, 1000, 21797672, 3664, ""},
    {"resnet50", &imagenet, 1000, 25557032, 4089, ""},
    {"resnet18", &cifar, 10, 11173962, 556, ""},
    {"vgg11-bn", &cifar, 10, 9231114, 0, ""},
    {"vgg16-bn", &cifar, 10, 14728266, 313, ""},
    {"vgg11-bn", &imagenet, 1000, 132868840, 0, "dropout"},
    {"vgg16-bn", &imagenet, 1000, 138365992, 15470, "dropout"},
    {"alexnet-cifar", &cifar, 10, 1659178, 0, "dropout"},
    {"alexnet-cifar-half", &cifar, 10, 417434, 20, "dropout"},
    {"mobilenetv2", &imagenet, 1000, 3504872, 300, "dropout relu6"},
    {"mobilenetv2-0.5", &imagenet, 1000, 1968680, 0, "dropout relu6"},
    {"mobilenetv2", &cifar, 10, 2236682, 0, "dropout relu6"},
    {"mobilenetv3-small", &imagenet, 1000, 2542856, 57,
     "dropout hardswish hardsigmoid scale"},
    {"efficientnet-lite0", &imagenet, 1000, 4652008, 385, "dropout relu6"},
};

START_TEST(a_named_network_has_the_weights_and_multiply_adds_of_the_literature)
{
    const struct network *n = &networks[_i];
    amkd_graph graph;
    if (!has_kinds(n->needs))
        return;
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
    if (!has_kinds(n->needs))
        return;
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
        const char *module, *kind, *needs;
    } cases[] = {
        {"resnet18", &imagenet, "conv1", "conv", ""},
        {"resnet18", &cifar, "bn1", "bn", ""},
        {"resnet18", &imagenet, "layer1.1.conv2", "conv", ""},
        {"resnet18", &imagenet, "layer4.0.downsample.0", "conv", ""},
        {"resnet18", &imagenet, "layer4.0.downsample.1", "bn", ""},
        {"resnet18", &imagenet, "fc", "fc", ""},
        {"resnet50", &imagenet, "layer1.0.downsample.1", "bn", ""},
        {"resnet50", &imagenet, "layer3.5.bn3", "bn", ""},
        {"resnet56", &cifar, "layer3.8.bn2", "bn", ""},
        {"resnet20-a", &cifar, "linear", "fc", "subsample"},
        {"wrn-16-2", &cifar, "block2.layer.0.convShortcut", "conv", ""},
        {"vgg16-bn", &cifar, "features.40", "conv", ""},
        {"vgg16-bn", &cifar, "features.41", "bn", ""},
        {"vgg11-bn", &cifar, "features.25", "conv", ""},
        {"vgg16-bn", &cifar, "classifier", "fc", ""},
        {"vgg16-bn", &imagenet, "classifier.6", "fc", "dropout"},
        {"mobilenetv2", &imagenet, "features.1.conv.1", "conv", "dropout relu6"},
        {"mobilenetv2", &imagenet, "features.17.conv.1.0", "conv", "dropout relu6"},
        {"mobilenetv2", &imagenet, "features.17.conv.3", "bn", "dropout relu6"},
        {"mobilenetv3-small", &imagenet, "features.1.block.1.fc2", "conv",
         "dropout hardswish hardsigmoid scale"},
        {"mobilenetv3-small", &imagenet, "features.11.block.3.1", "bn",
         "dropout hardswish hardsigmoid scale"},
        {"efficientnet-lite0", &imagenet, "blocks.6.0.conv_pwl", "conv", "dropout relu6"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        amkd_graph graph;
        if (!has_kinds(cases[c].needs))
            continue;
        parse(&graph, cases[c].name, *cases[c].in, 10);
        ck_assert_msg(has_module(&graph, cases[c].module, cases[c].kind), "%s: no %s",
                      cases[c].name, cases[c].module);
        amkd_graph_clear(&graph);
    }
}
END_TEST

START_TEST(what_is_almost_a_name_is_none)
{
    static const char *const texts[] = {"resnet19",        "resnet18-a", "mobilenetv2-",
                                        "mobilenetv2-5",   "vgg16",      "resnet20 ",
                                        "mobilenetv2-0.5x"};
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
    ck_assert_int_ne(amkd_named_usual_of(&usual, "mobilenetv2-0.75"), 0);
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
