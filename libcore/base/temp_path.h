/* Temporary files beside an output: how they are named, how their writer holds them, and
 * how those of writers that were killed are found and removed. A writer holds a lock
 * (flock) on its file; the kernel drops it with the process, wherever that ran. So a
 * temporary file that can be locked is nobody's, also on a file system of the network or
 * in another container. Where locks cannot be had nothing is removed. */
#ifndef AMKD_BASE_TEMP_PATH_H
#define AMKD_BASE_TEMP_PATH_H

/* ".name.0123456789abcdef.tmp" beside target: hidden, and short enough for any name. NULL
 * with the error set when there is no memory; freed with free(). */
char *amkd_temp_path(const char *target);

/* Locks a temporary file that was made just now, until its last descriptor is closed.
 * Returns 0, also where there are no locks; -1 without an error when somebody who looked
 * for abandoned files was faster: the file is to be given up for another. */
int amkd_temp_hold(int fd);

/* Removes the temporary files that killed writers of target left. What cannot be looked
 * at stays. */
void amkd_temp_sweep(const char *target);

#endif
