/* What the kernels of a run take on each of its devices, by what they were for. */
#ifndef AMKD_DEVICE_PROFILE_H
#define AMKD_DEVICE_PROFILE_H

#include "device/device.h"
#include "device/peak.h"

typedef struct amkd_profile amkd_profile;

/* What kernels are launched for. */
typedef struct amkd_work {
    char what[160];       /* "layer1.0.conv1: conv 64 k3 p1 | relu" */
    const char *pass;     /* "forward"; a constant */
    double flops, nbytes; /* of one run of it; 0 where nobody counts them */
} amkd_work;

/* The kernels of one name that were for the same. */
typedef struct amkd_profile_row {
    amkd_work work; /* what is "" for kernels outside of layers; flops and nbytes are
                       those of all runs */
    char kernel[64];
    size_t ncalls;
    double seconds;
} amkd_profile_row;

/* Returns NULL when memory is short. Freed with amkd_profile_free. */
amkd_profile *amkd_profile_new(void);
void amkd_profile_free(amkd_profile *profile); /* NULL is fine */

/* Measures the device's peak; from then on its kernels are timed, until it is closed. To
 * be called before anything is enqueued: the queue becomes another one. Of several
 * devices, attached one after the other, each has times of its own: device->profile is a
 * profile that belongs to the first one's. NULL as profile: nothing. */
int amkd_profile_attach(amkd_profile *profile, amkd_device *device);

/* What the kernels are for that are launched next, of which a run begins; NULL: nothing
 * in particular. NULL as profile: nothing. */
void amkd_profile_begin(amkd_profile *profile, const amkd_work *work);

/* One launch of a kernel; takes the event. */
int amkd_profile_add(amkd_profile *profile, cl_kernel kernel, cl_event event);

/* Waits for what is under way; for amkd_device_close. It leaves the error of a run as it
 * is: amkd_profile_check tells of its own. */
void amkd_profile_settle(amkd_profile *profile);

/* Fails where a kernel's time could not be had, on any of the devices. */
int amkd_profile_check(const amkd_profile *profile);

/* The profile of the device that was attached next; NULL behind the last. Begin with the
 * one that devices were attached to. */
const amkd_profile *amkd_profile_next(const amkd_profile *profile);

/* Of its device: the peak, the index, and the name; "" where none was attached. */
amkd_peak amkd_profile_peak(const amkd_profile *profile);
size_t amkd_profile_index(const amkd_profile *profile);
const char *amkd_profile_name(const amkd_profile *profile);

/* The rows in the order in which they came first; borrowed. */
const amkd_profile_row *amkd_profile_rows(const amkd_profile *profile, size_t *n);

#endif
