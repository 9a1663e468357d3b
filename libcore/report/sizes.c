/* Distinct sizes in ascending order. */
#include "report/sizes.h"
#include "base/memory.h"
#include <string.h>

int amkd_sizes_add(amkd_sizes *sizes, size_t value)
{
    size_t k = 0;
    while (k < sizes->n && sizes->values[k] < value)
        k++;
    if (k < sizes->n && sizes->values[k] == value)
        return 0;
    size_t *grown = amkd_realloc(sizes->values, sizes->n + 1, sizeof *grown);
    if (!grown)
        return -1;
    sizes->values = grown;
    memmove(grown + k + 1, grown + k, (sizes->n++ - k) * sizeof *grown);
    grown[k] = value;
    return 0;
}

size_t amkd_sizes_find(const amkd_sizes *sizes, size_t value)
{
    size_t k = 0;
    while (k + 1 < sizes->n && sizes->values[k] != value)
        k++;
    return k;
}
