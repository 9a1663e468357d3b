/* Choosing an OpenCL device by index, name or type, and opening it. */
#include "device/device.h"
#include "base/error.h"
#include "base/memory.h"
#include "device/profile.h"
#include "device/program.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int choose_type(size_t *index, const amkd_device *devices, size_t n,
                       cl_device_type type)
{
    for (size_t i = 0; i < n; i++)
        if (devices[i].type & type) {
            *index = i;
            return 1;
        }
    return 0;
}

static int choose_name(size_t *index, const amkd_device *devices, size_t n,
                       const char *part)
{
    for (size_t i = 0; i < n; i++)
        if (strcasestr(devices[i].name, part)) {
            *index = i;
            return 1;
        }
    for (size_t i = 0; i < n; i++)
        if (strcasestr(devices[i].platform_name, part)) {
            *index = i;
            return 1;
        }
    return 0;
}

/* The environment's choice where the caller has none. */
static const char *wanted(const char *which, const char **source)
{
    *source = which && *which ? "" : "AMKD_DEVICE: ";
    return which && *which ? which : getenv("AMKD_DEVICE");
}

static int choose_default(size_t *index, const amkd_device *devices, size_t n)
{
    if (!choose_type(index, devices, n, CL_DEVICE_TYPE_GPU) &&
        !choose_type(index, devices, n, CL_DEVICE_TYPE_ACCELERATOR) &&
        !choose_type(index, devices, n, CL_DEVICE_TYPE_CPU))
        *index = 0;
    return 0;
}

int amkd_device_choose(size_t *index, const amkd_device *devices, size_t n,
                       const char *which)
{
    if (!n)
        return amkd_fail("no OpenCL device: no platform has one; package "
                         "pocl-opencl-icd brings one for the CPU, which needs a cache "
                         "that it can write (POCL_CACHE_DIR)%s",
                         amkd_memory_limit());
    const char *source;
    which = wanted(which, &source);
    if (!which || !*which)
        return choose_default(index, devices, n);
    if (strchr(which, ','))
        return amkd_fail("%s'%s' names several devices, expected one", source, which);
    if (!strcasecmp(which, "cpu") || !strcasecmp(which, "gpu")) {
        int cpu = !strcasecmp(which, "cpu");
        if (choose_type(index, devices, n, cpu ? CL_DEVICE_TYPE_CPU : CL_DEVICE_TYPE_GPU))
            return 0;
        return amkd_fail("%sno OpenCL device is a %s", source, cpu ? "CPU" : "GPU");
    }
    if (which[strspn(which, "0123456789")] == 0) {
        unsigned long long number = strtoull(which, NULL, 10);
        if (number >= n)
            return amkd_fail("%sno OpenCL device has index %s, the highest is %zu",
                             source, which, n - 1);
        *index = (size_t)number;
        return 0;
    }
    if (choose_name(index, devices, n, which))
        return 0;
    return amkd_fail("%sno OpenCL device is named '%s' (amkd-devices lists them)", source,
                     which);
}

static int open_device(amkd_device *device)
{
    cl_context_properties properties[] = {CL_CONTEXT_PLATFORM,
                                          (cl_context_properties)device->platform, 0};
    cl_int status;
    device->context = clCreateContext(properties, 1, &device->id, NULL, NULL, &status);
    if (status != CL_SUCCESS) {
        device->context = NULL;
        return amkd_fail_cl(status, "a context on device '%s'", device->name);
    }
    device->queue = clCreateCommandQueue(device->context, device->id, 0, &status);
    if (status != CL_SUCCESS) {
        device->queue = NULL;
        return amkd_fail_cl(status, "a queue on device '%s'", device->name);
    }
    return 0;
}

static int open_copy(amkd_device **out, const amkd_device *device)
{
    *out = amkd_alloc(1, sizeof(**out));
    if (!*out)
        return -1;
    **out = *device;
    if (open_device(*out)) {
        amkd_device_close(*out);
        *out = NULL;
        return -1;
    }
    return 0;
}

int amkd_device_open(amkd_device **out, const char *which)
{
    *out = NULL;
    amkd_device *devices;
    size_t n, index;
    if (amkd_devices_list(&devices, &n))
        return -1;
    int result = amkd_device_choose(&index, devices, n, which);
    if (!result)
        result = open_copy(out, &devices[index]);
    free(devices);
    return result;
}

int amkd_device_find(amkd_device *device, const char *which)
{
    amkd_device *devices;
    size_t n, index;
    if (amkd_devices_list(&devices, &n))
        return -1;
    const int rc = amkd_device_choose(&index, devices, n, which);
    if (!rc)
        *device = devices[index];
    free(devices);
    return rc;
}

int amkd_device_check(const char *which)
{
    amkd_device device;
    return amkd_device_find(&device, which);
}

/* Adds the device that an item of a list names, if it is not among those found. */
static int find_item(amkd_device *found, size_t *nfound, const amkd_device *devices,
                     size_t n, const char *item)
{
    size_t index;
    if (!*item)
        return amkd_fail("a device without a name, expected a list such as '0,1'");
    if (*nfound == AMKD_MAX_DEVICES)
        return amkd_fail("more than %d devices", AMKD_MAX_DEVICES);
    if (amkd_device_choose(&index, devices, n, item))
        return -1;
    for (size_t d = 0; d < *nfound; d++)
        if (found[d].index == index)
            return amkd_fail("'%s' is device %zu, which is named already", item, index);
    found[(*nfound)++] = devices[index];
    return 0;
}

