/* amkd-report: distillations as one page to look at. */
#include "base/cli.h"
#include "base/file.h"
#include "device/device.h"
#include "report/report.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct arguments {
    amkd_common common;
    amkd_report_options report;
    uint64_t nshown, ndetailed;
    int tsv;
} arguments;

static void say_what_was_found(const amkd_report *report)
{
    for (size_t r = 0; r < report->nruns; r++)
        fprintf(
            stderr, "amkd-report: %s: rounds: %zu, of method: %s\n", report->runs[r].dir,
            report->runs[r].nrounds,
            report->methods.methods[amkd_methods_of(&report->methods, &report->runs[r])]
                .name);
}

static int run(arguments *args, const char *const *dirs, size_t ndirs)
{
    amkd_report report;
    char *text = NULL;
    args->report.ndetailed = (size_t)args->ndetailed;
    args->report.detail.nshown = (size_t)args->nshown;
    args->report.detail.nthreads = (size_t)args->common.nthreads;
    int rc = amkd_output_probe(args->common.output, NULL);
    if (rc)
        return rc;
    rc = amkd_report_open(&report, dirs, ndirs, &args->report);
    if (!rc && args->common.verbose)
        say_what_was_found(&report);
    if (!rc && args->tsv)
        rc = amkd_report_tsv(&text, &report);
    else if (!rc)
        rc = amkd_report_look(&report) || amkd_report_html(&text, &report) ? -1 : 0;
    if (!rc)
        rc = amkd_file_write(args->common.output, text, strlen(text));
    free(text);
    amkd_report_close(&report);
    return rc;
}

int main(int argc, char **argv)
{
    arguments args = {.nshown = 24, .ndetailed = 4};
    amkd_common_init(&args.common);
    const amkd_option options[] = {
        {0, "title", AMKD_TEXT, &args.report.title, "TEXT",
         "the page's title (default: what was distilled)", 0, 0, 0},
        {0, "shown", AMKD_COUNT, &args.nshown, "N",
         "show N pictures a round with what was said of them\n(default: 24; 0: none)", 0,
         0, 1000},
        {0, "detailed", AMKD_COUNT, &args.ndetailed, "N",
         "show the first runs of N methods in detail (default: 4)", 0, 0, 1000},
        {0, "price", AMKD_NUMBER, &args.report.price, "P",
         "what an answer costs, for the figures shown", 0, 0, 1e9},
        {0, "tsv", AMKD_FLAG, &args.tsv, NULL,
         "the figures of each round of each run as a table of text", 0, 0, 0},
        AMKD_DEVICES_OPTION(args.report.detail.device),
        AMKD_OPTION_OUTPUT(args.common),
        AMKD_OPTION_THREADS(args.common),
        AMKD_OPTION_QUIET(args.common),
        AMKD_OPTION_VERBOSE(args.common),
        AMKD_OPTION_END,
    };
    const amkd_tool tool = {
        .name = "amkd-report",
        .summary = "show distillations as one page: curves, confusion, what was picked",
        .usage = "[OPTION]... DIR...",
        .notes =
            "DIR is a directory of amkd-distill, done or under way. The page is HTML "
            "with all\n"
            "in it: no network and no script. Runs that differ in nothing but seeds are\n"
            "averaged.\n"
            "\nExamples:\n"
            "  amkd-report -o report.html amkd-run\n"
            "  amkd-report -o compared.html c2-1 c2-2 c2-3 random-1 random-2 random-3\n",
        .options = options,
        .min_arguments = 1,
        .max_arguments = 10000,
    };
    amkd_cli cli;
    if (amkd_cli_open(&cli, &tool, argc, argv))
        return cli.status;
    return amkd_cli_close(&cli, run(&args, cli.arguments, cli.narguments));
}
