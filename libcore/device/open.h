/* Devices opened and closed, for those who hand them on and know nothing of OpenCL. */
#ifndef AMKD_DEVICE_OPEN_H
#define AMKD_DEVICE_OPEN_H

#include <stddef.h>

typedef struct amkd_device amkd_device;

/* Opens the device which names: an index, "cpu" or "gpu", or part of a name (any case):
 * the first device whose name has it, else the first whose platform's name has it.
 * NULL or "": the environment's AMKD_DEVICE, else the first GPU, else the first
 * accelerator, else the first CPU. */
int amkd_device_open(amkd_device **out, const char *which);

/* NULL is fine. */
void amkd_device_close(amkd_device *device);

enum { AMKD_MAX_DEVICES = 16 };

/* Opens the devices of a list with commas, "0,2" or "cpu,gpu", each item as
 * amkd_device_open takes it; a device that the list has twice is an error. NULL or "":
 * the list in AMKD_DEVICE, else the one of amkd_device_open. opened holds
 * AMKD_MAX_DEVICES; on failure none is open. */
int amkd_devices_open(amkd_device **opened, size_t *nopened, const char *which);
void amkd_devices_close(amkd_device **opened, size_t *nopened); /* *nopened becomes 0 */

/* Opens a device for one of several processes of a machine, which are numbered by place:
 * of a list with commas each takes an item in turn, of "cpu", "gpu", a part of a name or
 * NULL the devices that are like the one that is found; an index is for all of them. */
int amkd_device_open_own(amkd_device **out, const char *which, size_t place);

/* As the driver calls it, 255 bytes at most; borrowed. */
const char *amkd_device_name(const amkd_device *device);

#endif
