/* amkd-eval: how good a student is, alone and beside its teacher. */
#include "base/cli.h"
#include "base/cli_paths.h"
#include "base/error.h"
#include "base/file.h"
#include "base/room.h"
#include "net/known.h"
#include "steps/learn/measuring.h"
#include "steps/learn/summary.h"
#include "steps/show/profile.h"
#include "teacher/teacher.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct arguments {
    amkd_common common;
    amkd_measuring measuring;
    amkd_texts images;
    const char *memory, *profile;
    int json, tsv, summary;
} arguments;

static void say_opened(void *context, const amkd_model *student, const char *where)
{
    const arguments *args = context;
    char *text = args->common.quiet ? NULL : amkd_model_remark(student);
    if (text)
        fprintf(stderr, "amkd-eval: '%s': %s\n", args->measuring.plan.student, text);
    free(text);
    if (args->common.verbose)
        fprintf(stderr, "amkd-eval: on %s\n", where);
}

/* What the student is, and takes of the first device. */
static int summarize(const arguments *args)
{
    const amkd_measuring *measuring = &args->measuring;
    amkd_device *devices;
    size_t ndevices;
    amkd_model *model = NULL;
    char *text = NULL;
    if (amkd_devices_find(&devices, &ndevices, measuring->device))
        return -1;
    int rc = amkd_model_load(&model, measuring->plan.student);
    if (!rc) {
        devices[0].budget_nbytes = measuring->memory_nbytes;
        const amkd_summary summary = {&model->graph, &devices[0], .json = args->json};
        rc = amkd_summary_text(&text, &summary);
    }
    if (!rc)
        rc = amkd_file_write(args->common.output, text, strlen(text));
    free(text);
    free(devices);
    amkd_model_free(model);
    return rc;
}

static int run(arguments *args)
{
    amkd_measuring *measuring = &args->measuring;
    if (amkd_profile_open(&measuring->profile, args->profile))
        return -1;
    const int rc = amkd_measuring_run(measuring);
    return amkd_profile_close(measuring->profile, args->profile, rc);
}

/* Whether the student fits into the memory of each device. */
static int check_room(const amkd_measuring *measuring, amkd_device *devices,
                      size_t ndevices)
{
    amkd_model *model;
    const amkd_known any = {0};
    if (!measuring->memory_nbytes)
        return 0;
    if (amkd_known_load(&model, measuring->plan.student, &any))
        return -1;
    int rc = 0;
    for (size_t d = 0; !rc && model && d < ndevices; d++) {
        devices[d].budget_nbytes = measuring->memory_nbytes;
        rc = amkd_predictor_fit(&devices[d], &model->graph);
    }
    amkd_model_free(model);
    return rc;
}

/* Devices that nobody named may be others, or none, where only a check is run. */
static int check(const amkd_cli *cli, const amkd_measuring *measuring)
{
    amkd_device *devices;
    size_t ndevices;
    if (amkd_cli_probe_paths(cli) || amkd_evaluation_check(&measuring->plan))
        return -1;
    if (amkd_devices_find(&devices, &ndevices, measuring->device))
        return amkd_cli_given(cli, "device") ? -1 : 0;
    const int rc = check_room(measuring, devices, ndevices);
    free(devices);
    return rc;
}

