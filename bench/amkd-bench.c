/* amkd-bench: what the kernels and tools reach on a device, beside what it can do at
 * most, all in one run. */
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "bench.h"
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whole processes run before the device is opened, so that this one is small when they
 * are split off: the kernel counts what it held then as theirs. */
typedef enum stage { PROCESSES, KERNELS } stage;

/* clang-format off */
static const struct {
    const char *name;
    stage stage;
    int (*run)(bench *b);
} parts[] = {
    {"start", PROCESSES, bench_start},
    {"score", PROCESSES, bench_score},
    {"scale", PROCESSES, bench_scale},
    {"refine", PROCESSES, bench_refine},
    {"stream", PROCESSES, bench_stream},
    {"import", PROCESSES, bench_import},
    {"augment", PROCESSES, bench_augment},
    {"layers", KERNELS, bench_layers},
    {"convolutions", KERNELS, bench_convolutions},
    {"clblast", KERNELS, bench_clblast},
    {"train", KERNELS, bench_train},
    {"networks", KERNELS, bench_networks},
    {"sweep", KERNELS, bench_sweep},
};
/* clang-format on */

enum { NPARTS = sizeof parts / sizeof *parts };

typedef struct arguments {
    amkd_common common;
    bench bench;
    amkd_texts only;
    int json;
    uint64_t nrepetitions;
} arguments;

/* "start, score, layers, ..." */
static void list_parts(char *list, size_t size)
{
    size_t used = 0;
    for (size_t p = 0; p < NPARTS && used < size; p++)
        used += (size_t)snprintf(list + used, size - used, "%s%s", p ? ", " : "",
                                 parts[p].name);
}

static int wanted(const arguments *args, const char *part)
{
    for (size_t o = 0; o < args->only.n; o++)
        if (!strcmp(args->only.text[o], part))
            return 1;
    return !args->only.n;
}

static int known(const char *part)
{
    for (size_t p = 0; p < NPARTS; p++)
        if (!strcmp(parts[p].name, part))
            return 1;
    return 0;
}

/* The last newline and the end of the whole text. */
static int print(const arguments *args)
{
    char *text = args->json ? bench_json(&args->bench) : bench_table(&args->bench);
    char *line = text ? amkd_format("%s%s", text, args->json ? "\n" : "") : NULL;
    const int rc = line ? amkd_file_write(args->common.output, line, strlen(line)) : -1;
    free(text);
    free(line);
    return rc;
}

static int run_parts(arguments *args, stage which)
{
    for (size_t p = 0; p < NPARTS; p++)
        if (parts[p].stage == which && wanted(args, parts[p].name) &&
            parts[p].run(&args->bench))
            return -1;
    return 0;
}

static int measure(arguments *args)
{
    bench *b = &args->bench;
    return run_parts(args, PROCESSES) || amkd_device_open(&b->device, b->which) ||
                   bench_peak(b, "before") || run_parts(args, KERNELS) ||
                   bench_peak(b, "after") || print(args)
               ? -1
               : 0;
}

/* tools/ beside the directory that this program is in; freed by the caller. */
static char *find_tools(void)
{
    char path[4096];
    const ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n < 0) {
        amkd_fail_errno("'/proc/self/exe'");
        return NULL;
    }
    path[n] = 0;
    return amkd_format("%s/../tools", dirname(path));
}

static int run(arguments *args)
{
    bench *b = &args->bench;
    char *tools = b->tools ? NULL : find_tools();
    int rc = b->tools || tools ? 0 : -1;
    if (!rc) {
        b->tools = b->tools ? b->tools : tools;
        b->quiet = args->common.quiet;
        b->nrepetitions = b->quick ? 1 : args->nrepetitions;
        b->nlong = b->nrepetitions < 3 ? b->nrepetitions : 3;
        b->seconds = b->quick ? 0 : 0.05;
        rc = measure(args);
    }
    bench_clear(b);
    free(tools);
    return rc;
}

/* 0, or the status of a misuse. list: the parts there are. */
static int check(amkd_cli *cli, const arguments *args, const char *list)
{
    const bench *b = &args->bench;
    for (size_t o = 0; o < args->only.n; o++)
        if (!known(args->only.text[o]))
            return amkd_cli_misuse(cli, "--only: '%s' is none of %s", args->only.text[o],
                                   list);
    for (size_t w = 0; w < b->networks.n; w++)
        if (!bench_has_network(b, b->networks.text[w]))
            return amkd_cli_misuse(cli, "--network: '%s' is none of those measured",
                                   b->networks.text[w]);
    return 0;
}

int main(int argc, char **argv)
{
    arguments args = {.nrepetitions = 9, .bench.scale_pairs = 10000000};
    char list[200], only_help[300];
    list_parts(list, sizeof list);
    snprintf(only_help, sizeof only_help, "%s (default: all); may be given several times",
             list);
    amkd_common_init(&args.common);
    const amkd_option options[] = {
        {'n', "repetitions", AMKD_COUNT, &args.nrepetitions, "N",
         "of every kernel (default: 9); of trainings and tools 3 at most", 0, 1, 10000},
        {0, "only", AMKD_TEXTS, &args.only, "PART", only_help, 0, 0, 0},
        {0, "network", AMKD_TEXTS, &args.bench.networks, "NAME",
         "of networks, this one alone; may be given several times", 0, 0, 0},
        {0, "quick", AMKD_FLAG, &args.bench.quick, NULL,
         "tiny sizes, which show that everything runs and no more", 0, 0, 0},
        {0, "scale-pairs", AMKD_COUNT, &args.bench.scale_pairs, "N",
         "pairs of the largest pool of scale (default: 10M)", 0, 100000, 100000000},
        {0, "json", AMKD_FLAG, &args.json, NULL, "JSON instead of a table", 0, 0, 0},
        {0, "tools", AMKD_TEXT, &args.bench.tools, "DIR",
         "where the tools are (default: those built beside this)", 0, 0, 0},
        AMKD_DEVICE_OPTION(args.bench.which),
        AMKD_OPTION_OUTPUT(args.common),
        AMKD_OPTION_QUIET(args.common),
        AMKD_OPTION_END,
    };
    const amkd_tool tool = {
        .name = "amkd-bench",
        .summary = "measure kernels and tools beside the device's peak",
        .usage = "[OPTION]...",
        .options = options,
    };
    amkd_cli cli;
    int rc = amkd_cli_open(&cli, &tool, argc, argv);
    if (rc)
        return cli.status;
    if ((rc = check(&cli, &args, list))) {
        amkd_cli_close(&cli, 0);
        return rc;
    }
    return amkd_cli_close(&cli, run(&args));
}
