/* Farthest-first traversal against a plain float64 one, and the features it runs on, on
 * every vector width. */
#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "net/predict_device.h"
#include "ops/farthest.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const widths[] = {"1", "4", "8", "16"};

/* One process a width. */
static amkd_device *open_device(int width)
{
    amkd_device *device;
    setenv("AMKD_VECTOR_WIDTH", widths[width], 1);
    ck_assert_msg(!amkd_device_open(&device, NULL), "%s", amkd_error());
    return device;
}

/* points[n][nfeatures] as lane blocks, with numbers far away in the lanes without one. */
static cl_mem upload(amkd_device *device, const float *points, size_t n, size_t nfeatures)
{
    const size_t nlanes = device->nlanes, nblocks = (n + nlanes - 1) / nlanes;
    float *blocks = amkd_alloc(nblocks * nlanes * nfeatures, sizeof *blocks);
    cl_mem buffer;
    ck_assert_ptr_nonnull(blocks);
    for (size_t i = 0; i < nblocks * nlanes; i++)
        for (size_t f = 0; f < nfeatures; f++)
            blocks[(i / nlanes * nfeatures + f) * nlanes + i % nlanes] =
                i < n ? points[i * nfeatures + f] : 1e9F;
    ck_assert_msg(!amkd_buffer_new(&buffer, device, CL_MEM_READ_WRITE,
                                   nblocks * nlanes * nfeatures * sizeof *blocks, blocks),
                  "%s", amkd_error());
    free(blocks);
    return buffer;
}

/* Every point's squared distance to the nearest centre with one more; -1 for a centre. */
static void add_centre(double *nearest, const float *points, size_t n, size_t nfeatures,
                       size_t centre)
{
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t f = 0; f < nfeatures; f++) {
            const double d = (double)points[i * nfeatures + f] -
                             (double)points[centre * nfeatures + f];
            sum += d * d;
        }
        nearest[i] = fmin(nearest[i], sum);
    }
    nearest[centre] = -1;
}

static size_t farthest_of(const double *nearest, size_t n)
{
    size_t top = 0;
    for (size_t i = 1; i < n; i++)
        if (nearest[i] > nearest[top])
            top = i;
    return top;
}

/* Walks with the device's choice. tolerance: how much nearer than the farthest, relative,
 * a chosen point may be; 0: it is the first of the farthest. */
static void check_choice(const uint32_t *chosen, const float *points, size_t n,
                         size_t nfeatures, size_t nfirst, size_t k, double tolerance)
{
    double *nearest = amkd_alloc(n, sizeof *nearest);
    ck_assert_ptr_nonnull(nearest);
    for (size_t i = 0; i < n; i++)
        nearest[i] = (double)INFINITY;
    for (size_t c = 0; c < k; c++) {
        ck_assert_uint_lt(chosen[c], n);
        const size_t top = farthest_of(nearest, n);
        if (c < nfirst)
            ck_assert_uint_eq(chosen[c], c);
        else if (tolerance == 0)
            ck_assert_uint_eq(chosen[c], top);
        else
            ck_assert_double_ge(nearest[chosen[c]], nearest[top] * (1 - tolerance));
        add_centre(nearest, points, n, nfeatures, chosen[c]);
    }
    free(nearest);
}

typedef struct task {
    size_t n, nfeatures, nfirst, k;
} task;

static const task tasks[] = {
    {1, 1, 1, 1}, {17, 1, 1, 17}, {53, 7, 1, 20}, {300, 7, 5, 300}, {1009, 42, 1, 97}};
enum { NTASKS = sizeof tasks / sizeof *tasks };

/* Whole numbers up to most: differences, sums and ties are exact. 0: any numbers. */
static float *draw_points(const task *t, uint64_t most)
{
    float *points = amkd_alloc(t->n * t->nfeatures, sizeof *points);
    ck_assert_ptr_nonnull(points);
    for (size_t p = 0; p < t->n * t->nfeatures; p++)
        points[p] = most ? (float)(amkd_random_u64(7, 1, p) % (most + 1))
                         : (float)amkd_random_uniform(7, 2, p);
    return points;
}

static void check_points(amkd_device *device, const task *t, uint64_t most)
{
    float *points = draw_points(t, most);
    uint32_t *chosen = amkd_alloc(t->k, sizeof *chosen);
    ck_assert_ptr_nonnull(chosen);
    cl_mem features = upload(device, points, t->n, t->nfeatures);
    ck_assert_msg(!amkd_farthest(chosen, device, features, t->nfeatures, t->n, t->nfirst,
                                 t->k, NULL),
                  "%s", amkd_error());
    check_choice(chosen, points, t->n, t->nfeatures, t->nfirst, t->k, most ? 0 : 1e-5);
    amkd_buffer_free(features);
    free(points);
    free(chosen);
}