int main(int argc, char **argv)
{
    arguments args = {.measuring = {.timeout = 60}};
    amkd_measuring *measuring = &args.measuring;
    amkd_evaluation_plan *plan = &measuring->plan;
    amkd_common_init(&args.common);
    const amkd_option options[] = {
        {'s', "student", AMKD_TEXT, &plan->student, "MODEL",
         "the model to measure, a safetensors file", 0, 0, 0},
        {'t', "teacher", AMKD_TEXT, &plan->teacher, "TEACHER",
         "whom to ask about every image, as for amkd-query", 0, 0, 0},
        {0, "answers", AMKD_TEXT, &plan->answers, "LABELS",
         "the teacher's answers about these images, bought before", 0, 0, 0},
        {0, "timeout", AMKD_NUMBER, &measuring->timeout, "S",
         "seconds a teacher's answer may take (default: 60; 0: for ever)", 0, 0, 1e9},
        {0, "holdout", AMKD_NUMBER, &measuring->holdout, "SHARE",
         "measure by the labels that amkd-train --holdout=SHARE leaves out", 0, 0, 1},
        {0, "images", AMKD_TEXTS, &args.images, "FILE",
         "image set to use instead of the one that labels name", AMKD_WHERE, 0, 0},
        {0, "calibrate", AMKD_TEXT, &plan->calibrated, "FILE",
         "fit a temperature to LABELS, of which the model learned none, and write\n"
         "the model with it to FILE",
         AMKD_WHERE | AMKD_WRITES, 0, 0},
        {0, "json", AMKD_FLAG, &args.json, NULL, "JSON instead of a table", 0, 0, 0},
        {0, "tsv", AMKD_FLAG, &args.tsv, NULL,
         "tab-separated figures of each class instead of a table", 0, 0, 0},
        {0, "summary", AMKD_FLAG, &args.summary, NULL,
         "print the model's layers and the memory it takes, and do nothing", AMKD_WHERE,
         0, 0},
        AMKD_DEVICES_OPTION(measuring->device),
        {0, "memory", AMKD_TEXT, &args.memory, "SIZE",
         "what a network may take of a device's memory, as 512M or 3G\n"
         "(default: all)",
         0, 0, 0},
        AMKD_PROFILE_OPTION(args.profile),
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
            "them are printed then. --calibrate makes the probabilities fit them: the "
            "model\n"
            "that it writes answers softmax(logits / temperature), here, in amkd-serve "
            "and as\n"
            "a teacher.\n\n"
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
    if (!plan->student)
        rc =
            amkd_cli_misuse(&cli, "--student is missing: which model is to be measured?");
    else if (plan->teacher && plan->answers)
        rc = amkd_cli_misuse(&cli, "--teacher and --answers exclude each other");
    else if (plan->teacher && amkd_teacher_spec_check(plan->teacher, 0))
        rc = amkd_cli_misuse(&cli, "%s", amkd_error());
    else if (args.json && args.tsv)
        rc = amkd_cli_misuse(&cli, "--json and --tsv exclude each other");
    else if (args.tsv && (args.summary || plan->calibrated))
        rc =
            amkd_cli_misuse(&cli, "--tsv is for figures of classes, which %s has none of",
                            args.summary ? "--summary" : "--calibrate");
    else if (plan->calibrated && (args.summary || plan->teacher || plan->answers))
        rc = amkd_cli_misuse(&cli, "--calibrate and --%s exclude each other",
                             args.summary    ? "summary"
                             : plan->teacher ? "teacher"
                                             : "answers");
    else if (plan->calibrated && !strcmp(plan->calibrated, "-"))
        rc = amkd_cli_misuse(&cli, "--calibrate: expected the name of a file; figures go "
                                   "to stdout");
    else if (args.memory &&
             amkd_room_parse(&measuring->memory_nbytes, args.memory, "--memory"))
        rc = amkd_cli_misuse(&cli, "%s", amkd_error());
    if (rc) {
        amkd_cli_close(&cli, 0);
        return rc;
    }
    const char *const standard_input[] = {"-"};
    plan->inputs = cli.narguments ? cli.arguments : standard_input;
    plan->ninputs = cli.narguments ? cli.narguments : 1;
    measuring->form = args.json  ? AMKD_FIGURES_JSON
                      : args.tsv ? AMKD_FIGURES_TSV
                                 : AMKD_FIGURES_TEXT;
    measuring->command = cli.command;
    measuring->images = args.images.text;
    measuring->nimages = args.images.n;
    measuring->output = args.common.output;
    measuring->nthreads = args.common.nthreads;
    measuring->quiet = args.common.quiet;
    measuring->context = &args;
    measuring->opened = say_opened;
    return amkd_cli_close(&cli, args.summary        ? summarize(&args)
                                : args.common.check ? check(&cli, measuring)
                                                    : run(&args));
}
