/* Programs built from the embedded sources of cl/, specialised by macros, with their
 * binaries cached (cache.h), and the launching of their kernels. */
#ifndef AMKD_DEVICE_PROGRAM_H
#define AMKD_DEVICE_PROGRAM_H

#include "device/device.h"

/* Builds the concatenation of nsources source texts with options ("-DOC=6 -DK=5"); name,
 * as "conv", is what errors call it. -w, -cl-std=CL1.2, -DVW=<vector_width> and
 * -DNLANES=<nlanes> are added. A program that this
 * device has built before is shared. A cached binary is used if its key (sources,
 * options, device, driver, version) fits; a damaged or stale entry is rebuilt, an
 * unwritable cache ignored. A build failure carries the build log. A driver that dies
 * while it compiles ends the process with a message and exit status 1 (last_words.h). The
 * cache remembers that, and the next attempt is without optimisations; fails when the
 * driver died of that, too. */
int amkd_program_build(cl_program *out, amkd_device *device, const char *name,
                       const char *const *sources, size_t nsources, const char *options);
void amkd_program_free(cl_program program); /* NULL is fine */

/* Lets go of the programs that the device keeps to share; for amkd_device_close. */
void amkd_programs_forget(amkd_device *device);

int amkd_kernel_new(cl_kernel *out, cl_program program, const char *name);
void amkd_kernel_free(cl_kernel kernel); /* NULL is fine */

/* Work-items that a work-group of the kernel may have on the device. */
int amkd_kernel_room(size_t *nitems, const amkd_device *device, cl_kernel kernel);

/* One argument of a kernel: AMKD_ARG(value) of a variable, cl_mem or scalar. */
typedef struct amkd_arg {
    const void *value;
    size_t nbytes;
} amkd_arg;
#define AMKD_ARG(variable)                                                               \
    {                                                                                    \
        &(variable), sizeof(variable)                                                    \
    }

/* Sets arguments 0..nargs-1 and enqueues the kernel over ndim dimensions. local
 * may be NULL: then the driver chooses, but on CPUs, whose groups stay small, so that the
 * private arrays of one fit a stack. Returns once enqueued. On a device with a listing it
 * is noted, and not enqueued. */
int amkd_kernel_run(amkd_device *device, cl_kernel kernel, const amkd_arg *args,
                    size_t nargs, size_t ndim, const size_t *global, const size_t *local);

#endif
