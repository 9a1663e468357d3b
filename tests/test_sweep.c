/* The scores of the lambda sweep, both engines, against the float64 reference. */
#include "sweep_students.h"
#include <string.h>

/* Runs a sweep with every score and holds each against the reference. */
static void check_every_score(const student *s, const amkd_sweep_options *options,
                              const char *vector_width)
{
    amkd_device *device = open_device(vector_width);
    amkd_sweep *sweep;
    amkd_reference *reference;
    amkd_pair pairs[NIMAGES * NIMAGES];
    const size_t npairs = draw_pairs(pairs), nlambdas = options->nlambdas;
    ck_assert_msg(!amkd_sweep_new(&sweep, device, s->model, &s->images, options), "%s",
                  amkd_error());
    ck_assert(!amkd_reference_new(&reference, &s->model->graph, s->model->parameters, 1));
    ck_assert_msg(!amkd_sweep_start(sweep, pairs, npairs, INFINITY), "%s", amkd_error());
    amkd_sweep_result result;
    ck_assert_int_eq(amkd_sweep_finish(sweep, &result), 1);
    ck_assert_uint_eq(result.npairs, npairs);
    ck_assert_uint_eq(result.n, npairs * nlambdas);
    for (size_t e = 0; e < npairs * nlambdas; e++) {
        const amkd_pair pair = pairs[e / nlambdas];
        const double lambda = (double)options->lambdas[e % nlambdas];
        const double want = expected_score(reference, s, pair, lambda, options->measure);
        const double got = (double)result.scores[e].score;
        ck_assert_uint_eq(result.scores[e].evaluation, e);
        ck_assert_msg(fabs(got - want) <= TOLERANCE,
                      "%s, '%s', width %zu, pair (%u, %u), lambda %g of %zu: %.8f, "
                      "expected %.8f",
                      amkd_sweep_engine(sweep), s->model->graph.text,
                      device->vector_width, pair.i, pair.j, lambda, nlambdas, got, want);
    }
    amkd_reference_free(reference);
    amkd_sweep_free(sweep);
    amkd_device_close(device);
}

enum { MOST_LAMBDAS = 64 };

static const struct {
    const char *text;
    amkd_shape in;
} students[] = {
    {"conv 3 k5 p2 | relu | maxpool 2 | conv 8 k5 | relu | maxpool 2 | conv 60 k5 | relu "
     "| fc 42 | relu | fc 10",
     {1, 28, 28}},
    {"conv 5 k3 s2 p1 | tanh | avgpool 2 | conv 7 k3 p1 | relu | avgpool 2 s1 | fc 3",
     {3, 17, 13}},
    {"maxpool 3 s2 | conv 13 k2 s3 | relu6 | tanh | dropout 0.5 | fc 5", {2, 11, 12}},
    {"relu | conv 11 k3 p2 | maxpool 3 s2 | relu | conv 3 k3 p1 | maxpool 2 s1 | tanh | "
     "fc 4",
     {1, 7, 9}},
    {"conv 4 k3 p1 | maxpool 2 | conv 6 k3 s2 p1 | relu | relu | relu | relu | relu "
     "| conv 21 k3 | fc 1",
     {3, 10, 11}},
    {"conv 5 k3 p1 nobias | bn | relu | maxpool 2 | conv 7 k3 nobias | bn | tanh | fc 4",
     {2, 9, 8}},
    {"fc 19 | tanh | fc 17 | relu | fc 2", {1, 5, 7}},
    {"fc 6", {2, 3, 4}},
    {"conv 9 k4", {2, 4, 4}},
    {"conv 2 k3 p1 | relu | maxpool 2 | conv 3 k2 p1 | tanh | conv 2 k3 p2 | avgpool 2 | "
     "fc 2",
     {1, 6, 6}},
};
enum { FIRST_SMALL = 6, NSTUDENTS = sizeof students / sizeof *students };

START_TEST(every_student_scores_as_the_reference_in_both_engines)
{
    float lambdas[11];
    spread_lambdas(lambdas, 11);
    student s = new_student(students[_i].text, students[_i].in);
    for (amkd_engine engine = AMKD_ENGINE_AUTO; engine <= AMKD_ENGINE_LAYERED; engine++) {
        const amkd_sweep_options options = {
            .lambdas = lambdas, .nlambdas = 11, .every = 1, .engine = engine};
        check_every_score(&s, &options, NULL);
    }
    free_student(&s);
}
END_TEST

/* Of which the fused kernel has not all layers. */
static const char *const layered[] = {
    "conv 5 k3 p1 nobias | bn | relu | residual( conv 5 k3 p1 nobias | bn | relu | "
    "conv 5 k3 p1 nobias | bn ) | relu | avgpool all | fc 3",
    "conv 5 k3 | silu | maxpool 2 | fc 4 | dropout 0.5 | hardswish | fc 3",
    "residual( dropout 0.5 | conv 2 k3 p1 ) | relu | fc 3", /* two read the input */
};

