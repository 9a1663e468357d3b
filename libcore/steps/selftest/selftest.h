/* Every kernel of a device against its plain C reference: whether a driver can be trusted
 * is seen before it scores a million pairs. */
#ifndef AMKD_STEPS_SELFTEST_SELFTEST_H
#define AMKD_STEPS_SELFTEST_SELFTEST_H

#include "device/device.h"

/* Is told of each check: what was computed, the greatest |value - reference| /
 * (1 + |reference|), NaN if a value is, and how much is allowed. */
typedef void amkd_selftest_report(void *context, const char *what, double error,
                                  double tolerance);

/* Runs all checks. Returns 0 if every one is within its tolerance; -1 if some are not, or
 * if a kernel could not be built or run. */
int amkd_selftest(amkd_device *device, amkd_selftest_report *report, void *context);

#endif
