/* The kernels of winograd.cl, transformed: a work-item does some input channels for
 * CHANNELS output channels, whose values lie side by side. */

#define IN_CHANNELS (VW / CHANNELS)

/* G g. */
INLINE void transform_taps(vec to[PATCH], const vec g0, const vec g1, const vec g2)
{
    const vec even1 = (-2.0f / 3) * g0 - (1.0f / 3) * g2,
              odd1 = (-2.0f / 3 * POINT1) * g1;
    const vec even2 = (1.0f / 6) * g0 + (1.0f / 3) * g2, odd2 = (1.0f / 6 * POINT2) * g1;
    to[0] = g0;
    to[1] = even1 + odd1;
    to[2] = even1 - odd1;
    to[3] = even2 + odd2;
    to[4] = even2 - odd2;
    to[5] = g2;
}

/* Transforms the kernels of nin input channels to nout output channels from weights on:
 * that of i to o is at o * out_stride + i * in_stride. turned: by half a turn, for the
 * gradient by the input. Output channels beyond the last have zeros.
 *
 * Grid: (tiles of IN_CHANNELS in each part of the input channels, all parts; groups of
 * output channels). */
kernel void winograd_kernels(global const float *restrict parameters,
                             global float *restrict kernels, const uint weights,
                             const int nin, const int nout, const int in_stride,
                             const int out_stride, const int part, const int turned)
{
    const int part_tiles = TILES(part, IN_CHANNELS), group = get_global_id(1);
    const int first = get_global_id(0) / part_tiles * part, n = min(part, nin - first);
    const int i0 = get_global_id(0) % part_tiles * IN_CHANNELS;
    const int nvalues = min(IN_CHANNELS, n - i0) * CHANNELS;
    float taps[9][VW];
    vec rows[3][PATCH];
    for (int l = 0; l < VW; l++) {
        const int i = first + i0 + l / CHANNELS, o = group * CHANNELS + l % CHANNELS;
        for (int tap = 0; tap < 9; tap++)
            taps[turned ? 8 - tap : tap][l] =
                l < nvalues && o < nout
                    ? parameters[weights + o * out_stride + i * in_stride + tap]
                    : 0.0f;
    }
    for (int x = 0; x < 3; x++)
        transform_taps(rows[x], vload_vec(taps[x]), vload_vec(taps[3 + x]),
                       vload_vec(taps[6 + x]));
    kernels += kernels_at(group, nout, first, n) + i0 * CHANNELS;
    for (int y = 0; y < PATCH; y++) {
        vec row[PATCH];
        transform_taps(row, rows[0][y], rows[1][y], rows[2][y]);
        for (int x = 0; x < PATCH; x++) {
            global float *to = kernels + (y * PATCH + x) * n * CHANNELS;
            float values[VW];
            if (nvalues == VW) {
                vstore_vec(row[x], to);
                continue;
            }
            vstore_vec(row[x], values);
            for (int l = 0; l < nvalues; l++)
                to[l] = values[l];
        }
    }
}