START_TEST(other_students_are_scored_layer_by_layer)
{
    float lambdas[11];
    spread_lambdas(lambdas, 11);
    student s = new_student(layered[_i], (amkd_shape){2, 7, 8});
    amkd_sweep_options options = {.lambdas = lambdas, .nlambdas = 11, .every = 1};
    check_every_score(&s, &options, NULL);
    amkd_device *device = open_device(NULL);
    amkd_sweep *sweep;
    options.engine = AMKD_ENGINE_FUSED;
    ck_assert_int_eq(amkd_sweep_new(&sweep, device, s.model, &s.images, &options), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "the fused engine has not all layers"));
    amkd_device_close(device);
    free_student(&s);
}
END_TEST

/* Little work with every stage of a kernel, for Oclgrind. */
START_TEST(a_tiny_student_scores_as_the_reference_in_both_engines)
{
    float lambdas[3];
    spread_lambdas(lambdas, 3);
    student s = new_student(students[NSTUDENTS - 1].text, students[NSTUDENTS - 1].in);
    const amkd_sweep_options options = {
        .lambdas = lambdas, .nlambdas = 3, .every = 1, .engine = (amkd_engine)_i};
    check_every_score(&s, &options, NULL);
    free_student(&s);
}
END_TEST

START_TEST(every_vector_width_scores_as_the_reference)
{
    static const char *const widths[] = {"1", "4", "8", "16"};
    float lambdas[11];
    spread_lambdas(lambdas, 11);
    for (size_t a = 0; a < 2; a++) {
        student s = new_student(students[a].text, students[a].in);
        amkd_sweep_options options = {
            .lambdas = lambdas, .nlambdas = 11, .every = 1, .engine = AMKD_ENGINE_FUSED};
        check_every_score(&s, &options, widths[_i]);
        options.engine = AMKD_ENGINE_LAYERED;
        if (a) /* one that is quick to build */
            check_every_score(&s, &options, widths[_i]);
        free_student(&s);
    }
}
END_TEST

START_TEST(any_number_of_lambdas_scores_as_the_reference)
{
    static const size_t counts[] = {1, 2, 5, 11, 16, 17, 64};
    float lambdas[MOST_LAMBDAS];
    spread_lambdas(lambdas, counts[_i]);
    student s = new_student("conv 2 k3 | relu | maxpool 2 | fc 3", (amkd_shape){1, 6, 6});
    amkd_sweep_options options = {.lambdas = lambdas, .nlambdas = counts[_i], .every = 1};
    options.engine = AMKD_ENGINE_FUSED;
    check_every_score(&s, &options, NULL);
    check_every_score(&s, &options, "4");
    options.engine = AMKD_ENGINE_LAYERED;
    check_every_score(&s, &options, NULL);
    free_student(&s);
}
END_TEST

START_TEST(every_measure_scores_as_the_reference)
{
    float lambdas[5];
    spread_lambdas(lambdas, 5);
    student s = new_student("conv 2 k3 | relu | fc 5", (amkd_shape){2, 4, 5});
    for (amkd_engine engine = AMKD_ENGINE_FUSED; engine <= AMKD_ENGINE_LAYERED;
         engine++) {
        const amkd_sweep_options options = {.measure = (amkd_measure)_i,
                                            .lambdas = lambdas,
                                            .nlambdas = 5,
                                            .every = 1,
                                            .engine = engine};
        check_every_score(&s, &options, NULL);
    }
    free_student(&s);
}
END_TEST

START_TEST(maps_that_take_too_much_memory_are_not_kept)
{
    float lambdas[11];
    spread_lambdas(lambdas, 11);
    student s = new_student(students[_i].text, students[_i].in);
    for (amkd_engine engine = AMKD_ENGINE_FUSED; engine <= AMKD_ENGINE_LAYERED;
         engine++) {
        const amkd_sweep_options options = {.lambdas = lambdas,
                                            .nlambdas = 11,
                                            .every = 1,
                                            .engine = engine,
                                            .max_maps_nbytes = 1};
        check_every_score(&s, &options, NULL);
    }
    free_student(&s);
}
END_TEST

int main(void)
{
    TCase *large = tcase_create("large"), *small = tcase_create("small shapes");
    TCase *tiny = tcase_create("tiny");
    tcase_set_timeout(large, 300);
    tcase_set_timeout(small, 300);
    tcase_set_timeout(tiny, 300);
    tcase_add_loop_test(tiny, a_tiny_student_scores_as_the_reference_in_both_engines,
                        AMKD_ENGINE_FUSED, AMKD_ENGINE_LAYERED + 1);
    tcase_add_loop_test(large, every_student_scores_as_the_reference_in_both_engines, 0,
                        FIRST_SMALL);
    tcase_add_loop_test(large, other_students_are_scored_layer_by_layer, 0,
                        sizeof layered / sizeof *layered);
    tcase_add_loop_test(large, every_vector_width_scores_as_the_reference, 0, 4);
    tcase_add_loop_test(large, any_number_of_lambdas_scores_as_the_reference, 0, 7);
    tcase_add_loop_test(large, maps_that_take_too_much_memory_are_not_kept, 1, 3);
    tcase_add_loop_test(small, every_student_scores_as_the_reference_in_both_engines,
                        FIRST_SMALL, NSTUDENTS);
    tcase_add_loop_test(small, every_measure_scores_as_the_reference, AMKD_CONFIDENCE,
                        AMKD_ENTROPY + 1);
    Suite *suite = suite_create("sweep");
    suite_add_tcase(suite, large);
    suite_add_tcase(suite, small);
    suite_add_tcase(suite, tiny);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed != 0;
}