START_TEST(each_centre_is_the_first_of_the_farthest_points)
{
    amkd_device *device = open_device(_i);
    for (size_t t = 0; t < NTASKS; t++) {
        check_points(device, &tasks[t], 3); /* many ties, many equal points */
        check_points(device, &tasks[t], 1000);
        check_points(device, &tasks[t], 0);
    }
    amkd_device_close(device);
}
END_TEST

START_TEST(more_centres_than_points_and_none_to_begin_with_are_refused)
{
    amkd_device *device = open_device(0);
    uint32_t chosen[4];
    const float points[3] = {1, 2, 3};
    cl_mem features = upload(device, points, 3, 1);
    ck_assert_int_eq(amkd_farthest(chosen, device, features, 1, 3, 1, 4, NULL), -1);
    ck_assert_int_eq(amkd_farthest(chosen, device, features, 1, 3, 0, 2, NULL), -1);
    ck_assert_int_eq(amkd_farthest(chosen, device, features, 1, 3, 3, 2, NULL), -1);
    amkd_buffer_free(features);
    amkd_device_close(device);
}
END_TEST

/* The last layer of the model, over its features of sample s. */
static double logit_of(const amkd_model *model, const float *features, size_t s,
                       size_t class, size_t nlanes)
{
    const amkd_layer *last = &model->graph.layers[model->graph.nlayers - 1];
    const size_t nfeatures = amkd_shape_size(last->in);
    double sum = (double)model->parameters[last->parameters[1].offset + class];
    for (size_t f = 0; f < nfeatures; f++)
        sum += (double)
                   model->parameters[last->parameters[0].offset + class * nfeatures + f] *
               (double)features[(s / nlanes * nfeatures + f) * nlanes + s % nlanes];
    return sum;
}

static void check_features(amkd_device *device, const char *text)
{
    enum { N = 2100, FIRST = 64, NPIXELS = 6 * 5 * 2, NCLASSES = 3 }; /* two chunks */
    amkd_graph graph;
    amkd_model *model;
    amkd_predictor *predictor;
    ck_assert_msg(!amkd_graph_parse(&graph, text, (amkd_shape){2, 6, 5}, NCLASSES) &&
                      !amkd_model_init(&model, &graph, 5) &&
                      !amkd_predictor_new(&predictor, device, model),
                  "%s", amkd_error());
    uint8_t *pixels = amkd_alloc(N, NPIXELS);
    float *logits = amkd_alloc(N * NCLASSES, sizeof *logits);
    const size_t nfeatures = amkd_predictor_nfeatures(predictor);
    const size_t nbytes = (FIRST + N + device->nlanes) * nfeatures * sizeof(float);
    float *features = amkd_alloc(nbytes, 1);
    cl_mem buffer;
    for (size_t p = 0; p < (size_t)N * NPIXELS; p++)
        pixels[p] = (uint8_t)amkd_random_u64(8, 1, p);
    const amkd_prediction wanted = {.pixels = pixels, .logits = logits};
    ck_assert_msg(!amkd_buffer_new(&buffer, device, CL_MEM_READ_WRITE, nbytes, NULL) &&
                      !amkd_predictor_features(predictor, buffer, FIRST, pixels, N) &&
                      !amkd_buffer_read(device, features, buffer, 0, nbytes) &&
                      !amkd_predictor_predict(predictor, &wanted, N),
                  "%s", amkd_error());
    for (size_t s = 0; s < N; s++)
        for (size_t c = 0; c < NCLASSES; c++)
            ck_assert_double_eq_tol(
                logit_of(model, features, FIRST + s, c, device->nlanes),
                (double)logits[s * NCLASSES + c], 1e-5);
    amkd_buffer_free(buffer);
    amkd_predictor_free(predictor);
    amkd_model_free(model);
    amkd_graph_clear(&graph);
    free(pixels);
    free(logits);
    free(features);
}

START_TEST(the_last_layer_makes_the_logits_of_the_features)
{
    amkd_device *device = open_device(_i);
    check_features(device, "conv 3 k3 | relu | fc 7 | tanh | fc classes");
    check_features(device, "fc classes");
    amkd_device_close(device);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("farthest");
    TCase *tcase = tcase_create("farthest");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, each_centre_is_the_first_of_the_farthest_points, 0, 4);
    tcase_add_test(tcase, more_centres_than_points_and_none_to_begin_with_are_refused);
    tcase_add_loop_test(tcase, the_last_layer_makes_the_logits_of_the_features, 0, 4);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed ? EXIT_FAILURE : EXIT_SUCCESS;
}
