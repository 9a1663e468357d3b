/* A driver for tests: a library that is loaded before OpenCL's loader (LD_PRELOAD),
 * counts every call, has one fail, and makes the device that is there look like another
 * one.
 *
 *   DRIVER_COUNTS=FILE       gets "NAME CALLS" of each entry called, at the exit
 *   DRIVER_FAIL=NAME:N:CODE  the N-th call of NAME fails, with CL_OUT_OF_RESOURCES or so
 *   DRIVER_LOST=NAME:N:CODE  from that call on every call fails
 *
 * What a device can do is claimed and held to: what goes beyond it is refused with the
 * code that the specification has for it (OpenCL 1.2, sections 5.2.1, 5.6.2 and 5.8).
 *
 *   DRIVER_TYPE=gpu        the device's type, else the one it has
 *   DRIVER_WIDTH=W         floats of the preferred and the native vector
 *   DRIVER_GROUP=N         work-items in a group at most
 *   DRIVER_LOCAL=BYTES     local memory
 *   DRIVER_MEMORY=BYTES    of all buffers together; one has a quarter of it at most
 *   DRIVER_MULTIPLE=N      work-items that run in lockstep: a sub-group
 *   DRIVER_DOUBLE=no       no double, and no extension for it
 *   DRIVER_VERSION=1.2     of OpenCL: no clCreateCommandQueueWithProperties
 */
#ifndef AMKD_TESTS_DRIVER_H
#define AMKD_TESTS_DRIVER_H

#undef CL_TARGET_OPENCL_VERSION /* amkd keeps to 1.2, drivers do not */
#define CL_TARGET_OPENCL_VERSION 300
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl.h>
#include <stddef.h>

/* One entry of OpenCL's, while the process lasts. */
typedef struct driver_entry {
    const char *name;
    struct driver_entry *next; /* of those that were called */
    unsigned long ncalls;
} driver_entry;

/* Counts a call; the code that it is to fail with, or CL_SUCCESS. Safe from threads. */
cl_int driver_call(driver_entry *entry);

/* The loader's function of that name; ends the process if there is none. */
void *driver_real(const char *name);

#define DRIVER_REAL(name) ((__typeof__(name) *)driver_real(#name))

/* The queues that there are: a device that is lost finishes what it has begun, so that
 * nothing is written into memory that is not its own any more. */
void driver_add_queue(cl_command_queue queue);
void driver_remove_queue(cl_command_queue queue);

/* What the device claims, each in place of OpenCL's function. */
cl_int like_platform_info(cl_platform_id platform, cl_platform_info what, size_t nbytes,
                          void *value, size_t *nwritten);
cl_int like_device_info(cl_device_id device, cl_device_info what, size_t nbytes,
                        void *value, size_t *nwritten);
cl_int like_group_info(cl_kernel kernel, cl_device_id device,
                       cl_kernel_work_group_info what, size_t nbytes, void *value,
                       size_t *nwritten);
cl_mem like_create_buffer(cl_context context, cl_mem_flags flags, size_t nbytes,
                          void *bytes, cl_int *status);
cl_program like_create_program(cl_context context, cl_uint n, const char **sources,
                               const size_t *lengths, cl_int *status);
cl_command_queue like_create_queue(cl_context context, cl_device_id device,
                                   const cl_queue_properties *properties, cl_int *status);
cl_int like_enqueue_kernel(cl_command_queue queue, cl_kernel kernel, cl_uint ndim,
                           const size_t *offset, const size_t *global,
                           const size_t *local, cl_uint nevents, const cl_event *events,
                           cl_event *done);
cl_int like_set_arg(cl_kernel kernel, cl_uint index, size_t nbytes, const void *value);
cl_int like_release_kernel(cl_kernel kernel);

/* The local memory that a kernel's arguments take, in bytes. */
size_t driver_local_of(cl_kernel kernel);

#endif
