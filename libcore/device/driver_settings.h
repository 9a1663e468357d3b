/* What drivers are told by the environment, where they cannot do without. */
#ifndef AMKD_DEVICE_DRIVER_SETTINGS_H
#define AMKD_DEVICE_DRIVER_SETTINGS_H

/* To be called before the first call of OpenCL. Sets two variables of PoCL where they are
 * not set.
 *
 * POCL_CACHE_DIR: PoCL drops its devices where it cannot make the directory of its cache,
 * as for a user without a home. Where the directory that it would take cannot be made or
 * written, this names another: amkd-UID, which this user alone may enter, under $TMPDIR
 * or /tmp. Where there is no such directory either, PoCL will have no device.
 *
 * POCL_WORK_GROUP_SPECIALIZATION=0: PoCL compiles a kernel for the binary that is kept
 * (cache.h), and else once more for the size of the work-group that it is launched with,
 * which takes as long and makes none faster (bench/README.md, "Starts"). */
void amkd_driver_settings_prepare(void);

#endif
