/* libamkd as other programs have it, the shared library. The files it reads are made, and
 * those that it writes are looked at, by the libcore of this program, of which the one in
 * the library knows nothing. */
#include "base/error.h"
#include "base/version.h"
#include "data/images_header.h"
#include "data/images_load.h"
#include "data/images_writer.h"
#include "device/open.h"
#include "net/predict.h"
#include "public/amkd.h"
#include "scratch.h"
#include "steps/learn/answers.h"
#include "stream/keys.h"
#include "stream/rows.h"
#include "stream/stream.h"
#include <CL/cl.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>

enum { HEIGHT = 3, WIDTH = 4, CHANNELS = 2, SIZE = HEIGHT * WIDTH * CHANNELS };
enum { NIMAGES = 3001, NCLASSES = 3 }; /* more than are read at a time */

static const char *const names[] = {"cat", "dog", "caf\xc3\xa9"};

/* ------------------------------------------------------------------------ fixtures -- */

static json_t *name_array(void)
{
    return json_pack("[s, s, s]", names[0], names[1], names[2]);
}

/* Image r's label is r % NCLASSES, where it has one. */
static void put_images(const char *path, int labeled)
{
    amkd_images *images;
    amkd_header header;
    json_t *array = name_array();
    const size_t nclasses = labeled ? NCLASSES : 0;
    ck_assert_int_eq(amkd_images_new(&images, NIMAGES, HEIGHT, WIDTH, CHANNELS, nclasses),
                     0);
    for (size_t b = 0; b < (size_t)NIMAGES * SIZE; b++)
        images->pixels[b] = (uint8_t)(b * b * 31 >> 3);
    for (int32_t r = 0; labeled && r < NIMAGES; r++)
        images->labels[r] = r % NCLASSES;
    ck_assert_int_eq(amkd_images_header(&header, HEIGHT, WIDTH, CHANNELS, nclasses,
                                        labeled ? array : NULL),
                     0);
    ck_assert_int_eq(amkd_images_save(images, path, &header, 0), 0);
    amkd_header_clear(&header);
    amkd_images_free(images);
    json_decref(array);
}

static uint8_t *the_pixels(void)
{
    uint8_t *pixels = malloc((size_t)NIMAGES * SIZE);
    for (size_t b = 0; b < (size_t)NIMAGES * SIZE; b++)
        pixels[b] = (uint8_t)(b * b * 31 >> 3);
    return pixels;
}

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

