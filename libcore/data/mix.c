/* Mixed pixels on the host: the reference of the device's kernel. */
#include "data/mix.h"

uint32_t amkd_mix_weight(float lambda)
{
    return (uint32_t)(65536.0 * (double)lambda + 0.5);
}

void amkd_mix_u8(uint8_t *out, const uint8_t *a, const uint8_t *b, uint32_t weight,
                 size_t npixels)
{
    for (size_t i = 0; i < npixels; i++)
        out[i] = (uint8_t)((weight * a[i] + (65536 - weight) * b[i] + 32768) >> 16);
}
