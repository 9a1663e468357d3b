/* NumPy's NPY format (numpy.lib.format, versions 1 to 3): parsed from a whole file or as
 * it arrives by a pipe; written by its header, the data are the caller's.
 *
 *     "\x93NUMPY" | u8 major | u8 minor | u16 or u32 length, little endian | header |
 * data
 *
 * The header is a Python dict literal with exactly the keys descr, fortran_order, shape,
 * padded with spaces and ended by a newline so that the data start at a multiple of 64.
 * As NumPy does, a reader takes it without the padding and the newline, and with the long
 * integers of Python 2 ("3L").
 */
#ifndef AMKD_DATA_NPY_H
#define AMKD_DATA_NPY_H

#include <stddef.h>
#include <stdint.h>

enum {
    AMKD_NPY_MAX_DIMENSIONS = 8,
    AMKD_NPY_PREFIX_NBYTES = 12,   /* enough of a file to know the header's length */
    AMKD_NPY_MAX_HEADER = 1 << 16, /* longer headers are refused */
};

/* What a header says. */
typedef struct amkd_npy {
    char dtype[4]; /* '|' for one byte, else '<' or '>' for little or big endian; a kind:
                      'b' bool, 'i', 'u' or 'f'; and item_nbytes: "|u1", "<f4", ">i8" */
    size_t item_nbytes;
    int fortran; /* the first index moves fastest, not the last */
    size_t ndim;
    size_t shape[AMKD_NPY_MAX_DIMENSIONS];
    size_t nitems; /* the product of shape, 1 for ndim 0 */
    size_t nbytes; /* of the data: nitems * item_nbytes; no overflow */
} amkd_npy;

/* Parses a header from the nbytes that are there so far. Returns 1 when parsed: the data
 * start at *header_nbytes; 0 when at least *header_nbytes are needed to go on (first the
 * prefix, then the whole header: reading just that much never takes data); -1 on error.
 */
int amkd_npy_parse(amkd_npy *npy, size_t *header_nbytes, const void *bytes,
                   size_t nbytes);

/* Makes the header of an array in C order in a new block, freed with free(). dtype is one
 * of the above, or a structured one in Python's writing, "[('i', '<u4'), ('p', '<f4',
 * (10,))]", which amkd_npy_parse does not read. */
int amkd_npy_print(char **bytes, size_t *nbytes, const char *dtype, const size_t *shape,
                   size_t ndim);

/* Finds the array in the bytes of a whole file: *data points into bytes (unaligned). Data
 * shorter or longer than the header says are an error. */
int amkd_npy_open(amkd_npy *npy, const void **data, const void *bytes, size_t nbytes);

/* The bytes from an item to the next along each dimension: strides[npy->ndim]. */
void amkd_npy_strides(size_t *strides, const amkd_npy *npy);

/* Item number index of the data, as they lie there, as an integer; fails for a float
 * dtype and for a value that int32 does not hold. */
int amkd_npy_integer(int32_t *value, const amkd_npy *npy, const void *data, size_t index);

/* All items of an array of a float dtype, in C order, as float32: values[nitems]. What
 * float32 does not hold becomes infinite. */
void amkd_npy_floats(float *values, const amkd_npy *npy, const void *data);

#endif
