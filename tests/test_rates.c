/* Rates by the names of parameters: what a pattern fits, and which of several counts. */
#include "base/error.h"
#include "steps/learn/rates.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

static amkd_graph graph;

static void open_graph(void)
{
    ck_assert_int_eq(amkd_graph_parse(&graph, "resnet8", (amkd_shape){3, 32, 32}, 10), 0);
}

static void close_graph(void)
{
    amkd_graph_clear(&graph);
}

static float factor_of(const float *factors, const char *module, const char *name)
{
    for (size_t l = 0; l < graph.nlayers; l++)
        if (!strcmp(graph.layers[l].module, module)) {
            const amkd_parameter *p = amkd_layer_parameter(&graph.layers[l], name);
            ck_assert_float_eq(factors[p->offset], factors[p->offset + p->n - 1]);
            return factors[p->offset];
        }
    ck_abort_msg("no module %s", module);
    return -1;
}

START_TEST(the_last_pattern_that_fits_a_parameter_or_its_module_counts)
{
    static const amkd_rate_rule rules[] = {
        {"layer1.*", 0.5}, {"*.conv2", 0.25}, {"*.bias", 2}, {"conv1", 0}};
    float *factors = calloc(graph.ntrained, sizeof *factors);
    ck_assert_int_eq(amkd_rates_make(factors, &graph, rules, 4), 0);
    ck_assert_float_eq(factor_of(factors, "layer1.0.conv1", "weight"), 0.5F);
    ck_assert_float_eq(factor_of(factors, "layer1.0.conv2", "weight"), 0.25F);
    ck_assert_float_eq(factor_of(factors, "layer2.0.conv2", "weight"), 0.25F);
    ck_assert_float_eq(factor_of(factors, "layer1.0.bn1", "bias"), 2);
    ck_assert_float_eq(factor_of(factors, "layer1.0.bn1", "weight"), 0.5F);
    ck_assert_float_eq(factor_of(factors, "conv1", "weight"), 0);
    ck_assert_float_eq(factor_of(factors, "layer2.0.conv1", "weight"), 1);
    ck_assert_float_eq(factor_of(factors, "fc", "weight"), 1);
    free(factors);
}
END_TEST

START_TEST(patterns_that_fit_nothing_or_leave_nothing_are_refused)
{
    static const struct {
        amkd_rate_rule rule;
        const char *message;
    } cases[] = {
        {{"layer4.*", 0}, "--freeze 'layer4.*': no module"},
        {{"*.running_mean", 0.5}, "--lr-scale '*.running_mean': no module"},
        {{"Conv1", 0}, "'Conv1'"},
        {{"*", 0}, "all parameters are frozen"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        ck_assert_int_eq(amkd_rates_make(NULL, &graph, &cases[c].rule, 1), -1);
        ck_assert_msg(strstr(amkd_error(), cases[c].message) != NULL, "%s", amkd_error());
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rates");
    TCase *tests = tcase_create("rates");
    tcase_add_unchecked_fixture(tests, open_graph, close_graph);
    tcase_add_test(tests, the_last_pattern_that_fits_a_parameter_or_its_module_counts);
    tcase_add_test(tests, patterns_that_fit_nothing_or_leave_nothing_are_refused);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed != 0;
}
