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
    ck_assert(!amkd_reference_new(&reference, &s.model->graph, s.model->parameters, 1));
    ck_assert(!amkd_sweep_start(sweep, pairs, npairs, INFINITY));
    amkd_sweep_result result;
    ck_assert_int_eq(amkd_sweep_finish(sweep, &result), 1);
    ck_assert_uint_eq(result.n, npairs);
    for (size_t p = 0; p < npairs; p++) {
        double want = INFINITY;
        for (size_t l = 0; l < 5; l++)
            want = fmin(want, expected_score(reference, &s, pairs[p], (double)lambdas[l],
                                             AMKD_CONFIDENCE));
        const uint32_t l = result.scores[p].evaluation % 5;
        ck_assert_uint_eq(result.scores[p].evaluation / 5, p);
        ck_assert_double_le(fabs((double)result.scores[p].score - want), TOLERANCE);
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
    ck_assert(!amkd_sweep_start(sweep, &(amkd_pair){0, 1}, 1, INFINITY));
    amkd_sweep_result result;
    ck_assert_int_eq(amkd_sweep_finish(sweep, &result), 1);
    ck_assert_uint_eq(result.scores[0].evaluation, 0);
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
    ck_assert(!amkd_sweep_start(whole, pairs, n, INFINITY));
    ck_assert_int_eq(amkd_sweep_finish(whole, &all), 1);
    size_t done = 0;
    for (size_t at = 0; at < n + 5; at += 5) {
        const size_t left = at < n ? n - at : 0;
        if (left)
            ck_assert(
                !amkd_sweep_start(parts, pairs + at, left < 5 ? left : 5, INFINITY));
        if (!at)
            continue;
        ck_assert_int_eq(amkd_sweep_finish(parts, &part), 1);
        ck_assert_mem_eq(part.pairs, pairs + done, part.npairs * sizeof *pairs);
        ck_assert_uint_eq(part.n, part.npairs);
        for (size_t p = 0; p < part.n; p++) {
            ck_assert_uint_eq(part.scores[p].evaluation,
                              all.scores[done + p].evaluation - 4 * done);
            ck_assert(part.scores[p].score <= all.scores[done + p].score &&
                      part.scores[p].score >= all.scores[done + p].score);
        }
        done += part.n;
    }
    ck_assert_uint_eq(done, n);
    ck_assert_int_eq(amkd_sweep_finish(parts, &part), 0);
    amkd_sweep_free(whole);
    amkd_sweep_free(parts);
    amkd_device_close(device);
    free_student(&s);
}
END_TEST

static int by_evaluation(const void *a, const void *b)
{
    const uint32_t x = ((const amkd_sweep_score *)a)->evaluation;
    const uint32_t y = ((const amkd_sweep_score *)b)->evaluation;
    return (x > y) - (x < y);
}

/* Many pairs, so that more and fewer come back than are fetched before they are counted.
 */
static void check_threshold(amkd_sweep *sweep, const amkd_pair *pairs, size_t npairs,
                            const amkd_sweep_score *all, size_t nall, float threshold)
{
    amkd_sweep_result result;
    amkd_sweep_score *found = malloc(nall * sizeof *found);
    ck_assert_ptr_nonnull(found);
    ck_assert(!amkd_sweep_start(sweep, pairs, npairs, threshold));
    ck_assert_int_eq(amkd_sweep_finish(sweep, &result), 1);
    ck_assert_uint_le(result.n, nall);
    memcpy(found, result.scores, result.n * sizeof *found);
    qsort(found, result.n, sizeof *found, by_evaluation);
    size_t n = 0;
    for (size_t p = 0; p < nall; p++)
        if (all[p].score <= threshold) {
            ck_assert_uint_lt(n, result.n);
            ck_assert_mem_eq(&found[n++], &all[p], sizeof *all);
        }
    ck_assert_uint_eq(n, result.n);
    free(found);
}

START_TEST(scores_above_the_threshold_stay_on_the_device)
{
    enum { NPAIRS = 2000, MOST = NPAIRS * 3 };
    static const float lambdas[] = {0.2F, 0.4F, 0.9F};
    static amkd_pair pairs[NPAIRS];
    static amkd_sweep_score all[MOST];
    student s = new_student("conv 2 k2 | relu | fc 3", (amkd_shape){1, 4, 4});
    amkd_device *device = open_device(NULL);
    amkd_sweep *sweep;
    for (uint32_t p = 0; p < NPAIRS; p++)
        pairs[p] = (amkd_pair){p % 3, 3 + p % 4};
    const amkd_sweep_options options = {.lambdas = lambdas, .nlambdas = 3, .every = _i};
    ck_assert(!amkd_sweep_new(&sweep, device, s.model, &s.images, &options));
    amkd_sweep_result result;
    ck_assert(!amkd_sweep_start(sweep, pairs, NPAIRS, INFINITY));
    ck_assert_int_eq(amkd_sweep_finish(sweep, &result), 1);
    const size_t n = result.n;
    ck_assert_uint_eq(n, _i ? MOST : NPAIRS);
    memcpy(all, result.scores, n * sizeof *all);
    float least = INFINITY;
    for (size_t p = 0; p < n; p++)
        least = fminf(least, all[p].score);
    check_threshold(sweep, pairs, NPAIRS, all, n, 0);
    check_threshold(sweep, pairs, NPAIRS, all, n, least);
    check_threshold(sweep, pairs, NPAIRS, all, n, all[n / 2].score);
    check_threshold(sweep, pairs, NPAIRS, all, n, 1);
    amkd_sweep_free(sweep);
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
    ck_assert_int_eq(amkd_sweep_start(sweep, pairs, 0, INFINITY), -1);
    ck_assert_int_eq(amkd_sweep_start(sweep, pairs, 3, INFINITY), -1);
    ck_assert_int_eq(amkd_sweep_start(sweep, pairs, 2, INFINITY), 0);
    ck_assert_int_eq(amkd_sweep_start(sweep, pairs, 1, INFINITY), 0);
    ck_assert_int_eq(amkd_sweep_start(sweep, pairs, 1, INFINITY), -1);
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
    for (size_t p = 0; p < s.model->graph.nparameters; p++)
        s.model->parameters[p] *= 1e30F;
    for (size_t l = 0; l < s.model->graph.nlayers; l++) {
        const amkd_layer *layer = &s.model->graph.layers[l];
        if (layer->nparameters)
            memset(s.model->parameters + layer->parameters[1].offset, 0,
                   layer->out.channels * sizeof(float));
    }
    memset(s.images.pixels + 16, 0, 16); /* image 1 */
    s.model->mean[0] = 0;
    amkd_device *device = open_device(NULL);
    amkd_sweep *sweep;
    const amkd_sweep_options options = {
        .lambdas = lambdas, .nlambdas = 3, .engine = (amkd_engine)_i};
    ck_assert(!amkd_sweep_new(&sweep, device, s.model, &s.images, &options));
    for (int hide = 0; hide < 2; hide++) { /* nor is it above a threshold */
        amkd_sweep_result result;
        ck_assert(!amkd_sweep_start(sweep, &(amkd_pair){0, 1}, 1, hide ? 0 : INFINITY));
        ck_assert_int_eq(amkd_sweep_finish(sweep, &result), 1);
        ck_assert_uint_eq(result.n, 1);
        ck_assert(isnan(result.scores[0].score));
    }
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
    tcase_add_loop_test(test, scores_above_the_threshold_stay_on_the_device, 0, 2);
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
