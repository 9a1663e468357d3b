/* One table for amkd-augment's command line and for texts that say the same. */
#include "data/view_options.h"
#include "base/error.h"
#include <string.h>

static const amkd_view_ranges default_ranges = {.flip = 0.5,
                                                .shift = 0.07,
                                                .rotate = 10,
                                                .scale = 0.12,
                                                .shear = 0.1,
                                                .contrast = 0.3};

/* An option that is a number of the ranges, of its own name. */
#define RANGE(ranges, name, argument, most, help)                                        \
    {                                                                                    \
        0, #name, AMKD_NUMBER, &(ranges).name, argument, help, 0, 0, most                \
    }

void amkd_view_options_list(amkd_option options[AMKD_VIEW_NOPTIONS],
                            amkd_view_given *given)
{
    *given = (amkd_view_given){default_ranges, "zero", "black", 0};
    amkd_view_ranges *ranges = &given->ranges;
    const amkd_option list[AMKD_VIEW_NOPTIONS] = {
        {0, "only", AMKD_FLAG, &given->only, NULL,
         "leave out transforms that are not given, whatever their defaults", 0, 0, 0,
         .heading = "Transforms"},
        {0, "flip", AMKD_NUMBER, &ranges->flip, "P",
         "mirror, left for right, with probability P (default: 0.5)", 0, 0, 1},
        {0, "crop", AMKD_COUNT, &ranges->crop, "N",
         "cut it, at random, out of itself padded by N pixels (default: 0)", 0, 0,
         AMKD_VIEW_MAX_SIDE},
        RANGE(*ranges, shift, "R", 1,
              "move by this part of the width and of the height (default: 0.07)"),
        RANGE(*ranges, rotate, "R", 180, "turn by degrees (default: 10)"),
        RANGE(*ranges, scale, "R", 0.9,
              "1 plus or minus this many times as large (default: 0.12)"),
        RANGE(*ranges, shear, "R", 2,
              "move each row against the next by so many pixels (default: 0.1)"),
        RANGE(*ranges, contrast, "R", 1,
              "1 plus or minus this many times the contrast (default: 0.3)"),
        {0, "around", AMKD_TEXT, &given->around, "WHAT",
         "what the contrast leaves as it is: black or mean (default: black)", 0, 0, 0,
         .choices = "black, mean"},
        RANGE(*ranges, brightness, "R", 1,
              "lighter or darker by this part of white (default: 0)"),
        RANGE(*ranges, saturation, "R", 1,
              "1 plus or minus this many times the colour (default: 0)"),
        RANGE(*ranges, erase, "R", 1,
              "blank a rectangle, each side up to this part of the image's (default: 0)"),
        RANGE(*ranges, elastic, "R", 0.5,
              "pull at 6 x 6 points, by this part of the width and height (default: 0)"),
        {0, "border", AMKD_TEXT, &given->border, "WHAT",
         "what lies outside an image: zero, edge, mean or reflect (default: zero)", 0, 0,
         0, .choices = "zero, edge, mean, reflect"},
    };
    memcpy(options, list, sizeof list);
}

/* Leaves out the transforms that have a default and were not given. */
static void keep_given(amkd_view_ranges *ranges, const amkd_cli *cli)
{
    const struct {
        const char *name;
        double *range;
    } all[] = {{"flip", &ranges->flip},     {"shift", &ranges->shift},
               {"rotate", &ranges->rotate}, {"scale", &ranges->scale},
               {"shear", &ranges->shear},   {"contrast", &ranges->contrast}};
    for (size_t r = 0; r < sizeof all / sizeof *all; r++)
        if (!amkd_cli_given(cli, all[r].name))
            *all[r].range = 0;
}

/* Whether some view is not its image. */
static int changes(const amkd_view_ranges *r)
{
    return r->crop || r->flip > 0 || r->shift > 0 || r->rotate > 0 || r->scale > 0 ||
           r->shear > 0 || r->contrast > 0 || r->brightness > 0 || r->saturation > 0 ||
           r->erase > 0 || r->elastic > 0;
}

int amkd_view_options_read(amkd_view_options *views, const amkd_view_given *given,
                           const amkd_cli *cli)
{
    if (amkd_border_parse(&views->border, given->border))
        return amkd_fail("--border '%s': expected zero, edge, mean or reflect",
                         given->border);
    views->ranges = given->ranges;
    if (given->only)
        keep_given(&views->ranges, cli);
    if (given->only && !changes(&views->ranges))
        return amkd_fail("--only leaves out all transforms: expected one beside it");
    if (amkd_cli_given(cli, "around") && !(views->ranges.contrast > 0))
        return amkd_fail("--around is for --contrast");
    views->around_mean = !strcmp(given->around, "mean");
    return 0;
}

int amkd_view_options_parse(amkd_view_options *views, const char *text)
{
    amkd_view_given given;
    amkd_option options[AMKD_VIEW_NOPTIONS + 1] = {0};
    amkd_view_options_list(options, &given);
    const amkd_tool tool = {.name = "views", .usage = "[OPTION]...", .options = options};
    amkd_cli cli;
    if (amkd_cli_parse(&cli, &tool, text))
        return -1;
    const int rc = amkd_view_options_read(views, &given, &cli);
    amkd_cli_clear(&cli);
    return rc;
}
