/* OpenCL's entries that amkd and CLBlast call, each in front of the loader's. */
#include "driver.h"

#define CALL(function)                                                                   \
    static driver_entry entry = {.name = #function};                                     \
    const cl_int code = driver_call(&entry)

/* An entry that returns its status. */
#define STATUS(function, instead, parameters, arguments)                                 \
    cl_int function parameters                                                           \
    {                                                                                    \
        CALL(function);                                                                  \
        return code ? code : instead arguments;                                          \
    }
#define PLAIN(function, parameters, arguments)                                           \
    STATUS(function, DRIVER_REAL(function), parameters, arguments)

/* An entry that returns what it makes, and its status in *status. */
#define MAKES(type, function, instead, parameters, arguments)                            \
    type function parameters                                                             \
    {                                                                                    \
        CALL(function);                                                                  \
        if (!code)                                                                       \
            return instead arguments;                                                    \
        if (status)                                                                      \
            *status = code;                                                              \
        return NULL;                                                                     \
    }

PLAIN(clGetPlatformIDs, (cl_uint most, cl_platform_id *ids, cl_uint *n), (most, ids, n))
STATUS(clGetPlatformInfo, like_platform_info,
       (cl_platform_id id, cl_platform_info what, size_t size, void *value, size_t *used),
       (id, what, size, value, used))
PLAIN(clGetDeviceIDs,
      (cl_platform_id platform, cl_device_type type, cl_uint most, cl_device_id *ids,
       cl_uint *n),
      (platform, type, most, ids, n))
STATUS(clGetDeviceInfo, like_device_info,
       (cl_device_id id, cl_device_info what, size_t size, void *value, size_t *used),
       (id, what, size, value, used))

MAKES(cl_context, clCreateContext, DRIVER_REAL(clCreateContext),
      (const cl_context_properties *properties, cl_uint n, const cl_device_id *devices,
       void (*notify)(const char *, const void *, size_t, void *), void *data,
       cl_int *status),
      (properties, n, devices, notify, data, status))
PLAIN(clReleaseContext, (cl_context context), (context))

MAKES(cl_command_queue, clCreateCommandQueueWithProperties, like_create_queue,
      (cl_context context, cl_device_id device, const cl_queue_properties *properties,
       cl_int *status),
      (context, device, properties, status))

cl_command_queue clCreateCommandQueue(cl_context context, cl_device_id device,
                                      cl_command_queue_properties properties,
                                      cl_int *status)
{
    CALL(clCreateCommandQueue);
    if (code) {
        if (status)
            *status = code;
        return NULL;
    }
    const cl_command_queue queue =
        DRIVER_REAL(clCreateCommandQueue)(context, device, properties, status);
    if (queue)
        driver_add_queue(queue);
    return queue;
}

cl_int clReleaseCommandQueue(cl_command_queue queue)
{
    CALL(clReleaseCommandQueue);
    if (code)
        return code;
    driver_remove_queue(queue);
    return DRIVER_REAL(clReleaseCommandQueue)(queue);
}

PLAIN(clGetCommandQueueInfo,
      (cl_command_queue queue, cl_command_queue_info what, size_t size, void *value,
       size_t *used),
      (queue, what, size, value, used))
PLAIN(clFlush, (cl_command_queue queue), (queue))
PLAIN(clFinish, (cl_command_queue queue), (queue))

MAKES(cl_mem, clCreateBuffer, like_create_buffer,
      (cl_context context, cl_mem_flags flags, size_t size, void *bytes, cl_int *status),
      (context, flags, size, bytes, status))
PLAIN(clRetainMemObject, (cl_mem memory), (memory))
PLAIN(clReleaseMemObject, (cl_mem memory), (memory))
PLAIN(clGetMemObjectInfo,
      (cl_mem memory, cl_mem_info what, size_t size, void *value, size_t *used),
      (memory, what, size, value, used))
PLAIN(clEnqueueReadBuffer,
      (cl_command_queue queue, cl_mem memory, cl_bool wait, size_t offset, size_t size,
       void *bytes, cl_uint n, const cl_event *events, cl_event *done),
      (queue, memory, wait, offset, size, bytes, n, events, done))
PLAIN(clEnqueueWriteBuffer,
      (cl_command_queue queue, cl_mem memory, cl_bool wait, size_t offset, size_t size,
       const void *bytes, cl_uint n, const cl_event *events, cl_event *done),
      (queue, memory, wait, offset, size, bytes, n, events, done))
PLAIN(clEnqueueCopyBuffer,
      (cl_command_queue queue, cl_mem from, cl_mem to, size_t from_offset,
       size_t to_offset, size_t size, cl_uint n, const cl_event *events, cl_event *done),
      (queue, from, to, from_offset, to_offset, size, n, events, done))
PLAIN(clEnqueueFillBuffer,
      (cl_command_queue queue, cl_mem memory, const void *pattern, size_t pattern_size,
       size_t offset, size_t size, cl_uint n, const cl_event *events, cl_event *done),
      (queue, memory, pattern, pattern_size, offset, size, n, events, done))

MAKES(cl_program, clCreateProgramWithSource, like_create_program,
      (cl_context context, cl_uint n, const char **sources, const size_t *lengths,
       cl_int *status),
      (context, n, sources, lengths, status))
MAKES(cl_program, clCreateProgramWithBinary, DRIVER_REAL(clCreateProgramWithBinary),
      (cl_context context, cl_uint n, const cl_device_id *devices, const size_t *lengths,
       const unsigned char **binaries, cl_int *each, cl_int *status),
      (context, n, devices, lengths, binaries, each, status))
PLAIN(clRetainProgram, (cl_program program), (program))
PLAIN(clReleaseProgram, (cl_program program), (program))
PLAIN(clBuildProgram,
      (cl_program program, cl_uint n, const cl_device_id *devices, const char *options,
       void (*notify)(cl_program, void *), void *data),
      (program, n, devices, options, notify, data))
PLAIN(clGetProgramInfo,
      (cl_program program, cl_program_info what, size_t size, void *value, size_t *used),
      (program, what, size, value, used))
PLAIN(clGetProgramBuildInfo,
      (cl_program program, cl_device_id device, cl_program_build_info what, size_t size,
       void *value, size_t *used),
      (program, device, what, size, value, used))

MAKES(cl_kernel, clCreateKernel, DRIVER_REAL(clCreateKernel),
      (cl_program program, const char *name, cl_int *status), (program, name, status))
STATUS(clReleaseKernel, like_release_kernel, (cl_kernel kernel), (kernel))
STATUS(clSetKernelArg, like_set_arg,
       (cl_kernel kernel, cl_uint index, size_t size, const void *value),
       (kernel, index, size, value))
PLAIN(clGetKernelInfo,
      (cl_kernel kernel, cl_kernel_info what, size_t size, void *value, size_t *used),
      (kernel, what, size, value, used))
STATUS(clGetKernelWorkGroupInfo, like_group_info,
       (cl_kernel kernel, cl_device_id device, cl_kernel_work_group_info what,
        size_t size, void *value, size_t *used),
       (kernel, device, what, size, value, used))
STATUS(clEnqueueNDRangeKernel, like_enqueue_kernel,
       (cl_command_queue queue, cl_kernel kernel, cl_uint ndim, const size_t *offset,
        const size_t *global, const size_t *local, cl_uint n, const cl_event *events,
        cl_event *done),
       (queue, kernel, ndim, offset, global, local, n, events, done))

PLAIN(clWaitForEvents, (cl_uint n, const cl_event *events), (n, events))
PLAIN(clReleaseEvent, (cl_event event), (event))
PLAIN(clGetEventProfilingInfo,
      (cl_event event, cl_profiling_info what, size_t size, void *value, size_t *used),
      (event, what, size, value, used))
