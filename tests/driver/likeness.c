/* The device that another one is made to look like, and what it refuses. */
#include "driver.h"
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The number of a variable, 0 if it is not set. */
static size_t limit(const char *variable)
{
    const char *text = getenv(variable);
    return text ? (size_t)strtoull(text, NULL, 10) : 0;
}

static int no_double(void)
{
    return getenv("DRIVER_DOUBLE") != NULL;
}

/* An answer as OpenCL gives them. */
static cl_int answer(const void *from, size_t length, size_t nbytes, void *value,
                     size_t *nwritten)
{
    if (value && nbytes < length)
        return CL_INVALID_VALUE;
    if (value)
        memcpy(value, from, length);
    if (nwritten)
        *nwritten = length;
    return CL_SUCCESS;
}

#define ANSWER(type, number)                                                             \
    answer(&(type){(type)(number)}, sizeof(type), nbytes, value, nwritten)

/* "OpenCL C 3.0 PoCL" with the version that is claimed. */
static cl_int answer_version(const char *real, size_t nbytes, void *value,
                             size_t *nwritten)
{
    const char *version = getenv("DRIVER_VERSION"), *digit = strpbrk(real, "0123456789");
    char text[1024];
    if (!version || !digit)
        return answer(real, strlen(real) + 1, nbytes, value, nwritten);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(digit - real), real, version,
             digit + strcspn(digit, " "));
    return answer(text, strlen(text) + 1, nbytes, value, nwritten);
}

cl_int like_platform_info(cl_platform_id platform, cl_platform_info what, size_t nbytes,
                          void *value, size_t *nwritten)
{
    char real[1024];
    if (what != CL_PLATFORM_VERSION)
        return DRIVER_REAL(clGetPlatformInfo)(platform, what, nbytes, value, nwritten);
    const cl_int status =
        DRIVER_REAL(clGetPlatformInfo)(platform, what, sizeof real, real, NULL);
    return status ? status : answer_version(real, nbytes, value, nwritten);
}

/* What caches know a device by: one for each likeness. */
static cl_int answer_driver(const char *real, size_t nbytes, void *value,
                            size_t *nwritten)
{
    static const char *const variables[] = {
        "DRIVER_TYPE",   "DRIVER_WIDTH",    "DRIVER_GROUP",  "DRIVER_LOCAL",
        "DRIVER_MEMORY", "DRIVER_MULTIPLE", "DRIVER_DOUBLE", "DRIVER_VERSION"};
    char text[1024];
    snprintf(text, sizeof text, "%s", real);
    for (size_t v = 0; v < sizeof variables / sizeof *variables; v++) {
        const char *set = getenv(variables[v]);
        const size_t n = strlen(text);
        if (set)
            snprintf(text + n, sizeof text - n, " %s", set);
    }
    return answer(text, strlen(text) + 1, nbytes, value, nwritten);
}

/* Without the extension for double where there is none. */
static cl_int answer_extensions(char *real, size_t nbytes, void *value, size_t *nwritten)
{
    static const char extension[] = "cl_khr_fp64";
    char *found = no_double() ? strstr(real, extension) : NULL;
    if (found)
        memmove(found, found + strlen(extension), strlen(found + strlen(extension)) + 1);
    return answer(real, strlen(real) + 1, nbytes, value, nwritten);
}

static cl_int answer_text(cl_device_id device, cl_device_info what, size_t nbytes,
                          void *value, size_t *nwritten)
{
    char real[8192];
    const cl_int status =
        DRIVER_REAL(clGetDeviceInfo)(device, what, sizeof real, real, NULL);
    return status                      ? status
           : what == CL_DRIVER_VERSION ? answer_driver(real, nbytes, value, nwritten)
           : what == CL_DEVICE_EXTENSIONS
               ? answer_extensions(real, nbytes, value, nwritten)
               : answer_version(real, nbytes, value, nwritten);
}

