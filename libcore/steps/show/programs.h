/* The OpenCL programs of a network, as files. */
#ifndef AMKD_STEPS_SHOW_PROGRAMS_H
#define AMKD_STEPS_SHOW_PROGRAMS_H

#include "device/device.h"

typedef struct amkd_programs_options {
    const char *folder; /* made where it is not there */
    const char *as;     /* as amkd_device_pretend takes it; NULL: the device as it is */
    const char *arch, *input; /* as amkd-train has them; "3x32x32" */
    size_t nclasses;
    size_t batch; /* samples of a training step */
} amkd_programs_options;

/* Writes all programs that a training of the network, with and without views, its
 * predictions and its lambda sweep build on the device (device/listing.h), *nprograms of
 * them: a step of each is taken, but no kernel runs. The device, which is opened and
 * not yet used, is of no other use afterwards. */
int amkd_programs_write(size_t *nprograms, amkd_device *device,
                        const amkd_programs_options *options);

#endif
