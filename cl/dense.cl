/* Fully connected layer (torch.nn.Linear), and its gradients; also a convolution whose
 * kernel covers its whole input.
 *
 *     y[o]     = act(b[o] + sum_i w[o][i] x[i])
 *     dx[i]    = act'(x) sum_o w[o][i] dy[o]
 *     dw[o][i] = sum_samples dy[o] x[i]
 *
 * Activations lie as in common.cl with one row [feature][lane] a block; weights as in
 * PyTorch, [o][i]. A work-item keeps CT features x BT blocks in accumulators: each weight
 * is used for BT blocks, each value for CT features.
 *
 * Grid of forward and backward_data: (VECTORS, feature tiles, block tiles); of
 * backward_weights: (LANE_ITEMS, input tiles * output tiles, NSLICES), work-groups of
 * LANE_ITEMS. Tolerance against float64: 1e-5 + 1e-5 |reference|. */

#ifndef IC
#define IC 8 /* input features */
#define OC 4 /* output features */
#define WEIGHTS 0
#define BIASES 32
#define NPARAMETERS 36
#define FORWARD_CT 4
#define DATA_CT 4
#define BT 4
#define WEIGHTS_OT 4
#define WEIGHTS_IT 4
#define NSLICES 1
#endif

#define TILES(n, tile) (((n) + (tile)-1) / (tile))

kernel void dense_forward(global const vec *restrict x,
                          global const float *restrict parameters, global vec *restrict y,
                          const uint nblocks)
{
    const int o0 = get_global_id(1) * FORWARD_CT;
    const size_t lane = get_global_id(0), b0 = get_global_id(2) * BT;
    global const vec *in[BT];
    vec sum[FORWARD_CT][BT];
#pragma unroll
    for (int b = 0; b < BT; b++) {
        in[b] = x + min(b0 + b, (size_t)nblocks - 1) * (IC * VECTORS) + lane;
#pragma unroll
        for (int o = 0; o < FORWARD_CT; o++)
            sum[o][b] = parameters[BIASES + min(o0 + o, OC - 1)];
    }
    for (int i = 0; i < IC; i++) {
#pragma unroll
        for (int b = 0; b < BT; b++) {
            const vec value = in[b][i * VECTORS];
#pragma unroll
            for (int o = 0; o < FORWARD_CT; o++)
                sum[o][b] =
                    fma(value, (vec)parameters[WEIGHTS + min(o0 + o, OC - 1) * IC + i],
                        sum[o][b]);
        }
    }
#pragma unroll
    for (int b = 0; b < BT; b++)
#pragma unroll
        for (int o = 0; o < FORWARD_CT; o++)
            if (o0 + o < OC && b0 + b < nblocks)
                y[((b0 + b) * OC + o0 + o) * VECTORS + lane] = act_forward(sum[o][b]);
}

kernel void dense_backward_data(global const vec *restrict x,
                                global const float *restrict parameters,
                                global const vec *restrict dy, global vec *restrict dx,
                                const uint nblocks)
{
    const int i0 = get_global_id(1) * DATA_CT;
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
#pragma unroll
        for (int b = 0; b < BT; b++) {
            const vec value = in[b][o * VECTORS];
#pragma unroll
            for (int i = 0; i < DATA_CT; i++)
                sum[i][b] =
                    fma(value, (vec)parameters[WEIGHTS + o * IC + min(i0 + i, IC - 1)],
                        sum[i][b]);
        }
    }
#pragma unroll
    for (int b = 0; b < BT; b++)
#pragma unroll
        for (int i = 0; i < DATA_CT; i++)
            if (i0 + i < IC && b0 + b < nblocks) {
                const size_t at = ((b0 + b) * IC + i0 + i) * VECTORS + lane;
                dx[at] = act_backward(sum[i][b], x[at]);
            }
}

#define WEIGHTS_SUMS (WEIGHTS_OT * WEIGHTS_IT)