static void expect_error(const char *text)
{
    ck_assert_msg(strstr(amkd_last_error(), text), "no '%s' in '%s'", text,
                  amkd_last_error());
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

/* -------------------------------------------------------------------- streams read -- */

static void expect_images(const char *path, int labeled, size_t batch)
{
    amkd_stream *s;
    size_t height, width, channels, row = 0;
    ssize_t n;
    const char *set;
    uint64_t nrows;
    uint8_t *pixels = the_pixels(), *got = malloc(batch * SIZE);
    int32_t *labels = malloc(batch * sizeof *labels);
    ck_assert_int_eq(amkd_stream_open(&s, path), 0);
    ck_assert_str_eq(amkd_stream_kind(s), "images");
    amkd_stream_shape(s, &height, &width, &channels);
    ck_assert(height == HEIGHT && width == WIDTH && channels == CHANNELS);
    ck_assert_uint_eq(amkd_stream_nclasses(s), labeled ? NCLASSES : 0);
    ck_assert_int_eq(amkd_stream_image_set(s, 0, &set, &nrows), 0);
    ck_assert_ptr_null(amkd_stream_class_name(s, NCLASSES));
    if (labeled)
        ck_assert_str_eq(amkd_stream_class_name(s, 2), names[2]);
    else
        ck_assert_ptr_null(amkd_stream_class_name(s, 0));
    ck_assert_int_eq(amkd_stream_read_labels(s, NULL, NULL, NULL, NULL, 1), -1);
    expect_error("holds images, expected labels");
    while ((n = amkd_stream_read_images(s, got, row % 2 ? NULL : labels, batch)) > 0) {
        ck_assert(n == (ssize_t)batch || row + (size_t)n == NIMAGES);
        ck_assert_mem_eq(got, pixels + row * SIZE, (size_t)n * SIZE);
        for (size_t r = 0; row % 2 == 0 && r < (size_t)n; r++)
            ck_assert_int_eq(labels[r], labeled ? (int32_t)((row + r) % NCLASSES) : -1);
        row += (size_t)n;
    }
    ck_assert_int_eq(n, 0);
    ck_assert_uint_eq(row, NIMAGES);
    amkd_stream_close(s);
    free(pixels);
    free(got);
    free(labels);
}

START_TEST(images_are_read_in_any_batch_with_and_without_labels)
{
    put_images("labeled.amkd", 1);
    put_images("unlabeled.amkd", 0);
    for (size_t batch = 1; batch < 10000; batch = batch * 5 + 2) {
        expect_images("labeled.amkd", 1, batch);
        expect_images("unlabeled.amkd", 0, batch);
    }
    amkd_stream_close(NULL);
}
END_TEST

START_TEST(a_stream_cut_short_is_an_error_and_no_end)
{
    amkd_stream *s;
    size_t nbytes;
    uint8_t *pixels = malloc((size_t)NIMAGES * SIZE);
    put_images("images.amkd", 0);
    uint8_t *bytes = get_file("images.amkd", &nbytes);
    put_file("cut.amkd", bytes, nbytes - 28); /* without its end-of-file block */
    ck_assert_int_eq(amkd_stream_open(&s, "cut.amkd"), 0);
    ck_assert_int_eq(amkd_stream_read_images(s, pixels, NULL, NIMAGES + 1), -1);
    expect_error("cut.amkd");
    amkd_stream_close(s);
    ck_assert_int_eq(amkd_stream_open(&s, "nowhere.amkd"), -1);
    ck_assert_ptr_null(s);
    put_file("other", "something else", 14);
    ck_assert_int_eq(amkd_stream_open(&s, "other"), -1);
    expect_error("other");
    free(bytes);
    free(pixels);
}
END_TEST

START_TEST(a_stream_of_another_kind_is_refused)
{
    amkd_stream *s;
    amkd_header header;
    amkd_writer *writer;
    ck_assert_int_eq(amkd_pairs_header(&header), 0);
    ck_assert_int_eq(amkd_writer_open(&writer, "pairs.amkd", &header, 0), 0);
    ck_assert_int_eq(amkd_writer_close(writer), 0);
    amkd_header_clear(&header);
    ck_assert_int_eq(amkd_stream_open(&s, "pairs.amkd"), -1);
    expect_error("'pairs.amkd': holds pairs, expected images or labels");
}
END_TEST

/* ------------------------------------------------------------------ labels written -- */

static void make_probs(float *probs, size_t n)
{
    for (size_t r = 0; r < n; r++) {
        const float first = (float)(r % 97) / 128;
        probs[r * NCLASSES] = first;
        probs[r * NCLASSES + 1] = (1 - first) / 4;
        probs[r * NCLASSES + 2] = (1 - first) * 3 / 4;
    }
}

START_TEST(labels_are_read_as_they_were_written)
{
    amkd_labels *l;
    amkd_stream *s;
    float probs[NIMAGES * NCLASSES], got[NIMAGES * NCLASSES], lambda[2] = {0.25f, 1};
    uint32_t i[NIMAGES], gi[NIMAGES], j[2] = {9, 4}, gj[NIMAGES];
    float gl[NIMAGES];
    const uint32_t mixed[2] = {2, 4};
    const char *path;
    uint64_t nrows;
    size_t height, width, channels;
    put_images("images.amkd", 0);
    make_probs(probs, NIMAGES);
    for (uint32_t r = 0; r < NIMAGES; r++)
        i[r] = r;
    ck_assert_int_eq(amkd_labels_create(&l, "labels.amkd", "images.amkd", "an oracle",
                                        NCLASSES, names),
                     0);
    ck_assert_int_eq(amkd_labels_write(l, i, NULL, NULL, probs, 100), 0);
    ck_assert_int_eq(amkd_labels_write(l, i, NULL, NULL, probs, 0), 0);
    ck_assert_int_eq(amkd_labels_write(l, mixed, j, lambda, probs, 2), 0);
    ck_assert_int_ne(access("labels.amkd", F_OK), 0);
    ck_assert_int_eq(amkd_labels_close(l), 0);

    ck_assert_int_eq(amkd_stream_open(&s, "labels.amkd"), 0);
    ck_assert_str_eq(amkd_stream_kind(s), "labels");
    ck_assert_uint_eq(amkd_stream_nclasses(s), NCLASSES);
    ck_assert_str_eq(amkd_stream_class_name(s, 2), names[2]);
    amkd_stream_shape(s, &height, &width, &channels);
    ck_assert(height == HEIGHT && width == WIDTH && channels == CHANNELS);
    ck_assert_int_eq(amkd_stream_image_set(s, 0, &path, &nrows), 1);
    ck_assert_str_eq(path, "images.amkd");
    ck_assert_uint_eq(nrows, NIMAGES);
    ck_assert_int_eq(amkd_stream_image_set(s, 1, &path, &nrows), 0);
    ck_assert_int_eq(amkd_stream_read_images(s, NULL, NULL, 1), -1);
    ck_assert_int_eq(amkd_stream_read_labels(s, gi, gj, gl, got, 100), 100);
    ck_assert_mem_eq(gi, i, 100 * sizeof *i);
    ck_assert_mem_eq(gj, i, 100 * sizeof *i);
    ck_assert_mem_eq(got, probs, 100 * NCLASSES * sizeof *probs);
    for (size_t r = 0; r < 100; r++)
        ck_assert_float_eq(gl[r], 1);
    ck_assert_int_eq(amkd_stream_read_labels(s, NULL, gj, gl, NULL, NIMAGES), 2);
    ck_assert(gj[0] == 9 && gl[0] == 0.25f && gj[1] == 4 && gl[1] == 1);
    ck_assert_int_eq(amkd_stream_read_labels(s, NULL, NULL, NULL, NULL, NIMAGES), 0);
    amkd_stream_close(s);
}
END_TEST

START_TEST(libcore_takes_all_labels_of_the_library)
{
    amkd_labels *l;
    amkd_images *images;
    amkd_reader *reader;
    amkd_stream *s;
    float probs[NIMAGES * NCLASSES], again[NIMAGES * NCLASSES], *got;
    uint32_t i[NIMAGES];
    put_images("images.amkd", 1);
    make_probs(probs, NIMAGES);
    for (uint32_t r = 0; r < NIMAGES; r++)
        i[r] = r;
    ck_assert_int_eq(
        amkd_labels_create(&l, "labels.amkd", "images.amkd", "an oracle", NCLASSES, NULL),
        0);
    ck_assert_int_eq(amkd_labels_write(l, i, NULL, NULL, probs, NIMAGES), 0);
    ck_assert_int_eq(amkd_labels_close(l), 0);
    ck_assert_int_eq(amkd_images_load(&images, "images.amkd", 0), 0);
    ck_assert_int_eq(amkd_answers_read(&got, "labels.amkd", images, 0), 0);
    ck_assert_mem_eq(got, probs, sizeof probs);
    ck_assert_int_eq(amkd_reader_open(&reader, "labels.amkd", "labels", 0), 0);
    ck_assert_str_eq(amkd_header_teacher(amkd_reader_header(reader)), "an oracle");
    ck_assert_ptr_null(amkd_header_class_names(amkd_reader_header(reader)));
    amkd_reader_close(reader);
    ck_assert_int_eq(amkd_stream_open(&s, "labels.amkd"), 0);
    ck_assert_int_eq(amkd_stream_read_labels(s, NULL, NULL, NULL, again, NIMAGES + 1),
                     NIMAGES);
    ck_assert_mem_eq(again, probs, sizeof probs);
    amkd_stream_close(s);
    amkd_images_free(images);
    free(got);
}
END_TEST

START_TEST(labels_that_no_reader_would_take_are_refused_and_none_added)
{
    amkd_labels *l;
    amkd_stream *s;
    const float probs[] = {0.5f, 0.25f, 0.25f, 0.5f, 0.25f, 0.25f};
    const float too_much[] = {0.5f, 0.25f, 0.5f}, negative[] = {-0.5f, 1, 0.5f};
    const float half = 0.5f, two = 2;
    const uint32_t zero = 0, one = 1, outside[] = {0, NIMAGES};
    put_images("images.amkd", 0);
    ck_assert_int_eq(amkd_labels_create(&l, "out.amkd", "images.amkd", "t", 3, NULL), 0);
    ck_assert_int_eq(amkd_labels_write(l, outside, NULL, NULL, probs, 2), -1);
    expect_error("'out.amkd': row 1");
    ck_assert_int_eq(amkd_labels_write(l, &zero, NULL, NULL, too_much, 1), -1);
    expect_error("sum to 1.25");
    ck_assert_int_eq(amkd_labels_write(l, &zero, NULL, NULL, negative, 1), -1);
    ck_assert_int_eq(amkd_labels_write(l, &one, &zero, &half, probs, 1), -1);
    ck_assert_int_eq(amkd_labels_write(l, &zero, &zero, &half, probs, 1), -1);
    ck_assert_int_eq(amkd_labels_write(l, &zero, &one, &two, probs, 1), -1);
    ck_assert_int_eq(amkd_labels_write(l, &zero, &one, NULL, probs, 1), -1);
    expect_error("come together");
    ck_assert_int_eq(amkd_labels_write(l, &zero, &one, &half, probs, 1), 0);
    ck_assert_int_eq(amkd_labels_close(l), 0);
    ck_assert_int_eq(amkd_stream_open(&s, "out.amkd"), 0);
    ck_assert_int_eq(amkd_stream_read_labels(s, NULL, NULL, NULL, NULL, 9), 1);
    amkd_stream_close(s);
}
END_TEST

START_TEST(labels_that_were_discarded_or_not_begun_leave_no_file)
{
    amkd_labels *l;
    scratch_clear();
    put_images("images.amkd", 0);
    ck_assert_int_eq(amkd_labels_create(&l, "out.amkd", "images.amkd", "t", 3, NULL), 0);
    amkd_labels_discard(l);
    amkd_labels_discard(NULL);
    ck_assert_int_eq(amkd_labels_create(&l, "out.amkd", "nowhere", "t", 3, NULL), -1);
    ck_assert_ptr_null(l);
    expect_error("nowhere");
    ck_assert_int_eq(amkd_labels_create(&l, "out.amkd", "images.amkd", "\xff", 3, NULL),
                     -1);
    expect_error("no UTF-8");
    ck_assert_int_eq(amkd_labels_create(&l, "out.amkd", "images.amkd", "t", 1,
                                        (const char *const[]){"\xff"}),
                     -1);
    expect_error("no UTF-8");
    ck_assert_int_eq(amkd_labels_create(&l, "out.amkd", "images.amkd", "t", 0, NULL), -1);
    ck_assert_int_eq(amkd_labels_create(&l, "no/where", "images.amkd", "t", 3, NULL), -1);
    expect_error("no/where");
    ck_assert_int_eq(scratch_clear(), 1);
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
    tcase_add_test(tests, images_are_read_in_any_batch_with_and_without_labels);
    tcase_add_test(tests, a_stream_cut_short_is_an_error_and_no_end);
    tcase_add_test(tests, a_stream_of_another_kind_is_refused);
    tcase_add_test(tests, labels_are_read_as_they_were_written);
    tcase_add_test(tests, libcore_takes_all_labels_of_the_library);
    tcase_add_test(tests, labels_that_no_reader_would_take_are_refused_and_none_added);
    tcase_add_test(tests, labels_that_were_discarded_or_not_begun_leave_no_file);
    tcase_add_test(tests, errors_are_of_a_thread_and_of_the_library_alone);
    tcase_add_test(tests, signals_stay_the_programs_own);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
