/* amkd-train: labels in, a student out. */
#include "base/cli.h"
#include "base/error.h"
#include "base/file.h"
#include "base/progress.h"
#include "base/version.h"
#include "steps/learn/evaluate.h"
#include "steps/learn/holdout.h"
#include "steps/learn/summary.h"
#include "steps/learn/train.h"
#include "steps/learn/train_check.h"
#include "train-options.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct progress_context {
    const train_arguments *args;
    amkd_progress *progress;
    const amkd_model *model;
    const amkd_dataset *val;
    amkd_predictor *predictor; /* NULL without val */
    uint64_t step, batch;
} progress_context;

/* Shows the loss, and how the model does on --val's data. */
static int show(void *context, const amkd_train_report *report)
{
    progress_context *c = context;
    char more[80] = "";
    int length = 0;
    if (c->args->train.min_top > 0)
        length = snprintf(more, sizeof more, ", taught %.4f", report->taught);
    if (c->predictor) {
        amkd_agreement agreement;
        if (amkd_predictor_update(c->predictor, c->model) ||
            amkd_evaluate_dataset(&agreement, c->predictor, c->val))
            return -1;
        snprintf(more + length, sizeof more - (size_t)length, ", val %.4f",
                 agreement.agreement);
    }
    amkd_progress_note(c->progress, "epoch %.1f, loss %.4f, top %.4f%s", report->epoch,
                       report->loss, report->agreement, more);
    amkd_progress_add(c->progress, (report->step - c->step) * c->batch);
    if (c->args->common.verbose)
        fprintf(stderr,
                "amkd-train: step %llu of %llu, epoch %.2f, rate %.3g, loss %.6f, top "
                "%.4f%s\n",
                (unsigned long long)report->step, (unsigned long long)report->nsteps,
                report->epoch, report->rate, report->loss, report->agreement, more);
    c->step = report->step;
    return 0;
}

static const char default_arch[] = "lenet5-half";

/* The network to train: --init's, or a fresh one of --arch with the data's moments. */
static int make_model(amkd_model **out, const train_arguments *args,
                      const amkd_dataset *dataset)
{
    const amkd_images *images = dataset->images;
    const amkd_shape in = {images->channels, images->height, images->width};
    if (args->init) {
        amkd_graph wanted = {0};
        if (amkd_model_load(out, args->init))
            return -1;
        if ((*out)->nignored && !args->common.quiet)
            fprintf(stderr,
                    "amkd-train: '%s': tensors that are no layer's are ignored: %zu, "
                    "one is '%s'\n",
                    args->init, (*out)->nignored, (*out)->ignored);
        if (!args->arch)
            return 0;
        int rc = amkd_graph_parse(&wanted, args->arch, in, dataset->nclasses);
        if (!rc && strcmp(wanted.text, (*out)->graph.text))
            rc = amkd_fail("'%s' holds '%s', but --arch asks for '%s'", args->init,
                           (*out)->graph.text, wanted.text);
        amkd_graph_clear(&wanted);
        return rc;
    }
    amkd_graph arch = {0};
    if (amkd_graph_parse(&arch, args->arch ? args->arch : default_arch, in,
                         dataset->nclasses))
        return -1;
    const int rc = amkd_model_init(out, &arch, args->train.seed);
    amkd_graph_clear(&arch);
    return rc ? rc : amkd_dataset_moments(dataset, (*out)->mean, (*out)->std);
}

/* What the model says of its origin: the runs that made the weights it started from, and
 * this one with those of its data. Labels may not know the names that --init's model has.
 */
static int describe(amkd_model *model, const amkd_dataset *dataset, const amkd_cli *cli,
                    const amkd_device *device)
{
    if (dataset->class_names) {
        json_decref(model->class_names);
        model->class_names = json_incref(dataset->class_names);
    }
    json_t *run = json_pack("{s:s, s:s, s:O, s:s, s:O}", "tool", "amkd-train", "version",
                            AMKD_VERSION, "command", cli->command, "device", device->name,
                            "inputs", dataset->provenance);
    if (!model->provenance)
        model->provenance = json_array();
    return json_array_append_new(model->provenance, run) ? amkd_fail("out of memory") : 0;
}

