/* amkd-query: a teacher's answers about picks or images. */
#include "base/cli.h"
#include "compute/device.h"
#include "steps/query.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char notes[] =
    "TEACHER is\n"
    "  model:FILE   a model of amkd-train\n"
    "  exec:CMD     a program kept open: NPY arrays of images to its stdin, NPY arrays\n"
    "               of probabilities from its stdout\n\n"
    "Examples:\n"
    "  amkd-query -t exec:./teacher.py -o labels.amkd real.amkd\n"
    "  amkd-query -t exec:./teacher.py --budget 5k --append -o labels.amkd picks.amkd\n";

typedef struct arguments {
    amkd_query_options query;
    amkd_common common;
    amkd_texts images;
    uint64_t batch;
} arguments;

/* Misuse that the option table cannot tell: 0 when there is none. */
static int check(const amkd_cli *cli, const arguments *a)
{
    const char *dtype = a->query.dtype;
    if (!a->query.teacher)
        return amkd_cli_misuse(cli, "--teacher is needed");
    if (strcmp(dtype, "uint8") != 0 && strcmp(dtype, "float32") != 0)
        return amkd_cli_misuse(cli, "--input: '%s' is neither uint8 nor float32", dtype);
    if (a->query.append && (!a->common.output || strcmp(a->common.output, "-") == 0))
        return amkd_cli_misuse(cli, "--append needs the file to add to: --output FILE");
    return 0;
}

static int run(const arguments *a)
{
    amkd_query_counts counts;
    int rc = amkd_query_write(&counts, &a->query);
    if (rc == 0 && counts.left && !a->common.quiet)
        fprintf(stderr,
                "amkd-query: the budget of %" PRIu64 " answers is reached, %" PRIu64
                " rows were not asked\n",
                a->query.budget, counts.left);
    if (a->common.verbose)
        fprintf(stderr, "amkd-query: %" PRIu64 " asked, %" PRIu64 " skipped\n",
                counts.asked, counts.skipped);
    return rc;
}

int main(int argc, char **argv)
{
    arguments a = {.query = {.dtype = "uint8", .timeout = 300}, .batch = 256};
    amkd_common_init(&a.common);
    const amkd_option options[] = {
        {'t', "teacher", AMKD_TEXT, &a.query.teacher, "TEACHER", "whom to ask", 0, 0, 0},
        {0, "budget", AMKD_COUNT, &a.query.budget, "N",
         "have N answers at most, those there before --append included\n"
         "(default: no limit)",
         0, 1, 0x1p62},
        {0, "append", AMKD_FLAG, &a.query.append, NULL,
         "add to the output what is not in it yet; each batch of answers is\n"
         "on disk before the next is asked",
         AMKD_WHERE, 0, 0},
        {0, "batch", AMKD_COUNT, &a.batch, "N", "images a request (default: 256)",
         AMKD_WHERE, 1, 1 << 20},
        {0, "input", AMKD_TEXT, &a.query.dtype, "TYPE",
         "what programs get: uint8, N x H x W x C (default), or float32,\n"
         "N x C x H x W from 0 to 1",
         0, 0, 0},
        {0, "timeout", AMKD_NUMBER, &a.query.timeout, "S",
         "give up a program that takes longer than S seconds for an answer\n"
         "(default: 300; 0: never)",
         AMKD_WHERE, 0, 1e9},
        {'i', "images", AMKD_TEXTS, &a.images, "FILE",
         "the images that the picks speak of, instead of the path in their\n"
         "header; once for each image set",
         AMKD_WHERE, 0, 0},
        AMKD_DEVICE_OPTION(a.query.device),
        AMKD_OPTION_OUTPUT(a.common),
        AMKD_OPTION_THREADS(a.common),
        AMKD_OPTION_QUIET(a.common),
        AMKD_OPTION_VERBOSE(a.common),
        AMKD_OPTION_END,
    };
    const amkd_tool tool = {.name = "amkd-query",
                            .summary = "ask a teacher about picks or images",
                            .usage = "-t TEACHER [OPTION]... [PICKS|IMAGES]",
                            .notes = notes,
                            .options = options,
                            .max_arguments = 1};
    amkd_cli cli;
    int rc = amkd_cli_open(&cli, &tool, argc, argv);
    if (rc)
        return rc == 1 ? 0 : 2;
    rc = check(&cli, &a);
    if (rc) {
        amkd_cli_close(&cli, 0);
        return rc;
    }
    a.query.input = cli.narguments ? cli.arguments[0] : "-";
    a.query.images = a.images.text;
    a.query.nimages = a.images.n;
    a.query.output = a.common.output;
    a.query.batch = (size_t)a.batch;
    a.query.nthreads = (size_t)a.common.nthreads;
    a.query.quiet = a.common.quiet;
    a.query.command = cli.command;
    return amkd_cli_close(&cli, run(&a));
}
