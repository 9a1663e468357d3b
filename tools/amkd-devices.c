/* amkd-devices: the OpenCL devices of this machine, which one would be used, and whether
 * its kernels are right. */
#include "base/cli.h"
#include "base/error.h"
#include "compute/device.h"
#include "steps/selftest.h"
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static const char notes[] =
    "An asterisk marks the device that every tool uses with the same -d and "
    "AMKD_DEVICE.\n"
    "The exit status is 1 when there is no such device, or when it fails the "
    "self-test.\n\n"
    "Examples:\n"
    "  amkd-devices\n"
    "  amkd-devices -d gpu --self-test\n"
    "  amkd-devices --json | jq -r '.[] | select(.chosen).name'\n";

static const char *type_name(cl_device_type type)
{
    return type & CL_DEVICE_TYPE_GPU           ? "gpu"
           : type & CL_DEVICE_TYPE_ACCELERATOR ? "accelerator"
           : type & CL_DEVICE_TYPE_CPU         ? "cpu"
                                               : "custom";
}

static void print_text(const amkd_device *d, int chosen)
{
    printf("%c %zu  %s\n", chosen ? '*' : ' ', d->index, d->name);
    printf("     platform  %s\n", d->platform_name);
    printf("     version   %s, driver %s\n", d->version, d->driver);
    printf("     type      %s, %u compute units, work-groups of up to %zu\n",
           type_name(d->type), (unsigned)d->ncompute_units, d->max_work_group);
    printf("     memory    %.2f GiB, buffers of up to %.2f GiB, %" PRIu64 " KiB local\n",
           (double)d->global_nbytes / 0x1p30, (double)d->max_buffer_nbytes / 0x1p30,
           (uint64_t)d->local_nbytes / 1024);
    printf("     vectors   of %zu, %zu samples a lane block\n", d->vector_width,
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

static int print_json(const amkd_device *devices, size_t n, size_t chosen)
{
    json_t *list = json_array();
    int failed = !list;
    for (size_t i = 0; i < n && !failed; i++)
        failed = json_array_append_new(list, describe(&devices[i], i == chosen));
    failed = failed || json_dumpf(list, stdout, JSON_INDENT(2));
    json_decref(list);
    if (failed)
        return amkd_fail("the devices could not be printed as JSON");
    putchar('\n');
    return 0;
}

/* Without a device to choose there is still a list to see. */
static int list(const char *which, int json)
{
    amkd_device *devices;
    size_t n, chosen = SIZE_MAX;
    if (amkd_devices_list(&devices, &n))
        return -1;
    const int none = amkd_device_choose(&chosen, devices, n, which);
    int result = none;
    if (json && print_json(devices, n, none ? SIZE_MAX : chosen))
        result = -1;
    for (size_t i = 0; i < n && !json; i++)
        print_text(&devices[i], !none && i == chosen);
    free(devices);
    if (fflush(stdout) || ferror(stdout))
        result = amkd_fail_errno("stdout");
    return result;
}

static void report(void *context, const char *what, double error, double tolerance)
{
    const amkd_common *common = context;
    const int wrong = !(error <= tolerance);
    if (wrong || !common->quiet)
        printf("%-6s  error %.1e of %.0e  %s\n", wrong ? "FAILED" : "ok", error,
               tolerance, what);
}

static int self_test(const char *which, amkd_common *common)
{
    amkd_device *device;
    if (amkd_device_open(&device, which))
        return -1;
    if (!common->quiet)
        printf("%s\n", device->name);
    int result = amkd_selftest(device, report, common);
    amkd_device_close(device);
    if (!result && (fflush(stdout) || ferror(stdout)))
        result = amkd_fail_errno("stdout");
    return result;
}

int main(int argc, char **argv)
{
    amkd_common common;
    amkd_common_init(&common);
    const char *which = NULL;
    int json = 0, test = 0;
    const amkd_option options[] = {
        AMKD_DEVICE_OPTION(which),
        {0, "json", AMKD_FLAG, &json, NULL, "print the list as JSON", 0, 0, 0},
        {0, "self-test", AMKD_FLAG, &test, NULL,
         "run every kernel on the device and compare with the plain C reference", 0, 0,
         0},
        {'q', "quiet", AMKD_FLAG, &common.quiet, NULL,
         "of the self-test, print only checks that fail", AMKD_WHERE, 0, 0},
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
        return rc == 1 ? 0 : 2;
    if (json && test) {
        rc = amkd_cli_misuse(&cli, "--json and --self-test do not go together");
        amkd_cli_close(&cli, 0);
        return rc;
    }
    return amkd_cli_close(&cli, test ? self_test(which, &common) : list(which, json));
}
