/* amkd-augment: random views of every image. */
#include "base/cli.h"
#include "steps/augment.h"
#include <inttypes.h>
#include <stdio.h>
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
    const char *border, *around;
} arguments;

static int run(const arguments *given)
{
    amkd_augment_counts counts;
    if (amkd_augment(&counts, &given->augment))
        return -1;
    if (given->common.verbose)
        fprintf(stderr, "amkd-augment: %" PRIu64 " views of %" PRIu64 " images, on %s\n",
                counts.views, counts.images, counts.device);
    return 0;
}

static int check(const amkd_cli *cli, const arguments *given)
{
    const amkd_augment_options *augment = &given->augment;
    return amkd_augment_check(augment) ||
                   (amkd_cli_given(cli, "device") && amkd_device_check(augment->device))
               ? -1
               : 0;
}

static const amkd_view_ranges default_ranges = {.flip = 0.5,
                                                .shift = 0.07,
                                                .rotate = 10,
                                                .scale = 0.12,
                                                .shear = 0.1,
                                                .contrast = 0.3};

/* Turns texts into values; 0, or the exit status of a misuse. */
static int interpret(const amkd_cli *cli, arguments *given)
{
    amkd_augment_options *augment = &given->augment;
    amkd_view_options *views = &augment->views;
    const char *around = given->around;
    if (amkd_border_parse(&views->border, given->border))
        return amkd_cli_misuse(cli, "--border '%s': expected zero, edge or mean",
                               given->border);
    if (strcmp(around, "black") && strcmp(around, "mean"))
        return amkd_cli_misuse(cli, "--around '%s': expected black or mean", around);
    if (amkd_cli_given(cli, "around") && !(views->ranges.contrast > 0))
        return amkd_cli_misuse(cli, "--around is for --contrast");
    views->around_mean = !strcmp(around, "mean");
    augment->images = cli->narguments ? cli->arguments[0] : "-";
    augment->output = given->common.output;
    augment->nthreads = given->common.nthreads;
    augment->quiet = given->common.quiet;
    augment->command = cli->command;
    return 0;
}

/* An option that is a number of the ranges, of its own name. */
#define RANGE(ranges, name, argument, most, help)                                        \
    {                                                                                    \
        0, #name, AMKD_NUMBER, &(ranges).name, argument, help, 0, 0, most                \
    }

int main(int argc, char **argv)
{
    arguments given = {.augment = {.nviews = 10, .views = {.ranges = default_ranges}},
                       .border = "zero",
                       .around = "black"};
    amkd_common_init(&given.common);
    amkd_augment_options *augment = &given.augment;
    amkd_view_ranges *ranges = &augment->views.ranges;
    const amkd_option options[] = {
        {'V', "views", AMKD_COUNT, &augment->nviews, "V",
         "views of each image (default: 10)", 0, 1, 0x1p32},
        {0, "keep", AMKD_FLAG, &augment->keep, NULL,
         "the first view of each is the image itself", 0, 0, 0},
        AMKD_OPTION_SEED(augment->views.seed),
        {0, "flip", AMKD_NUMBER, &ranges->flip, "P",
         "mirror, left for right, with probability P (default: 0.5)", 0, 0, 1,
         .heading = "Transforms"},
        RANGE(*ranges, shift, "R", 1,
              "move by this part of the width and of the height (default: 0.07)"),
        RANGE(*ranges, rotate, "R", 180, "turn by degrees (default: 10)"),
        RANGE(*ranges, scale, "R", 0.9,
              "1 plus or minus this many times as large (default: 0.12)"),
        RANGE(*ranges, shear, "R", 2,
              "move each row against the next by so many pixels (default: 0.1)"),
        RANGE(*ranges, contrast, "R", 1,
              "1 plus or minus this many times the contrast (default: 0.3)"),
        {0, "around", AMKD_TEXT, &given.around, "WHAT",
         "what the contrast leaves as it is: black or mean (default: black)", 0, 0, 0},
        RANGE(*ranges, brightness, "R", 1,
              "lighter or darker by this part of white (default: 0)"),
        RANGE(*ranges, erase, "R", 1,
              "blank a rectangle, each side up to this part of the image's (default: 0)"),
        RANGE(*ranges, elastic, "R", 0.5,
              "pull at 6 x 6 points, by this part of the width and height (default: 0)"),
        {0, "border", AMKD_TEXT, &given.border, "WHAT",
         "what lies outside an image: zero, edge or mean (default: zero)", 0, 0, 0},
        AMKD_DEVICE_OPTION(augment->device),
        AMKD_OPTION_CHECK(given.common),
        AMKD_OPTION_OUTPUT(given.common),
        AMKD_OPTION_THREADS(given.common),
        AMKD_OPTION_QUIET(given.common),
        AMKD_OPTION_VERBOSE(given.common),
        AMKD_OPTION_END,
    };
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