static int fits(const amkd_model *model, const amkd_dataset *dataset)
{
    const amkd_images *images = dataset->images;
    const amkd_shape shape = {images->channels, images->height, images->width};
    return amkd_model_expect(model, shape, dataset->nclasses);
}

static uint64_t total_samples(const train_arguments *args, const amkd_dataset *dataset)
{
    const amkd_train_options *o = &args->train;
    const uint64_t epoch_nsteps = (dataset->n + o->batch - 1) / o->batch;
    return (o->nsteps ? o->nsteps : o->nepochs * epoch_nsteps) * o->batch;
}

/* Whether what a file added behind first rows and nanswers answers may be seen in views.
 */
static int check_views(const train_arguments *args, const char *path,
                       const amkd_dataset *dataset, size_t first, size_t nanswers)
{
    if (!args->train.views || dataset->nanswers == nanswers)
        return 0;
    if (!args->augment_answers)
        return amkd_fail(
            "--augment: '%s' holds a teacher's answers, and each is true only of the "
            "image that was asked about; --augment-answers takes them all the same",
            path);
    for (size_t row = first; row < dataset->n; row++)
        if (dataset->keys[row].i != dataset->keys[row].j)
            return amkd_fail("--augment-answers: '%s': row %zu is an answer about a mix "
                             "of two images, of which there are no views",
                             path, row - first);
    return 0;
}

/* The inputs; with an assistant they are images, whose classes are those it knows. */
static int add_inputs(const train_arguments *args, const amkd_cli *cli,
                      amkd_dataset *dataset, const amkd_model *assistant)
{
    const size_t nthreads = args->common.nthreads;
    for (size_t f = 0; f < cli->narguments || f == 0; f++) {
        const char *path = cli->narguments ? cli->arguments[f] : "-";
        const size_t n = dataset->n, nanswers = dataset->nanswers;
        if (assistant ? amkd_dataset_add_images(dataset, path, nthreads)
                      : amkd_dataset_add(dataset, path, args->images.text, args->images.n,
                                         nthreads))
            return -1;
        if (check_views(args, path, dataset, n, nanswers))
            return -1;
    }
    if (!assistant)
        return 0;
    dataset->nclasses = assistant->graph.nclasses;
    dataset->class_names = json_incref(assistant->class_names);
    if (fits(assistant, dataset))
        return amkd_fail_in("'%s'", args->assistant);
    return assistant->provenance &&
                   json_array_append(dataset->provenance, assistant->provenance)
               ? amkd_fail("out of memory")
               : 0;
}

/* Finds the micro-batches that the device has memory for, and says so. */
static int fit(train_arguments *args, const amkd_device *device,
               const amkd_dataset *dataset, const amkd_model *model)
{
    const amkd_train_data data = {.n = dataset->n,
                                  .nimages = dataset->images->n,
                                  .far = !dataset->images->pixels,
                                  .validates = args->val != NULL};
    int chosen;
    if (amkd_train_fit(&args->train, &chosen, device, &model->graph, &data))
        return -1;
    if (chosen && !args->common.quiet)
        fprintf(stderr,
                "amkd-train: --micro-batch %llu: the memory is too short for more "
                "samples at a time%s\n",
                (unsigned long long)args->train.micro_batch,
                model->graph.nparameters > model->graph.ntrained
                    ? "; batch norms see so many"
                    : "");
    return 0;
}

static int train(train_arguments *args, const amkd_cli *cli, amkd_device *device,
                 amkd_dataset *dataset, amkd_dataset *val, amkd_model **model)
{
    if (add_inputs(args, cli, dataset, args->train.assistant))
        return -1;
    if (args->holdout > 0 &&
        amkd_dataset_hold_out(dataset, args->holdout, AMKD_TRAINED_ON))
        return -1;
    if (args->val && amkd_dataset_add(val, args->val, args->images.text, args->images.n,
                                      args->common.nthreads))
        return -1;
    if (make_model(model, args, dataset))
        return -1;
    if (args->init && fits(*model, dataset))
        return amkd_fail_in("'%s'", args->init);
    if (args->val && fits(*model, val))
        return amkd_fail_in("'%s'", args->val);
    if (fit(args, device, dataset, *model))
        return -1;
    amkd_predictor *predictor = NULL;
    if (val->n && amkd_predictor_new(&predictor, device, *model))
        return -1;
    progress_context context = {
        .args = args,
        .progress = amkd_progress_new("amkd-train", "images",
                                      total_samples(args, dataset), args->common.quiet),
        .model = *model,
        .val = val,
        .predictor = predictor,
        .batch = args->train.batch,
    };
    const int rc = amkd_train(*model, device, dataset, &args->train, show, &context);
    amkd_progress_free(context.progress);
    amkd_predictor_free(predictor);
    if (rc || describe(*model, dataset, cli, device))
        return -1;
    return amkd_model_save(*model, args->common.output);
}

