/* The items of NPY arrays: of any kind, order and endianness, as the numbers they are. */
#include "base/error.h"
#include "base/half.h"
#include "data/npy.h"
#include <string.h>

/* The bits of an item of n bytes. */
static uint64_t load(const unsigned char *item, size_t n, int big_endian)
{
    uint64_t bits = 0;
    for (size_t k = 0; k < n; k++)
        bits = bits << 8 | item[big_endian ? k : n - 1 - k];
    return bits;
}

static int is_big_endian(const amkd_npy *npy)
{
    return npy->dtype[0] == '>';
}

void amkd_npy_strides(size_t *strides, const amkd_npy *npy)
{
    size_t stride = npy->item_nbytes;
    for (size_t k = 0; k < npy->ndim; k++) {
        size_t d = npy->fortran ? k : npy->ndim - 1 - k;
        strides[d] = stride;
        stride *= npy->shape[d];
    }
}

int amkd_npy_integer(int32_t *value, const amkd_npy *npy, const void *data, size_t index)
{
    size_t n = npy->item_nbytes;
    if (npy->dtype[1] == 'f')
        return amkd_fail("dtype '%s' is not one of integers", npy->dtype);
    uint64_t bits = load((const unsigned char *)data + index * n, n, is_big_endian(npy));
    uint64_t sign = npy->dtype[1] == 'i' ? 1ull << (8 * n - 1) : 0;
    /* Two's complement: the highest bit counts negative. */
    int64_t wide = (int64_t)((bits ^ sign) - sign);
    if (wide < INT32_MIN || wide > INT32_MAX || (!sign && bits > INT32_MAX)) {
        if (sign)
            return amkd_fail("item %zu: %lld is outside 32 bits", index, (long long)wide);
        return amkd_fail("item %zu: %llu is outside 32 bits", index,
                         (unsigned long long)bits);
    }
    *value = (int32_t)wide;
    return 0;
}

static float float_of(uint64_t bits, size_t nbytes)
{
    if (nbytes == 2)
        return amkd_half_float((uint16_t)bits);
    if (nbytes == 4) {
        uint32_t narrow = (uint32_t)bits;
        float value;
        memcpy(&value, &narrow, sizeof value);
        return value;
    }
    double value;
    memcpy(&value, &bits, sizeof value);
    return (float)value;
}

void amkd_npy_floats(float *values, const amkd_npy *npy, const void *data)
{
    size_t strides[AMKD_NPY_MAX_DIMENSIONS], at[AMKD_NPY_MAX_DIMENSIONS] = {0};
    const unsigned char *item = data;
    if (!strcmp(npy->dtype, "<f4") && !npy->fortran) {
        memcpy(values, data, npy->nbytes);
        return;
    }
    amkd_npy_strides(strides, npy);
    for (size_t i = 0; i < npy->nitems; i++) {
        values[i] =
            float_of(load(item, npy->item_nbytes, is_big_endian(npy)), npy->item_nbytes);
        /* On to the next item: the last dimension first. */
        for (size_t d = npy->ndim; d-- > 0;) {
            item += strides[d];
            if (++at[d] < npy->shape[d])
                break;
            item -= at[d] * strides[d];
            at[d] = 0;
        }
    }
}
