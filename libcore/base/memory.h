/* Allocation whose failure is an ordinary amkd error, with products checked for overflow.
 */
#ifndef AMKD_BASE_MEMORY_H
#define AMKD_BASE_MEMORY_H

#include <stddef.h>

/* n items of nbytes each, zeroed; NULL with the error set when there is no room or the
 * product overflows. Freed with free(). */
void *amkd_alloc(size_t n, size_t nbytes);

/* Resizes block to n items of nbytes each; NULL with the error set, block untouched. */
void *amkd_realloc(void *block, size_t n, size_t nbytes);

/* A copy of text, NULL with the error set when there is no room. Freed with free(). */
char *amkd_strdup(const char *text);

/* A new string printed as by printf, NULL with the error set. Freed with free(). */
char *amkd_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* " (ulimit -v: 512 MiB of address space)" where the process's memory is limited, else
 * "": the end of a message that tells of too little memory. Valid until this thread's
 * next call. */
const char *amkd_memory_limit(void);

#endif
