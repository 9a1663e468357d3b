/* A device that is made to look like another kind of device. */
#ifndef AMKD_DEVICE_PRETEND_H
#define AMKD_DEVICE_PRETEND_H

#include "device/device.h"

/* Gives the device properties from a list such as "width=1,local=32K,group=256", of which
 * kernels and what is launched depend:
 *
 *     width   floats of a vector, 1, 4, 8 or 16; 1 also makes it a GPU, else a CPU
 *     local   bytes of local memory; as all sizes with K, M or G behind it
 *     group   work-items of a work-group at most
 *     units   compute units
 *     memory  bytes, and a quarter of them of a buffer at most
 *
 * Those not in the list stay. The device still is what it is: for listings (listing.h)
 * alone. Fails on what it does not know. */
int amkd_device_pretend(amkd_device *device, const char *properties);

#endif
