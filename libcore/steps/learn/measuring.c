/* Reads what is measured by, asks student and teacher, and writes the figures. */
#include "steps/learn/measuring.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/progress.h"
#include "data/images_load.h"
#include "data/images_rows.h"
#include "device/deal.h"
#include "device/profile.h"
#include "net/predictors.h"
#include "net/published.h"
#include "steps/learn/answers.h"
#include "steps/learn/calibrate.h"
#include "steps/learn/evaluate.h"
#include "steps/learn/holdout.h"
#include "steps/learn/scorecard.h"
#include "teacher/teacher.h"
#include <stdlib.h>
#include <string.h>

typedef struct measuring {
    const amkd_measuring *told;
    amkd_device *devices[AMKD_MAX_DEVICES];
    size_t ndevices;
    amkd_model *student;
    amkd_images *images; /* what is measured by; NULL: the dataset */
    amkd_dataset dataset;
} measuring;

static int write_text(const measuring *m, const char *text)
{
    return amkd_file_write(m->told->output, text, strlen(text));
}

static int fail_student(const measuring *m)
{
    return amkd_fail_in("'%s'", m->told->plan.student);
}

/* ---------------------------------------------------------- what is measured by -- */

static int read_images(measuring *m, amkd_reader *reader, const char *path)
{
    if (m->told->plan.ninputs > 1)
        return amkd_fail("'%s': one image set at a time", path);
    if (m->told->holdout > 0)
        return amkd_fail("'%s': --holdout is for labels, these are images", path);
    if (m->told->plan.calibrated)
        return amkd_fail("'%s': --calibrate is for labels, these are images", path);
    return amkd_images_read(&m->images, reader, path);
}

static int read_input(measuring *m, const char *path)
{
    const amkd_measuring *told = m->told;
    amkd_reader *reader;
    int rc;
    if (amkd_reader_open(&reader, path, NULL, told->nthreads))
        return -1;
    if (!strcmp(amkd_reader_header(reader)->kind, "images"))
        rc = read_images(m, reader, path);
    else if (told->plan.teacher || told->plan.answers)
        rc = amkd_fail("'%s': --teacher and --answers are for images, labels are "
                       "answers themselves",
                       path);
    else
        rc = amkd_dataset_read(&m->dataset, reader, path, told->images, told->nimages,
                               told->nthreads);
    amkd_reader_close(reader);
    return rc;
}

static int read_inputs(measuring *m)
{
    const amkd_evaluation_plan *plan = &m->told->plan;
    for (size_t f = 0; f < plan->ninputs; f++)
        if (read_input(m, plan->inputs[f]))
            return -1;
    return m->told->holdout > 0
               ? amkd_dataset_hold_out(&m->dataset, m->told->holdout, AMKD_HELD_OUT)
               : 0;
}

/* -------------------------------------------------------------------- by images -- */

/* What has to be compiled is shown until it is unwatched. */
static void watch(const measuring *m)
{
    if (!m->told->quiet)
        amkd_devices_watch(m->devices, m->ndevices, "amkd-eval, compiling");
}

static int open_predictors(amkd_predictors **predictors, const measuring *m)
{
    watch(m);
    const int rc = amkd_predictors_new(predictors, m->devices, m->ndevices, m->student);
    amkd_devices_unwatch(m->devices, m->ndevices);
    return rc;
}

/* The student's probabilities for all images; allocated. */
static int ask_student(float **probs, const measuring *m)
{
    const amkd_images *images = m->images;
    const amkd_shape shape = {images->channels, images->height, images->width};
    if (amkd_model_expect(m->student, shape, images->nclasses))
        return fail_student(m);
    amkd_predictors *predictors;
    *probs = amkd_alloc(images->n, images->nclasses * sizeof **probs);
    if (!*probs || open_predictors(&predictors, m))
        return -1;
    amkd_images_walk walk = {.images = images};
    int rc = 1;
    while (rc > 0 && (rc = amkd_images_walk_on(&walk)) > 0)
        if (amkd_predictors_run(predictors, *probs + walk.first * images->nclasses,
                                walk.pixels, walk.n))
            rc = -1;
    amkd_images_walk_end(&walk);
    amkd_predictors_free(predictors);
    return rc ? fail_student(m) : 0;
}

/* A live teacher's probabilities for all images; allocated. */
static int ask_teacher(float **probs, const measuring *m)
{
    enum { BATCH = 256 };
    const amkd_images *images = m->images;
    const amkd_teacher_options options = {
        .shape = {images->channels, images->height, images->width},
        .nclasses = images->nclasses,
        .timeout = m->told->timeout,
        .devices = m->devices,
        .ndevices = m->ndevices,
    };
    amkd_images_walk walk = {.images = images, .most = BATCH};
    amkd_teacher *teacher;
    *probs = amkd_alloc(images->n, images->nclasses * sizeof **probs);
    if (!*probs)
        return -1;
    watch(m);
    const int failed = amkd_teacher_open(&teacher, m->told->plan.teacher, &options);
    amkd_devices_unwatch(m->devices, m->ndevices);
    if (failed)
        return -1;
    amkd_progress *progress =
        amkd_progress_new("amkd-eval", "images", images->n, m->told->quiet);
    int rc = 1;
    while (rc > 0 && (rc = amkd_images_walk_on(&walk)) > 0) {
        const float *answers;
        if (amkd_teacher_ask(teacher, &answers, walk.pixels, walk.n))
            rc = -1;
        else
            memcpy(*probs + walk.first * images->nclasses, answers,
                   walk.n * images->nclasses * sizeof **probs);
        amkd_progress_add(progress, walk.n);
    }
    amkd_images_walk_end(&walk);
    amkd_progress_free(progress);
    amkd_teacher_close(teacher);
    return rc;
}

