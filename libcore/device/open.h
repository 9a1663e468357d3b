/* A device opened and closed, for those who hand it on and know nothing of OpenCL. */
#ifndef AMKD_DEVICE_OPEN_H
#define AMKD_DEVICE_OPEN_H

typedef struct amkd_device amkd_device;

/* Opens the device which names: an index, "cpu" or "gpu", or part of a name (any case):
 * the first device whose name has it, else the first whose platform's name has it.
 * NULL or "": the environment's AMKD_DEVICE, else the first GPU, else the first
 * accelerator, else the first CPU. */
int amkd_device_open(amkd_device **out, const char *which);

/* NULL is fine. */
void amkd_device_close(amkd_device *device);

/* As the driver calls it, 255 bytes at most; borrowed. */
const char *amkd_device_name(const amkd_device *device);

#endif
