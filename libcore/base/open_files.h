/* How many files a process may have open at once. */
#ifndef AMKD_BASE_OPEN_FILES_H
#define AMKD_BASE_OPEN_FILES_H

#include <stdint.h>

/* Raises the limit of open files to wanted, or as far as this process may (the hard limit
 * of setrlimit(2)); never lowers it. Sets *limit to what it is then. Fails when the
 * system tells or takes no limit. */
int amkd_open_files_raise(uint64_t *limit, uint64_t wanted);

#endif
