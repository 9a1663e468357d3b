/* Labels that come in files of their own. */
#include "base/error.h"
#include "base/memory.h"
#include "data/npy.h"
#include "data/source.h"
#include "data/unzip.h"
#include <stdlib.h>

static int parse_npy(int32_t **labels, size_t *n, const char *bytes, size_t nbytes)
{
    amkd_npy npy;
    const void *data;
    if (amkd_npy_open(&npy, &data, bytes, nbytes))
        return -1;
    if (npy.ndim != 1)
        return amkd_fail("labels of %zu dimensions, expected 1", npy.ndim);
    *n = npy.nitems;
    *labels = amkd_alloc(*n, sizeof **labels);
    if (!*labels)
        return -1;
    for (size_t i = 0; i < *n; i++) {
        if (amkd_npy_integer(*labels + i, &npy, data, i))
            return -1;
        if ((*labels)[i] < 0 || (*labels)[i] >= AMKD_MAX_CLASSES)
            return amkd_fail("item %zu: label %d is outside 0..%d", i, (*labels)[i],
                             AMKD_MAX_CLASSES - 1);
    }
    return 0;
}

static int parse_idx(int32_t **labels, size_t *n, const char *bytes, size_t nbytes)
{
    const uint8_t *data;
    if (amkd_idx_open(&data, n, 1, bytes, nbytes))
        return -1;
    *labels = amkd_alloc(*n, sizeof **labels);
    if (!*labels)
        return -1;
    for (size_t i = 0; i < *n; i++)
        (*labels)[i] = data[i];
    return 0;
}

int amkd_labels_read(int32_t **labels, size_t *n, const char *path)
{
    char *bytes;
    size_t nbytes;
    if (amkd_unzip_read(&bytes, &nbytes, path, AMKD_SOURCE_MAX_NBYTES))
        return -1;
    *labels = NULL;
    int failed = nbytes && bytes[0] == '\x93' ? parse_npy(labels, n, bytes, nbytes)
                                              : parse_idx(labels, n, bytes, nbytes);
    free(bytes);
    if (failed) {
        free(*labels);
        *labels = NULL;
        return amkd_fail_in("'%s'", path);
    }
    return 0;
}
