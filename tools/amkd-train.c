/* amkd-train: labels in, a student out. */
#include "base/cli.h"
#include "base/error.h"
#include "base/file.h"
#include "base/progress.h"
#include "base/version.h"
#include "steps/evaluate.h"
#include "steps/holdout.h"
#include "steps/train.h"
#include "steps/train_check.h"
#include <stdio.h>
#include <string.h>

typedef struct arguments {
    amkd_common common;
    const char *arch, *init, *val, *device, *optimizer, *schedule;
    amkd_texts images;
    double holdout;
    uint64_t nclasses; /* for --check */
    amkd_train_options train;
} arguments;

typedef struct progress_context {
    const arguments *args;
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
    char val[40] = "";
    if (c->predictor) {
        amkd_agreement agreement;
        if (amkd_predictor_update(c->predictor, c->model) ||
            amkd_evaluate_dataset(&agreement, c->predictor, c->val))
            return -1;
        snprintf(val, sizeof val, ", val %.4f", agreement.agreement);
    }
    amkd_progress_note(c->progress, "epoch %.1f, loss %.4f, top %.4f%s", report->epoch,
                       report->loss, report->agreement, val);
    amkd_progress_add(c->progress, (report->step - c->step) * c->batch);
    if (c->args->common.verbose)
        fprintf(stderr,
                "amkd-train: step %llu of %llu, epoch %.2f, rate %.3g, loss %.6f, top "
                "%.4f%s\n",
                (unsigned long long)report->step, (unsigned long long)report->nsteps,
                report->epoch, report->rate, report->loss, report->agreement, val);
    c->step = report->step;
    return 0;
}

static const char default_arch[] = "lenet5-half";

