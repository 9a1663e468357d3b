/* The lambda sweep, both engines, against the float64 reference. */
#include "base/error.h"
#include "base/random.h"
#include "net/reference.h"
#include "net/sweep.h"
#include "steps/lowest.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SEED = 11, NIMAGES = 7, MOST_LAMBDAS = 64 };
static const double TOLERANCE = 1e-5;

typedef struct student {
    amkd_model *model;
    amkd_images images;
} student;

static void draw_images(amkd_images *images, size_t n, amkd_shape shape)
{
    *images = (amkd_images){
        .n = n, .height = shape.height, .width = shape.width, .channels = shape.channels};
    const size_t npixels = n * amkd_shape_size(shape);
    images->pixels = malloc(npixels);
    ck_assert_ptr_nonnull(images->pixels);
    for (size_t p = 0; p < npixels; p++)
        images->pixels[p] = (uint8_t)amkd_random_u64(SEED, 1, p);
}

/* Weights three times PyTorch's default, so that scores cover their range. */
static student new_student(const char *arch_text, amkd_shape in)
{
    student s;
    amkd_arch arch;
    ck_assert_msg(!amkd_arch_parse(&arch, arch_text, in, 0), "%s", amkd_error());
    ck_assert_msg(!amkd_model_init(&s.model, &arch, SEED), "%s", amkd_error());
    amkd_arch_clear(&arch);
    for (size_t p = 0; p < s.model->arch.nparameters; p++)
        s.model->parameters[p] *= 3;
    for (size_t c = 0; c < in.channels; c++) {
        s.model->mean[c] = 0.3F + 0.1F * (float)c;
        s.model->std[c] = 0.5F - 0.1F * (float)c;
    }
    draw_images(&s.images, NIMAGES, in);
    return s;
}

static void free_student(student *s)
{
    amkd_model_free(s->model);
    free(s->images.pixels);
}

static amkd_device *open_device(const char *vector_width)
{
    amkd_device *device;
    if (vector_width)
        setenv("AMKD_VECTOR_WIDTH", vector_width, 1);
    else
        unsetenv("AMKD_VECTOR_WIDTH");
    ck_assert_msg(!amkd_device_open(&device, NULL), "%s", amkd_error());
    unsetenv("AMKD_VECTOR_WIDTH");
    return device;
}

static double measure(const double *p, size_t n, amkd_measure which)
{
    double first = 0, second = 0, entropy = 0;
    for (size_t y = 0; y < n; y++) {
        if (p[y] > first) {
            second = first;
            first = p[y];
        } else if (p[y] > second) {
            second = p[y];
        }
        if (p[y] > 0)
            entropy += p[y] * log(p[y]);
    }
    return which == AMKD_CONFIDENCE ? first
           : which == AMKD_MARGIN   ? first - second
                                    : entropy;
}

/* The float64 score of one mix. */
static double expected_score(amkd_reference *reference, const student *s, amkd_pair pair,
                             double lambda, amkd_measure which)
{
    const amkd_images *images = &s->images;
    const size_t area = images->height * images->width, nchannels = images->channels;
    const size_t nclasses = s->model->arch.nclasses;
    const uint8_t *a = images->pixels + pair.i * area * nchannels;
    const uint8_t *b = images->pixels + pair.j * area * nchannels;
    double input[3 * 32 * 32], p[64];
    for (size_t c = 0; c < nchannels; c++)
        for (size_t at = 0; at < area; at++) {
            const double x =
                lambda * a[at * nchannels + c] + (1 - lambda) * b[at * nchannels + c];
            input[c * area + at] =
                (x / 255 - (double)s->model->mean[c]) / (double)s->model->std[c];
        }
    amkd_reference_forward(reference, p, input);
    amkd_reference_softmax(p, p, nclasses);
    return measure(p, nclasses, which);
}

/* All pairs of the images, in an order that keeps neither i nor j. */
static size_t draw_pairs(amkd_pair *pairs)
{
    size_t n = 0;
    for (uint32_t d = NIMAGES - 1; d > 0; d--)
        for (uint32_t i = 0; i + d < NIMAGES; i++)
            pairs[n++] = (amkd_pair){i, i + d};
    return n;
}

