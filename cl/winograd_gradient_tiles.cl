/* The sums of winograd_gradient.cl where a work-item is a program of vectors. It walks the
 * tiles of its share of a slice of the blocks, for some output channels. It transforms patches of x
 * so that input channels are side by side in a vector, since the sum goes over the lanes,
 * and keeps its sums in memory, [position][output][input channel].
 *
 * Grid: (shares, groups of output channels), work-groups of one work-item. */

#ifndef TILES_AT_ONCE
#define TILES_AT_ONCE 2
#define IN_VECS 2 /* vectors of input channels whose sums are in registers */
#endif

#define SAMPLES (TILES_AT_ONCE * VW) /* over which a sum in registers goes */
#define IN_CHANNELS (IN_VECS * VW)

/* Patches of VW input channels, those beyond the last 0, as vectors of channels, a lane
 * after the other. */
INLINE void put_patches(local vec *patches, const int stride, global const vec *maps,
                        const int nmaps, const int height, const int width, const int row,
                        const int column)
{
    vec values[VW][POSITIONS], rows[PATCH][PATCH];
    for (int i = 0; i < VW; i++) {
        fetch_patch(rows, maps + (i < nmaps ? i : 0) * height * width * VECTORS,
                    i < nmaps ? height : 0, width, row, column);
        for (int c = 0; c < PATCH; c++) {
            vec to[PATCH];
            transform_column(to, rows, c);
#pragma unroll
            for (int r = 0; r < PATCH; r++)
                values[i][r * PATCH + c] = to[r];
        }
    }
    for (int p = 0; p < POSITIONS; p++) {
        vec square[VW];
#pragma unroll
        for (int i = 0; i < VW; i++)
            square[i] = values[i][p];
        transpose(square);
#pragma unroll
        for (int l = 0; l < VW; l++)
            patches[p * stride + l * IN_VECS] = square[l];
    }
}

/* Adds to sums, [CHANNELS] rows at a distance, what patches [SAMPLES][IN_VECS] and the
 * gradients [CHANNELS][SAMPLES] make. */
INLINE void add_products(global vec *sums, const int stride, local const vec *patches,
                         local const float *gradients)
{
    vec sum[CHANNELS][IN_VECS];
#pragma unroll
    for (int o = 0; o < CHANNELS; o++)
#pragma unroll
        for (int i = 0; i < IN_VECS; i++)
            sum[o][i] = sums[o * stride + i];
    for (int s = 0; s < SAMPLES; s++)
#pragma unroll
        for (int o = 0; o < CHANNELS; o++) {
            const vec gradient = gradients[o * SAMPLES + s];
#pragma unroll
            for (int i = 0; i < IN_VECS; i++)
                sum[o][i] = fma(patches[s * IN_VECS + i], gradient, sum[o][i]);
        }
#pragma unroll
    for (int o = 0; o < CHANNELS; o++)
#pragma unroll
        for (int i = 0; i < IN_VECS; i++)
            sums[o * stride + i] = sum[o][i];
}

/* x: [nin][in_height][in_width] of each block, dy: [nout][out_height][out_width]. A slice
 * has nshares shares. sums: for each share [position][nout, a multiple of chunk][nin, a multiple of IN_CHANNELS];
 * behind them the sums of dy, [share][nout]. chunk: output channels of a work-item, a
 * multiple of CHANNELS; part: input channels at a time, a multiple of IN_CHANNELS.
 * patches: local, POSITIONS * (part / VW * SAMPLES + 1) vecs; gradients: POSITIONS *
 * (chunk * TILES_AT_ONCE + 1); totals: chunk. */
