/* Models by libamkd, and what the library does to the process that it is in. */
#include "base/error.h"
#include "base/version.h"
#include "device/open.h"
#include "library.h"
#include "net/predict.h"
#include <CL/cl.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>

static amkd_model *put_model(const char *path, int named)
{
    amkd_graph graph;
    amkd_model *model;
    const amkd_shape in = {CHANNELS, HEIGHT, WIDTH};
    ck_assert_int_eq(amkd_graph_parse(&graph, "conv 5 k3 p1 | relu | fc 3", in, NCLASSES),
                     0);
    ck_assert_int_eq(amkd_model_init(&model, &graph, 7), 0);
    model->mean[1] = 0.25f;
    model->std[0] = 0.5f;
    model->temperature = 1.5f;
    model->class_names = named ? name_array() : NULL;
    ck_assert_int_eq(amkd_model_save(model, path), 0);
    amkd_graph_clear(&graph);
    return model;
}

/* Whether there is a device: else nothing is predicted here, and said so. */
static int has_device(void)
{
    amkd_device *device;
    if (amkd_device_open(&device, NULL)) {
        fprintf(stderr, "no device, classifiers are not tested: %s\n", amkd_error());
        return 0;
    }
    amkd_device_close(device);
    return 1;
}

/* -------------------------------------------------------------------------- models -- */

START_TEST(a_classifier_says_what_it_takes_and_tells_apart)
{
    amkd_classifier *c;
    size_t height, width, channels;
    if (!has_device())
        return;
    amkd_model_free(put_model("named", 1));
    ck_assert_int_eq(amkd_classifier_open(&c, "named", NULL), 0);
    amkd_classifier_input(c, &height, &width, &channels);
    ck_assert_uint_eq(height, HEIGHT);
    ck_assert_uint_eq(width, WIDTH);
    ck_assert_uint_eq(channels, CHANNELS);
    amkd_classifier_input(c, NULL, NULL, NULL);
    ck_assert_uint_eq(amkd_classifier_nclasses(c), NCLASSES);
    for (size_t n = 0; n < NCLASSES; n++)
        ck_assert_str_eq(amkd_classifier_class_name(c, n), names[n]);
    ck_assert_ptr_null(amkd_classifier_class_name(c, NCLASSES));
    amkd_classifier_close(c);
    amkd_model_free(put_model("unnamed", 0));
    ck_assert_int_eq(amkd_classifier_open(&c, "unnamed", NULL), 0);
    ck_assert_ptr_null(amkd_classifier_class_name(c, 0));
    amkd_classifier_close(c);
    amkd_classifier_close(NULL);
}
END_TEST

START_TEST(a_classifier_predicts_what_the_model_does_in_any_batch)
{
    amkd_classifier *c;
    amkd_device *device;
    amkd_predictor *predictor;
    if (!has_device())
        return;
    amkd_model *model = put_model("named", 1);
    uint8_t *pixels = the_pixels();
    float *expected = malloc(sizeof(float) * NIMAGES * NCLASSES);
    float *probs = malloc(sizeof(float) * NIMAGES * NCLASSES);
    ck_assert_int_eq(amkd_device_open(&device, NULL), 0);
    ck_assert_int_eq(amkd_predictor_new(&predictor, device, model), 0);
    ck_assert_int_eq(amkd_predictor_run(predictor, expected, pixels, NIMAGES), 0);
    ck_assert_int_eq(amkd_classifier_open(&c, "named", NULL), 0);
    ck_assert_int_eq(amkd_classifier_predict(c, NULL, NULL, 0), 0);
    for (size_t first = 0, n = 1; first < NIMAGES; first += n, n = n * 3 + 1) {
        n = n < NIMAGES - first ? n : NIMAGES - first;
        ck_assert_int_eq(amkd_classifier_predict(c, probs + first * NCLASSES,
                                                 pixels + first * SIZE, n),
                         0);
    }
    for (size_t v = 0; v < (size_t)NIMAGES * NCLASSES; v++)
        ck_assert_double_eq_tol(probs[v], expected[v], 1e-6);
    amkd_classifier_close(c);
    amkd_predictor_free(predictor);
    amkd_device_close(device);
    amkd_model_free(model);
    free(pixels);
    free(probs);
    free(expected);
}
END_TEST

