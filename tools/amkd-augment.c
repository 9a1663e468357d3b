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

static int run(const amkd_augment_options *options, int verbose)
{
    amkd_augment_counts counts;
    if (amkd_augment(&counts, options))
        return -1;
    if (verbose)
        fprintf(stderr, "amkd-augment: %" PRIu64 " views of %" PRIu64 " images, on %s\n",
                counts.views, counts.images, counts.device);
    return 0;
}

static int check(const amkd_cli *cli, amkd_view_options *views, const char *border,
                 const char *around)
{
    if (amkd_border_parse(&views->border, border))
        return amkd_cli_misuse(cli, "--border '%s': expected zero, edge or mean", border);
    if (strcmp(around, "black") && strcmp(around, "mean"))
        return amkd_cli_misuse(cli, "--around '%s': expected black or mean", around);
    if (amkd_cli_given(cli, "around") && !(views->ranges.contrast > 0))
        return amkd_cli_misuse(cli, "--around is for --contrast");
    views->around_mean = !strcmp(around, "mean");
    return 0;
}

int main(int argc, char **argv)
{
    amkd_common common;
    amkd_common_init(&common);
    amkd_augment_options augment = {.nviews = 10};
    amkd_view_ranges *ranges = &augment.views.ranges;
    *ranges = (amkd_view_ranges){.flip = 0.5,
                                 .shift = 0.07,
                                 .rotate = 10,
                                 .scale = 0.12,
                                 .shear = 0.1,
                                 .contrast = 0.3};
    const char *border = "zero", *around = "black";
    const amkd_option options[] = {
        {'V', "views", AMKD_COUNT, &augment.nviews, "V",
         "views of each image (default: 10)", 0, 1, 0x1p32},
        {0, "keep", AMKD_FLAG, &augment.keep, NULL,
         "the first view of each is the image itself", 0, 0, 0},
        AMKD_OPTION_SEED(augment.views.seed),
        {0, "flip", AMKD_NUMBER, &ranges->flip, "P",
         "mirror, left for right, with probability P (default: 0.5)", 0, 0, 1,
         .heading = "Transforms"},
        {0, "shift", AMKD_NUMBER, &ranges->shift, "R",
         "move by this part of the width and of the height (default: 0.07)", 0, 0, 1},
        {0, "rotate", AMKD_NUMBER, &ranges->rotate, "R", "turn by degrees (default: 10)",
         0, 0, 180},
        {0, "scale", AMKD_NUMBER, &ranges->scale, "R",
         "1 plus or minus this many times as large (default: 0.12)", 0, 0, 0.9},
        {0, "shear", AMKD_NUMBER, &ranges->shear, "R",
         "move each row against the next by so many pixels (default: 0.1)", 0, 0, 2},
        {0, "contrast", AMKD_NUMBER, &ranges->contrast, "R",
         "1 plus or minus this many times the contrast (default: 0.3)", 0, 0, 1},
        {0, "around", AMKD_TEXT, &around, "WHAT",
         "what the contrast leaves as it is: black, or the image's mean\n"
         "(default: black)",
         0, 0, 0},
        {0, "brightness", AMKD_NUMBER, &ranges->brightness, "R",
         "lighter or darker by this part of white (default: 0)", 0, 0, 1},
        {0, "erase", AMKD_NUMBER, &ranges->erase, "R",
         "blank a rectangle, each side up to this part of the image's (default: 0)", 0, 0,
         1},
        {0, "elastic", AMKD_NUMBER, &ranges->elastic, "R",
         "pull at a grid of 6 x 6 points, by this part of the width and of the height\n"
         "(default: 0)",
         0, 0, 0.5},
        {0, "border", AMKD_TEXT, &border, "WHAT",
         "what lies outside an image: zero, edge or mean (default: zero)", 0, 0, 0},
        AMKD_DEVICE_OPTION(augment.device),
        AMKD_OPTION_OUTPUT(common),
        AMKD_OPTION_THREADS(common),
        AMKD_OPTION_QUIET(common),
        AMKD_OPTION_VERBOSE(common),
        AMKD_OPTION_END,
    };
    const amkd_tool tool = {.name = "amkd-augment",
                            .summary = "make random views of every image",
                            .usage = "[OPTION]... [IMAGES]",
                            .notes = notes,
                            .options = options,
                            .max_arguments = 1};
    amkd_cli cli;
    int rc = amkd_cli_open(&cli, &tool, argc, argv);
    if (rc)
        return cli.status;
    rc = check(&cli, &augment.views, border, around);
    if (rc) {
        amkd_cli_close(&cli, 0);
        return rc;
    }
    augment.images = cli.narguments ? cli.arguments[0] : "-";
    augment.output = common.output;
    augment.nthreads = common.nthreads;
    augment.quiet = common.quiet;
    augment.command = cli.command;
    return amkd_cli_close(&cli, run(&augment, common.verbose));
}
