/* Models as teachers. */
#include "base/error.h"
#include "base/memory.h"
#include "net/predict.h"
#include "teacher/teacher.h"
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEIGHT = 2, WIDTH = 3, CHANNELS = 2, SIZE = 12 };

/* A device, or NULL where there is none: then models cannot be tested. */
static amkd_device *any_device(void)
{
    amkd_device *device = NULL;
    if (amkd_device_open(&device, NULL))
        fprintf(stderr, "no device, model teachers not tested: %s\n", amkd_error());
    return device;
}

START_TEST(a_model_answers_as_its_predictor_and_checks_the_images)
{
    enum { N = 37 };
    amkd_device *device = any_device();
    if (!device)
        return;
    char path[] = "/tmp/test_model_teacher_XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    const amkd_shape shape = {CHANNELS, HEIGHT, WIDTH};
    amkd_graph graph;
    amkd_model *model;
    amkd_predictor *predictor;
    ck_assert_int_eq(amkd_graph_parse(&graph, "fc 5 | relu | fc 3", shape, 0), 0);
    ck_assert_int_eq(amkd_model_init(&model, &graph, 1), 0);
    ck_assert_int_eq(amkd_model_save(model, path), 0);
    ck_assert_int_eq(amkd_predictor_new(&predictor, device, model), 0);
    amkd_teacher_options options = {.shape = shape, .devices = &device, .ndevices = 1};
    amkd_teacher *teacher;
    char *spec = amkd_format("model:%s", path);
    ck_assert_int_eq(amkd_teacher_open(&teacher, spec, &options), 0);
    ck_assert_uint_eq(amkd_teacher_nclasses(teacher), 3);
    uint8_t pixels[N * SIZE];
    float expected[N * 3];
    const float *probs;
    for (size_t b = 0; b < sizeof pixels; b++)
        pixels[b] = (uint8_t)(b * 91);
    ck_assert_int_eq(amkd_predictor_run(predictor, expected, pixels, N), 0);
    ck_assert_int_eq(amkd_teacher_ask(teacher, &probs, pixels, N), 0);
    ck_assert_mem_eq(probs, expected, sizeof expected);
    amkd_teacher_close(teacher);
    options.shape.width++;
    ck_assert_int_eq(amkd_teacher_open(&teacher, spec, &options), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "takes 2x2x3 images"));
    free(spec);
    amkd_predictor_free(predictor);
    amkd_model_free(model);
    amkd_graph_clear(&graph);
    amkd_device_close(device);
    unlink(path);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model_teacher");
    TCase *tests = tcase_create("model_teacher");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, a_model_answers_as_its_predictor_and_checks_the_images);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed != 0;
}
