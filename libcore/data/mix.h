/* Mixed pixels (Eq. 1), the one definition that teacher, student and pictures share.
 *
 * lambda is taken at 16 bits, w = round(65536 lambda), so that the mix is integer
 * arithmetic and the same bits on every device:
 *
 *     x = (w x_i + (65536 - w) x_j + 32768) >> 16        (uint8, round half up)
 *
 * which differs from exact lambda by less than 0.002 grey levels before rounding. */
#ifndef AMKD_DATA_MIX_H
#define AMKD_DATA_MIX_H

#include <stddef.h>
#include <stdint.h>

/* w of a lambda in [0, 1]. */
uint32_t amkd_mix_weight(float lambda);

/* out[npixels] = the mix of a and b, rounded to uint8. The reference of the kernel. */
void amkd_mix_u8(uint8_t *out, const uint8_t *a, const uint8_t *b, uint32_t weight,
                 size_t npixels);

#endif
