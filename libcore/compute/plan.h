/* Choosing between several ways of doing the same work on a device, by timing them once.
 */
#ifndef AMKD_COMPUTE_PLAN_H
#define AMKD_COMPUTE_PLAN_H

#include "compute/device.h"

typedef struct amkd_plan_way {
    const char *name;
    int (*run)(void *context); /* enqueues the work */
} amkd_plan_way;

/* *fastest is the way that takes clearly the least time, remembered in the cache under
 * the device and the text of the work. The first way is trusted; another is passed over
 * when it fails or when the floats it leaves in result differ from the first's by more
 * than 1e-3 of the greatest of them. */
int amkd_plan_choose(size_t *fastest, amkd_device *device, const char *work,
                     const amkd_plan_way *ways, size_t nways, cl_mem result,
                     size_t nfloats, void *context);

#endif
