/* OpenCL devices: finding and choosing one, and the calls every launcher needs.
 * Every OpenCL status is looked at; failures name the call and the error. */
#ifndef AMKD_DEVICE_DEVICE_H
#define AMKD_DEVICE_DEVICE_H

#include "device/open.h"
#include <CL/cl.h>
#include <stddef.h>
#include <stdint.h>

struct amkd_device {
    cl_platform_id platform;
    cl_device_id id;
    cl_context context;     /* NULL until opened */
    cl_command_queue queue; /* in order */
    size_t index;           /* over all platforms' devices, as amkd-devices counts */
    char name[256], platform_name[128], driver[128], version[128];
    cl_device_type type;
    cl_uint ncompute_units;
    cl_ulong global_nbytes, local_nbytes, max_buffer_nbytes;
    cl_ulong budget_nbytes; /* that a predictor may take of it; 0: the device decides */
    size_t max_work_group;
    size_t cache_nbytes; /* of the last cache; larger values are written past it */
    size_t vector_width; /* floats a work-item handles as one vector: 1 on devices that
                            vectorise across work-items, 16, 8 or 4 on others */
    size_t nlanes;       /* samples in a lane block (cl/common.cl): a multiple of
                            vector_width, a power of two */
    struct amkd_shared_program *programs; /* built so far: program.c shares them */
    const char *watched;                  /* of amkd_device_watch */
    struct amkd_progress *compiling;
    struct amkd_profile *profile; /* that times the kernels (profile.h); borrowed */
    struct amkd_listing
        *listing;   /* of what is built; nothing runs (listing.h); borrowed */
    cl_mem scratch; /* of amkd_device_scratch; NULL until asked for */
    size_t scratch_nbytes;
};

/* All devices of all platforms that are available and have a compiler, in order of index;
 * platforms without any are passed over. *devices is freed with free(). An empty list is
 * no error; no platform at all is, and so are platforms that could not say what they have
 * where none has a device. The environment's AMKD_VECTOR_WIDTH (1, 4, 8 or 16) takes the
 * place of every device's vector_width. */
int amkd_devices_list(amkd_device **devices, size_t *n);

/* Sets vector_width, 1, 4, 8 or 16, and the lanes of a block that go with it. */
void amkd_device_set_width(amkd_device *device, size_t vector_width);

/* Shows on stderr, until amkd_device_unwatch, that programs are compiled which no cache
 * has, and how many: it may take a minute. title is a constant, "amkd-train, compiling".
 */
void amkd_device_watch(amkd_device *device, const char *title);
void amkd_device_unwatch(amkd_device *device);
void amkd_devices_watch(amkd_device *const *devices, size_t n, const char *title);
void amkd_devices_unwatch(amkd_device *const *devices, size_t n);

/* Which one of the list amkd_device_open would open; -1 with the error set if none. */
int amkd_device_choose(size_t *index, const amkd_device *devices, size_t n,
                       const char *which);

/* Describes the one that amkd_device_open would open, without opening it. */
int amkd_device_find(amkd_device *device, const char *which);

/* Fails unless amkd_device_open would find its device, without opening it. */
int amkd_device_check(const char *which);

/* Describes those that amkd_devices_open would open, without opening them: *found is
 * freed with free(). */
int amkd_devices_find(amkd_device **found, size_t *nfound, const char *which);

/* Fails unless amkd_devices_open would find its devices, without opening them. */
int amkd_devices_check(const char *which);

/* Whether they are of one kind, by name and platform. */
int amkd_device_is_like(const amkd_device *a, const amkd_device *b);

/* "CL_OUT_OF_RESOURCES" of a code. */
const char *amkd_cl_error(cl_int code);

/* Sets the error "<what>: <code's name>", with what may help and the limits of memory
 * where it is short, and returns -1. */
int amkd_fail_cl(cl_int code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The status of a call, "clReleaseEvent", that lets go of what is not needed any more. A
 * failure takes nothing from a result and is no error: it is remarked (amkd_remark). */
void amkd_cl_tidied(cl_int code, const char *call);

/* A buffer of nbytes (at least 1 is allocated), filled from bytes unless NULL. Released
 * with amkd_buffer_free. */
int amkd_buffer_new(cl_mem *out, amkd_device *device, cl_mem_flags flags, size_t nbytes,
                    const void *bytes);
void amkd_buffer_free(cl_mem buffer); /* NULL is fine */

/* A buffer of at least nbytes, borrowed, for what is made by one thing that is enqueued
 * and read by the next ones, until somebody else asks for it. */
int amkd_device_scratch(cl_mem *out, amkd_device *device, size_t nbytes);

/* Blocking copies between host and device. */
int amkd_buffer_read(amkd_device *device, void *bytes, cl_mem buffer, size_t offset,
                     size_t nbytes);
int amkd_buffer_write(amkd_device *device, cl_mem buffer, const void *bytes,
                      size_t offset, size_t nbytes);

/* The same in queue order, without waiting: bytes must stay until the device came past.
 * *done, unless done is NULL, is waited for and released with amkd_event_wait. */
int amkd_buffer_read_later(amkd_device *device, void *bytes, cl_mem buffer, size_t offset,
                           size_t nbytes, cl_event *done);
int amkd_buffer_write_later(amkd_device *device, cl_mem buffer, const void *bytes,
                            size_t offset, size_t nbytes);

/* Waits, and makes *event NULL. */
int amkd_event_wait(const amkd_device *device, cl_event *event);

/* Copies from the start of one buffer into another, in queue order. */
int amkd_buffer_copy(amkd_device *device, cl_mem to, size_t to_offset, cl_mem from,
                     size_t nbytes);

/* Fills with zero bytes, in queue order. */
int amkd_buffer_zero(amkd_device *device, cl_mem buffer, size_t nbytes);

/* Waits until all that was enqueued is done. */
int amkd_device_finish(amkd_device *device);

/* The same before host memory is freed that something enqueued may still read or write,
 * as after a failure. That it fails itself is remarked; then there is nothing to wait
 * for. */
void amkd_device_drain(amkd_device *device);

#define AMKD_DEVICE_OPTION(which)                                                        \
    {                                                                                    \
        'd', "device", AMKD_TEXT, &(which), "WHICH",                                     \
            "OpenCL device: index, part of its name, cpu or gpu\n"                       \
            "(default: $AMKD_DEVICE, else the first GPU, else the CPU)",                 \
            AMKD_WHERE | AMKD_OPEN, 0, 0, NULL, "cpu, gpu"                               \
    }

/* Of tools whose work several devices share. */
#define AMKD_DEVICES_OPTION(list)                                                        \
    {                                                                                    \
        'd', "device", AMKD_TEXT, &(list), "LIST",                                       \
            "OpenCL devices with commas between them, which share the work: index,\n"    \
            "part of the name, cpu or gpu (default: $AMKD_DEVICE, else the first\n"      \
            "GPU, else the CPU)",                                                        \
            AMKD_WHERE | AMKD_OPEN, 0, 0, NULL, "cpu, gpu"                               \
    }

#endif