kernel void
winograd_gradient_tiles(global const vec *restrict x, global const vec *restrict dy,
                        global vec *sums, const int nin, const int in_height,
                        const int in_width, const int nout, const int out_height,
                        const int out_width, const int top, const int left,
                        const uint nblocks, const uint slice_nblocks,
                        const int nshares, const int part, const int chunk,
                        local vec *restrict patches, local vec *restrict gradients,
                        local vec *restrict totals)
{
    const int row_tiles = TILES(out_width, TILE);
    const int all_tiles = TILES(out_height, TILE) * row_tiles * VECTORS;
    const int ngroups = TILES(all_tiles, TILES_AT_ONCE);
    const size_t in_size = in_height * in_width * VECTORS;
    const size_t out_size = out_height * out_width * VECTORS;
    const int in_vecs = TILES(nin, IN_CHANNELS) * IN_VECS;
    const int all_out = TILES(nout, chunk) * chunk, o0 = get_global_id(1) * chunk;
    const int patch_stride = part / VW * SAMPLES + 1;
    const int gradient_stride = chunk * TILES_AT_ONCE + 1;
    const size_t slice = get_global_id(0) / nshares, share = get_global_id(0) % nshares;
    const long start = slice_start(slice, slice_nblocks, nblocks) * ngroups;
    const long nunits =
        slice_start(slice + 1, slice_nblocks, nblocks) * ngroups - start;
    const long end = start + nunits * (share + 1) / nshares;
    const size_t share_vecs = (size_t)POSITIONS * all_out * in_vecs;
    global float *biases = (global float *)(sums + get_global_size(0) * share_vecs);
    sums += get_global_id(0) * share_vecs;
    for (int p = 0; p < POSITIONS; p++)
        for (int v = 0; v < chunk * in_vecs; v++)
            sums[(p * all_out + o0) * in_vecs + v] = (vec)0.0f;
    for (int o = 0; o < chunk; o++)
        totals[o] = (vec)0.0f;
    for (long unit = start + nunits * share / nshares; unit < end; unit++) {
        const int first_tile = unit % ngroups * TILES_AT_ONCE;
        const size_t block = unit / ngroups;
        for (int o = 0; o < chunk; o++)
            for (int t = 0; t < TILES_AT_ONCE; t++) {
                const int lane = (first_tile + t) % VECTORS;
                const int tile = (first_tile + t) / VECTORS;
                const int exists = first_tile + t < all_tiles && o0 + o < nout;
                totals[o] += put_gradient(
                    gradients + o * TILES_AT_ONCE + t, gradient_stride,
                    dy + (block * nout + (exists ? o0 + o : 0)) * out_size + lane,
                    exists ? out_height : 0, out_width, tile / row_tiles * TILE,
                    tile % row_tiles * TILE);
            }
        for (int i0 = 0; i0 < in_vecs * VW; i0 += part) {
            const int n = min(part, in_vecs * VW - i0);
            for (int i = 0; i < n; i += VW)
                for (int t = 0; t < TILES_AT_ONCE; t++) {
                    const int lane = min(first_tile + t, all_tiles - 1) % VECTORS;
                    const int tile = min(first_tile + t, all_tiles - 1) / VECTORS;
                    put_patches(patches + (i / IN_CHANNELS * SAMPLES + t * VW) * IN_VECS +
                                    i / VW % IN_VECS,
                                patch_stride, x + (block * nin + i0 + i) * in_size + lane,
                                nin - i0 - i, in_height, in_width,
                                tile / row_tiles * TILE - top,
                                tile % row_tiles * TILE - left);
                }
            for (int p = 0; p < POSITIONS; p++)
                for (int i = 0; i < n; i += IN_CHANNELS)
                    for (int o = 0; o < chunk; o += CHANNELS)
                        add_products(
                            sums + (p * all_out + o0 + o) * in_vecs + (i0 + i) / VW,
                            in_vecs, patches + p * patch_stride + i / VW * SAMPLES,
                            (local const float *)(gradients + p * gradient_stride +
                                                  o * TILES_AT_ONCE));
        }
    }
    for (int o = 0; o < min(chunk, nout - o0); o++)
        biases[get_global_id(0) * nout + o0 + o] = sum_vec(totals[o]);
}
