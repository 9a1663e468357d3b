/* The sums of winograd_gradient.cl where work-items run in lockstep (winograd_lockstep.cl).
 * A work-group walks the tiles of its share of a slice of the blocks, LANES lanes of one at a time, for
 * IN_CHANNELS by OUT_CHANNELS channels. A work-item transforms the patch of one input
 * channel and lane, or the gradient of one output channel and lane; then the products are
 * added up over the lanes. In local memory the channels of a lane are turned, so that
 * work-items that write do not meet in a bank: LANES of them have a channel.
 *
 * Grid: (NLANES * all shares, ROWS * groups of output channels, groups of input channels),
 * work-groups of NLANES x ROWS. */

#define IN_CHANNELS 32
#define OUT_CHANNELS 16
#define LANES 4 /* at a time; a work-item for each of them and each channel */
#define LANE_GROUPS (NLANES / LANES)
#define IN_TURN(lane) ((lane) * 8)
#define OUT_TURN(lane) ((lane) / 2 * 8)

/* Where a lane's channel is at a position, and where four of them are. */
#define IN_AT(lane, i) ((lane) * IN_CHANNELS + ((i) + IN_TURN(lane)) % IN_CHANNELS)
#define OUT_AT(lane, o) ((lane) * OUT_CHANNELS + ((o) + OUT_TURN(lane)) % OUT_CHANNELS)
#define FOUR_AT(at, lane, four) (at((lane), (four) * 4) / 4)

/* x: [nin][in_height][in_width] of each block, dy: [nout][out_height][out_width]. A slice
 * has nshares shares. sums: for each share [position][output channel][input channel], of whole groups; behind them the
 * sums of dy, [share][nout]. */
kernel __attribute__((reqd_work_group_size(NLANES, ROWS, 1))) void
winograd_lockstep_gradient(global const vec *restrict x, global const vec *restrict dy,
                           global float *sums, const int nin, const int in_height,
                           const int in_width, const int nout, const int out_height,
                           const int out_width, const int top, const int left,
                           const uint nblocks, const uint slice_nblocks,
                           const int nshares)
{
    local float4 patches[POSITIONS * LANES * IN_CHANNELS / 4];
    local float4 gradients[POSITIONS * LANES * OUT_CHANNELS / 4];
    const int row_tiles = TILES(out_width, TILE);
    const int ntiles = TILES(out_height, TILE) * row_tiles;
    const int in_size = in_height * in_width * NLANES;
    const int out_size = out_height * out_width * NLANES;
    const int all_in = TILES(nin, IN_CHANNELS) * IN_CHANNELS;
    const int all_out = TILES(nout, OUT_CHANNELS) * OUT_CHANNELS;
    const int share = get_group_id(0), of_slice = share % nshares;
    const int o0 = get_group_id(1) * OUT_CHANNELS, i0 = get_group_id(2) * IN_CHANNELS;
    const int item = get_local_id(1) * NLANES + get_local_id(0);
    const int first = get_local_id(1) * SHARE; /* of this item's positions */
    const int in_four = item % (IN_CHANNELS / 4);
    const int out_four = item % NLANES / (IN_CHANNELS / 4);
    /* What this item transforms: a lane of an input channel, else of an output channel. */
    const int lane = item % LANES, channel = item / LANES, of_x = channel < IN_CHANNELS;
    const int o = channel - IN_CHANNELS;
    const int exists = of_x ? i0 + channel < nin : o0 + o < nout;
    /* Where the share begins, and counters in place of divisions in its loop. */
    const size_t slice = share / nshares, slice_units = ntiles * LANE_GROUPS;
    const long start = slice_start(slice, slice_nblocks, nblocks) * slice_units;
    const long nunits =
        slice_start(slice + 1, slice_nblocks, nblocks) * slice_units - start;
    const long begin = start + nunits * of_slice / nshares;
    const int length = start + nunits * (of_slice + 1) / nshares - begin;
    int four = begin % LANE_GROUPS, tile = begin / LANE_GROUPS % ntiles;
    const size_t block = begin / LANE_GROUPS / ntiles;
    x += (block * nin + (exists && of_x ? i0 + channel : 0)) * in_size + lane;
    dy += (block * nout + (exists && !of_x ? o0 + o : 0)) * out_size + lane;
    float4 products[SHARE][4];
    float total = 0.0f;
    clear_sums(products);
    for (int unit = 0; unit < length; unit++) {
        const int row = tile / row_tiles * TILE, column = tile % row_tiles * TILE;
        if (of_x)
            put_patch((local float *)patches + IN_AT(lane, channel), LANES * IN_CHANNELS,
                      x + four * LANES, exists ? in_height : 0, in_width, row - top,
                      column - left);
        else
            total += put_gradient((local float *)gradients + OUT_AT(lane, o),
                                  LANES * OUT_CHANNELS, dy + four * LANES,
                                  exists ? out_height : 0, out_width, row, column);
        barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
        for (int l = 0; l < LANES; l++)
#pragma unroll
            for (int p = 0; p < SHARE; p++)
                add_fours(products[p],
                          patches[(first + p) * (LANES * IN_CHANNELS / 4) +
                                  FOUR_AT(IN_AT, l, in_four)],
                          gradients[(first + p) * (LANES * OUT_CHANNELS / 4) +
                                    FOUR_AT(OUT_AT, l, out_four)]);
        barrier(CLK_LOCAL_MEM_FENCE);
        if (++four == LANE_GROUPS) {
            four = 0;
            tile++;
        }
        if (tile == ntiles) {
            tile = 0;
            x += nin * (size_t)in_size;
            dy += nout * (size_t)out_size;
        }
    }
    global float *biases = sums + get_num_groups(0) * POSITIONS * all_out * all_in;
    sums += ((size_t)share * POSITIONS + first) * all_out * all_in;
#pragma unroll
    for (int p = 0; p < SHARE; p++)
#pragma unroll
        for (int c = 0; c < 4; c++)
            *(global float4 *)(sums + ((size_t)p * all_out + o0 + out_four * 4 + c) * all_in +
                               i0 + in_four * 4) = products[p][c];
    /* The lanes' sums of dy, of each output channel. */
    local float *totals = (local float *)patches;
    if (!of_x)
        totals[o * LANES + lane] = total;
    barrier(CLK_LOCAL_MEM_FENCE);
    if (i0 == 0 && item < OUT_CHANNELS && o0 + item < nout) {
        float sum = 0.0f;
        for (int l = 0; l < LANES; l++)
            sum += totals[item * LANES + l];
        biases[share * nout + o0 + item] = sum;
    }
}
