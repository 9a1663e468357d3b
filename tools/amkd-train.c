/* amkd-train: labels in, a student out. */
#include "base/cli.h"
#include "base/cli_paths.h"
#include "base/cli_say.h"
#include "base/error.h"
#include "base/file.h"
#include "steps/learn/summary.h"
#include "steps/learn/train_team.h"
#include "steps/learn/training.h"
#include "steps/show/profile.h"
#include "team/start.h"
#include "train-options.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char default_arch[] = "lenet5-half";

static void say(void *context, const char *text)
{
    const train_arguments *args = context;
    if (!args->common.quiet)
        fprintf(stderr, "amkd-train: %s\n", text);
}

static void say_step(void *context, const amkd_train_report *report, const char *more)
{
    const train_arguments *args = context;
    if (args->common.verbose)
        fprintf(stderr,
                "amkd-train: step %llu of %llu, epoch %.2f, rate %.3g, loss %.6f, top "
                "%.4f%s\n",
                (unsigned long long)report->step, (unsigned long long)report->nsteps,
                report->epoch, report->rate, report->loss, report->agreement, more);
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
        .mean = args->mean,
        .std = args->std,
        .rates = args->train.rates,
        .nrates = args->train.nrates,
        .refreshes_bn = args->train.refresh_bn > 0,
        .val = args->val,
        .says_classes = amkd_cli_given(cli, "classes"),
        .nclasses = args->nclasses,
        .shape = args->shape,
    };
}

/* Whether the devices can train this; those of a team of processes are not known here. */
static int check_devices(const train_arguments *args, const amkd_train_plan *plan,
                         const amkd_device *devices, size_t n, const amkd_team *team)
{
    const amkd_device *each[AMKD_MAX_DEVICES];
    for (size_t d = 0; d < n; d++)
        each[d] = &devices[d];
    return amkd_train_team_check(each, team ? 1 : n) ||
                   amkd_train_check_room(plan, &args->train, &devices[0])
               ? -1
               : 0;
}

/* A device that nobody named may be another one, or none, where only a check is run. */
static int check(const train_arguments *args, const amkd_cli *cli, const amkd_team *team)
{
    const amkd_train_plan plan = plan_of(args, cli);
    amkd_device *devices;
    size_t ndevices;
    if (amkd_cli_probe_paths(cli) || amkd_train_check(&plan))
        return -1;
    if (amkd_devices_find(&devices, &ndevices, args->device))
        return amkd_cli_given(cli, "device") ? -1 : 0;
    const int rc = check_devices(args, &plan, devices, ndevices, team);
    free(devices);
    return rc;
}

static int summarize(train_arguments *args, const amkd_cli *cli)
{
    const amkd_train_plan plan = plan_of(args, cli);
    amkd_device *devices;
    size_t ndevices;
    amkd_model *assistant = NULL;
    char *text = NULL;
    if (amkd_devices_find(&devices, &ndevices, args->device))
        return -1;
    int rc = args->assistant ? amkd_model_load(&assistant, args->assistant) : 0;
    args->train.assistant = assistant;
    if (!rc)
        rc = amkd_train_summary_text(&text, &plan, &args->train, &devices[0], args->json);
    if (!rc)
        rc = amkd_file_write(args->common.output, text, strlen(text));
    free(text);
    free(devices);
    amkd_model_free(assistant);
    return rc;
}

/* Who is who, for messages of the launcher. */
static int say_roll(const train_arguments *args, amkd_team *team)
{
    char *roll = amkd_team_roll(team), *rest = roll;
    if (!roll)
        return -1;
    while (rest && args->common.verbose)
        amkd_cli_say("amkd-train", "", strsep(&rest, "\n"));
    free(roll);
    return 0;
}

/* Rank 0 speaks and writes for all. */
static void be_one_of_team(train_arguments *args, const amkd_team *team)
{
    if (amkd_team_rank(team) == 0)
        return;
    args->common.quiet = 1;
    args->common.verbose = 0;
    args->profile = NULL;
}

static int run(train_arguments *args, const amkd_cli *cli, amkd_team *team)
{
    amkd_training training = {.plan = plan_of(args, cli),
                              .images = args->images.text,
                              .nimages = args->images.n,
                              .holdout = args->holdout,
                              .device = args->device,
                              .team = team,
                              .output = args->common.output,
                              .metrics = args->metrics,
                              .nthreads = args->common.nthreads,
                              .quiet = args->common.quiet,
                              .command = cli->command,
                              .context = args,
                              .said = say,
                              .reported = say_step};
    if ((team && say_roll(args, team)) ||
        amkd_profile_open(&training.profile, args->profile))
        return -1;
    const int rc = amkd_training_run(&training, &args->train);
    return amkd_profile_close(training.profile, args->profile, rc);
}

static int work(int argc, char **argv, amkd_team *team)
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
    if (rc) {
        rc = cli.status;
    } else if (train_options_read(&args, &cli)) {
        rc = amkd_cli_misuse(&cli, "%s", amkd_error());
        amkd_cli_close(&cli, 0);
    } else {
        be_one_of_team(&args, team);
        rc = args.common.check ? check(&args, &cli, team)
             : args.summary    ? (amkd_team_rank(team) ? 0 : summarize(&args, &cli))
                               : run(&args, &cli, team);
        rc = amkd_cli_close(&cli, amkd_team_leave(team, rc));
    }
    train_options_clear(&args);
    return rc;
}

/* amkd-train_mpi is this, too, of several processes (team/start.h). */
int main(int argc, char **argv)
{
    amkd_team *team;
    if (amkd_team_start(&team)) {
        amkd_cli_say("amkd-train", "", amkd_error());
        return amkd_team_end(team, 1);
    }
    return amkd_team_end(team, work(argc, argv, team));
}
