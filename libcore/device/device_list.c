/* Finding OpenCL devices: which there are, and what each says of itself. */
#include "base/error.h"
#include "base/memory.h"
#include "device/device.h"
#include "device/driver_settings.h"
#include "device/no_platform.h"
#include <stdlib.h>
#include <string.h>

enum { MAX_PLATFORMS = 64, MAX_DEVICES = 64 };

/* Copies an answer without the spaces some drivers pad it with, cut to nbytes, and with
 * "?" for what is not plain text, so that it can stand in messages and in JSON. */
static void copy_trimmed(char *text, size_t nbytes, const char *answer)
{
    answer += strspn(answer, " ");
    size_t length = strnlen(answer, nbytes - 1);
    while (length && answer[length - 1] == ' ')
        length--;
    for (size_t i = 0; i < length; i++)
        text[i] = (char)(answer[i] < ' ' || answer[i] > '~' ? '?' : answer[i]);
    text[length] = 0;
}

static int platform_text(char *text, size_t nbytes, cl_platform_id platform,
                         cl_platform_info what)
{
    char answer[1024] = "";
    cl_int status = clGetPlatformInfo(platform, what, sizeof(answer) - 1, answer, NULL);
    if (status != CL_SUCCESS)
        return amkd_fail_cl(status, "clGetPlatformInfo 0x%x", (unsigned)what);
    copy_trimmed(text, nbytes, answer);
    return 0;
}

static int device_text(char *text, size_t nbytes, cl_device_id id, cl_device_info what)
{
    char answer[1024] = "";
    cl_int status = clGetDeviceInfo(id, what, sizeof(answer) - 1, answer, NULL);
    if (status != CL_SUCCESS)
        return amkd_fail_cl(status, "clGetDeviceInfo 0x%x", (unsigned)what);
    copy_trimmed(text, nbytes, answer);
    return 0;
}

static int device_value(void *value, size_t nbytes, cl_device_id id, cl_device_info what)
{
    cl_int status = clGetDeviceInfo(id, what, nbytes, value, NULL);
    if (status != CL_SUCCESS)
        return amkd_fail_cl(status, "clGetDeviceInfo 0x%x", (unsigned)what);
    return 0;
}