START_TEST(a_classifier_is_not_opened_of_what_is_none)
{
    amkd_classifier *c = (amkd_classifier *)names;
    put_images("images.amkd", 1);
    ck_assert_int_eq(amkd_classifier_open(&c, "nowhere", NULL), -1);
    ck_assert_ptr_null(c);
    expect_error("nowhere");
    ck_assert_int_eq(amkd_classifier_open(&c, "images.amkd", NULL), -1);
    expect_error("images.amkd");
    amkd_model_free(put_model("named", 1));
    ck_assert_int_eq(amkd_classifier_open(&c, "named", "no such device"), -1);
    ck_assert_ptr_null(c);
    ck_assert_int_eq(amkd_classifier_open(&c, "named,arch=nonsense", NULL), -1);
}
END_TEST

/* --------------------------------------------------------------------- the process -- */

static void *fail_elsewhere(void *before)
{
    amkd_stream *s;
    *(int *)before = *amkd_last_error();
    amkd_stream_open(&s, "another");
    return NULL;
}

START_TEST(errors_are_of_a_thread_and_of_the_library_alone)
{
    amkd_stream *s;
    pthread_t thread;
    int before = 1;
    ck_assert_str_eq(amkd_last_error(), "");
    ck_assert_int_eq(amkd_stream_open(&s, "nowhere"), -1);
    ck_assert_int_eq(pthread_create(&thread, NULL, fail_elsewhere, &before), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(before, 0);
    expect_error("nowhere");
    ck_assert_str_eq(amkd_error(), "");
    amkd_fail("of libcore in this program");
    expect_error("nowhere");
    ck_assert_str_eq(amkd_library_version(), AMKD_VERSION);
}
END_TEST

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGABRT, SIGSEGV,
                              SIGBUS, SIGILL,  SIGFPE, SIGPIPE};

static void own_handler(int number)
{
    (void)number;
}

static int handlers_are_own(void)
{
    struct sigaction action;
    for (size_t n = 0; n < sizeof signals / sizeof *signals; n++)
        if (sigaction(signals[n], NULL, &action) || action.sa_handler != own_handler)
            return 0;
    return 1;
}

static int nbuilds, nforeign; /* of programs, and with other handlers */

/* In place of the loader's: the library calls this one. */
cl_int clBuildProgram(cl_program program, cl_uint n, const cl_device_id *devices,
                      const char *options, void (*notify)(cl_program, void *), void *data)
{
    typedef cl_int builder(cl_program, cl_uint, const cl_device_id *, const char *,
                           void (*)(cl_program, void *), void *);
    builder *build;
    *(void **)&build = dlsym(RTLD_NEXT, "clBuildProgram");
    nbuilds++;
    nforeign += !handlers_are_own();
    return build(program, n, devices, options, notify, data);
}

START_TEST(signals_stay_the_programs_own)
{
    amkd_labels *l;
    amkd_classifier *c;
    put_images("images.amkd", 0);
    amkd_model_free(put_model("named", 1));
    const int has = has_device();
    ck_assert_int_eq(setenv("XDG_CACHE_HOME", "/proc/nowhere", 1), 0);
    for (size_t n = 0; n < sizeof signals / sizeof *signals; n++)
        signal(signals[n], own_handler);
    ck_assert_int_eq(amkd_labels_create(&l, "out.amkd", "images.amkd", "t", 3, NULL), 0);
    ck_assert(handlers_are_own());
    if (has) {
        ck_assert_int_eq(amkd_classifier_open(&c, "named", NULL), 0);
        amkd_classifier_close(c);
        ck_assert_int_gt(nbuilds, 0);
        ck_assert_int_eq(nforeign, 0);
    }
    amkd_labels_discard(l);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("library");
    TCase *tests = tcase_create("library");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, a_classifier_says_what_it_takes_and_tells_apart);
    tcase_add_test(tests, a_classifier_predicts_what_the_model_does_in_any_batch);
    tcase_add_test(tests, a_classifier_is_not_opened_of_what_is_none);
    tcase_add_test(tests, errors_are_of_a_thread_and_of_the_library_alone);
    tcase_add_test(tests, signals_stay_the_programs_own);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
