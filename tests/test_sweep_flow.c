/* The lambda sweep around its scores: each pair's lowest, chunks in flight, refusals. */
#include "sweep_students.h"
#include <string.h>

static const char TEXT[] =
    "conv 5 k3 s2 p1 | tanh | avgpool 2 | conv 7 k3 p1 | relu | avgpool 2 s1 | fc 3";
static const amkd_shape SHAPE = {3, 17, 13};

/* lambdas on one side only: a swapped pair would find another lowest one. */
START_TEST(a_pairs_lowest_score_and_lambda_are_the_references)
{
    static const float lambdas[] = {0.05F, 0.15F, 0.3F, 0.35F, 0.9F};
    student s = new_student(TEXT, SHAPE);
    amkd_device *device = open_device(NULL);
    amkd_sweep *sweep;
    amkd_reference *reference;
    amkd_pair pairs[NIMAGES * NIMAGES];
    const size_t npairs = draw_pairs(pairs);
    const amkd_sweep_options options = {
        .lambdas = lambdas, .nlambdas = 5, .engine = (amkd_engine)_i};
    ck_assert(!amkd_sweep_new(&sweep, device, s.model, &s.images, &options));
    ck_assert(!amkd_reference_new(&reference, &s.model->arch, s.model->parameters));
    ck_assert(!amkd_sweep_start(sweep, pairs, npairs));
    amkd_sweep_result result;
    ck_assert_int_eq(amkd_sweep_finish(sweep, &result), 1);
    for (size_t p = 0; p < npairs; p++) {
        double want = INFINITY;
        for (size_t l = 0; l < 5; l++)
            want = fmin(want, expected_score(reference, &s, pairs[p], (double)lambdas[l],
                                             AMKD_CONFIDENCE));
        const uint32_t l = result.lowest[p].lambda;
        ck_assert_uint_lt(l, 5);
        ck_assert_double_le(fabs((double)result.lowest[p].score - want), TOLERANCE);
        ck_assert_double_le(
            expected_score(reference, &s, pairs[p], (double)lambdas[l], AMKD_CONFIDENCE),
            want + 1e-6);
    }
    amkd_reference_free(reference);
    amkd_sweep_free(sweep);
    amkd_device_close(device);
    free_student(&s);
}
END_TEST

START_TEST(the_first_of_equal_lambdas_is_the_lowest)
{
    static const float lambdas[] = {0.5F, 0.5F, 0.5F};
    student s = new_student("fc 3", (amkd_shape){1, 2, 2});
    amkd_device *device = open_device(NULL);
    amkd_sweep *sweep;
    const amkd_sweep_options options = {.lambdas = lambdas, .nlambdas = 3};
    ck_assert(!amkd_sweep_new(&sweep, device, s.model, &s.images, &options));
    ck_assert(!amkd_sweep_start(sweep, &(amkd_pair){0, 1}, 1));
    amkd_sweep_result result;
    ck_assert_int_eq(amkd_sweep_finish(sweep, &result), 1);
    ck_assert_uint_eq(result.lowest[0].lambda, 0);
    amkd_sweep_free(sweep);
    amkd_device_close(device);
    free_student(&s);
}
END_TEST

/* A pair's score depends neither on its lanes nor on its chunk, to the bit. */
START_TEST(chunks_in_flight_give_each_pair_the_same_bits)
{
    static const float lambdas[] = {0.1F, 0.4F, 0.45F, 0.8F};
    student s = new_student(TEXT, SHAPE);
    amkd_device *device = open_device(NULL);
    amkd_sweep *whole, *parts;
    amkd_pair pairs[NIMAGES * NIMAGES];
    const size_t n = draw_pairs(pairs);
    amkd_sweep_options options = {.lambdas = lambdas, .nlambdas = 4};
    ck_assert(!amkd_sweep_new(&whole, device, s.model, &s.images, &options));
    options.max_pairs = 5;
    ck_assert(!amkd_sweep_new(&parts, device, s.model, &s.images, &options));
    ck_assert_uint_eq(amkd_sweep_max_pairs(parts), 5);
    amkd_sweep_result all, part;
    ck_assert(!amkd_sweep_start(whole, pairs, n));
    ck_assert_int_eq(amkd_sweep_finish(whole, &all), 1);
    ck_assert(!amkd_sweep_start(parts, pairs, 5));
    size_t done = 0;
    for (size_t at = 5; at < n; at += 5) {
        ck_assert(!amkd_sweep_start(parts, pairs + at, n - at < 5 ? n - at : 5));
        ck_assert_int_eq(amkd_sweep_finish(parts, &part), 1);
        ck_assert_mem_eq(part.pairs, pairs + done, part.n * sizeof *pairs);
        ck_assert_mem_eq(part.lowest, all.lowest + done, part.n * sizeof *part.lowest);
        done += part.n;
    }
    ck_assert_int_eq(amkd_sweep_finish(parts, &part), 1);
    ck_assert_mem_eq(part.lowest, all.lowest + done, part.n * sizeof *part.lowest);
    ck_assert_uint_eq(done + part.n, n);
    ck_assert_int_eq(amkd_sweep_finish(parts, &part), 0);
    amkd_sweep_free(whole);
    amkd_sweep_free(parts);
    amkd_device_close(device);
    free_student(&s);
}
END_TEST

