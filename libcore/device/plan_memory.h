/* Plans kept in the cache (amkd_plan_recall is their other half). */
#ifndef AMKD_DEVICE_PLAN_MEMORY_H
#define AMKD_DEVICE_PLAN_MEMORY_H

#include "device/plan.h"

/* Remembers what came out. */
void amkd_plan_remember(const amkd_plan *plan, const amkd_device *device);

#endif
