/* A convolution by winograd.cl, forward, or backward by its input, which is one with
 * turned kernels. A work-item takes some tiles, first those of a block's vectors, which
 * lie beside each other. It transforms their patches of all input channels, a part at a
 * time, multiplies, and transforms back; what it keeps for that stays in the near caches.
 * After the first part of the input channels it adds to what it has written; behind the
 * last comes the activation.
 *
 * Grid: (groups of tiles, blocks), work-groups of one work-item. */

/* Vecs between positions, one more than there are: positions at a distance of a power of
 * two would share a few lines of the cache. */
#define POSITION_VECS(n, ntiles) ((n) * (ntiles) + 1)

/* Asks for the patch from row and column on of a map. */
INLINE void ask_patch(global const vec *map, const int height, const int width,
                      const int row, const int column)
{
    for (int r = row; r < min(row + PATCH * STEP, height); r += STEP)
        for (int c = column; c < min(column + PATCH * STEP, width); c += STEP)
            if (r >= 0 && c >= 0)
                FETCH(map + (r * width + c) * VECTORS);
}

/* sums[CHANNELS][COLUMNS] = the kernels' values [n][CHANNELS] by patches' [n][COLUMNS].
 */
INLINE void multiply(local vec *sums, const int channel_stride,
                     global const float *kernels, local const vec *patches, const int n)
{
    vec sum[CHANNELS][COLUMNS];
#pragma unroll
    for (int o = 0; o < CHANNELS; o++)
#pragma unroll
        for (int t = 0; t < COLUMNS; t++)
            sum[o][t] = 0.0f;
    for (int i = 0; i < n; i++)
#pragma unroll
        for (int o = 0; o < CHANNELS; o++) {
            const vec weight = kernels[i * CHANNELS + o];
#pragma unroll
            for (int t = 0; t < COLUMNS; t++)
                sum[o][t] = fma(patches[i * COLUMNS + t], weight, sum[o][t]);
        }
#pragma unroll
    for (int o = 0; o < CHANNELS; o++)
#pragma unroll
        for (int t = 0; t < COLUMNS; t++)
            sums[o * channel_stride + t] = sum[o][t];
}

/* nin: channels of x, with a stride their phases. x: [nin / PHASES][in_height][in_width] of
 * each block, y: [nout][out_height][out_width]. beside, of the same shape: backward the
 * values that mask y; forward, with has_sum, what is added to it. past: how y is written
 * (write_vec). patches: local, POSITIONS * POSITION_VECS(part, ntiles) vecs; sums: POSITIONS *
 * CHANNELS * ntiles. ntiles, a work-item's, is a multiple of COLUMNS. */
kernel void winograd_tiles(global const vec *restrict x,
                           global const float *restrict kernels,
                           global const float *restrict parameters,
                           global const vec *beside, global vec *y, const int nin,
                           const int in_height, const int in_width, const int nout,
                           const int out_height, const int out_width, const int top,
                           const int left, const uint biases, const int has_bias,
                           const int add, const int has_sum, const int past,
                           const int part, const int ntiles, local vec *restrict patches,
                           local vec *restrict sums)
{
    const int row_tiles = TILES(out_width, TILE);
    const int all_tiles = TILES(out_height, TILE) * row_tiles * VECTORS;
    const int first_tile = get_global_id(0) * ntiles;
    const size_t in_size = in_height * in_width * VECTORS;
    const size_t out_size = out_height * out_width * VECTORS;
    x += get_global_id(1) * (nin / PHASES) * in_size;
    y += get_global_id(1) * nout * out_size;
    beside += get_global_id(1) * nout * out_size;
    const int patch_stride = POSITION_VECS(part, ntiles), sum_stride = CHANNELS * ntiles;
    for (int first = 0; first < nin; first += part) {
        const int n = min(part, nin - first);
        for (int i = first; i < first + n; i++)
            for (int t = 0; t < ntiles; t++) {
                const int lane = min(first_tile + t, all_tiles - 1) % VECTORS;
                const int tile = min(first_tile + t, all_tiles - 1) / VECTORS;
                const int row = tile / row_tiles * (TILE * STEP) - top;
                const int column = tile % row_tiles * (TILE * STEP) - left;
                if (lane == 0 && i + 1 < first + n)
                    ask_patch(x + (i + 1) / PHASES * in_size, in_height, in_width,
                              row + PHASE_ROW(i + 1), column + PHASE_COLUMN(i + 1));
                put_patch(patches + (t / COLUMNS * n + i - first) * COLUMNS + t % COLUMNS,
                          patch_stride, x + i / PHASES * in_size + lane, in_height,
                          in_width, row + PHASE_ROW(i), column + PHASE_COLUMN(i));
            }
        for (int o0 = 0; o0 < nout; o0 += CHANNELS) {
            global const float *u = kernels + kernels_at(o0 / CHANNELS, nout, first, n);
            for (int p = 0; p < POSITIONS; p++)
                for (int t = 0; t < ntiles; t += COLUMNS)
                    multiply(sums + p * sum_stride + t, ntiles, u + p * n * CHANNELS,
                             patches + p * patch_stride + t * n, n);
            for (int o = o0; o < min(o0 + CHANNELS, nout); o++)
                for (int t = 0; t < min(ntiles, all_tiles - first_tile); t++) {
                    const int lane = (first_tile + t) % VECTORS;
                    const int tile = (first_tile + t) / VECTORS;
                    const target to = {out_height, out_width,
                                       has_bias ? parameters[biases + o] : 0.0f,
                                       add || first > 0, has_sum, first + n == nin, past};
                    write_tile(y + o * out_size + lane, beside + o * out_size + lane,
                               sums + (o - o0) * ntiles + t, sum_stride,
                               tile / row_tiles * TILE, tile % row_tiles * TILE, to);
                }
        }
    }
}