kernel void dense_backward_weights(global const vec *restrict x,
                                   global const vec *restrict dy,
                                   global float *restrict gradients, const uint nblocks)
{
    const size_t tile = get_global_id(1), slice = get_global_id(2);
    const int i0 = tile % TILES(IC, WEIGHTS_IT) * WEIGHTS_IT;
    const int o0 = tile / TILES(IC, WEIGHTS_IT) * WEIGHTS_OT;
    const size_t first = slice * nblocks / NSLICES, end = (slice + 1) * nblocks / NSLICES;
    gradients += slice * NPARAMETERS;

    vec sum[WEIGHTS_OT][WEIGHTS_IT];
    vec bias[WEIGHTS_OT];
#pragma unroll
    for (int o = 0; o < WEIGHTS_OT; o++) {
        bias[o] = 0.0f;
#pragma unroll
        for (int i = 0; i < WEIGHTS_IT; i++)
            sum[o][i] = 0.0f;
    }
    for (size_t block = first; block < end; block++)
        for (size_t lane = get_local_id(0); lane < VECTORS; lane += LANE_ITEMS) {
            global const vec *xb = x + block * (IC * VECTORS) + lane;
            global const vec *dyb = dy + block * (OC * VECTORS) + lane;
            vec d[WEIGHTS_OT];
#pragma unroll
            for (int o = 0; o < WEIGHTS_OT; o++) {
                d[o] = dyb[min(o0 + o, OC - 1) * VECTORS];
                bias[o] += d[o];
            }
#pragma unroll
            for (int i = 0; i < WEIGHTS_IT; i++) {
                const vec value = xb[min(i0 + i, IC - 1) * VECTORS];
#pragma unroll
                for (int o = 0; o < WEIGHTS_OT; o++)
                    sum[o][i] = fma(d[o], value, sum[o][i]);
            }
        }

#if LANE_ITEMS > 1
    local float shared[(WEIGHTS_SUMS + WEIGHTS_OT) * (LANE_ITEMS + 1)];
    for (int o = 0; o < WEIGHTS_OT; o++) {
        for (int i = 0; i < WEIGHTS_IT; i++)
            shared[(o * WEIGHTS_IT + i) * (LANE_ITEMS + 1) + get_local_id(0)] = sum[o][i];
        shared[(WEIGHTS_SUMS + o) * (LANE_ITEMS + 1) + get_local_id(0)] = bias[o];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int n = get_local_id(0); n < WEIGHTS_SUMS + WEIGHTS_OT; n += LANE_ITEMS) {
        float total = 0.0f;
        for (int l = 0; l < LANE_ITEMS; l++)
            total += shared[n * (LANE_ITEMS + 1) + l];
        const int o = n < WEIGHTS_SUMS ? n / WEIGHTS_IT : n - WEIGHTS_SUMS;
        const int i = n % WEIGHTS_IT;
        if (n >= WEIGHTS_SUMS) {
            if (i0 == 0 && o0 + o < OC)
                gradients[BIASES + o0 + o] = total;
        } else if (o0 + o < OC && i0 + i < IC) {
            gradients[WEIGHTS + (o0 + o) * IC + i0 + i] = total;
        }
    }
#else
#pragma unroll
    for (int o = 0; o < WEIGHTS_OT; o++) {
#pragma unroll
        for (int i = 0; i < WEIGHTS_IT; i++)
            if (o0 + o < OC && i0 + i < IC)
                gradients[WEIGHTS + (o0 + o) * IC + i0 + i] = sum_vec(sum[o][i]);
        if (i0 == 0 && o0 + o < OC)
            gradients[BIASES + o0 + o] = sum_vec(bias[o]);
    }
#endif
}

/* What a matrix product leaves to do (libcore/compute/dense_gemm.c). Grid of the first
 * two: (VECTORS, features, blocks); of the last: (LANE_ITEMS, OC, NSLICES), work-groups of
 * LANE_ITEMS. */

kernel void dense_bias_act(global const float *restrict parameters, global vec *restrict y)
{
    const size_t o = get_global_id(1);
    const size_t at = (get_global_id(2) * OC + o) * VECTORS + get_global_id(0);
    y[at] = act_forward(y[at] + (vec)parameters[BIASES + o]);
}

kernel void dense_mask(global const vec *restrict x, global vec *restrict dx)
{
    const size_t at =
        (get_global_id(2) * IC + get_global_id(1)) * VECTORS + get_global_id(0);
    dx[at] = act_backward(dx[at], x[at]);
}

kernel void dense_bias_gradient(global const vec *restrict dy,
                                global float *restrict gradients, const uint nblocks)
{
    const size_t o = get_global_id(1), slice = get_global_id(2);
    const size_t first = slice * nblocks / NSLICES, end = (slice + 1) * nblocks / NSLICES;
    vec sum = 0.0f;
    for (size_t block = first; block < end; block++)
        for (size_t lane = get_local_id(0); lane < VECTORS; lane += LANE_ITEMS)
            sum += dy[(block * OC + o) * VECTORS + lane];
    float total = sum_vec(sum);
#if LANE_ITEMS > 1
    local float shared[LANE_ITEMS];
    shared[get_local_id(0)] = total;
    barrier(CLK_LOCAL_MEM_FENCE);
    total = 0.0f;
    for (int l = 0; l < LANE_ITEMS; l++)
        total += shared[l];
#endif
    if (get_local_id(0) == 0)
        gradients[slice * NPARAMETERS + BIASES + o] = total;
}
