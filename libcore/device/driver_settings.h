/* What drivers are told by the environment, where they cannot do without. */
#ifndef AMKD_DEVICE_DRIVER_SETTINGS_H
#define AMKD_DEVICE_DRIVER_SETTINGS_H

/* To be called before the first call of OpenCL. Sets variables of PoCL that are not set:
 *
 * - POCL_CACHE_DIR. PoCL drops its devices where it cannot make the directory of its
 * cache, as for a user without a home. Where the directory that it would take cannot be
 * made or written, this names another: amkd-UID, which this user alone may enter, under
 * $TMPDIR or /tmp.
 * - POCL_WORK_GROUP_SPECIALIZATION=0. PoCL compiles a kernel for a binary, which is kept
 *   (cache.h), and else once more for the size of the work-group that it is launched
 * with. The second is no faster (bench/README.md, "What a start costs") and as long to
 * compile.
 *
 * Never an error: where there is no such directory either, PoCL will have no device. */
void amkd_driver_settings_prepare(void);

#endif
