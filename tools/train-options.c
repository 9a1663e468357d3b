/* amkd-train's option table, and what it cannot check. */
#include "train-options.h"
#include "base/error.h"
#include "base/room.h"
#include "data/view_options.h"
#include "graph/named.h"
#include "net/published.h"
#include "steps/show/profile.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The options, in the groups of the help. Each returns how many it put into options. */
static size_t data_options(amkd_option *options, train_arguments *a)
{
    const amkd_option group[] = {
        {'a', "arch", AMKD_TEXT, &a->arch, "ARCH",
         "lenet5, resnet20 or another name in the manual, or a text such as\n"
         "\"conv 6 k5 p2 | relu | maxpool 2 | fc classes\" (default: lenet5-half)",
         AMKD_OPEN, 0, 0, .choices = a->arch_names},
        {'i', "init", AMKD_TEXT, &a->init, "MODEL",
         "start from these weights instead of fresh ones; with --arch also from\n"
         "those of another program, and of other classes",
         AMKD_GOES_ON, 0, 0},
        {0, "mean", AMKD_TEXT, &a->mean, "LIST",
         "subtract these of the channels' values in 0..1, as 0.485,0.456,0.406\n"
         "(default: --init's, else those of the data)",
         0, 0, 0},
        {0, "std", AMKD_TEXT, &a->std, "LIST", "and divide by these", 0, 0, 0},
        {0, "assistant", AMKD_TEXT, &a->assistant, "MODEL",
         "learn what this model says of the images", 0, 0, 0},
        {0, "augment", AMKD_TEXT, &a->augment, "OPTIONS",
         "show a fresh view of an image each time, by options of amkd-augment\n"
         "such as \"--shift 0.05 --rotate 7\" (default: none, images as they are)",
         0, 0, 0},
        {0, "augment-answers", AMKD_FLAG, &a->augment_answers, NULL,
         "--augment: also of images that a teacher answered about, as if its\n"
         "answers were true of their views",
         0, 0, 0},
        {0, "views", AMKD_COUNT, &a->train.nviews, "N",
         "of --augment: N views of each image, itself the first, seen in turns\n"
         "(default: without end, and itself is none of them)",
         0, 1, 1 << 20},
        {0, "min-top", AMKD_NUMBER, &a->train.min_top, "P",
         "leave out lessons where the assistant's top probability is below P\n"
         "(default: 0)",
         0, 0, 1},
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

static size_t optimizer_options(amkd_option *options, train_arguments *a)
{
    amkd_train_options *t = &a->train;
    const amkd_option group[] = {
        {'e', "epochs", AMKD_COUNT, &t->nepochs, "N",
         "passes over the data (default: 20)", 0, 1, 1e9, "How it is trained:"},
        {0, "steps", AMKD_COUNT, &t->nsteps, "N",
         "steps in all, whatever --epochs says; 0 is for --refresh-bn alone", 0, 0, 1e12},
        {'b', "batch", AMKD_COUNT, &t->batch, "N", "samples a step (default: 128)", 0, 1,
         65536},
        {0, "micro-batch", AMKD_COUNT, &t->micro_batch, "N",
         "samples that go through the network at a time (default: the whole\n"
         "batch, or as many as the device has memory for)",
         0, 1, 65536},
        {0, "optimizer", AMKD_TEXT, &a->optimizer, "NAME",
         "sgd, adam or adamw (default: adamw)", 0, 0, 0, .choices = "sgd, adam, adamw"},
        {0, "lr", AMKD_NUMBER, &t->schedule.rate, "RATE",
         "learning rate, the schedule's highest (default: 0.003)", 0, 1e-12, 1e6},
        {0, "lr-scale", AMKD_TEXTS, &a->rate_scales, "PATTERN=F",
         "parameters or modules of such names, as \"layer1.*\", learn at F times\n"
         "the rate; may be given several times, the last that fits counts",
         0, 0, 0},
        {0, "freeze", AMKD_TEXTS, &a->freeze, "PATTERN",
         "they do not learn at all, whatever --lr-scale says", 0, 0, 0},
        {0, "momentum", AMKD_NUMBER, &t->optimizer.momentum, "M", "of sgd (default: 0.9)",
         0, 0, 1},
        {0, "nesterov", AMKD_FLAG, &t->optimizer.nesterov, NULL,
         "sgd's momentum looks a step ahead", 0, 0, 0},
        {0, "weight-decay", AMKD_NUMBER, &t->optimizer.decay, "W",
         "decoupled in adamw (default: 0.01 of adamw, else 0)", 0, 0, 1e6},
        {0, "clip-grad", AMKD_NUMBER, &t->optimizer.clip, "NORM",
         "scale a gradient of a greater L2 norm down to it (default: 0,\n"
         "gradients are as they are)",
         0, 0, 1e12},
        {0, "ema", AMKD_NUMBER, &t->optimizer.average, "D",
         "end with a moving average of the weights that keeps D of itself in a\n"
         "step (default: 0, with the last weights)",
         0, 0, 1},
        {0, "refresh-bn", AMKD_COUNT, &t->refresh_bn, "N",
         "after the last step, take the running means and variances of batch\n"
         "norms anew, over N batches (default: 0, they stay)",
         0, 0, 1e9},
        {0, "schedule", AMKD_TEXT, &a->schedule, "NAME",
         "constant, cosine, onecycle or multistep (default: onecycle)", 0, 0, 0,
         .choices = "constant, cosine, onecycle, multistep"},
        {0, "warmup", AMKD_NUMBER, &t->schedule.warmup, "SHARE",
         "let the rate rise to RATE in this share of the steps, before all but\n"
         "onecycle (default: 0)",
         0, 0, 1},
        {0, "milestones", AMKD_TEXT, &a->milestones, "LIST",
         "of multistep: after which shares of the steps the rate becomes a tenth\n"
         "(default: 0.5,0.75)",
         0, 0, 0},
        {'T', "temperature", AMKD_NUMBER, &t->temperature, "T",
         "of distillation: targets and outputs are softened by T (default: 1)", 0, 0.01,
         1000},
        {0, "mixup", AMKD_NUMBER, &t->mixup, "ALPHA",
         "mix each sample and its answer with the next of its batch, by a weight\n"
         "from Beta(ALPHA, ALPHA); an assistant answers about the mix\n"
         "(default: 0, none is mixed)",
         0, 0, 1000},
        {0, "label-smoothing", AMKD_NUMBER, &t->smoothing, "E",
         "take E of each answer and give all classes the same part of it, after\n"
         "temperature and mixup (default: 0)",
         0, 0, 1},
        AMKD_OPTION_SEED(t->seed),
    };
    memcpy(options, group, sizeof group);
    return sizeof group / sizeof *group;
}

static size_t file_options(amkd_option *options, train_arguments *a)
{
    amkd_train_options *t = &a->train;
    const amkd_option group[] = {
        {0, "checkpoint", AMKD_TEXT, &t->checkpoint, "FILE",
         "keep the state of the training in FILE", AMKD_WHERE | AMKD_WRITES, 0, 0,
         "Files and devices:"},
        {0, "checkpoint-seconds", AMKD_NUMBER, &t->checkpoint_seconds, "S",
         "how often (default: 30)", AMKD_WHERE, 0, 1e9},
        {0, "resume", AMKD_TEXT, &t->resume, "FILE",
         "go on from a checkpoint of the same training", AMKD_WHERE | AMKD_GOES_ON, 0, 0},
        {0, "metrics", AMKD_TEXT, &a->metrics, "FILE",
         "write step, loss, rate and more to FILE as the training goes, an\n"
         "object of JSON a line; with --resume the file goes on",
         AMKD_WHERE | AMKD_WRITES, 0, 0},
        AMKD_DEVICES_OPTION(a->device),
        AMKD_PROFILE_OPTION(a->profile),
        {0, "memory", AMKD_TEXT, &a->memory, "SIZE",
         "what the training may take of the device's memory, as 512M or 3G\n"
         "(default: all)",
         0, 0, 0},
        AMKD_OPTION_CHECK(a->common),
        {0, "summary", AMKD_FLAG, &a->summary, NULL,
         "print the network's layers and the memory it takes, and do nothing", AMKD_WHERE,
         0, 0},
        {0, "json", AMKD_FLAG, &a->json, NULL, "--summary: as JSON", AMKD_WHERE, 0, 0},
        {0, "input", AMKD_TEXT, &a->input, "CxHxW",
         "--summary: channels, height and width of images that are not there", AMKD_WHERE,
         0, 0},
        {0, "classes", AMKD_COUNT, &a->nclasses, "N",
         "--check, --summary: the classes that there will be, whatever the\n"
         "inputs say (0: not known)",
         AMKD_WHERE, 0, 1 << 20},
        AMKD_OPTION_OUTPUT(a->common),
        AMKD_OPTION_THREADS(a->common),
        AMKD_OPTION_QUIET(a->common),
        AMKD_OPTION_VERBOSE(a->common),
    };
    memcpy(options, group, sizeof group);
    return sizeof group / sizeof *group;
}

void train_options_list(amkd_option *options, train_arguments *args)
{
    *args = (train_arguments){
        .optimizer = "adamw",
        .schedule = "onecycle",
        .milestones = "0.5,0.75",
        .train = {.optimizer =
                      {.momentum = 0.9, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8},
                  .schedule = {.rate = 3e-3},
                  .temperature = 1,
                  .batch = 128,
                  .nepochs = 20,
                  .checkpoint_seconds = 30},
    };
    amkd_common_init(&args->common);
    args->arch_names = amkd_named_list();
    size_t n = 0;
    n += data_options(options + n, args);
    n += optimizer_options(options + n, args);
    n += file_options(options + n, args);
    options[n] = (amkd_option){0};
}

/* The weight decay that torch.optim.AdamW has by default; its SGD and Adam have none. */
static const double adamw_decay = 0.01;

/* The options that are names, looked up, and the defaults that depend on them. */
static int read_names(train_arguments *args, const amkd_cli *cli)
{
    amkd_optimizer_options *optimizer = &args->train.optimizer;
    amkd_schedule *schedule = &args->train.schedule;
    if (amkd_schedule_parse(schedule, args->schedule))
        return amkd_fail_in("option '--schedule'");
    if (schedule->kind == AMKD_MULTISTEP &&
        amkd_schedule_parse_milestones(schedule, args->milestones))
        return amkd_fail_in("option '--milestones'");
    if (schedule->kind != AMKD_MULTISTEP && amkd_cli_given(cli, "milestones"))
        return amkd_fail("--milestones is of --schedule multistep");
    if (amkd_schedule_check(schedule))
        return amkd_fail_in("option '--warmup'");
    optimizer->kind = (amkd_optimizer_kind)amkd_cli_choice(cli, "optimizer");
    if (!amkd_cli_given(cli, "weight-decay"))
        optimizer->decay = optimizer->kind == AMKD_ADAMW ? adamw_decay : 0;
    return 0;
}

/* What --augment says of the views. */
static int read_views(train_arguments *args)
{
    if (!args->augment || !strcmp(args->augment, "none"))
        return 0;
    if (!args->augment[strspn(args->augment, " \t\n")])
        return amkd_fail("option '--augment' is empty: expected options of amkd-augment, "
                         "or none");
    args->train.views = &args->views;
    return amkd_view_options_parse(&args->views, args->augment)
               ? amkd_fail_in("option '--augment'")
               : 0;
}

/* Adds a rule of length bytes of text. */
static int add_rate(train_arguments *args, const char *text, size_t length, double factor)
{
    amkd_rate_rule *rule = &args->rates[args->train.nrates];
    if (args->train.nrates == TRAIN_MAX_RATES)
        return amkd_fail("more than %d patterns of --lr-scale and --freeze",
                         TRAIN_MAX_RATES);
    if (!length || length >= sizeof rule->pattern)
        return amkd_fail("'%s': expected a pattern of 1 to %zu characters", text,
                         sizeof rule->pattern - 1);
    memcpy(rule->pattern, text, length);
    rule->factor = factor;
    args->train.nrates++;
    return 0;
}

/* "PATTERN=F". */
static int add_scale(train_arguments *args, const char *text)
{
    const char *mark = strrchr(text, '=');
    char *end = NULL;
    const double factor = mark ? strtod(mark + 1, &end) : -1;
    if (!mark || end == mark + 1 || *end || !(factor >= 0 && factor <= 1e6))
        return amkd_fail("'%s': expected PATTERN=F, F from 0 to 1e6", text);
    return add_rate(args, text, (size_t)(mark - text), factor);
}

/* What is frozen comes last, and counts. */
static int read_rates(train_arguments *args)
{
    args->train.rates = args->rates;
    for (size_t r = 0; r < args->rate_scales.n; r++)
        if (add_scale(args, args->rate_scales.text[r]))
            return amkd_fail_in("option '--lr-scale'");
    for (size_t f = 0; f < args->freeze.n; f++)
        if (add_rate(args, args->freeze.text[f], strlen(args->freeze.text[f]), 0))
            return amkd_fail_in("option '--freeze'");
    return 0;
}

/* Numbers of their range with which nothing would be learned, or nothing be done. */
static int check_numbers(const train_arguments *args)
{
    const amkd_train_options *train = &args->train;
    if (train->optimizer.average >= 1)
        return amkd_fail("--ema of 1 would never move: expected less");
    if (train->optimizer.kind == AMKD_SGD && train->optimizer.momentum >= 1)
        return amkd_fail("--momentum of 1 would never forget a gradient: expected less");
    if (train->smoothing >= 1)
        return amkd_fail("--label-smoothing of 1 leaves nothing to learn: expected less");
    if (args->holdout >= 1)
        return amkd_fail("--holdout of 1 leaves nothing to learn from: expected less");
    if (train->mixup > 0 && train->batch == 1)
        return amkd_fail("--mixup needs a --batch of 2 or more: a sample is mixed with "
                         "the next of its batch");
    if (train->views && train->nviews == 1)
        return amkd_fail("--views 1 shows images as they are: expected --augment none, "
                         "or more views");
    return 0;
}

/* Options that would do nothing, or nothing good. */
static int check_options(const train_arguments *args, const amkd_cli *cli)
{
    if (args->assistant && amkd_cli_given(cli, "holdout"))
        return amkd_fail(
            "--holdout is for answers and labels: an assistant's lessons hold "
            "none of them");
    if (!args->mean != !args->std)
        return amkd_fail("--mean and --std go together");
    if (args->train.nviews && !args->train.views)
        return amkd_fail("--views needs --augment");
    if (args->augment_answers && !args->train.views)
        return amkd_fail("--augment-answers needs --augment");
    if (args->augment_answers && args->assistant)
        return amkd_fail(
            "--augment-answers is for answers: with --assistant there are none");
    if (args->train.min_top > 0 && !args->assistant)
        return amkd_fail("--min-top needs --assistant");
    if (args->assistant && args->images.n)
        return amkd_fail(
            "--images is for labels: with --assistant the inputs are images");
    if (amkd_cli_given(cli, "checkpoint-seconds") && !args->train.checkpoint)
        return amkd_fail("--checkpoint-seconds needs --checkpoint");
    if (amkd_cli_given(cli, "classes") && !args->common.check && !args->summary)
        return amkd_fail("--classes is for --check and --summary: else the data say it");
    if (args->input && !args->summary)
        return amkd_fail("--input is for --summary: else the data say it");
    if (args->metrics && !strcmp(args->metrics, "-") &&
        (!args->common.output || !strcmp(args->common.output, "-")))
        return amkd_fail("--metrics - and the model go both to stdout: -o is needed");
    if (args->json && !args->summary)
        return amkd_fail("--json is for --summary");
    if (amkd_cli_given(cli, "momentum") && args->train.optimizer.kind != AMKD_SGD)
        return amkd_fail("--momentum is of --optimizer sgd");
    if (amkd_cli_given(cli, "steps") && !args->train.nsteps && !args->train.refresh_bn)
        return amkd_fail("--steps 0 needs --refresh-bn: else nothing is done");
    if (args->train.optimizer.nesterov && args->train.optimizer.kind != AMKD_SGD)
        return amkd_fail("--nesterov is of --optimizer sgd");
    if (args->train.optimizer.nesterov && args->train.optimizer.momentum <= 0)
        return amkd_fail("--nesterov needs a --momentum above 0");
    return 0;
}

/* What --arch, --mean and --std say, whatever the images. */
static int check_texts(const train_arguments *args)
{
    float mean[AMKD_MAX_CHANNELS], std[AMKD_MAX_CHANNELS];
    size_t n = 1;
    if (args->arch && amkd_graph_check_text(args->arch))
        return amkd_fail_in("option '--arch'");
    if (!args->mean || !args->std)
        return 0;
    for (const char *c = args->mean; *c; c++)
        n += *c == ',';
    if (n > AMKD_MAX_CHANNELS)
        return amkd_fail("option '--mean': more than %d numbers", AMKD_MAX_CHANNELS);
    return amkd_scales_parse(mean, std, n, args->mean, args->std, ',')
               ? amkd_fail_in("options '--mean' and '--std'")
               : 0;
}

/* What --memory and --input say. */
static int read_sizes(train_arguments *args)
{
    if (args->memory &&
        amkd_room_parse(&args->train.memory_nbytes, args->memory, "--memory"))
        return -1;
    if (args->input && amkd_shape_parse(&args->shape, args->input))
        return amkd_fail("--input is '%s', expected channels, height and width such as "
                         "3x32x32",
                         args->input);
    return 0;
}

void train_options_clear(train_arguments *args)
{
    free(args->arch_names);
}

int train_options_read(train_arguments *args, const amkd_cli *cli)
{
    if (amkd_cli_given(cli, "steps") && !args->train.nsteps)
        args->train.nepochs = 0;
    return read_names(args, cli) || read_views(args) || read_rates(args) ||
                   read_sizes(args) || check_texts(args) || check_options(args, cli) ||
                   check_numbers(args)
               ? -1
               : 0;
}
