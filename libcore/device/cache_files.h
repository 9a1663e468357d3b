/* The files of the cache: where they are, and which of them go. */
#ifndef AMKD_DEVICE_CACHE_FILES_H
#define AMKD_DEVICE_CACHE_FILES_H

#include "device/cache.h"
#include <sys/types.h>

/* The directory of a cache, made or not; freed with free(). NULL when the environment
 * names none. */
char *amkd_cache_directory(amkd_cache cache);

/* Makes a directory and its parents, those that are not there for this user alone. -1
 * where it cannot; sets no error. */
int amkd_cache_make_directory(const char *path);

/* Notes that path is of use today, which keeps it from being dropped. */
void amkd_cache_touch(const char *path);

/* Drops files not of use for max_seconds, and the longest unused while more than
 * max_nbytes are there. *n, unless NULL, is the number dropped. A directory that is not
 * there is empty; fails where a file cannot be removed. */
int amkd_cache_prune(size_t *n, const char *directory, time_t max_seconds,
                     off_t max_nbytes);

#endif
