/* The cache of an OpenCL driver's own, where a driver cannot do without. */
#ifndef AMKD_DEVICE_DRIVER_CACHE_H
#define AMKD_DEVICE_DRIVER_CACHE_H

/* PoCL drops its devices where it cannot make the directory of its cache, as for a user
 * without a home. Where $POCL_CACHE_DIR is not set and the directory that PoCL would take
 * cannot be made or written, names another by that variable: amkd-UID, which this user
 * alone may enter, under $TMPDIR or /tmp. To be called before the first call of OpenCL.
 * Never an error: where there is no such directory either, PoCL will have no device. */
void amkd_driver_cache_prepare(void);

#endif
