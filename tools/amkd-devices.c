/* amkd-devices: the OpenCL devices of this machine, which one would be used, whether its
 * kernels are right, which of them a model's layers run by, and what they are. */
#include "base/cli.h"
#include "base/error.h"
#include "base/file.h"
#include "device/cache.h"
#include "device/device.h"
#include "device/pretend.h"
#include "net/published.h"
#include "steps/selftest/selftest.h"
#include "steps/show/plans.h"
#include "steps/show/programs.h"
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char notes[] =
    "An asterisk marks the device that every tool uses with the same -d and "
    "AMKD_DEVICE.\n"
    "The exit status is 1 when there is no such device, or when it fails the "
    "self-test.\n\n"
    "Examples:\n"
    "  amkd-devices\n"
    "  amkd-devices -d gpu --self-test\n"
    "  amkd-devices --json | jq -r '.[] | select(.chosen).name'\n"
    "  amkd-devices --plan student.safetensors\n"
    "  amkd-devices --programs DIR -a lenet5 --input 1x28x28\n"
    "  amkd-devices --forget plans\n";

typedef struct arguments {
    amkd_common common;
    const char *which, *forget;
    int json, test;
    amkd_plans_options plans;
    amkd_programs_options programs;
    uint64_t batch, nclasses;
    FILE *out; /* stdout, or what -o is to hold */
} arguments;

static const char *type_name(cl_device_type type)
{
    return type & CL_DEVICE_TYPE_GPU           ? "gpu"
           : type & CL_DEVICE_TYPE_ACCELERATOR ? "accelerator"
           : type & CL_DEVICE_TYPE_CPU         ? "cpu"
                                               : "custom";
}

static void print_text(FILE *out, const amkd_device *d, int chosen)
{
    fprintf(out, "%c %zu  %s\n", chosen ? '*' : ' ', d->index, d->name);
    fprintf(out, "     platform  %s\n", d->platform_name);
    fprintf(out, "     version   %s, driver %s\n", d->version, d->driver);
    fprintf(out, "     type      %s, %u compute units, work-groups of up to %zu\n",
            type_name(d->type), (unsigned)d->ncompute_units, d->max_work_group);
    fprintf(out,
            "     memory    %.2f GiB, buffers of up to %.2f GiB, %" PRIu64 " KiB local\n",
            (double)d->global_nbytes / 0x1p30, (double)d->max_buffer_nbytes / 0x1p30,
            (uint64_t)d->local_nbytes / 1024);
    fprintf(out, "     vectors   of %zu, %zu samples a lane block\n", d->vector_width,
            d->nlanes);
}

static json_t *describe(const amkd_device *d, int chosen)
{
    return json_pack(
        "{s:I, s:b, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "index",
        (json_int_t)d->index, "chosen", chosen, "name", d->name, "platform",
        d->platform_name, "version", d->version, "driver", d->driver, "type",
        type_name(d->type), "compute_units", (json_int_t)d->ncompute_units,
        "max_work_group", (json_int_t)d->max_work_group, "memory_bytes",
        (json_int_t)d->global_nbytes, "max_buffer_bytes",
        (json_int_t)d->max_buffer_nbytes, "local_bytes", (json_int_t)d->local_nbytes,
        "vector_width", (json_int_t)d->vector_width, "lanes", (json_int_t)d->nlanes);
}

static int print_json(FILE *out, const amkd_device *devices, size_t n, size_t chosen)
{
    json_t *list = json_array();
    int failed = !list;
    for (size_t i = 0; i < n && !failed; i++)
        failed = json_array_append_new(list, describe(&devices[i], i == chosen));
    failed = failed || json_dumpf(list, out, JSON_INDENT(2)) || fputc('\n', out) < 0;
    json_decref(list);
    return failed ? amkd_fail("the devices could not be printed as JSON") : 0;
}

/* Without a device to choose there is still a list to see. */
static int list(const arguments *args)
{
    amkd_device *devices;
    size_t n, chosen = SIZE_MAX;
    if (amkd_devices_list(&devices, &n))
        return -1;
    const int none = amkd_device_choose(&chosen, devices, n, args->which);
    int result = none;
    if (args->json && print_json(args->out, devices, n, none ? SIZE_MAX : chosen))
        result = -1;
    for (size_t i = 0; i < n && !args->json; i++)
        print_text(args->out, &devices[i], !none && i == chosen);
    free(devices);
    return result;
}