cl_int like_device_info(cl_device_id device, cl_device_info what, size_t nbytes,
                        void *value, size_t *nwritten)
{
    const size_t width = limit("DRIVER_WIDTH"), group = limit("DRIVER_GROUP"),
                 local = limit("DRIVER_LOCAL"), memory = limit("DRIVER_MEMORY");
    const char *type = getenv("DRIVER_TYPE");
    switch (what) {
    case CL_DEVICE_TYPE:
        if (type)
            return ANSWER(cl_device_type,
                          strcmp(type, "gpu") ? CL_DEVICE_TYPE_CPU : CL_DEVICE_TYPE_GPU);
        break;
    case CL_DEVICE_PREFERRED_VECTOR_WIDTH_FLOAT:
    case CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT:
        if (width)
            return ANSWER(cl_uint, width);
        break;
    case CL_DEVICE_MAX_WORK_GROUP_SIZE:
        if (group)
            return ANSWER(size_t, group);
        break;
    case CL_DEVICE_MAX_WORK_ITEM_SIZES:
        if (group)
            return answer((size_t[]){group, group, group}, 3 * sizeof group, nbytes,
                          value, nwritten);
        break;
    case CL_DEVICE_LOCAL_MEM_SIZE:
        if (local)
            return ANSWER(cl_ulong, local);
        break;
    case CL_DEVICE_GLOBAL_MEM_SIZE:
        if (memory)
            return ANSWER(cl_ulong, memory);
        break;
    case CL_DEVICE_MAX_MEM_ALLOC_SIZE:
        if (memory)
            return ANSWER(cl_ulong, memory / 4);
        break;
    case CL_DEVICE_DOUBLE_FP_CONFIG:
    case CL_DEVICE_PREFERRED_VECTOR_WIDTH_DOUBLE:
    case CL_DEVICE_NATIVE_VECTOR_WIDTH_DOUBLE:
        if (no_double() && what == CL_DEVICE_DOUBLE_FP_CONFIG)
            return ANSWER(cl_device_fp_config, 0);
        if (no_double())
            return ANSWER(cl_uint, 0);
        break;
    case CL_DEVICE_EXTENSIONS:
    case CL_DEVICE_VERSION:
    case CL_DEVICE_OPENCL_C_VERSION:
    case CL_DRIVER_VERSION:
        return answer_text(device, what, nbytes, value, nwritten);
    }
    return DRIVER_REAL(clGetDeviceInfo)(device, what, nbytes, value, nwritten);
}

cl_int like_group_info(cl_kernel kernel, cl_device_id device,
                       cl_kernel_work_group_info what, size_t nbytes, void *value,
                       size_t *nwritten)
{
    const size_t group = limit("DRIVER_GROUP"), multiple = limit("DRIVER_MULTIPLE");
    if (what == CL_KERNEL_WORK_GROUP_SIZE && group)
        return ANSWER(size_t, group);
    if (what == CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE && multiple)
        return ANSWER(size_t, multiple);
    return DRIVER_REAL(clGetKernelWorkGroupInfo)(kernel, device, what, nbytes, value,
                                                 nwritten);
}