static amkd_train_plan plan_of(const train_arguments *args, const amkd_cli *cli)
{
    return (amkd_train_plan){
        .inputs = cli->arguments,
        .ninputs = cli->narguments,
        .arch = args->arch || args->init ? args->arch : default_arch,
        .init = args->init,
        .assistant = args->assistant,
        .views = args->train.views,
        .augment_answers = args->augment_answers,
        .val = args->val,
        .says_classes = amkd_cli_given(cli, "classes"),
        .nclasses = args->nclasses,
        .shape = args->shape,
    };
}

static int check(const train_arguments *args, const amkd_cli *cli)
{
    const amkd_train_plan plan = plan_of(args, cli);
    return amkd_train_check(&plan) ||
                   (amkd_cli_given(cli, "device") && amkd_device_check(args->device))
               ? -1
               : 0;
}

static int summarize(train_arguments *args, const amkd_cli *cli)
{
    const amkd_train_plan plan = plan_of(args, cli);
    amkd_device device;
    amkd_model *assistant = NULL;
    char *text = NULL;
    size_t nbytes = 0;
    if (amkd_device_find(&device, args->device) ||
        (args->assistant && amkd_model_load(&assistant, args->assistant)))
        return -1;
    args->train.assistant = assistant;
    FILE *out = open_memstream(&text, &nbytes);
    int rc = out ? amkd_train_summary(out, &plan, &args->train, &device, args->json)
                 : amkd_fail_errno("the summary");
    if (out && fclose(out) && !rc)
        rc = amkd_fail_errno("the summary");
    if (!rc)
        rc = amkd_file_write(args->common.output, text, nbytes);
    free(text);
    amkd_model_free(assistant);
    return rc;
}

static int run(train_arguments *args, const amkd_cli *cli)
{
    amkd_device *device = NULL;
    amkd_model *model = NULL, *assistant = NULL;
    amkd_dataset dataset = {0}, val = {0};
    int rc = amkd_output_probe(args->common.output, "a model") ||
                     (args->assistant && amkd_model_load(&assistant, args->assistant))
                 ? -1
                 : 0;
    args->train.assistant = assistant;
    if (!rc)
        rc = amkd_device_open(&device, args->device) ||
                     train(args, cli, device, &dataset, &val, &model)
                 ? -1
                 : 0;
    amkd_model_free(model);
    amkd_model_free(assistant);
    amkd_dataset_clear(&dataset);
    amkd_dataset_clear(&val);
    amkd_device_close(device);
    return rc;
}

int main(int argc, char **argv)
{
    train_arguments args;
    amkd_option options[TRAIN_MAX_OPTIONS];
    train_options_list(options, &args);
    const amkd_tool tool = {
        .name = "amkd-train",
        .summary = "train a network on a teacher's answers, or on labeled images",
        .usage = "[OPTION]... [LABELS|IMAGES]...",
        .notes =
            "Several files are merged; - or none is stdin. The model is a safetensors\n"
            "file that PyTorch opens as it is.\n\n"
            "  amkd-train -a lenet5 -e 20 -o teacher.safetensors train.amkd\n"
            "  amkd-query -t exec:./teacher picks.amkd | amkd-train -o s.safetensors "
            "- real.amkd\n",
        .options = options,
        .max_arguments = 4096,
    };
    amkd_cli cli;
    int rc = amkd_cli_open(&cli, &tool, argc, argv);
    if (rc)
        return cli.status;
    if (train_options_read(&args, &cli)) {
        rc = amkd_cli_misuse(&cli, "%s", amkd_error());
        amkd_cli_close(&cli, 0);
        return rc;
    }
    return amkd_cli_close(&cli, args.common.check ? check(&args, &cli)
                                : args.summary    ? summarize(&args, &cli)
                                                  : run(&args, &cli));
}
