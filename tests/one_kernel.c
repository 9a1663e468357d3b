/* A layer between OpenCL's loader and its drivers (OPENCL_LAYERS, CL/cl_layer.h): one
 * kernel runs at a time, whatever the devices. PoCL before 6 counts who uses a kernel's
 * code by its name and work-group: two devices of the CPU that run one with different
 * numbers of work-groups may take the count below zero, at which PoCL aborts. */
#include <CL/cl_layer.h>
#include <pthread.h>
#include <string.h>

static const struct _cl_icd_dispatch *drivers;
static struct _cl_icd_dispatch entries;
static pthread_mutex_t running = PTHREAD_MUTEX_INITIALIZER;

static cl_int CL_API_CALL run_alone(cl_command_queue queue, cl_kernel kernel,
                                    cl_uint ndim, const size_t *offset,
                                    const size_t *global, const size_t *local,
                                    cl_uint nevents, const cl_event *events,
                                    cl_event *done)
{
    pthread_mutex_lock(&running);
    cl_int status = drivers->clEnqueueNDRangeKernel(queue, kernel, ndim, offset, global,
                                                    local, nevents, events, done);
    if (!status)
        status = drivers->clFinish(queue);
    pthread_mutex_unlock(&running);
    return status;
}

cl_int CL_API_CALL clGetLayerInfo(cl_layer_info what, size_t nbytes, void *value,
                                  size_t *nused)
{
    const cl_layer_api_version version = CL_LAYER_API_VERSION_100;
    if (what != CL_LAYER_API_VERSION || (value && nbytes < sizeof version))
        return CL_INVALID_VALUE;
    if (value)
        memcpy(value, &version, sizeof version);
    if (nused)
        *nused = sizeof version;
    return CL_SUCCESS;
}

cl_int CL_API_CALL clInitLayer(cl_uint ndriver_entries,
                               const struct _cl_icd_dispatch *driver_entries,
                               cl_uint *nentries,
                               const struct _cl_icd_dispatch **layer_entries)
{
    const cl_uint n = sizeof entries / sizeof(void *);
    if (ndriver_entries < n)
        return CL_INVALID_VALUE;
    drivers = driver_entries;
    entries = *driver_entries;
    entries.clEnqueueNDRangeKernel = run_alone;
    *layer_entries = &entries;
    *nentries = n;
    return CL_SUCCESS;
}
