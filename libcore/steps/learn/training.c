/* Opens what a training needs, trains, and writes what came of it. */
#include "steps/learn/training.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/progress.h"
#include "device/profile.h"
#include "steps/learn/evaluate.h"
#include "steps/learn/holdout.h"
#include "steps/learn/train_room.h"
#include "steps/learn/train_team.h"
#include "steps/learn/training_log.h"
#include "steps/learn/training_model.h"
#include "team/team_threads.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct training {
    const amkd_training *told;
    amkd_train_options options; /* with the assistant */
    amkd_device *devices[AMKD_MAX_DEVICES];
    size_t ndevices;
    amkd_dataset dataset, val;
    amkd_model *model, *assistant; /* assistant: NULL without */
    amkd_predictors *predictors;   /* of the model, for val; NULL without */
    amkd_progress *progress;
    amkd_training_log log;
    uint64_t step; /* shown last */
} training;

/* Whether what there is to write and to show is this process's. */
static int leads(const training *t)
{
    return amkd_team_rank(t->told->team) == 0;
}

/* ----------------------------------------------------------------- what is shown -- */

/* Shows the loss, and how the model does on val's data. */
static int show(void *context, const amkd_train_report *report)
{
    training *t = context;
    amkd_agreement agreement;
    char more[80] = "";
    int length = 0;
    if (t->options.min_top > 0)
        length = snprintf(more, sizeof more, ", taught %.4f", report->taught);
    const int measured = t->predictors && !report->diverged;
    if (measured) {
        if (amkd_predictors_update(t->predictors, t->model) ||
            amkd_evaluate_dataset(&agreement, t->predictors, &t->val))
            return -1;
        snprintf(more + length, sizeof more - (size_t)length, ", val %.4f",
                 agreement.agreement);
    }
    amkd_progress_note(t->progress, "epoch %.1f, loss %.4f, top %.4f%s", report->epoch,
                       report->loss, report->agreement, more);
    amkd_progress_add(t->progress, (report->step - t->step) * t->options.batch);
    t->told->reported(t->told->context, report, more);
    t->step = report->step;
    return t->told->metrics
               ? amkd_training_log_add(&t->log, report, t->options.min_top > 0,
                                       measured ? &agreement : NULL)
               : 0;
}

/* ---------------------------------------------------------------------- the data -- */

/* The classes are those that the assistant knows. */
static int take_assistant(training *t)
{
    amkd_dataset *dataset = &t->dataset;
    dataset->nclasses = t->assistant->graph.nclasses;
    dataset->class_names = json_incref(t->assistant->class_names);
    if (amkd_training_fits(t->assistant, dataset))
        return amkd_fail_in("'%s'", t->told->plan.assistant);
    return t->assistant->provenance &&
                   json_array_append(dataset->provenance, t->assistant->provenance)
               ? amkd_fail("out of memory")
               : 0;
}

/* Whether what a file added behind first rows and nanswers answers may be seen in views.
 */
static int check_views(const training *t, const char *path, size_t first, size_t nanswers)
{
    const amkd_train_plan *plan = &t->told->plan;
    const amkd_dataset *dataset = &t->dataset;
    if (!plan->views || dataset->nanswers == nanswers)
        return 0;
    if (!plan->augment_answers)
        return amkd_fail(
            "--augment: '%s' holds a teacher's answers, and each is true only of the "
            "image that was asked about; --augment-answers takes them all the same",
            path);
    for (size_t row = first; row < dataset->n && amkd_view_needs_means(plan->views);
         row++)
        if (dataset->keys[row].i != dataset->keys[row].j)
            return amkd_fail("--augment-answers: '%s': row %zu is an answer about a mix "
                             "of two images, whose views know no --around mean and no "
                             "--border mean",
                             path, row - first);
    return 0;
}

/* The inputs; with an assistant they are images. */
static int add_inputs(training *t)
{
    const amkd_training *told = t->told;
    const amkd_train_plan *plan = &told->plan;
    for (size_t f = 0; f < plan->ninputs || f == 0; f++) {
        const char *path = plan->ninputs ? plan->inputs[f] : "-";
        const size_t n = t->dataset.n, nanswers = t->dataset.nanswers;
        if (t->assistant ? amkd_dataset_add_images(&t->dataset, path, told->nthreads)
                         : amkd_dataset_add(&t->dataset, path, told->images,
                                            told->nimages, told->nthreads))
            return -1;
        if (check_views(t, path, n, nanswers))
            return -1;
    }
    return t->assistant ? take_assistant(t) : 0;
}

