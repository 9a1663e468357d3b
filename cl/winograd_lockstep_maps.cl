/* A convolution by winograd.cl, forward, or backward by its input, where work-items run in
 * lockstep (winograd_lockstep.cl). A work-group makes a tile of one block's lanes, CHANNELS
 * channels of it. It transforms the patches of PART input channels, a work-item one
 * channel's of a lane, and puts them into local memory with the kernels. A work-item then
 * multiplies for 4 lanes by 4 channels. At the end the sums go through local memory, too,
 * since a pixel is made of all positions.
 *
 * Grid: (NLANES, ROWS * groups of CHANNELS output channels * tiles, blocks), work-groups of
 * NLANES x ROWS. */

#define PART 4 /* input channels at a time */
#define LANE_FOURS (NLANES / 4)
#define CHANNEL_FOURS (CHANNELS / 4) /* times LANE_FOURS that is a row */

/* Adds to sums, [SHARE][4 channels], what n input channels give. */
INLINE void add_products(float4 sums[SHARE][4], local const float4 *patches,
                         local const float4 *kernels, const int n)
{
    for (int i = 0; i < n; i++)
#pragma unroll
        for (int p = 0; p < SHARE; p++)
            add_fours(sums[p], patches[(p * PART + i) * LANE_FOURS],
                      kernels[(p * n + i) * CHANNEL_FOURS]);
}

/* The arguments are those of winograd_tiles. */
kernel __attribute__((reqd_work_group_size(NLANES, ROWS, 1))) void
winograd_lockstep_maps(global const vec *restrict x, global const float *restrict kernels,
                       global const float *restrict parameters, global const vec *beside,
                       global vec *y, const int nin, const int in_height,
                       const int in_width, const int nout, const int out_height,
                       const int out_width, const int top, const int left,
                       const uint biases, const int has_bias, const int add,
                       const int has_sum)
{
    /* [position][input channel][lane], [position][input channel][output channel] */
    local float4 patches[POSITIONS * PART * LANE_FOURS];
    local float4 near_kernels[POSITIONS * PART * CHANNEL_FOURS];
    const int ngroups = TILES(nout, CHANNELS), row_tiles = TILES(out_width, TILE);
    const int group = get_group_id(1) % ngroups, tile = get_group_id(1) / ngroups;
    const int row = tile / row_tiles, column = tile % row_tiles;
    const int lane = get_local_id(0), item_row = get_local_id(1);
    const int lane_four = lane % LANE_FOURS, channel_four = lane / LANE_FOURS;
    const int in_size = in_height * in_width * NLANES;
    const int out_size = out_height * out_width * NLANES;
    float4 sums[SHARE][4];
    x += get_global_id(2) * (nin / PHASES) * (size_t)in_size + lane;
    clear_sums(sums);
    for (int first = 0; first < nin; first += PART) {
        const int n = min(PART, nin - first), i = first + item_row;
        global const float4 *u =
            (global const float4 *)(kernels + kernels_at(group, nout, first, n));
        if (item_row < n)
            put_patch((local float *)patches + item_row * NLANES + lane, PART * NLANES,
                      x + i / PHASES * (size_t)in_size, in_height, in_width,
                      row * (TILE * STEP) - top + PHASE_ROW(i),
                      column * (TILE * STEP) - left + PHASE_COLUMN(i));
        for (int v = item_row * NLANES + lane; v < POSITIONS * n * CHANNEL_FOURS;
             v += ROWS * NLANES)
            near_kernels[v] = u[v];
        barrier(CLK_LOCAL_MEM_FENCE);
        add_products(sums, patches + item_row * SHARE * PART * LANE_FOURS + lane_four,
                     near_kernels + item_row * SHARE * n * CHANNEL_FOURS + channel_four,
                     n);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    /* Four channels at a time, [position][channel][lane], where the patches were. */
    for (int four = 0; four < CHANNEL_FOURS; four++) {
        const int o = group * CHANNELS + four * 4 + item_row;
        if (channel_four == four)
#pragma unroll
            for (int p = 0; p < SHARE; p++)
#pragma unroll
                for (int c = 0; c < 4; c++)
                    patches[((item_row * SHARE + p) * 4 + c) * LANE_FOURS + lane_four] =
                        sums[p][c];
        barrier(CLK_LOCAL_MEM_FENCE);
        if (item_row < 4 && o < nout) {
            const size_t at = (get_global_id(2) * nout + o) * (size_t)out_size + lane;
            const target to = {out_height, out_width, has_bias ? parameters[biases + o] : 0.0f,
                               add, has_sum, 1, 0};
            write_tile(y + at, beside + at, (local float *)patches + item_row * NLANES + lane,
                       4 * NLANES, row * TILE, column * TILE, to);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
}
