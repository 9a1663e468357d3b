/* NPY files of any bytes: refused, or every item can be read. */
#include "data/npy.h"
#include "fuzz/target.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    amkd_npy npy;
    const void *data;
    int32_t value;
    if (amkd_npy_open(&npy, &data, bytes, nbytes))
        return 0;
    for (size_t i = 0; i < npy.nitems; i++)
        if (amkd_npy_integer(&value, &npy, data, i))
            break;
    float *values = malloc((npy.nitems + 1) * sizeof *values);
    if (values && npy.dtype[1] == 'f')
        amkd_npy_floats(values, &npy, data);
    free(values);
    return 0;
}
