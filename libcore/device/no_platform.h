/* Why OpenCL has no platform. */
#ifndef AMKD_DEVICE_NO_PLATFORM_H
#define AMKD_DEVICE_NO_PLATFORM_H

/* Fails for the lack of a platform: none is installed; or, of each driver that is, why it
 * cannot be loaded, and the process's limits of memory, which may be the cause. */
int amkd_fail_no_platform(void);

#endif
