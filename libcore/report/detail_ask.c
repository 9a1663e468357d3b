/* What students and assistants say of the images that are shown, and where the last
 * student and the teacher differ on the test images. */
#include "base/error.h"
#include "base/memory.h"
#include "data/images_rows.h"
#include "device/deal.h"
#include "net/predictors.h"
#include "report/detail.h"
#include "steps/learn/answers.h"
#include "steps/learn/evaluate.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct asked {
    amkd_device *devices[AMKD_MAX_DEVICES];
    size_t ndevices;
} asked;

/* The network "student" or "assistant" of a round, for images of this shape. */
static int open_network(amkd_predictors **out, const asked *on, const amkd_run *run,
                        size_t round, const char *network, const amkd_images *shape)
{
    amkd_model *model = NULL;
    const amkd_shape in = {shape->channels, shape->height, shape->width};
    char *path = amkd_format("%s/round-%zu/%s.safetensors", run->dir, round, network);
    int rc = path ? amkd_model_load(&model, path) : -1;
    if (!rc && amkd_model_expect(model, in, run->nclasses))
        rc = amkd_fail_in("'%s'", path);
    if (!rc)
        rc = amkd_predictors_new(out, on->devices, on->ndevices, model);
    amkd_model_free(model);
    free(path);
    return rc;
}

/* ---------------------------------------------------------------------- the rounds */

static int take_answers(amkd_picked *picked, const float *probs, size_t nclasses)
{
    for (size_t s = 0; s < picked->nshown; s++) {
        picked->shown[s].network = amkd_alloc(nclasses, sizeof(float));
        if (!picked->shown[s].network)
            return -1;
        memcpy(picked->shown[s].network, probs + s * nclasses, nclasses * sizeof(float));
    }
    return 0;
}

/* Picks are shown to the network that picked them, those of round 0 to the first there
 * is: a student, or where none was trained an assistant. */
static int ask_about_round(amkd_detail *detail, const asked *on, size_t r)
{
    amkd_picked *picked = &detail->rounds[r];
    const size_t before = r ? r - 1 : 0;
    const amkd_round *round = &detail->run->rounds[before];
    const int assistant =
        round->has_assistant &&
        (!round->has_student ||
         (r && !strcmp(amkd_round_scorer(&detail->run->rounds[r]), "assistant")));
    if (!picked->nshown || !(round->has_student || assistant))
        return 0;
    picked->network = assistant ? "assistant" : "student";
    const size_t npixels = amkd_images_npixels(picked->images);
    amkd_predictors *predictors = NULL;
    float *probs = amkd_alloc(picked->nshown, detail->run->nclasses * sizeof *probs);
    uint8_t *pixels = amkd_alloc(picked->nshown, npixels);
    int rc = pixels && probs ? 0 : -1;
    for (size_t s = 0; !rc && s < picked->nshown; s++)
        rc = amkd_detail_pixels(pixels + s * npixels, picked->images,
                                &picked->shown[s].pick);
    if (!rc)
        rc = open_network(&predictors, on, detail->run, before, picked->network,
                          picked->images);
    if (!rc)
        rc = amkd_predictors_run(predictors, probs, pixels, picked->nshown);
    if (!rc)
        rc = take_answers(picked, probs, detail->run->nclasses);
    amkd_predictors_free(predictors);
    free(pixels);
    free(probs);
    return rc;
}

/* -------------------------------------------------------------------- the test images */

typedef struct dispute {
    size_t row;
    float sureness; /* of both together */
} dispute;

static int by_sureness(const void *a, const void *b)
{
    const dispute *first = a, *second = b;
    if (first->sureness != second->sureness)
        return first->sureness < second->sureness ? 1 : -1;
    return (first->row > second->row) - (first->row < second->row);
}