/* The environment's AMKD_VECTOR_WIDTH; *width is left alone when it is not set. */
static int forced_width(size_t *width)
{
    const char *text = getenv("AMKD_VECTOR_WIDTH");
    if (!text || !*text)
        return 0;
    static const char *const names[] = {"1", "4", "8", "16"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (!strcmp(text, names[i])) {
            *width = (size_t)atoi(names[i]);
            return 0;
        }
    return amkd_fail("AMKD_VECTOR_WIDTH is '%s', expected 1, 4, 8 or 16", text);
}

void amkd_device_set_width(amkd_device *device, size_t vector_width)
{
    device->vector_width = vector_width;
    device->nlanes = vector_width > 1 ? 16 : 32;
}

/* Of a cache what a value may take, that what it is made of has room, too. Some drivers
 * speak of a nearer cache than the last one, or of none: then that of most CPUs counts.
 */
static const double cache_share = 0.75;
enum { USUAL_CACHE_NBYTES = 32 << 20, LEAST_CACHE_NBYTES = 4 << 20 };

static int find_cache(amkd_device *device)
{
    cl_ulong nbytes;
    if (device_value(&nbytes, sizeof nbytes, device->id, CL_DEVICE_GLOBAL_MEM_CACHE_SIZE))
        return amkd_fail_in("OpenCL device '%s'", device->name);
    if (nbytes < LEAST_CACHE_NBYTES)
        nbytes = USUAL_CACHE_NBYTES;
    device->cache_nbytes = (size_t)(cache_share * (double)nbytes);
    return 0;
}

/* A CPU runs explicit vectors, as wide as its registers: the native width says so. (The
 * preferred one does not: compilers that vectorise across work-items answer 1 there and
 * are as fast with vectors.) Where vectors are taken apart into scalars again, as on GPUs
 * and Mesa's llvmpipe, the native width is 1. */
static int find_widths(amkd_device *device)
{
    cl_uint native;
    if (device_value(&native, sizeof(native), device->id,
                     CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT))
        return amkd_fail_in("OpenCL device '%s'", device->name);
    if (!(device->type & CL_DEVICE_TYPE_CPU) || (device->type & CL_DEVICE_TYPE_GPU))
        native = 1;
    size_t width = native >= 16 ? 16 : native >= 8 ? 8 : native >= 4 ? 4 : 1;
    if (forced_width(&width))
        return -1;
    amkd_device_set_width(device, width);
    return 0;
}

static int describe(amkd_device *device, cl_platform_id platform, cl_device_id id)
{
    *device = (amkd_device){.platform = platform, .id = id};
    if (platform_text(device->platform_name, sizeof(device->platform_name), platform,
                      CL_PLATFORM_NAME) ||
        device_text(device->name, sizeof(device->name), id, CL_DEVICE_NAME) ||
        device_text(device->driver, sizeof(device->driver), id, CL_DRIVER_VERSION) ||
        device_text(device->version, sizeof(device->version), id, CL_DEVICE_VERSION) ||
        device_value(&device->type, sizeof(device->type), id, CL_DEVICE_TYPE) ||
        device_value(&device->ncompute_units, sizeof(device->ncompute_units), id,
                     CL_DEVICE_MAX_COMPUTE_UNITS) ||
        device_value(&device->global_nbytes, sizeof(device->global_nbytes), id,
                     CL_DEVICE_GLOBAL_MEM_SIZE) ||
        device_value(&device->local_nbytes, sizeof(device->local_nbytes), id,
                     CL_DEVICE_LOCAL_MEM_SIZE) ||
        device_value(&device->max_buffer_nbytes, sizeof(device->max_buffer_nbytes), id,
                     CL_DEVICE_MAX_MEM_ALLOC_SIZE) ||
        device_value(&device->max_work_group, sizeof(device->max_work_group), id,
                     CL_DEVICE_MAX_WORK_GROUP_SIZE))
        return amkd_fail_in("OpenCL device '%s'", device->name);
    return find_cache(device) || find_widths(device) ? -1 : 0;
}

static int usable(int *answer, cl_device_id id)
{
    cl_bool available, compiler;
    if (device_value(&available, sizeof(available), id, CL_DEVICE_AVAILABLE) ||
        device_value(&compiler, sizeof(compiler), id, CL_DEVICE_COMPILER_AVAILABLE))
        return -1;
    *answer = available && compiler;
    return 0;
}

/* Appends the platform's devices to the list. A platform or a device that cannot even say
 * whether it is there must not keep the others from being used: then *nsilent grows, and
 * the error tells why. */
static int list_platform(amkd_device **devices, size_t *n, size_t *nsilent,
                         cl_platform_id platform)
{
    cl_device_id ids[MAX_DEVICES];
    cl_uint nids = 0;
    const cl_int status =
        clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, MAX_DEVICES, ids, &nids);
    if (status == CL_DEVICE_NOT_FOUND)
        return 0;
    if (status != CL_SUCCESS) {
        amkd_fail_cl(status, "asking an OpenCL platform for its devices");
        ++*nsilent;
        return 0;
    }
    if (nids > MAX_DEVICES)
        nids = MAX_DEVICES;
    for (cl_uint i = 0; i < nids; i++) {
        int answer;
        if (usable(&answer, ids[i])) {
            amkd_fail_in("OpenCL device %u", i);
            ++*nsilent;
            continue;
        }
        if (!answer)
            continue;
        amkd_device *grown = amkd_realloc(*devices, *n + 1, sizeof(**devices));
        if (!grown)
            return -1;
        *devices = grown;
        if (describe(&grown[*n], platform, ids[i]))
            return -1;
        grown[*n].index = *n;
        ++*n;
    }
    return 0;
}

/* Of all platforms. */
static int list_platforms(amkd_device **devices, size_t *n,
                          const cl_platform_id *platforms, cl_uint nplatforms)
{
    size_t nsilent = 0;
    for (cl_uint i = 0; i < nplatforms; i++)
        if (list_platform(devices, n, &nsilent, platforms[i]))
            return -1;
    return !*n && nsilent ? -1 : 0;
}

int amkd_devices_list(amkd_device **devices, size_t *n)
{
    *devices = NULL;
    *n = 0;
    amkd_driver_settings_prepare();
    cl_platform_id platforms[MAX_PLATFORMS];
    cl_uint nplatforms = 0;
    cl_int status = clGetPlatformIDs(MAX_PLATFORMS, platforms, &nplatforms);
    if (status == -1001 /* CL_PLATFORM_NOT_FOUND_KHR */ ||
        (status == CL_SUCCESS && !nplatforms))
        return amkd_fail_no_platform();
    if (status != CL_SUCCESS)
        return amkd_fail_cl(status, "clGetPlatformIDs");
    if (nplatforms > MAX_PLATFORMS)
        nplatforms = MAX_PLATFORMS;
    if (!list_platforms(devices, n, platforms, nplatforms))
        return 0;
    free(*devices);
    *devices = NULL;
    *n = 0;
    return -1;
}
