/* What a device can do at most, as kernels see it. */
#ifndef AMKD_DEVICE_PEAK_H
#define AMKD_DEVICE_PEAK_H

#include "device/device.h"

typedef struct amkd_peak {
    double flops;       /* a second: multiply-adds out of registers count two */
    double copy_nbytes; /* a second, read and written, through memory */
} amkd_peak;

/* The best of several launches of cl/peak.cl, which take a tenth of a second. */
int amkd_peak_measure(amkd_peak *peak, amkd_device *device);

#endif