static int by_images(const measuring *m)
{
    static int (*const scorecards[])(char **text, const float *student,
                                     const float *teacher, const amkd_images *images) = {
        amkd_scorecard_text, amkd_scorecard_json, amkd_scorecard_tsv};
    const amkd_measuring *told = m->told;
    float *student = NULL, *teacher = NULL;
    char *text = NULL;
    int rc = m->images->labels
                 ? ask_student(&student, m)
                 : amkd_fail("'%s' has no labels to measure by", told->plan.inputs[0]);
    if (!rc && told->plan.answers)
        rc = amkd_answers_read(&teacher, told->plan.answers, m->images, told->nthreads);
    else if (!rc && told->plan.teacher)
        rc = ask_teacher(&teacher, m);
    if (!rc)
        rc = scorecards[told->form](&text, student, teacher, m->images);
    if (!rc)
        rc = write_text(m, text);
    free(student);
    free(teacher);
    free(text);
    return rc;
}

/* ------------------------------------------------------------------- by answers -- */

static int say_agreement(char **text, const measuring *m, amkd_predictors *predictors)
{
    const amkd_figures_form form = m->told->form;
    amkd_agreement agreement;
    amkd_evaluation classes;
    int rc = amkd_evaluate_classes(&agreement, &classes, predictors, &m->dataset)
                 ? fail_student(m)
                 : 0;
    if (!rc)
        rc = form == AMKD_FIGURES_TSV
                 ? amkd_classes_tsv(text, &classes, m->dataset.class_names)
                 : amkd_agreement_text(text, &agreement, form == AMKD_FIGURES_JSON);
    amkd_evaluation_clear(&classes);
    return rc;
}

/* The agreement's text, or that of a calibration, of which the student has the
 * temperature then. */
static int use_answers(char **text, const measuring *m, amkd_predictors *predictors)
{
    const int json = m->told->form == AMKD_FIGURES_JSON;
    amkd_calibrating calibrating;
    if (!m->told->plan.calibrated)
        return say_agreement(text, m, predictors);
    return amkd_calibrate(&calibrating, m->student, predictors, &m->dataset)
               ? fail_student(m)
               : amkd_calibrating_text(text, &calibrating, json);
}

static int save_calibrated(const measuring *m)
{
    const amkd_measuring *told = m->told;
    char *where = amkd_deal_names(m->devices, m->ndevices);
    const int rc = !where ||
                           amkd_model_add_run(m->student, "amkd-eval", told->command,
                                              where, m->dataset.provenance) ||
                           amkd_model_save(m->student, told->plan.calibrated)
                       ? -1
                       : 0;
    free(where);
    return rc;
}

static int by_answers(const measuring *m)
{
    const amkd_images *images = m->dataset.images;
    const amkd_shape shape = {images->channels, images->height, images->width};
    amkd_predictors *predictors;
    char *text = NULL;
    if (amkd_model_expect(m->student, shape, m->dataset.nclasses))
        return fail_student(m);
    if (open_predictors(&predictors, m))
        return -1;
    int rc = use_answers(&text, m, predictors);
    amkd_predictors_free(predictors);
    if (!rc)
        rc = write_text(m, text);
    if (!rc && m->told->plan.calibrated)
        rc = save_calibrated(m);
    free(text);
    return rc;
}

static int open_devices(measuring *m)
{
    const amkd_measuring *told = m->told;
    if (amkd_devices_open(m->devices, &m->ndevices, told->device))
        return -1;
    for (size_t d = 0; d < m->ndevices; d++) {
        if (amkd_profile_attach(told->profile, m->devices[d]))
            return -1;
        m->devices[d]->budget_nbytes = told->memory_nbytes;
    }
    char *where = amkd_deal_say(m->devices, m->ndevices);
    if (where)
        told->opened(told->context, m->student, where);
    free(where);
    return where ? 0 : -1;
}

int amkd_measuring_run(const amkd_measuring *told)
{
    measuring m = {.told = told};
    const char *calibrated = told->plan.calibrated;
    int rc =
        amkd_output_probe(told->output, NULL) ||
                (calibrated && amkd_output_probe(calibrated, "a model")) ||
                amkd_published_spare(told->plan.student, calibrated, "--calibrate") ||
                amkd_model_load(&m.student, told->plan.student) || read_inputs(&m) ||
                open_devices(&m)
            ? -1
            : 0;
    if (!rc)
        rc = m.images ? by_images(&m) : by_answers(&m);
    amkd_model_free(m.student);
    amkd_images_free(m.images);
    amkd_dataset_clear(&m.dataset);
    amkd_devices_close(m.devices, &m.ndevices);
    return rc;
}
