/* IDX files of any bytes, as images and as labels: refused, or all data are there. */
#include "data/source.h"
#include "fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    for (size_t ndim = 1; ndim <= 3; ndim += 2) {
        size_t shape[3];
        const uint8_t *data;
        volatile uint8_t last;
        if (amkd_idx_open(&data, shape, ndim, bytes, nbytes))
            continue;
        size_t n = ndim == 1 ? shape[0] : shape[0] * shape[1] * shape[2];
        if (n)
            last = data[n - 1];
        (void)last;
    }
    return 0;
}