static void spread_lambdas(float *lambdas, size_t n)
{
    for (size_t l = 0; l < n; l++)
        lambdas[l] = n == 1 ? 0.3F : (float)l / (float)(n - 1);
}

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
    ck_assert(!amkd_reference_new(&reference, &s->model->arch, s->model->parameters));
    ck_assert_msg(!amkd_sweep_start(sweep, pairs, npairs), "%s", amkd_error());
    amkd_sweep_result result;
    ck_assert_int_eq(amkd_sweep_finish(sweep, &result), 1);
    ck_assert_uint_eq(result.n, npairs);
    for (size_t e = 0; e < npairs * nlambdas; e++) {
        const amkd_pair pair = pairs[e / nlambdas];
        const double lambda = (double)options->lambdas[e % nlambdas];
        const double want = expected_score(reference, s, pair, lambda, options->measure);
        ck_assert_msg(fabs((double)result.scores[e] - want) <= TOLERANCE,
                      "%s, '%s', width %zu, pair (%u, %u), lambda %g of %zu: %.8f, "
                      "expected %.8f",
                      amkd_sweep_engine(sweep), s->model->arch.text, device->vector_width,
                      pair.i, pair.j, lambda, nlambdas, (double)result.scores[e], want);
    }
    amkd_reference_free(reference);
    amkd_sweep_free(sweep);
    amkd_device_close(device);
}

static const struct {
    const char *text;
    amkd_shape in;
} students[] = {
    {"conv 3 k5 p2 | relu | maxpool 2 | conv 8 k5 | relu | maxpool 2 | conv 60 k5 | relu "
     "| fc 42 | relu | fc 10",
     {1, 28, 28}},
    {"conv 5 k3 s2 p1 | tanh | avgpool 2 | conv 7 k3 p1 | relu | avgpool 2 s1 | fc 3",
     {3, 17, 13}},
    {"maxpool 3 s2 | conv 13 k2 s3 | relu | tanh | fc 5", {2, 11, 12}},
    {"relu | conv 11 k3 p2 | maxpool 2 | relu | conv 3 k1 | maxpool 3 s1 | tanh | fc 4",
     {1, 7, 9}},
    {"fc 19 | tanh | fc 17 | relu | fc 2", {1, 5, 7}},
    {"fc 6", {2, 3, 4}},
    {"conv 9 k4", {2, 4, 4}},
    {"conv 4 k3 p1 | maxpool 2 | conv 6 k3 s2 p1 | relu | relu | conv 21 k3 | fc 1",
     {3, 10, 11}},
};
enum { NSTUDENTS = sizeof students / sizeof *students };

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

/* lambdas on one side only: a swapped pair would find another lowest one. */
START_TEST(a_pairs_lowest_score_and_lambda_are_the_references)
{
    static const float lambdas[] = {0.05F, 0.15F, 0.3F, 0.35F, 0.9F};
    student s = new_student(students[1].text, students[1].in);
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
    student s = new_student(students[1].text, students[1].in);
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

/* Weights whose sums overflow: infinity less infinity must not look like a score. */
START_TEST(an_overflow_is_not_a_number)
{
    static const float lambdas[] = {0.25F, 0.5F, 0.75F};
    student s =
        new_student("conv 2 k2 | relu | fc 8 | relu | fc 3", (amkd_shape){1, 4, 4});
    for (size_t p = 0; p < s.model->arch.nparameters; p++)
        s.model->parameters[p] *= 1e30F;
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
    TCase *test = tcase_create("sweep");
    tcase_set_timeout(test, 120);
    tcase_add_loop_test(test, every_student_scores_as_the_reference_in_both_engines, 0,
                        NSTUDENTS);
    tcase_add_loop_test(test, every_vector_width_scores_as_the_reference, 0, 4);
    tcase_add_loop_test(test, any_number_of_lambdas_scores_as_the_reference, 0, 7);
    tcase_add_loop_test(test, every_measure_scores_as_the_reference, AMKD_CONFIDENCE,
                        AMKD_ENTROPY + 1);
    tcase_add_loop_test(test, maps_that_take_too_much_memory_are_not_kept, 1, 3);
    tcase_add_loop_test(test, a_pairs_lowest_score_and_lambda_are_the_references,
                        AMKD_ENGINE_FUSED, AMKD_ENGINE_LAYERED + 1);
    tcase_add_test(test, the_first_of_equal_lambdas_is_the_lowest);
    tcase_add_test(test, chunks_in_flight_give_each_pair_the_same_bits);
    tcase_add_test(test, a_third_chunk_in_flight_and_one_too_large_are_refused);
    tcase_add_loop_test(test, an_overflow_is_not_a_number, AMKD_ENGINE_FUSED,
                        AMKD_ENGINE_LAYERED + 1);
    tcase_add_test(test, images_and_lambdas_that_do_not_fit_are_refused);
    Suite *suite = suite_create("sweep");
    suite_add_tcase(suite, test);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed != 0;
}
