/* Forward pass of a fully connected layer (dense.cl): a work-item keeps FORWARD_CT features
 * x BT blocks in accumulators, so that each weight is used for BT blocks and each value for
 * FORWARD_CT features. Tiles of features overlap where their number is not a multiple; the
 * later one then leaves what the earlier one writes.
 *
 * Grid: (VECTORS, feature tiles, block tiles). */

#ifndef FORWARD_CT
#define FORWARD_CT 4
#define BT 4
#endif

kernel void dense_forward(global const vec *restrict x,
                          global const float *restrict parameters, global vec *restrict y,
                          const uint nblocks, const uint weights_at,
                          const uint biases_at)
{
    const int tile_o0 = get_global_id(1) * FORWARD_CT, o0 = min(tile_o0, OC - FORWARD_CT);
    global const float *weights = parameters + weights_at + o0 * IC;
    global const float *biases = parameters + biases_at + o0;
    const size_t lane = get_global_id(0), b0 = get_global_id(2) * BT;
    global const vec *in[BT];
    vec sum[FORWARD_CT][BT];
#pragma unroll
    for (int b = 0; b < BT; b++) {
        in[b] = x + min(b0 + b, (size_t)nblocks - 1) * (IC * VECTORS) + lane;
#pragma unroll
        for (int o = 0; o < FORWARD_CT; o++)
            sum[o][b] = BIAS ? biases[o] : 0.0f;
    }
    for (int i = 0; i < IC; i++) {
        vec value[BT];
#pragma unroll
        for (int b = 0; b < BT; b++)
            value[b] = in[b][i * VECTORS];
#pragma unroll
        for (int o = 0; o < FORWARD_CT; o++) {
            const vec weight = weights[o * IC + i];
#pragma unroll
            for (int b = 0; b < BT; b++)
                sum[o][b] = fma(value[b], weight, sum[o][b]);
        }
    }
#pragma unroll
    for (int b = 0; b < BT; b++)
#pragma unroll
        for (int o = 0; o < FORWARD_CT; o++)
            if (o0 + o >= tile_o0 && b0 + b < nblocks)
                y[((b0 + b) * OC + o0 + o) * VECTORS + lane] = act_forward(sum[o][b]);
}
