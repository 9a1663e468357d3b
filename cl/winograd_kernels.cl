/* The kernels of winograd.cl, transformed. */

/* G g. */
INLINE void transform_taps(float to[PATCH], const float g0, const float g1, const float g2)
{
    const float even1 = (-2.0f / 3) * g0 - (1.0f / 3) * g2, odd1 = (-2.0f / 3 * POINT1) * g1;
    const float even2 = (1.0f / 6) * g0 + (1.0f / 3) * g2, odd2 = (1.0f / 6 * POINT2) * g1;
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
 * Grid: (nin, groups of CHANNELS output channels). */
kernel void winograd_kernels(global const float *restrict parameters,
                             global float *restrict kernels, const uint weights,
                             const int nin, const int nout, const int in_stride,
                             const int out_stride, const int part, const int turned)
{
    const int i = get_global_id(0), group = get_global_id(1);
    const int first = i / part * part, n = min(part, nin - first);
    kernels += kernels_at(group, nout, first, n) + (i - first) * CHANNELS;
    for (int c = 0; c < CHANNELS; c++) {
        const int o = group * CHANNELS + c;
        float g[9], rows[3][PATCH];
        for (int tap = 0; tap < 9; tap++)
            g[turned ? 8 - tap : tap] =
                o < nout ? parameters[weights + o * out_stride + i * in_stride + tap] : 0.0f;
        for (int x = 0; x < 3; x++)
            transform_taps(rows[x], g[x], g[3 + x], g[6 + x]);
        for (int y = 0; y < PATCH; y++) {
            float row[PATCH];
            transform_taps(row, rows[0][y], rows[1][y], rows[2][y]);
            for (int x = 0; x < PATCH; x++)
                kernels[(y * PATCH + x) * n * CHANNELS + c] = row[x];
        }
    }
}
