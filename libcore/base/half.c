/* Floats of 16 bits made float32 by their bits. Subnormal halves are normal float32. */
#include "base/half.h"
#include <math.h>
#include <string.h>

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* sign 1 | exponent 5, bias 15 | fraction 10 */
float amkd_half_float(uint16_t bits)
{
    uint32_t sign = (uint32_t)(bits >> 15) << 31, fraction = bits & 1023u;
    int exponent = bits >> 10 & 31;
    if (exponent == 31)
        return float_of(sign | 255u << 23 | fraction << 13);
    if (!exponent)
        return copysignf(ldexpf((float)fraction, -24), sign ? -1.0f : 1.0f);
    return float_of(sign | (uint32_t)(exponent - 15 + 127) << 23 | fraction << 13);
}

float amkd_bfloat_float(uint16_t bits)
{
    return float_of((uint32_t)bits << 16);
}
