/* The programs that are built on a device, as files that other compilers take: those of
 * other vendors, or of the driver's own makers. */
#ifndef AMKD_DEVICE_LISTING_H
#define AMKD_DEVICE_LISTING_H

#include "device/program.h"

typedef struct amkd_listing amkd_listing;

/* A listing into folder, which is made where it is not there. Fails where programs stand in
 * it already: those of another network, or device, would be taken for this one's. */
int amkd_listing_new(amkd_listing **out, const char *folder);
void amkd_listing_free(amkd_listing *listing); /* NULL is fine */

/* From now on, until it is closed, what is built on the device is written, a file a
 * program, before it is built; and no kernel runs, so that what buffers hold is nothing.
 * The listing is borrowed. A file NAME-DIGEST.cl needs no other file: its macros are
 * #define lines, and its first line has the options that are left to be given. */
void amkd_listing_attach(amkd_listing *listing, amkd_device *device);

/* A program that is about to be built with these options (clBuildProgram). */
int amkd_listing_add(amkd_listing *listing, const char *name, const char *const *sources,
                     size_t nsources, const char *options);

/* What was added last has become this program. */
int amkd_listing_built(amkd_listing *listing, cl_program program);

/* A kernel that is launched; local: its work-group, NULL where the driver chooses. */
int amkd_listing_launch(amkd_listing *listing, cl_kernel kernel, const amkd_arg *args,
                        size_t nargs, size_t ndim, const size_t *local);

/* Writes launches.tsv into the folder, a line for each kernel and work-group that was
 * launched: the program's file, the kernel, the work-group ("32x1x1"; "-": the driver's
 * choice), and the bytes of local memory that are arguments. *nprograms, of which one
 * file each is there. */
int amkd_listing_write(const amkd_listing *listing, size_t *nprograms);

#endif
