/* Sums beyond float32: no kernel may make a plausible number of them. */
#include "net/bound.h"
#include "net/predict.h"
#include "sweep_students.h"
#include <string.h>

/* Two pixels of a window, of which the one at `at` is white. A channel each takes it to
 * infinity, the next layer subtracts the two: NaN there, and 0 at the other pixels. */
static student new_overflowing(const char *text, size_t at)
{
    student s = new_student(text, (amkd_shape){1, 2, 2});
    float *p = s.model->parameters;
    memset(p, 0, s.model->graph.nparameters * sizeof *p);
    s.model->mean[0] = 0;
    s.model->std[0] = 1;
    p[0] = p[1] = p[2] = p[3] = 3e38F; /* conv 2 k1: two weights, two biases */
    p[4] = 1e-38F, p[5] = -1e-38F;     /* conv 1 k1 */
    p[7] = 1;                          /* fc 2 */
    memset(s.images.pixels, 0, NIMAGES * 4);
    for (size_t i = 0; i < NIMAGES; i++)
        s.images.pixels[4 * i + at] = 255;
    return s;
}

static const char *const texts[] = {
    "conv 2 k1 | conv 1 k1 | relu | maxpool 2 | fc 2",
    "conv 2 k1 | conv 1 k1 | maxpool 2 | tanh | fc 2",
    "conv 2 k1 | conv 1 k1 | avgpool 2 | relu | fc 2",
    "conv 2 k1 | relu | conv 1 k1 | tanh | maxpool 2 s1 | relu | fc 2",
};
static const char *const widths[] = {"1", "4", "8", "16"};

enum { NTEXTS = sizeof texts / sizeof *texts, NPIXELS = 4 };

static void check_scores(const student *s, amkd_engine engine)
{
    const float lambdas[] = {0.25F, 0.75F, 1};
    const amkd_sweep_options options = {
        .lambdas = lambdas, .nlambdas = 3, .every = 1, .engine = engine};
    amkd_pair pairs[NIMAGES * NIMAGES];
    const size_t npairs = draw_pairs(pairs);
    amkd_device *device = open_device(NULL);
    amkd_sweep *sweep;
    amkd_sweep_result result;
    ck_assert_msg(!amkd_sweep_new(&sweep, device, s->model, &s->images, &options), "%s",
                  amkd_error());
    ck_assert_msg(!amkd_sweep_start(sweep, pairs, npairs, INFINITY), "%s", amkd_error());
    ck_assert_int_eq(amkd_sweep_finish(sweep, &result), 1);
    ck_assert_uint_eq(result.n, 3 * npairs);
    for (size_t e = 0; e < result.n; e++)
        ck_assert_msg(isnan(result.scores[e].score), "%s, '%s': %g",
                      amkd_sweep_engine(sweep), s->model->graph.text,
                      (double)result.scores[e].score);
    amkd_sweep_free(sweep);
    amkd_device_close(device);
}

START_TEST(a_score_of_sums_that_overflow_is_not_a_number_in_both_engines)
{
    for (size_t at = 0; at < NPIXELS; at++) {
        setenv("AMKD_VECTOR_WIDTH", widths[_i], 1);
        student s = new_overflowing(texts[_i], at);
        check_scores(&s, AMKD_ENGINE_FUSED);
        check_scores(&s, AMKD_ENGINE_LAYERED);
        free_student(&s);
    }
}
END_TEST

START_TEST(a_prediction_whose_sums_overflow_fails)
{
    for (size_t at = 0; at < NPIXELS; at++) {
        student s = new_overflowing(texts[_i], at);
        amkd_device *device = open_device(widths[_i]);
        amkd_predictor *predictor;
        float probs[NIMAGES * 2];
        ck_assert(!amkd_predictor_new(&predictor, device, s.model));
        ck_assert_int_eq(amkd_predictor_run(predictor, probs, s.images.pixels, NIMAGES),
                         -1);
        ck_assert_str_eq(amkd_error(),
                         "a probability is not a number: the model's sums overflow");
        amkd_predictor_free(predictor);
        amkd_device_close(device);
        free_student(&s);
    }
}
END_TEST

START_TEST(a_student_of_ordinary_weights_cannot_overflow)
{
    student s =
        new_student("conv 5 k3 | relu | maxpool 2 | conv 3 k3 | avgpool 2 | tanh | fc 2",
                    (amkd_shape){3, 12, 12});
    const amkd_model *model = s.model;
    ck_assert(!amkd_model_may_overflow(model));
    const struct {
        size_t layer; /* whose last weight changes */
        float weight;
    } cases[] = {{0, 3e38F}, {0, 1e37F}, {0, -1e38F}, {3, 1e37F}, {7, NAN}, {7, 2e38F}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const amkd_layer *layer = &model->graph.layers[cases[c].layer];
        float *weight =
            &model->parameters[layer->parameters[0].offset + layer->parameters[0].n - 1];
        const float before = *weight;
        *weight = cases[c].weight;
        ck_assert_msg(amkd_model_may_overflow(model), "%zu", c);
        *weight = before;
    }
    ck_assert(!amkd_model_may_overflow(model));
    free_student(&s);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("overflow");
    tcase_set_timeout(tcase, 300);
    tcase_add_loop_test(
        tcase, a_score_of_sums_that_overflow_is_not_a_number_in_both_engines, 0, NTEXTS);
    tcase_add_loop_test(tcase, a_prediction_whose_sums_overflow_fails, 0, NTEXTS);
    tcase_add_test(tcase, a_student_of_ordinary_weights_cannot_overflow);
    Suite *suite = suite_create("overflow");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed != 0;
}
