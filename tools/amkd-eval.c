/* amkd-eval: how good a student is, alone and beside its teacher. */
#include "base/cli.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/progress.h"
#include "net/predict.h"
#include "steps/ask/answers.h"
#include "steps/learn/evaluate.h"
#include "steps/learn/evaluate_check.h"
#include "steps/learn/holdout.h"
#include "steps/learn/scorecard.h"
#include "steps/learn/summary.h"
#include "teacher/teacher.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct arguments {
    amkd_common common;
    const char *student, *teacher, *answers, *device;
    amkd_texts images;
    double timeout, holdout;
    int json, summary;
} arguments;

/* The student's probabilities for all images; allocated. */
static int ask_student(float **probs, amkd_device *device, const amkd_model *model,
                       const amkd_images *images, const char *name)
{
    const amkd_shape shape = {images->channels, images->height, images->width};
    if (amkd_model_expect(model, shape, images->nclasses))
        return amkd_fail_in("'%s'", name);
    amkd_predictor *predictor;
    *probs = amkd_alloc(images->n, images->nclasses * sizeof **probs);
    if (!*probs || amkd_predictor_new(&predictor, device, model))
        return -1;
    amkd_images_walk walk = {.images = images};
    int rc = 1;
    while (rc > 0 && (rc = amkd_images_walk_on(&walk)) > 0)
        if (amkd_predictor_run(predictor, *probs + walk.first * images->nclasses,
                               walk.pixels, walk.n))
            rc = -1;
    amkd_images_walk_end(&walk);
    amkd_predictor_free(predictor);
    return rc ? amkd_fail_in("'%s'", name) : 0;
}

