/* Kernels of programs: made and launched. */
#include "device/listing.h"
#include "device/profile.h"
#include "device/program.h"
#include <stdio.h>
#include <string.h>

static int fail_new_kernel(cl_int status, cl_program program, const char *kernel)
{
    cl_device_id id;
    char name[256];
    if (clGetProgramInfo(program, CL_PROGRAM_DEVICES, sizeof id, &id, NULL) !=
            CL_SUCCESS ||
        clGetDeviceInfo(id, CL_DEVICE_NAME, sizeof name, name, NULL) != CL_SUCCESS)
        strcpy(name, "?");
    return amkd_fail_cl(status, "making kernel '%s' on device '%s'", kernel, name);
}

int amkd_kernel_new(cl_kernel *out, cl_program program, const char *name)
{
    cl_int status;
    *out = clCreateKernel(program, name, &status);
    if (status != CL_SUCCESS) {
        *out = NULL;
        return fail_new_kernel(status, program, name);
    }
    return 0;
}

void amkd_kernel_free(cl_kernel kernel)
{
    if (kernel)
        amkd_cl_tidied(clReleaseKernel(kernel), "clReleaseKernel");
}

static int fail_kernel(cl_int status, const amkd_device *device, cl_kernel kernel,
                       const char *what)
{
    char name[256];
    if (clGetKernelInfo(kernel, CL_KERNEL_FUNCTION_NAME, sizeof(name), name, NULL) !=
        CL_SUCCESS)
        strcpy(name, "?");
    return amkd_fail_cl(status, "kernel '%s' on device '%s': %s", name, device->name,
                        what);
}

int amkd_kernel_room(size_t *nitems, const amkd_device *device, cl_kernel kernel)
{
    const cl_int status = clGetKernelWorkGroupInfo(
        kernel, device->id, CL_KERNEL_WORK_GROUP_SIZE, sizeof *nitems, nitems, NULL);
    return status == CL_SUCCESS
               ? 0
               : fail_kernel(status, device, kernel, "how large its work-groups may be");
}

/* Work-items of a group that nobody chose, at most. A driver that chooses takes as many
 * as it can, and PoCL keeps the private arrays of them all on a thread's stack, where
 * 4,096 items of 2.5 KB are beyond its end. */
enum { MOST_GROUP_ITEMS = 64 };

/* Where the caller leaves the work-group to the driver: one of a CPU, small enough. */
static const size_t *choose_group(const amkd_device *device, size_t ndim,
                                  const size_t *global, size_t group[3])
{
    if (!(device->type & CL_DEVICE_TYPE_CPU))
        return NULL;
    size_t room = device->max_work_group < MOST_GROUP_ITEMS ? device->max_work_group
                                                            : MOST_GROUP_ITEMS;
    for (size_t d = 0; d < ndim; d++) {
        group[d] = room;
        while (global[d] % group[d])
            group[d]--;
        room /= group[d];
    }
    return group;
}

int amkd_kernel_run(amkd_device *device, cl_kernel kernel, const amkd_arg *args,
                    size_t nargs, size_t ndim, const size_t *global, const size_t *local)
{
    size_t group[3];
    for (size_t d = 0; d < ndim; d++)
        if (!global[d]) /* nothing to do, which OpenCL 1.2 takes for a mistake */
            return 0;
    for (size_t a = 0; a < nargs; a++) {
        cl_int status = clSetKernelArg(kernel, (cl_uint)a, args[a].nbytes, args[a].value);
        if (status != CL_SUCCESS) {
            char what[64];
            snprintf(what, sizeof(what), "argument %zu of %zu bytes", a, args[a].nbytes);
            return fail_kernel(status, device, kernel, what);
        }
    }
    if (!local)
        local = choose_group(device, ndim, global, group);
    if (device->listing)
        return amkd_listing_launch(device->listing, kernel, args, nargs, ndim, local);
    cl_event done;
    cl_int status =
        clEnqueueNDRangeKernel(device->queue, kernel, (cl_uint)ndim, NULL, global, local,
                               0, NULL, device->profile ? &done : NULL);
    if (status != CL_SUCCESS)
        return fail_kernel(status, device, kernel, "launch");
    return device->profile ? amkd_profile_add(device->profile, kernel, done) : 0;
}
