/* What the tests of lessons share: a few images, a student and an assistant. */
#ifndef AMKD_TESTS_LESSONS_H
#define AMKD_TESTS_LESSONS_H

#include "base/error.h"
#include "base/random.h"
#include "data/view_options.h"
#include "net/predict.h"
#include "steps/learn/train.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ck_ok(call) ck_assert_msg(!(call), "%s", amkd_error())

enum { SIDE = 8, CHANNELS = 3, CLASSES = 4, NIMAGES = 61, BATCH = 24, SEED = 5 };
enum { NPIXELS = SIDE * SIDE * CHANNELS };

static const char *const small_arch = "conv 4 k3 | relu | maxpool 2 | fc classes";

static amkd_device *device;
static amkd_dataset dataset; /* images alone */
static amkd_model *assistant, *student;
static amkd_view_options views;

static inline amkd_model *make_model(const char *text, uint64_t seed)
{
    amkd_arch arch;
    amkd_model *model;
    ck_ok(amkd_arch_parse(&arch, text, (amkd_shape){CHANNELS, SIDE, SIDE}, CLASSES));
    ck_ok(amkd_model_init(&model, &arch, seed));
    amkd_arch_clear(&arch);
    for (size_t c = 0; c < CHANNELS; c++) {
        model->mean[c] = 0.1F * (float)(c + 1) + 0.01F * (float)seed;
        model->std[c] = 0.3F + 0.05F * (float)(c + seed % 3);
    }
    return model;
}

/* Images of which a quarter is brighter, which differs from one to the other. */
static inline void set_up(void)
{
    ck_ok(amkd_device_open(&device, NULL));
    ck_ok(amkd_images_new(&dataset.images, NIMAGES, SIDE, SIDE, CHANNELS, 0));
    dataset.n = NIMAGES;
    dataset.nclasses = CLASSES;
    for (size_t i = 0; i < NIMAGES; i++)
        for (size_t p = 0; p < SIDE * SIDE; p++) {
            const size_t quarter = p / SIDE / 4 * 2 + p % SIDE / 4;
            for (size_t c = 0; c < CHANNELS; c++)
                dataset.images->pixels[i * NPIXELS + p * CHANNELS + c] =
                    (uint8_t)(amkd_random_u64(4, i, p * CHANNELS + c) % 128 +
                              (quarter == i % CLASSES ? 100 : 0));
        }
    assistant = make_model("conv 5 k3 | relu | avgpool 2 | fc classes", 7);
    student = make_model(small_arch, 3);
    for (size_t p = 0; p < assistant->arch.nparameters; p++)
        assistant->parameters[p] *= 3; /* sure enough to be worth a lesson */
    ck_ok(amkd_view_options_parse(
        &views, "--shift 0.1 --erase 0.4 --elastic 0.05 --border mean --around mean"));
    views.seed = SEED;
}

static inline void tear_down(void)
{
    amkd_model_free(assistant);
    amkd_model_free(student);
    amkd_dataset_clear(&dataset);
    amkd_device_close(device);
}

static inline amkd_train_options make_options(void)
{
    return (amkd_train_options){
        .optimizer = {AMKD_ADAMW, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8},
        .schedule = {.kind = AMKD_ONECYCLE, .rate = 0.01},
        .temperature = 1,
        .assistant = assistant,
        .batch = BATCH, /* 61 is no multiple of it */
        .nsteps = 700,
        .seed = SEED,
    };
}

/* Little of the set is ever on the device: two steps, of which some images. */
static const amkd_span_images_limits small_window = {1, 2 * BATCH *(NPIXELS + 360)};

static inline int run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
