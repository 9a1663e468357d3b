/* amkd-augment: random views of every image. */
#include "base/cli.h"
#include "base/cli_paths.h"
#include "base/error.h"
#include "data/view_options.h"
#include "steps/select/augment.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char notes[] =
    "Every range R draws uniformly from -R to R. A view's row knows the image it came\n"
    "from, so that amkd-pool pairs different images only.\n\n"
    "Examples:\n"
    "  amkd-augment -V 30 --seed 1 -o views.amkd real.amkd\n"
    "  amkd-augment -V 4 --keep -o few.amkd real.amkd && amkd-cat --png=few.png "
    "--columns 4 few.amkd\n"
    "  amkd-augment --rotate 0 --scale 0 --shear 0 --erase 0.5 -o views.amkd real.amkd\n";

typedef struct arguments {
    amkd_common common;
    amkd_augment_options augment;
    amkd_view_given views;
} arguments;

static int run(const arguments *given)
{
    amkd_augment_counts counts;
    const int rc = amkd_augment(&counts, &given->augment);
    if (!rc && given->common.verbose)
        fprintf(stderr, "amkd-augment: %" PRIu64 " views of %" PRIu64 " images, on %s\n",
                counts.views, counts.images, counts.where);
    free(counts.where);
    return rc;
}

static int check(const amkd_cli *cli, const arguments *given)
{
    const amkd_augment_options *augment = &given->augment;
    return amkd_cli_probe_paths(cli) || amkd_augment_check(augment) ||
                   (amkd_cli_given(cli, "device") && amkd_devices_check(augment->device))
               ? -1
               : 0;
}

/* Turns texts into values; 0, or the exit status of a misuse. */
static int interpret(const amkd_cli *cli, arguments *given)
{
    amkd_augment_options *augment = &given->augment;
    if (amkd_view_options_read(&augment->views, &given->views, cli))
        return amkd_cli_misuse(cli, "%s", amkd_error());
    augment->images = cli->narguments ? cli->arguments[0] : "-";
    augment->output = given->common.output;
    augment->nthreads = given->common.nthreads;
    augment->quiet = given->common.quiet;
    augment->command = cli->command;
    return 0;
}

/* The options, ended by a zeroed one. */
static void list_options(amkd_option *options, arguments *given)
{
    amkd_augment_options *augment = &given->augment;
    const amkd_option first[] = {
        {'V', "views", AMKD_COUNT, &augment->nviews, "V",
         "views of each image (default: 10)", 0, 1, 0x1p32},
        {0, "keep", AMKD_FLAG, &augment->keep, NULL,
         "the first view of each is the image itself", 0, 0, 0},
        AMKD_OPTION_SEED(augment->views.seed),
    };
    const amkd_option last[] = {
        AMKD_DEVICES_OPTION(augment->device),
        AMKD_OPTION_CHECK(given->common),
        AMKD_OPTION_OUTPUT(given->common),
        AMKD_OPTION_THREADS(given->common),
        AMKD_OPTION_QUIET(given->common),
        AMKD_OPTION_VERBOSE(given->common),
        AMKD_OPTION_END,
    };
    const size_t nfirst = sizeof first / sizeof *first;
    memcpy(options, first, sizeof first);
    amkd_view_options_list(options + nfirst, &given->views);
    memcpy(options + nfirst + AMKD_VIEW_NOPTIONS, last, sizeof last);
}

enum { MAX_OPTIONS = 32 };

int main(int argc, char **argv)
{
    arguments given = {.augment = {.nviews = 10}};
    amkd_option options[MAX_OPTIONS];
    amkd_common_init(&given.common);
    list_options(options, &given);
    const amkd_tool tool = {.name = "amkd-augment",
                            .summary = "make random views of every image",
                            .usage = "[OPTION]... [IMAGES]",
                            .notes = notes,
                            .options = options,
                            .max_arguments = 1};
    amkd_cli cli;
    if (amkd_cli_open(&cli, &tool, argc, argv))
        return cli.status;
    const int misused = interpret(&cli, &given);
    int rc = 0;
    if (!misused)
        rc = given.common.check ? check(&cli, &given) : run(&given);
    const int status = amkd_cli_close(&cli, rc);
    return misused ? misused : status;
}