static int find_items(amkd_device *found, size_t *nfound, const amkd_device *devices,
                      size_t n, const char *which)
{
    char *names = amkd_strdup(which), *rest = names;
    int result = names ? 0 : -1;
    while (!result && rest)
        result = find_item(found, nfound, devices, n, strsep(&rest, ","));
    free(names);
    return result;
}

/* found[AMKD_MAX_DEVICES] */
static int find_list(amkd_device *found, size_t *nfound, const char *which)
{
    amkd_device *devices;
    size_t n, index;
    const char *source, *list = wanted(which, &source);
    *nfound = 0;
    if (amkd_devices_list(&devices, &n))
        return -1;
    int result;
    if (list && strchr(list, ',')) {
        if ((result = find_items(found, nfound, devices, n, list)))
            amkd_fail_in("%s'%s'", source, list);
    } else if (!(result = amkd_device_choose(&index, devices, n, which))) {
        found[(*nfound)++] = devices[index];
    }
    free(devices);
    return result;
}

int amkd_devices_find(amkd_device **found, size_t *nfound, const char *which)
{
    *found = amkd_alloc(AMKD_MAX_DEVICES, sizeof **found);
    if (!*found)
        return -1;
    if (!find_list(*found, nfound, which))
        return 0;
    free(*found);
    *found = NULL;
    return -1;
}

int amkd_devices_check(const char *which)
{
    amkd_device *found;
    size_t n;
    const int rc = amkd_devices_find(&found, &n, which);
    free(found);
    return rc;
}

int amkd_devices_open(amkd_device **opened, size_t *nopened, const char *which)
{
    amkd_device *found;
    size_t n;
    *nopened = 0;
    if (amkd_devices_find(&found, &n, which))
        return -1;
    int rc = 0;
    for (size_t d = 0; !rc && d < n; d++)
        if (!(rc = open_copy(&opened[d], &found[d])))
            ++*nopened;
    free(found);
    if (rc)
        amkd_devices_close(opened, nopened);
    return rc;
}

void amkd_devices_close(amkd_device **opened, size_t *nopened)
{
    while (*nopened)
        amkd_device_close(opened[--*nopened]);
}

int amkd_device_is_like(const amkd_device *a, const amkd_device *b)
{
    return strcmp(a->name, b->name) == 0 &&
           strcmp(a->platform_name, b->platform_name) == 0;
}

/* The place-th in turn of those that are like the first. */
static size_t like(const amkd_device *devices, size_t n, size_t first, size_t place)
{
    size_t nlike = 0, index;
    for (size_t d = 0; d < n; d++)
        nlike += (size_t)amkd_device_is_like(&devices[d], &devices[first]);
    size_t nbefore = place % nlike;
    for (index = 0; index < n; index++)
        if (amkd_device_is_like(&devices[index], &devices[first]) && nbefore-- == 0)
            break;
    return index;
}

/* An item of a list without commas, which may be NULL. */
static int open_own(amkd_device **out, const char *item, size_t place)
{
    amkd_device *devices;
    size_t n, index;
    if (amkd_devices_list(&devices, &n))
        return -1;
    int rc = amkd_device_choose(&index, devices, n, item);
    const int is_index = item && *item && !item[strspn(item, "0123456789")];
    if (!rc && !is_index)
        index = like(devices, n, index, place);
    if (!rc)
        rc = open_copy(out, &devices[index]);
    free(devices);
    return rc;
}

int amkd_device_open_own(amkd_device **out, const char *which, size_t place)
{
    const char *source, *list = wanted(which, &source);
    *out = NULL;
    if (!list || !strchr(list, ','))
        return open_own(out, list, place);
    if (amkd_devices_check(which))
        return -1;
    which = list;
    size_t nitems = 1;
    for (const char *comma = which; (comma = strchr(comma, ',')); comma++)
        nitems++;
    char *names = amkd_strdup(which), *rest = names;
    if (!names)
        return -1;
    const char *item = strsep(&rest, ",");
    for (size_t i = 0; i < place % nitems; i++)
        item = strsep(&rest, ",");
    const int rc = open_own(out, item, place / nitems);
    free(names);
    return rc ? amkd_fail_in("%s'%s'", source, which) : 0;
}

const char *amkd_device_name(const amkd_device *device)
{
    return device->name;
}

void amkd_device_close(amkd_device *device)
{
    if (!device)
        return;
    amkd_device_unwatch(device);
    if (device->profile)
        amkd_profile_settle(device->profile);
    amkd_programs_forget(device);
    amkd_buffer_free(device->scratch);
    if (device->queue)
        amkd_cl_tidied(clReleaseCommandQueue(device->queue), "clReleaseCommandQueue");
    if (device->context)
        amkd_cl_tidied(clReleaseContext(device->context), "clReleaseContext");
    free(device);
}
