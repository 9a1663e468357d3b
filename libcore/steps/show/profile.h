/* A profile as a table or as JSON. */
#ifndef AMKD_STEPS_SHOW_PROFILE_H
#define AMKD_STEPS_SHOW_PROFILE_H

#include "device/profile.h"

/* A profile to be written to path at the end, which is tried now; NULL as path: none. */
int amkd_profile_open(amkd_profile **out, const char *path);

/* Writes the profile unless there is none or rc says that the run failed, and frees it.
 * Returns rc, or -1. */
int amkd_profile_close(amkd_profile *profile, const char *path, int rc);

/* Writes to path ("-": stdout), for each device, a line for each pass of each layer,
 * those that took longest first: its kernels, runs, milliseconds, share of all kernels'
 * time, rates of multiply-adds and bytes, and these as shares of the device's peaks.
 * Where path ends in .json, an object with the keys peak_gflops, copy_gbs, seconds and
 * rows; of several devices one with the key devices, a list of such objects, which have
 * the keys device and name, too. */
int amkd_profile_write(const char *path, const amkd_profile *profile);

#define AMKD_PROFILE_OPTION(path)                                                        \
    {                                                                                    \
        0, "profile", AMKD_TEXT, &(path), "FILE",                                        \
            "write what the kernels of each layer took, as a table, or as JSON\n"        \
            "where the name ends in .json",                                              \
            AMKD_WHERE | AMKD_WRITES, 0, 0                                               \
    }

#endif