static int read_data(training *t)
{
    const amkd_training *told = t->told;
    if (add_inputs(t) ||
        (told->holdout > 0 &&
         amkd_dataset_hold_out(&t->dataset, told->holdout, AMKD_TRAINED_ON)))
        return -1;
    return told->plan.val && leads(t)
               ? amkd_dataset_add(&t->val, told->plan.val, told->images, told->nimages,
                                  told->nthreads)
               : 0;
}

/* -------------------------------------------------------------------- one by one -- */

/* What the model says of its origin: the runs that made the weights it started from, and
 * this one with those of its data. Labels may not know the names that init has. */
static int describe(training *t)
{
    amkd_model *model = t->model;
    if (t->dataset.class_names) {
        json_decref(model->class_names);
        model->class_names = json_incref(t->dataset.class_names);
    }
    return amkd_model_add_run(model, "amkd-train", t->told->command, t->devices[0]->name,
                              t->dataset.provenance);
}

/* Finds the micro-batches that the device has memory for, and says so. */
static int fit(training *t)
{
    const amkd_graph *graph = &t->model->graph;
    const amkd_train_data data = {.n = t->dataset.n,
                                  .nimages = t->dataset.images->n,
                                  .far = !t->dataset.images->pixels,
                                  .mixes = amkd_dataset_has_mixes(&t->dataset),
                                  .validates = t->told->plan.val != NULL};
    int chosen;
    if (amkd_train_fit(&t->options, &chosen, t->devices[0], graph, &data))
        return -1;
    if (!chosen || !leads(t))
        return 0;
    char *text = amkd_format(
        "--micro-batch %llu: the memory is too short for more samples at a time%s",
        (unsigned long long)t->options.micro_batch,
        graph->nparameters > graph->ntrained ? "; batch norms see so many" : "");
    if (text)
        t->told->said(t->told->context, text);
    free(text);
    return text ? 0 : -1;
}

static uint64_t count_steps(const training *t)
{
    const amkd_train_options *o = &t->options;
    const uint64_t epoch_nsteps = (t->dataset.n + o->batch - 1) / o->batch;
    return o->nsteps ? o->nsteps : o->nepochs * epoch_nsteps;
}

/* What is compiled is no part of the time that images take. */
static void begin_to_show(void *context)
{
    training *t = context;
    amkd_device_unwatch(t->devices[0]);
    t->progress = amkd_progress_new("amkd-train", "images",
                                    count_steps(t) * t->options.batch, t->told->quiet);
    amkd_training_log_begin(&t->log);
}

/* A model with the weights and scales of another, to be trained. */
static int copy_model(amkd_model **out, const amkd_model *model)
{
    amkd_model *copy;
    if (amkd_model_init(&copy, &model->graph, 0))
        return -1;
    memcpy(copy->parameters, model->parameters,
           model->graph.nparameters * sizeof *copy->parameters);
    memcpy(copy->mean, model->mean, sizeof copy->mean);
    memcpy(copy->std, model->std, sizeof copy->std);
    *out = copy;
    return 0;
}

static void call_by_device(amkd_team *threads, const amkd_device *device)
{
    char name[128];
    snprintf(name, sizeof name, "device %zu (%.100s)", device->index, device->name);
    amkd_team_call(threads, name);
}

/* Trains as one of those that work at it. All end with the same model: rank 0's is the
 * one that is kept. */
static int train_member(void *context, amkd_team *threads)
{
    training *t = context;
    amkd_train_options options = t->options;
    options.team = threads ? threads : t->told->team;
    const size_t rank = amkd_team_rank(threads);
    call_by_device(threads, t->devices[rank]);
    if (amkd_team_rank(options.team) == 0) {
        options.ready = begin_to_show;
        return amkd_train(t->model, t->devices[0], &t->dataset, &options, show, t);
    }
    if (!rank)
        return amkd_train(t->model, t->devices[0], &t->dataset, &options, NULL, NULL);
    amkd_model *copy;
    if (copy_model(&copy, t->model))
        return -1;
    const int rc = amkd_train(copy, t->devices[rank], &t->dataset, &options, NULL, NULL);
    amkd_model_free(copy);
    return rc;
}

