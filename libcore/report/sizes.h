/* Distinct sizes in ascending order: the rows and columns of a table. */
#ifndef AMKD_REPORT_SIZES_H
#define AMKD_REPORT_SIZES_H

#include <stddef.h>

typedef struct amkd_sizes {
    size_t *values, n; /* freed with free(values) */
} amkd_sizes;

/* Adds a size unless it is there. Fails without memory. */
int amkd_sizes_add(amkd_sizes *sizes, size_t value);

/* The place of a size that is there. */
size_t amkd_sizes_find(const amkd_sizes *sizes, size_t value);

#endif