/* The network to train: --init's, or a fresh one of --arch with the data's moments. */
static int make_model(amkd_model **out, const arguments *args,
                      const amkd_dataset *dataset)
{
    const amkd_images *images = dataset->images;
    const amkd_shape in = {images->channels, images->height, images->width};
    if (args->init) {
        amkd_arch wanted = {0};
        if (amkd_model_load(out, args->init))
            return -1;
        if ((*out)->nignored && !args->common.quiet)
            fprintf(stderr,
                    "amkd-train: '%s': tensors that are no layer's are ignored: %zu, "
                    "one is '%s'\n",
                    args->init, (*out)->nignored, (*out)->ignored);
        if (!args->arch)
            return 0;
        int rc = amkd_arch_parse(&wanted, args->arch, in, dataset->nclasses);
        if (!rc && strcmp(wanted.text, (*out)->arch.text))
            rc = amkd_fail("'%s' holds '%s', but --arch asks for '%s'", args->init,
                           (*out)->arch.text, wanted.text);
        amkd_arch_clear(&wanted);
        return rc;
    }
    amkd_arch arch = {0};
    if (amkd_arch_parse(&arch, args->arch ? args->arch : default_arch, in,
                        dataset->nclasses))
        return -1;
    const int rc = amkd_model_init(out, &arch, args->train.seed);
    amkd_arch_clear(&arch);
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

static uint64_t total_samples(const arguments *args, const amkd_dataset *dataset)
{
    const amkd_train_options *o = &args->train;
    const uint64_t epoch_nsteps = (dataset->n + o->batch - 1) / o->batch;
    return (o->nsteps ? o->nsteps : o->nepochs * epoch_nsteps) * o->batch;
}

static int train(arguments *args, const amkd_cli *cli, amkd_device *device,
                 amkd_dataset *dataset, amkd_dataset *val, amkd_model **model)
{
    for (size_t f = 0; f < cli->narguments || f == 0; f++)
        if (amkd_dataset_add(dataset, cli->narguments ? cli->arguments[f] : "-",
                             args->images.text, args->images.n, args->common.nthreads))
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

static int check(const arguments *args, const amkd_cli *cli)
{
    const amkd_train_plan plan = {
        .inputs = cli->arguments,
        .ninputs = cli->narguments,
        .arch = args->arch || args->init ? args->arch : default_arch,
        .init = args->init,
        .val = args->val,
        .says_classes = amkd_cli_given(cli, "classes"),
        .nclasses = args->nclasses,
    };
    return amkd_train_check(&plan) ||
                   (amkd_cli_given(cli, "device") && amkd_device_check(args->device))
               ? -1
               : 0;
}

static int run(arguments *args, const amkd_cli *cli)
{
    amkd_device *device = NULL;
    amkd_model *model = NULL;
    amkd_dataset dataset = {0}, val = {0};
    int rc = amkd_output_probe(args->common.output, "a model") ||
                     amkd_device_open(&device, args->device) ||
                     train(args, cli, device, &dataset, &val, &model)
                 ? -1
                 : 0;
    amkd_model_free(model);
    amkd_dataset_clear(&dataset);
    amkd_dataset_clear(&val);
    amkd_device_close(device);
    return rc;
}

/* The options that are names, looked up. */
static int read_names(arguments *args)
{
    static const char *const optimizers[] = {"sgd", "adam", "adamw"};
    if (amkd_schedule_parse(&args->train.schedule, args->schedule))
        return amkd_fail_in("option '--schedule'");
    for (int k = 0; k < 3; k++)
        if (!strcmp(args->optimizer, optimizers[k])) {
            args->train.optimizer.kind = (amkd_optimizer_kind)k;
            return 0;
        }
    return amkd_fail("option '--optimizer': '%s' is none of sgd, adam, adamw",
                     args->optimizer);
}

/* Options that would do nothing. */
static int check_options(const arguments *args, const amkd_cli *cli)
{
    if (amkd_cli_given(cli, "checkpoint-seconds") && !args->train.checkpoint)
        return amkd_fail("--checkpoint-seconds needs --checkpoint");
    if (amkd_cli_given(cli, "classes") && !args->common.check)
        return amkd_fail("--classes is for --check: else the data say it");
    if (amkd_cli_given(cli, "momentum") && args->train.optimizer.kind != AMKD_SGD)
        return amkd_fail("--momentum is of --optimizer sgd");
    return 0;
}

/* The options, in the groups of the help. Each returns how many it put into options. */
static size_t data_options(amkd_option *options, arguments *a)
{
    const amkd_option group[] = {
        {'a', "arch", AMKD_TEXT, &a->arch, "ARCH",
         "lenet5, lenet5-half, mlp or a text such as\n"
         "\"conv 6 k5 p2 | relu | maxpool 2 | fc classes\" (default: lenet5-half)",
         0, 0, 0},
        {'i', "init", AMKD_TEXT, &a->init, "MODEL",
         "start from these weights instead of fresh ones", 0, 0, 0},
        {0, "holdout", AMKD_NUMBER, &a->holdout, "SHARE",
         "leave out this share of the rows, drawn by their pixels, for amkd-eval\n"
         "to measure by",
         0, 0, 1},
        {0, "val", AMKD_TEXT, &a->val, "FILE",
         "report accuracy on these labels or labeled images while training;\n"
         "nothing is chosen by it",
         AMKD_WHERE, 0, 0},
        {0, "images", AMKD_TEXTS, &a->images, "FILE",
         "image set to use instead of the one that labels name", AMKD_WHERE, 0, 0},
    };
    memcpy(options, group, sizeof group);
    return sizeof group / sizeof *group;
}

static size_t optimizer_options(amkd_option *options, arguments *a)
{
    amkd_train_options *t = &a->train;
    const amkd_option group[] = {
        {'e', "epochs", AMKD_COUNT, &t->nepochs, "N",
         "passes over the data (default: 20)", 0, 1, 1e9, "How it is trained:"},
        {0, "steps", AMKD_COUNT, &t->nsteps, "N", "steps in all, whatever --epochs says",
         0, 1, 1e12},
        {'b', "batch", AMKD_COUNT, &t->batch, "N", "samples a step (default: 128)", 0, 1,
         65536},
        {0, "optimizer", AMKD_TEXT, &a->optimizer, "NAME",
         "sgd, adam or adamw (default: adamw)", 0, 0, 0},
        {0, "lr", AMKD_NUMBER, &t->rate, "RATE",
         "learning rate, the schedule's highest (default: 0.003)", 0, 1e-12, 1e6},
        {0, "momentum", AMKD_NUMBER, &t->optimizer.momentum, "M", "of sgd (default: 0.9)",
         0, 0, 1},
        {0, "weight-decay", AMKD_NUMBER, &t->optimizer.decay, "W",
         "decoupled in adamw (default: 0.01)", 0, 0, 1e6},
        {0, "schedule", AMKD_TEXT, &a->schedule, "NAME",
         "constant, cosine or onecycle (default: onecycle)", 0, 0, 0},
        {'T', "temperature", AMKD_NUMBER, &t->temperature, "T",
         "of distillation: targets and outputs are softened by T (default: 1)", 0, 0.01,
         1000},
        {0, "mixup", AMKD_NUMBER, &t->mixup, "ALPHA",
         "mix each sample and its answer with the next of its batch, by a weight\n"
         "from Beta(ALPHA, ALPHA) (default: 0, none is mixed)",
         0, 0, 1000},
        AMKD_OPTION_SEED(t->seed),
    };
    memcpy(options, group, sizeof group);
    return sizeof group / sizeof *group;
}

static size_t file_options(amkd_option *options, arguments *a)
{
    amkd_train_options *t = &a->train;
    const amkd_option group[] = {
        {0, "checkpoint", AMKD_TEXT, &t->checkpoint, "FILE",
         "keep the state of the training in FILE", AMKD_WHERE, 0, 0,
         "Files and devices:"},
        {0, "checkpoint-seconds", AMKD_NUMBER, &t->checkpoint_seconds, "S",
         "how often (default: 30)", AMKD_WHERE, 0, 1e9},
        {0, "resume", AMKD_TEXT, &t->resume, "FILE",
         "go on from a checkpoint of the same training", AMKD_WHERE, 0, 0},
        AMKD_DEVICE_OPTION(a->device),
        AMKD_OPTION_CHECK(a->common),
        {0, "classes", AMKD_COUNT, &a->nclasses, "N",
         "--check: the classes that there will be, whatever the inputs\n"
         "say (0: not known)",
         AMKD_WHERE, 0, 1 << 20},
        AMKD_OPTION_OUTPUT(a->common),
        AMKD_OPTION_THREADS(a->common),
        AMKD_OPTION_QUIET(a->common),
        AMKD_OPTION_VERBOSE(a->common),
    };
    memcpy(options, group, sizeof group);
    return sizeof group / sizeof *group;
}

enum { MAX_OPTIONS = 32 };

/* Ended by a zeroed option. */
static void list_options(amkd_option *options, arguments *a)
{
    size_t n = 0;
    n += data_options(options + n, a);
    n += optimizer_options(options + n, a);
    n += file_options(options + n, a);
    options[n] = (amkd_option){0};
}

int main(int argc, char **argv)
{
    arguments args = {
        .optimizer = "adamw",
        .schedule = "onecycle",
        .train = {.optimizer = {.momentum = 0.9,
                                .beta1 = 0.9,
                                .beta2 = 0.999,
                                .epsilon = 1e-8,
                                .decay = 0.01},
                  .rate = 3e-3,
                  .temperature = 1,
                  .batch = 128,
                  .nepochs = 20,
                  .checkpoint_seconds = 30},
    };
    amkd_option options[MAX_OPTIONS];
    amkd_common_init(&args.common);
    list_options(options, &args);
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
    if (read_names(&args) || check_options(&args, &cli)) {
        rc = amkd_cli_misuse(&cli, "%s", amkd_error());
        amkd_cli_close(&cli, 0);
        return rc;
    }
    return amkd_cli_close(&cli,
                          args.common.check ? check(&args, &cli) : run(&args, &cli));
}
