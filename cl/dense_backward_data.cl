/* Gradient of a fully connected layer (dense.cl) by its input, tiled as the forward pass:
 * a work-item keeps DATA_CT features x BT blocks in accumulators.
 *
 * Grid: (VECTORS, feature tiles, block tiles). */

#ifndef DATA_CT
#define DATA_CT 4
#define BT 4
#endif

kernel void dense_backward_data(global const vec *restrict x,
                                global const float *restrict parameters,
                                global const vec *restrict dy, global vec *restrict dx,
                                const uint nblocks, const uint weights_at, const int add)
{
    const int tile_i0 = get_global_id(1) * DATA_CT, i0 = min(tile_i0, IC - DATA_CT);
    global const float *weights = parameters + weights_at + i0;
    const size_t lane = get_global_id(0), b0 = get_global_id(2) * BT;
    global const vec *in[BT];
    vec sum[DATA_CT][BT];
#pragma unroll
    for (int b = 0; b < BT; b++) {
        in[b] = dy + min(b0 + b, (size_t)nblocks - 1) * (OC * VECTORS) + lane;
#pragma unroll
        for (int i = 0; i < DATA_CT; i++)
            sum[i][b] = 0.0f;
    }
    for (int o = 0; o < OC; o++) {
        vec value[BT];
#pragma unroll
        for (int b = 0; b < BT; b++)
            value[b] = in[b][o * VECTORS];
#pragma unroll
        for (int i = 0; i < DATA_CT; i++) {
            const vec weight = weights[o * IC + i];
#pragma unroll
            for (int b = 0; b < BT; b++)
                sum[i][b] = fma(value[b], weight, sum[i][b]);
        }
    }
#pragma unroll
    for (int b = 0; b < BT; b++)
#pragma unroll
        for (int i = 0; i < DATA_CT; i++)
            if (i0 + i >= tile_i0 && b0 + b < nblocks) {
                const size_t at = ((b0 + b) * IC + i0 + i) * VECTORS + lane;
                dx[at] = act_backward(add ? dx[at] + sum[i][b] : sum[i][b], x[at]);
            }
}