START_TEST(a_third_chunk_in_flight_and_one_too_large_are_refused)
{
    static const float lambda = 0.5F;
    student s = new_student("fc 3", (amkd_shape){1, 2, 2});
    amkd_device *device = open_device(NULL);
    amkd_sweep *sweep;
    const amkd_pair pairs[3] = {{0, 1}, {0, 2}, {0, 3}};
    const amkd_sweep_options options = {
        .lambdas = &lambda, .nlambdas = 1, .max_pairs = 2};
    ck_assert(!amkd_sweep_new(&sweep, device, s.model, &s.images, &options));
    ck_assert_int_eq(amkd_sweep_start(sweep, pairs, 0), -1);
    ck_assert_int_eq(amkd_sweep_start(sweep, pairs, 3), -1);
    ck_assert_int_eq(amkd_sweep_start(sweep, pairs, 2), 0);
    ck_assert_int_eq(amkd_sweep_start(sweep, pairs, 1), 0);
    ck_assert_int_eq(amkd_sweep_start(sweep, pairs, 1), -1);
    amkd_sweep_free(sweep); /* with two under way */
    amkd_device_close(device);
    free_student(&s);
}
END_TEST

/* Weights whose sums overflow, but for the black image at lambda 0: infinity less
 * infinity must not look like a score, nor hide behind one. */
START_TEST(an_overflow_is_not_a_number)
{
    static const float lambdas[] = {0, 0.5F, 0.75F};
    student s =
        new_student("conv 2 k2 | relu | fc 8 | relu | fc 3", (amkd_shape){1, 4, 4});
    for (size_t p = 0; p < s.model->arch.nparameters; p++)
        s.model->parameters[p] *= 1e30F;
    for (size_t l = 0; l < s.model->arch.nlayers; l++) {
        const amkd_layer *layer = &s.model->arch.layers[l];
        if (layer->nweights)
            memset(s.model->parameters + layer->biases, 0,
                   layer->out.channels * sizeof(float));
    }
    memset(s.images.pixels + 16, 0, 16); /* image 1 */
    s.model->mean[0] = 0;
    amkd_device *device = open_device(NULL);
    amkd_sweep *sweep;
    const amkd_sweep_options options = {
        .lambdas = lambdas, .nlambdas = 3, .engine = (amkd_engine)_i};
    ck_assert(!amkd_sweep_new(&sweep, device, s.model, &s.images, &options));
    ck_assert(!amkd_sweep_start(sweep, &(amkd_pair){0, 1}, 1));
    amkd_sweep_result result;
    ck_assert_int_eq(amkd_sweep_finish(sweep, &result), 1);
    ck_assert(isnan(result.lowest[0].score));
    amkd_sweep_free(sweep);
    amkd_device_close(device);
    free_student(&s);
}
END_TEST

START_TEST(images_and_lambdas_that_do_not_fit_are_refused)
{
    static const float bad = 1.5F, good = 0.5F;
    student s = new_student("fc 3", (amkd_shape){1, 2, 2});
    amkd_device *device = open_device(NULL);
    amkd_sweep *sweep;
    amkd_sweep_options options = {.lambdas = &bad, .nlambdas = 1};
    ck_assert_int_eq(amkd_sweep_new(&sweep, device, s.model, &s.images, &options), -1);
    ck_assert_str_eq(amkd_error(), "lambda 1.5 is outside [0, 1]");
    options.lambdas = &good;
    s.images.width = 1;
    s.images.height = 4;
    ck_assert_int_eq(amkd_sweep_new(&sweep, device, s.model, &s.images, &options), -1);
    ck_assert_str_eq(amkd_error(), "the student takes images of 1x2x2 (channels, height, "
                                   "width), these are 1x4x1");
    amkd_device_close(device);
    free_student(&s);
}
END_TEST

int main(void)
{
    TCase *test = tcase_create("sweep flow");
    tcase_set_timeout(test, 120);
    tcase_add_loop_test(test, a_pairs_lowest_score_and_lambda_are_the_references,
                        AMKD_ENGINE_FUSED, AMKD_ENGINE_LAYERED + 1);
    tcase_add_test(test, the_first_of_equal_lambdas_is_the_lowest);
    tcase_add_test(test, chunks_in_flight_give_each_pair_the_same_bits);
    tcase_add_test(test, a_third_chunk_in_flight_and_one_too_large_are_refused);
    tcase_add_loop_test(test, an_overflow_is_not_a_number, AMKD_ENGINE_FUSED,
                        AMKD_ENGINE_LAYERED + 1);
    tcase_add_test(test, images_and_lambdas_that_do_not_fit_are_refused);
    Suite *suite = suite_create("sweep flow");
    suite_add_tcase(suite, test);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed != 0;
}