/* A live teacher's probabilities for all images; allocated. */
static int ask_teacher(float **probs, amkd_device *device, const arguments *args,
                       const amkd_images *images)
{
    enum { BATCH = 256 };
    const amkd_teacher_options options = {
        .shape = {images->channels, images->height, images->width},
        .nclasses = images->nclasses,
        .timeout = args->timeout,
        .device = device,
    };
    amkd_images_walk walk = {.images = images, .most = BATCH};
    amkd_teacher *teacher;
    *probs = amkd_alloc(images->n, images->nclasses * sizeof **probs);
    if (!*probs || amkd_teacher_open(&teacher, args->teacher, &options))
        return -1;
    amkd_progress *progress =
        amkd_progress_new("amkd-eval", "images", images->n, args->common.quiet);
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

static int evaluate(const arguments *args, const char *path, amkd_device *device,
                    const amkd_model *model, const amkd_images *images)
{
    float *student = NULL, *teacher = NULL;
    char *text = NULL;
    int rc = images->labels ? ask_student(&student, device, model, images, args->student)
                            : amkd_fail("'%s' has no labels to measure by", path);
    if (!rc && args->answers)
        rc = amkd_answers_read(&teacher, args->answers, images, args->common.nthreads);
    else if (!rc && args->teacher)
        rc = ask_teacher(&teacher, device, args, images);
    if (!rc)
        rc = (args->json ? amkd_scorecard_json : amkd_scorecard_text)(&text, student,
                                                                      teacher, images);
    if (!rc)
        rc = amkd_file_write(args->common.output, text, strlen(text));
    free(student);
    free(teacher);
    free(text);
    return rc;
}

/* What is measured by: an image set, or the answers of labels files. */
typedef struct measure {
    amkd_images *images; /* NULL: the dataset */
    amkd_dataset dataset;
} measure;

static int read_images(measure *by, const arguments *args, amkd_reader *reader,
                       const char *path, size_t nfiles)
{
    if (nfiles > 1)
        return amkd_fail("'%s': one image set at a time", path);
    if (args->holdout > 0)
        return amkd_fail("'%s': --holdout is for labels, these are images", path);
    return amkd_images_read(&by->images, reader, path);
}

static int read_measure(measure *by, const arguments *args, const char *const *paths,
                        size_t nfiles)
{
    int rc = 0;
    for (size_t f = 0; !rc && f < nfiles; f++) {
        amkd_reader *reader;
        if (amkd_reader_open(&reader, paths[f], NULL, args->common.nthreads))
            return -1;
        if (!strcmp(amkd_reader_header(reader)->kind, "images"))
            rc = read_images(by, args, reader, paths[f], nfiles);
        else if (args->teacher || args->answers)
            rc = amkd_fail("'%s': --teacher and --answers are for images, labels are "
                           "answers themselves",
                           paths[f]);
        else
            rc = amkd_dataset_read(&by->dataset, reader, paths[f], args->images.text,
                                   args->images.n, args->common.nthreads);
        amkd_reader_close(reader);
    }
    if (!rc && args->holdout > 0)
        rc = amkd_dataset_hold_out(&by->dataset, args->holdout, AMKD_HELD_OUT);
    return rc;
}

/* How far the student says what was answered. */
static int evaluate_answers(const arguments *args, amkd_device *device,
                            const amkd_model *model, const amkd_dataset *dataset)
{
    const amkd_images *images = dataset->images;
    const amkd_shape shape = {images->channels, images->height, images->width};
    amkd_predictor *predictor;
    amkd_agreement agreement;
    if (amkd_model_expect(model, shape, dataset->nclasses))
        return amkd_fail_in("'%s'", args->student);
    if (amkd_predictor_new(&predictor, device, model))
        return -1;
    int rc = amkd_evaluate_dataset(&agreement, predictor, dataset)
                 ? amkd_fail_in("'%s'", args->student)
                 : 0;
    amkd_predictor_free(predictor);
    char *text = NULL;
    if (!rc)
        rc = amkd_agreement_text(&text, &agreement, args->json);
    if (!rc)
        rc = amkd_file_write(args->common.output, text, strlen(text));
    free(text);
    return rc;
}

static int run(const arguments *args, const char *const *paths, size_t nfiles)
{
    amkd_device *device = NULL;
    amkd_model *model = NULL;
    measure by = {0};
    int rc = amkd_output_probe(args->common.output, NULL) ||
                     amkd_model_load(&model, args->student) ||
                     read_measure(&by, args, paths, nfiles) ||
                     amkd_device_open(&device, args->device)
                 ? -1
                 : 0;
    if (!rc && model->nignored && !args->common.quiet)
        fprintf(stderr,
                "amkd-eval: '%s': tensors that are no layer's are ignored: %zu, "
                "one is '%s'\n",
                args->student, model->nignored, model->ignored);
    if (!rc && args->common.verbose)
        fprintf(stderr, "amkd-eval: on %s\n", device->name);
    if (!rc)
        rc = by.images ? evaluate(args, paths[0], device, model, by.images)
                       : evaluate_answers(args, device, model, &by.dataset);
    amkd_model_free(model);
    amkd_images_free(by.images);
    amkd_dataset_clear(&by.dataset);
    amkd_device_close(device);
    return rc;
}

/* What the student is and takes. */
static int summarize(const arguments *args)
{
    amkd_device device;
    amkd_model *model = NULL;
    char *text = NULL;
    size_t nbytes = 0;
    if (amkd_device_find(&device, args->device) || amkd_model_load(&model, args->student))
        return -1;
    const amkd_summary summary = {&model->graph, &device, NULL, args->json};
    FILE *out = open_memstream(&text, &nbytes);
    int rc = out ? amkd_summary_write(out, &summary) : amkd_fail_errno("the summary");
    if (out && fclose(out) && !rc)
        rc = amkd_fail_errno("the summary");
    if (!rc)
        rc = amkd_file_write(args->common.output, text, nbytes);
    free(text);
    amkd_model_free(model);
    return rc;
}

static int check(const amkd_cli *cli, const arguments *args, const char *const *paths,
                 size_t npaths)
{
    const amkd_evaluation_plan plan = {.student = args->student,
                                       .teacher = args->teacher,
                                       .answers = args->answers,
                                       .inputs = paths,
                                       .ninputs = npaths};
    return amkd_evaluation_check(&plan) ||
                   (amkd_cli_given(cli, "device") && amkd_device_check(args->device))
               ? -1
               : 0;
}

int main(int argc, char **argv)
{
    arguments args = {.timeout = 60};
    amkd_common_init(&args.common);
    const amkd_option options[] = {
        {'s', "student", AMKD_TEXT, &args.student, "MODEL",
         "the model to measure, a safetensors file", 0, 0, 0},
        {'t', "teacher", AMKD_TEXT, &args.teacher, "TEACHER",
         "whom to ask about every image, as for amkd-query", 0, 0, 0},
        {0, "answers", AMKD_TEXT, &args.answers, "LABELS",
         "the teacher's answers about these images, bought before", 0, 0, 0},
        {0, "timeout", AMKD_NUMBER, &args.timeout, "S",
         "seconds a teacher's answer may take (default: 60; 0: for ever)", 0, 0, 1e9},
        {0, "holdout", AMKD_NUMBER, &args.holdout, "SHARE",
         "measure by the labels that amkd-train --holdout=SHARE leaves out", 0, 0, 1},
        {0, "images", AMKD_TEXTS, &args.images, "FILE",
         "image set to use instead of the one that labels name", AMKD_WHERE, 0, 0},
        {0, "json", AMKD_FLAG, &args.json, NULL, "JSON instead of a table", 0, 0, 0},
        {0, "summary", AMKD_FLAG, &args.summary, NULL,
         "print the model's layers and the memory it takes, and do nothing", AMKD_WHERE,
         0, 0},
        AMKD_DEVICE_OPTION(args.device),
        AMKD_OPTION_CHECK(args.common),
        AMKD_OPTION_OUTPUT(args.common),
        AMKD_OPTION_THREADS(args.common),
        AMKD_OPTION_QUIET(args.common),
        AMKD_OPTION_VERBOSE(args.common),
        AMKD_OPTION_END,
    };
    const amkd_tool tool = {
        .name = "amkd-eval",
        .summary = "measure a student on labeled images, or on a teacher's answers",
        .usage = "-s MODEL [OPTION]... [IMAGES|LABELS...]",
        .notes =
            "Success rate is the student's accuracy over the teacher's; agreement is "
            "the\n"
            "share of images on which both name the same class. A success rate says\n"
            "little without the teacher's accuracy and mean top probability beside "
            "it.\n\n"
            "Labels of amkd-query hold a teacher's answers: agreement and cross entropy "
            "with\n"
            "them are printed then.\n\n"
            "The 95 % interval of a figure is where it may well lie on all the images "
            "that\n"
            "these were drawn from.\n",
        .options = options,
        .max_arguments = 4096,
    };
    amkd_cli cli;
    int rc = amkd_cli_open(&cli, &tool, argc, argv);
    if (rc)
        return cli.status;
    if (!args.student)
        rc =
            amkd_cli_misuse(&cli, "--student is missing: which model is to be measured?");
    else if (args.teacher && args.answers)
        rc = amkd_cli_misuse(&cli, "--teacher and --answers exclude each other");
    if (rc) {
        amkd_cli_close(&cli, 0);
        return rc;
    }
    const char *const standard_input[] = {"-"};
    const char *const *paths = cli.narguments ? cli.arguments : standard_input;
    const size_t npaths = cli.narguments ? cli.narguments : 1;
    return amkd_cli_close(&cli, args.summary        ? summarize(&args)
                                : args.common.check ? check(&cli, &args, paths, npaths)
                                                    : run(&args, paths, npaths));
}
