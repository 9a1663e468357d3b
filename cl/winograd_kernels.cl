/* The kernels of winograd.cl, transformed: a work-item does VW of them that lie side by
 * side, those of an input channel to CHANNELS output channels, then the next one's. */

/* G g. */
INLINE void transform_taps(vec to[PATCH], const vec g[TAPS])
{
    vec even1 = (-2.0f / 3) * g[0], odd1 = (-2.0f / 3 * POINT1) * g[1];
    vec even2 = (1.0f / 6) * g[0], odd2 = (1.0f / 6 * POINT2) * g[1];
#if TAPS > 2
    even1 -= (1.0f / 3) * g[2], even2 += (1.0f / 3) * g[2];
#endif
#if TAPS > 3
    odd1 -= (1.0f / 3 * POINT1) * g[3], odd2 += (1.0f / 3 * POINT2) * g[3];
#endif
#if TAPS > 4
    even1 -= (1.0f / 6) * g[4], even2 += (2.0f / 3) * g[4];
#endif
    to[0] = g[0];
    to[1] = even1 + odd1;
    to[2] = even1 - odd1;
    to[3] = even2 + odd2;
    to[4] = even2 - odd2;
    to[5] = g[TAPS - 1];
}

/* Transforms the kernels, side x side, of nin input channels to nout output channels from
 * weights on: that of i to o is at o * out_stride + i * in_stride; with a stride each phase
 * of x is an input channel. turned: by half a turn, for the gradient by the input. Output
 * channels beyond the last, and taps of a phase beyond a kernel, have zeros.
 *
 * Grid: (tiles of VW kernels in each part of the input channels, all parts; groups of
 * output channels). */
kernel void winograd_kernels(global const float *restrict parameters,
                             global float *restrict kernels, const uint weights,
                             const int side, const int nin, const int nout,
                             const int in_stride, const int out_stride, const int part,
                             const int turned)
{
    const int part_tiles = TILES(part * CHANNELS, VW), group = get_global_id(1);
    const int first = get_global_id(0) / part_tiles * part, n = min(part, nin - first);
    const int v0 = get_global_id(0) % part_tiles * VW;
    const int nvalues = min(VW, n * CHANNELS - v0);
    float taps[TAPS * TAPS][VW];
    vec rows[TAPS][PATCH];
    for (int l = 0; l < VW; l++) {
        const int i = first + (v0 + l) / CHANNELS;
        const int o = group * CHANNELS + (v0 + l) % CHANNELS;
        const int exists = l < nvalues && o < nout;
        const int at = weights + o * out_stride + i / PHASES * in_stride;
        for (int tap = 0; tap < TAPS * TAPS; tap++) {
            const int y = tap / TAPS * STEP + PHASE_ROW(i);
            const int x = tap % TAPS * STEP + PHASE_COLUMN(i);
            taps[turned ? TAPS * TAPS - 1 - tap : tap][l] =
                exists && y < side && x < side ? parameters[at + y * side + x] : 0.0f;
        }
    }
    for (int x = 0; x < TAPS; x++) {
        vec column[TAPS];
        for (int y = 0; y < TAPS; y++)
            column[y] = vload_vec(taps[y * TAPS + x]);
        transform_taps(rows[x], column);
    }
    kernels += kernels_at(group, nout, first, n) + v0;
    for (int y = 0; y < PATCH; y++) {
        vec row[PATCH], taps_row[TAPS];
        for (int x = 0; x < TAPS; x++)
            taps_row[x] = rows[x][y];
        transform_taps(row, taps_row);
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