cl_command_queue like_create_queue(cl_context context, cl_device_id device,
                                   const cl_queue_properties *properties, cl_int *status)
{
    if (!getenv("DRIVER_VERSION"))
        return DRIVER_REAL(clCreateCommandQueueWithProperties)(context, device,
                                                               properties, status);
    if (status)
        *status = CL_INVALID_OPERATION; /* as loaders have it of a driver without it */
    return NULL;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static size_t taken; /* of the memory, by buffers */

static void CL_CALLBACK give_back(cl_mem buffer, void *nbytes)
{
    (void)buffer;
    pthread_mutex_lock(&lock);
    taken -= (size_t)(uintptr_t)nbytes;
    pthread_mutex_unlock(&lock);
}

/* Whether there is room, which is taken then. */
static int take(size_t nbytes, size_t memory)
{
    pthread_mutex_lock(&lock);
    const int fits = nbytes <= memory - taken;
    if (fits)
        taken += nbytes;
    pthread_mutex_unlock(&lock);
    return fits;
}

cl_mem like_create_buffer(cl_context context, cl_mem_flags flags, size_t nbytes,
                          void *bytes, cl_int *status)
{
    const size_t memory = limit("DRIVER_MEMORY");
    cl_int code;
    if (!status)
        status = &code;
    if (!memory)
        return DRIVER_REAL(clCreateBuffer)(context, flags, nbytes, bytes, status);
    *status = nbytes > memory / 4    ? CL_INVALID_BUFFER_SIZE
              : take(nbytes, memory) ? CL_SUCCESS
                                     : CL_MEM_OBJECT_ALLOCATION_FAILURE;
    if (*status)
        return NULL;
    const cl_mem buffer =
        DRIVER_REAL(clCreateBuffer)(context, flags, nbytes, bytes, status);
    if (!buffer)
        give_back(NULL, (void *)(uintptr_t)nbytes);
    else if (DRIVER_REAL(clSetMemObjectDestructorCallback)(buffer, give_back,
                                                           (void *)(uintptr_t)nbytes))
        abort();
    return buffer;
}

/* Where there is no double, no program that names it is built. */
cl_program like_create_program(cl_context context, cl_uint n, const char **sources,
                               const size_t *lengths, cl_int *status)
{
    static const char before[] = "#undef cl_khr_fp64\n"
                                 "#undef __opencl_c_fp64\n"
                                 "#define double this_device_has_no_double\n";
    enum { MOST = 64 };
    const char *all[MOST] = {before};
    size_t all_lengths[MOST] = {sizeof before - 1};
    if (!no_double() || n >= MOST)
        return DRIVER_REAL(clCreateProgramWithSource)(context, n, sources, lengths,
                                                      status);
    for (cl_uint s = 0; s < n; s++) {
        all[s + 1] = sources[s];
        all_lengths[s + 1] = lengths && lengths[s] ? lengths[s] : strlen(sources[s]);
    }
    return DRIVER_REAL(clCreateProgramWithSource)(context, n + 1, all, all_lengths,
                                                  status);
}

/* What a kernel with this group asks too much of, or CL_SUCCESS. */
static cl_int refuse(cl_command_queue queue, cl_kernel kernel, cl_uint ndim,
                     const size_t *global, const size_t *local)
{
    const size_t group = limit("DRIVER_GROUP"), most_local = limit("DRIVER_LOCAL");
    cl_device_id device;
    cl_ulong used;
    size_t nitems = 1;
    cl_int status = DRIVER_REAL(clGetCommandQueueInfo)(queue, CL_QUEUE_DEVICE,
                                                       sizeof device, &device, NULL);
    if (!status)
        status = DRIVER_REAL(clGetKernelWorkGroupInfo)(
            kernel, device, CL_KERNEL_LOCAL_MEM_SIZE, sizeof used, &used, NULL);
    if (status)
        return status;
    if (used < driver_local_of(kernel))
        used = driver_local_of(kernel);
    for (cl_uint d = 0; local && d < ndim; d++) {
        nitems *= local[d];
        if (group && local[d] > group)
            return CL_INVALID_WORK_ITEM_SIZE;
        if (getenv("DRIVER_VERSION") && global[d] % local[d])
            return CL_INVALID_WORK_GROUP_SIZE; /* groups of one size, before 2.0 */
    }
    return group && nitems > group           ? CL_INVALID_WORK_GROUP_SIZE
           : most_local && used > most_local ? CL_OUT_OF_RESOURCES
                                             : CL_SUCCESS;
}

cl_int like_enqueue_kernel(cl_command_queue queue, cl_kernel kernel, cl_uint ndim,
                           const size_t *offset, const size_t *global,
                           const size_t *local, cl_uint nevents, const cl_event *events,
                           cl_event *done)
{
    size_t chosen[3], room = limit("DRIVER_GROUP");
    const cl_int status = refuse(queue, kernel, ndim, global, local);
    if (status)
        return status;
    /* A group that is the driver's to choose. */
    for (cl_uint d = 0; room && !local && d < ndim; d++) {
        chosen[d] = room;
        while (global[d] % chosen[d])
            chosen[d]--;
        room /= chosen[d];
    }
    return DRIVER_REAL(clEnqueueNDRangeKernel)(
        queue, kernel, ndim, offset, global,
        local || !limit("DRIVER_GROUP") ? local : chosen, nevents, events, done);
}