static void report(void *context, const char *what, double error, double tolerance)
{
    const arguments *args = context;
    const int wrong = !(error <= tolerance);
    if (wrong || !args->common.quiet)
        fprintf(args->out, "%-6s  error %.1e of %.0e  %s\n", wrong ? "FAILED" : "ok",
                error, tolerance, what);
}

static int self_test(arguments *args)
{
    amkd_device *device;
    if (amkd_device_open(&device, args->which))
        return -1;
    if (!args->common.quiet)
        fprintf(args->out, "%s\n", device->name);
    const int result = amkd_selftest(device, report, args);
    amkd_device_close(device);
    return result;
}

static int plan(arguments *args)
{
    amkd_device *device;
    if (amkd_device_open(&device, args->which))
        return -1;
    args->plans.batch = (size_t)args->batch;
    args->plans.json = args->json;
    if (!args->common.quiet)
        amkd_device_watch(device, "amkd-devices, compiling");
    const int result = amkd_plans_write(args->out, device, &args->plans);
    amkd_device_close(device);
    return result;
}

static int write_programs(arguments *args)
{
    amkd_device *device;
    size_t n;
    if (amkd_device_open(&device, args->which))
        return -1;
    args->programs.batch = (size_t)args->batch;
    args->programs.nclasses = (size_t)args->nclasses;
    if (!args->common.quiet)
        amkd_device_watch(device, "amkd-devices, compiling");
    const int result = amkd_programs_write(&n, device, &args->programs);
    if (!result && !args->common.quiet)
        fprintf(args->out, "%zu programs\n", n);
    amkd_device_close(device);
    return result;
}

static int forget(const arguments *args)
{
    size_t nplans = 0, nprograms = 0;
    const int plans = strcmp(args->forget, "programs"),
              programs = strcmp(args->forget, "plans");
    if ((plans && amkd_cache_forget(&nplans, AMKD_CACHE_PLANS)) ||
        (programs && amkd_cache_forget(&nprograms, AMKD_CACHE_PROGRAMS)))
        return -1;
    if (plans && !args->common.quiet)
        fprintf(args->out, "%zu plans forgotten\n", nplans);
    if (programs && !args->common.quiet)
        fprintf(args->out, "%zu programs forgotten\n", nprograms);
    return 0;
}

static int run(arguments *args)
{
    return args->test              ? self_test(args)
           : args->plans.model     ? plan(args)
           : args->programs.folder ? write_programs(args)
           : args->forget          ? forget(args)
                                   : list(args);
}

/* A file is written at the end, when it is whole; stdout as it comes. */
static int run_into(arguments *args)
{
    const char *path = args->common.output;
    char *text = NULL;
    size_t nbytes;
    const int to_file = path && strcmp(path, "-");
    args->out = to_file ? open_memstream(&text, &nbytes) : stdout;
    if (!args->out)
        return amkd_fail_errno("'%s'", path);
    int rc = run(args);
    const int failed = fflush(args->out) || ferror(args->out);
    if (to_file)
        fclose(args->out);
    if (!rc && failed)
        rc = amkd_fail_errno("%s", to_file ? path : "stdout");
    if (!rc && to_file)
        rc = amkd_file_write(path, text, nbytes);
    free(text);
    return rc;
}

/* The texts of --programs, all of which can be judged by themselves. */
static int check_programs(const amkd_cli *cli, const arguments *args)
{
    const amkd_programs_options *programs = &args->programs;
    amkd_device device = {0};
    amkd_shape in;
    amkd_graph graph;
    if (programs->as && amkd_device_pretend(&device, programs->as))
        return amkd_cli_misuse(cli, "--as: %s", amkd_error());
    if (amkd_shape_parse(&in, programs->input))
        return amkd_cli_misuse(cli, "--input: %s", amkd_error());
    if (amkd_graph_parse(&graph, programs->arch, in, (size_t)args->nclasses))
        return amkd_cli_misuse(cli, "--arch: %s", amkd_error());
    amkd_graph_clear(&graph);
    return 0;
}

