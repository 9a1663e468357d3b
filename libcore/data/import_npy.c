/* NPY arrays of images: uint8, [n][height][width] or [n][height][width][channels]. */
#include "base/error.h"
#include "data/npy.h"
#include "data/source.h"
#include <string.h>

int amkd_source_npy(amkd_source *source, size_t nbytes)
{
    amkd_npy npy;
    const void *data;
    if (amkd_npy_open(&npy, &data, source->bytes, nbytes))
        return -1;
    if (strcmp(npy.dtype, "|u1") != 0)
        return amkd_fail("images of dtype '%s', expected '|u1' (numpy.uint8)", npy.dtype);
    if (npy.fortran)
        return amkd_fail("the array is in Fortran order, expected C order "
                         "(numpy.ascontiguousarray makes it so)");
    if (npy.ndim != 3 && npy.ndim != 4)
        return amkd_fail("array of %zu dimensions, expected [n,height,width] or "
                         "[n,height,width,channels]",
                         npy.ndim);
    source->n = npy.shape[0];
    source->height = npy.shape[1];
    source->width = npy.shape[2];
    source->channels = npy.ndim == 4 ? npy.shape[3] : 1;
    source->data = data;
    source->read = amkd_source_read_array;
    if (source->n && !npy.nbytes)
        return amkd_fail("images of %zux%zu, %zu channels are empty", source->width,
                         source->height, source->channels);
    return 0;
}
