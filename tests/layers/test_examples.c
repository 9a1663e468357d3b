/* Every kind of layer, by the examples that its table gives. */
#include "layers.h"

/* The example number n of all kinds, as a case; 0 behind the last. */
static int example(network_case *c, const amkd_kind **kind, size_t n)
{
    for (size_t k = 0; (*kind = amkd_kind_number(k)); k++)
        for (const amkd_example *e = (*kind)->examples; e->text; e++)
            if (!n--) {
                *c = (network_case){.text = e->text, .in = e->in, .count = 19};
                return 1;
            }
    return 0;
}

START_TEST(every_kind_has_an_example_of_itself)
{
    const amkd_kind *kind;
    for (size_t k = 0; (kind = amkd_kind_number(k)); k++) {
        ck_assert_msg(kind->examples && kind->examples->text, "%s has none", kind->name);
        for (const amkd_example *e = kind->examples; e->text; e++) {
            amkd_graph graph;
            int found = 0;
            ck_ok(amkd_graph_parse(&graph, e->text, e->in, 0));
            for (size_t l = 0; l < graph.nlayers; l++)
                found |= graph.layers[l].kind == kind;
            ck_assert_msg(found, "'%s' is no example of %s", e->text, kind->name);
            amkd_graph_clear(&graph);
        }
    }
}
END_TEST

START_TEST(the_canonical_text_is_the_example)
{
    network_case c;
    const amkd_kind *kind;
    for (size_t n = 0; example(&c, &kind, n); n++) {
        amkd_graph graph, again;
        ck_ok(amkd_graph_parse(&graph, c.text, c.in, 0));
        ck_ok(amkd_graph_parse(&again, graph.text, c.in, 0));
        ck_assert_str_eq(again.text, graph.text);
        ck_assert_uint_eq(again.nlayers, graph.nlayers);
        ck_assert_uint_eq(again.nparameters, graph.nparameters);
        amkd_graph_clear(&graph);
        amkd_graph_clear(&again);
    }
}
END_TEST

START_TEST(reference_gradients_are_slopes)
{
    network_case c;
    const amkd_kind *kind;
    for (size_t n = 0; example(&c, &kind, n); n++) {
        c.count = 3;
        for (int training = 0; training < 2; training++) {
            expect_finite_differences(&c, training);
            c.deviation = 0.5; /* beyond the bends of activations */
        }
    }
}
END_TEST

START_TEST(logits_equal_the_reference)
{
    network_case c;
    const amkd_kind *kind;
    for (size_t n = 0; example(&c, &kind, n); n++)
        expect_logits(&c);
}
END_TEST

START_TEST(gradients_equal_the_reference)
{
    network_case c;
    const amkd_kind *kind;
    for (size_t n = 0; example(&c, &kind, n); n++) {
        c.count = 35;
        expect_gradients(&c);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("examples");
    TCase *texts = tcase_create("texts"), *kernels = tcase_create("kernels");
    tcase_add_test(texts, every_kind_has_an_example_of_itself);
    tcase_add_test(texts, the_canonical_text_is_the_example);
    tcase_add_test(texts, reference_gradients_are_slopes);
    tcase_set_timeout(texts, 120);
    tcase_add_unchecked_fixture(kernels, open_device, close_device);
    tcase_set_timeout(kernels, 600);
    tcase_add_test(kernels, logits_equal_the_reference);
    tcase_add_test(kernels, gradients_equal_the_reference);
    suite_add_tcase(suite, texts);
    suite_add_tcase(suite, kernels);
    return run_layer_tests(suite);
}