/* 0, or 2 with the message said. */
static int check(const amkd_cli *cli, const arguments *args)
{
    const amkd_programs_options *programs = &args->programs;
    if (args->test + !!args->plans.model + !!programs->folder + !!args->forget > 1)
        return amkd_cli_misuse(
            cli, "--self-test, --plan, --programs and --forget exclude one another");
    if (args->json && (args->test || programs->folder || args->forget))
        return amkd_cli_misuse(cli, "--json and --%s do not go together",
                               args->test         ? "self-test"
                               : programs->folder ? "programs"
                                                  : "forget");
    if (amkd_cli_given(cli, "batch") && !args->plans.model && !programs->folder)
        return amkd_cli_misuse(cli, "--batch does nothing without --plan or --programs");
    if (programs->folder && (!programs->arch || !programs->input))
        return amkd_cli_misuse(cli, "--programs wants --arch and --input");
    if (!programs->folder && (programs->arch || programs->input || programs->as ||
                              amkd_cli_given(cli, "classes")))
        return amkd_cli_misuse(
            cli, "--arch, --input, --classes and --as do nothing without --programs");
    if (args->forget && amkd_cli_given(cli, "device"))
        return amkd_cli_misuse(cli,
                               "--forget is about all devices: --device does nothing");
    return programs->folder ? check_programs(cli, args) : 0;
}

int main(int argc, char **argv)
{
    arguments args = {.batch = 128, .nclasses = 10};
    amkd_common_init(&args.common);
    const amkd_option options[] = {
        AMKD_DEVICE_OPTION(args.which),
        {0, "json", AMKD_FLAG, &args.json, NULL, "print the list, or the plans, as JSON",
         0, 0, 0},
        {0, "self-test", AMKD_FLAG, &args.test, NULL,
         "run every kernel on the device and compare with the plain C reference", 0, 0,
         0},
        {0, "plan", AMKD_TEXT, &args.plans.model, "MODEL",
         "show which kernels each layer of MODEL is trained with, and how fast\n"
         "they and others were when they were tried",
         0, 0, 0},
        {0, "batch", AMKD_COUNT, &args.batch, "N",
         "samples of the training step that is planned, or whose programs are written\n"
         "(default: 128)",
         0, 1, 1000000},
        {0, "programs", AMKD_TEXT, &args.programs.folder, "DIR",
         "write all OpenCL programs of training, predicting and sweeping with a\n"
         "network, ready for a compiler",
         0, 0, 0},
        {'a', "arch", AMKD_TEXT, &args.programs.arch, "ARCH",
         "--programs: the network, as amkd-train takes it", 0, 0, 0},
        {0, "input", AMKD_TEXT, &args.programs.input, "SHAPE",
         "--programs: channels, height and width of its images, as 3x32x32", 0, 0, 0},
        {0, "classes", AMKD_COUNT, &args.nclasses, "N",
         "--programs: its classes (default: 10)", 0, 2, 1 << 20},
        {0, "as", AMKD_TEXT, &args.programs.as, "LIST",
         "--programs: as if the device had these properties, as\n"
         "\"width=1,local=32K,group=256,units=20,memory=8G\"",
         0, 0, 0},
        {0, "forget", AMKD_TEXT, &args.forget, "WHAT",
         "remove the remembered plans, the compiled programs, or all", 0, 0, 0,
         .choices = "plans, programs, all"},
        AMKD_OPTION_OUTPUT(args.common),
        {'q', "quiet", AMKD_FLAG, &args.common.quiet, NULL,
         "of the self-test, print only checks that fail; do not say what is compiled\nor "
         "forgotten",
         AMKD_WHERE, 0, 0},
        AMKD_OPTION_END,
    };
    const amkd_tool tool = {.name = "amkd-devices",
                            .summary =
                                "list the OpenCL devices, and the one that would be used",
                            .usage = "[OPTION]...",
                            .notes = notes,
                            .options = options};
    amkd_cli cli;
    int rc = amkd_cli_open(&cli, &tool, argc, argv);
    if (rc)
        return cli.status;
    rc = check(&cli, &args);
    if (rc) {
        amkd_cli_close(&cli, 0);
        return rc;
    }
    return amkd_cli_close(&cli, run_into(&args));
}