static int take_disputes(amkd_detail *detail, const float *student, const float *teacher,
                         size_t nshown)
{
    const size_t nclasses = detail->run->nclasses, n = detail->test->n;
    dispute *all = amkd_alloc(n, sizeof *all);
    int rc = all ? 0 : -1;
    size_t count = 0;
    for (size_t r = 0; !rc && r < n; r++) {
        const float *s = student + r * nclasses, *t = teacher + r * nclasses;
        const size_t said = amkd_top_class(s, nclasses), is = amkd_top_class(t, nclasses);
        if (said != is)
            all[count++] = (dispute){r, s[said] * t[is]};
    }
    if (!rc)
        qsort(all, count, sizeof *all, by_sureness);
    for (size_t k = 0; !rc && k < count && k < nshown; k++) {
        const uint32_t row = (uint32_t)all[k].row;
        const amkd_pick pick = {row, row, 1, 0};
        rc = amkd_shown_add(&detail->disputed, &detail->nshown, row, &pick,
                            teacher + row * nclasses, nclasses);
        float *copy = rc ? NULL : amkd_alloc(nclasses, sizeof *copy);
        if (!copy)
            rc = -1;
        else
            memcpy(copy, student + row * nclasses, nclasses * sizeof *copy);
        if (!rc)
            detail->disputed[k].network = copy;
    }
    detail->ndisputed = count;
    free(all);
    return rc;
}

/* probs [n][nclasses] of all images, allocated, of the student of a round. */
static int ask_student(float **probs, const asked *on, const amkd_run *run, size_t round,
                       const amkd_images *images)
{
    amkd_images_walk walk = {.images = images};
    amkd_predictors *predictors = NULL;
    *probs = amkd_alloc(images->n, run->nclasses * sizeof **probs);
    int rc =
        *probs && !open_network(&predictors, on, run, round, "student", images) ? 1 : -1;
    while (rc > 0 && (rc = amkd_images_walk_on(&walk)) > 0)
        if (amkd_predictors_run(predictors, *probs + walk.first * run->nclasses,
                                walk.pixels, walk.n))
            rc = -1;
    amkd_images_walk_end(&walk);
    amkd_predictors_free(predictors);
    return rc;
}

static int ask_about_test(amkd_detail *detail, const asked *on, const char *labels,
                          const amkd_detail_options *options)
{
    amkd_run *run = detail->run;
    size_t last = run->nrounds;
    while (last > 0 && !run->rounds[last - 1].has_student)
        last--;
    if (!last || access(labels, F_OK))
        return 0;
    float *teacher = NULL, *student = NULL;
    int rc = amkd_detail_load_images(&detail->test, run, labels, options->nthreads);
    if (!rc && detail->test->nclasses != run->nclasses)
        rc = amkd_fail("the test images have %zu classes, the run has %zu",
                       detail->test->nclasses, run->nclasses);
    if (!rc)
        rc = amkd_answers_read(&teacher, labels, detail->test, options->nthreads);
    if (!rc)
        rc = ask_student(&student, on, run, last - 1, detail->test);
    if (!rc)
        rc = take_disputes(detail, student, teacher, options->nshown);
    free(teacher);
    free(student);
    return rc;
}

int amkd_detail_ask(amkd_detail *detail, const amkd_detail_options *options)
{
    asked on;
    if (amkd_devices_open(on.devices, &on.ndevices, options->device))
        return amkd_run_note(detail->run, "The students were not asked again: %s.",
                             amkd_error());
    char *where = amkd_deal_names(on.devices, on.ndevices);
    int rc = where ? 0 : -1;
    snprintf(detail->device, sizeof detail->device, "%s", where ? where : "");
    free(where);
    for (size_t r = 0; !rc && r < detail->nrounds; r++)
        if (ask_about_round(detail, &on, r))
            rc = amkd_run_note(detail->run,
                               "What the network that picked them says of round "
                               "%zu's picks cannot be shown: %s.",
                               r, amkd_error());
    char *labels = amkd_format("%s/test/labels.amkd", detail->run->dir);
    if (!labels)
        rc = -1;
    else if (!rc && ask_about_test(detail, &on, labels, options)) {
        amkd_images_free(detail->test);
        detail->test = NULL;
        rc = amkd_run_note(detail->run, "The test images cannot be shown: %s.",
                           amkd_error());
    }
    free(labels);
    amkd_devices_close(on.devices, &on.ndevices);
    return rc;
}