static int train(training *t)
{
    if (!t->told->quiet && leads(t))
        amkd_device_watch(t->devices[0], "amkd-train, compiling");
    /* The others may be at the next steps meanwhile. */
    if (t->val.n && amkd_predictors_new(&t->predictors, t->devices, 1, t->model))
        return -1;
    int rc = amkd_team_threads(t->ndevices, train_member, t);
    amkd_progress_free(t->progress);
    if (rc)
        (void)amkd_training_log_close(&t->log); /* the error is the training's */
    else
        rc = amkd_training_log_close(&t->log);
    return rc;
}

/* What needs no data comes before them, and so does what is wrong with it. */
static int open_early(training *t)
{
    const amkd_train_plan *plan = &t->told->plan;
    if (amkd_train_check_early(plan))
        return -1;
    if (plan->arch || !plan->init)
        return 0;
    if (amkd_training_load_init(&t->model, t->told))
        return -1;
    return plan->refreshes_bn && amkd_train_check_norms(&t->model->graph)
               ? amkd_fail_in("'%s'", plan->init)
               : 0;
}

/* What is to be written can be, and what is to be gone on from can be read. */
static int probe(training *t)
{
    const amkd_training *told = t->told;
    const char *checkpoint = t->options.checkpoint, *resume = t->options.resume;
    if (resume && access(resume, R_OK))
        return amkd_fail_errno("'%s'", resume);
    return amkd_output_probe(told->output, "a model") ||
                   (checkpoint && amkd_output_probe(checkpoint, "a checkpoint")) ||
                   (told->metrics && amkd_output_probe(told->metrics, NULL)) ||
                   amkd_training_log_check(&t->log, 0)
               ? -1
               : 0;
}

/* Each process of a team reads the inputs, and what it prints is not its own. */
static int check_team(const training *t)
{
    const amkd_training *told = t->told;
    int reads_stdin = told->plan.ninputs == 0;
    if (!told->team)
        return 0;
    for (size_t f = 0; f < told->plan.ninputs; f++)
        reads_stdin |= strcmp(told->plan.inputs[f], "-") == 0;
    if (reads_stdin)
        return amkd_fail("stdin: several processes train on files alone, which each of "
                         "them reads");
    if (!told->output || strcmp(told->output, "-") == 0)
        return amkd_fail("stdout: several processes write their model to a file alone: "
                         "their launcher says things of its own there");
    return 0;
}

/* One of a process of a team, else all that are named. */
static int open_devices(training *t)
{
    const amkd_training *told = t->told;
    if (told->team) {
        t->ndevices = !amkd_device_open_own(&t->devices[0], told->device,
                                            amkd_team_place(told->team));
        if (!t->ndevices)
            return -1;
    } else if (amkd_devices_open(t->devices, &t->ndevices, told->device)) {
        return -1;
    }
    if (amkd_train_team_check((const amkd_device *const *)t->devices, t->ndevices))
        return -1;
    for (size_t d = 0; d < t->ndevices; d++)
        if (amkd_profile_attach(told->profile, t->devices[d]))
            return -1;
    return 0;
}

static int run(training *t)
{
    const amkd_training *told = t->told;
    const amkd_train_plan *plan = &told->plan;
    amkd_training_log_init(&t->log, leads(t) ? told->metrics : NULL,
                           t->options.resume != NULL);
    if (check_team(t) || (leads(t) && probe(t)) ||
        (plan->assistant && amkd_model_load(&t->assistant, plan->assistant)))
        return -1;
    t->options.assistant = t->assistant;
    if (open_devices(t) || open_early(t) || read_data(t) ||
        amkd_training_open_model(&t->model, t->told, &t->dataset, t->options.seed))
        return -1;
    if (plan->val && leads(t) && amkd_training_fits(t->model, &t->val))
        return amkd_fail_in("'%s'", plan->val);
    if (fit(t) || train(t))
        return -1;
    return leads(t) && (describe(t) || amkd_model_save(t->model, told->output)) ? -1 : 0;
}

int amkd_training_run(const amkd_training *told, const amkd_train_options *options)
{
    training t = {.told = told, .options = *options};
    const int rc = run(&t);
    amkd_predictors_free(t.predictors);
    amkd_model_free(t.model);
    amkd_model_free(t.assistant);
    amkd_dataset_clear(&t.dataset);
    amkd_dataset_clear(&t.val);
    while (t.ndevices)
        amkd_device_close(t.devices[--t.ndevices]);
    return rc;
}
