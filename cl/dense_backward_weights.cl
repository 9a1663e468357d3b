/* Gradient of a fully connected layer (dense.cl) by its weights and biases. A tile is
 * WEIGHTS_IT inputs x WEIGHTS_OUT outputs, which a work-item takes WEIGHTS_OT at a time.
 *
 * Grid: (LANE_ITEMS, input tiles * output tiles, slices), work-groups of LANE_ITEMS. */

#ifndef WEIGHTS_OT
#define WEIGHTS_OT 4
#define WEIGHTS_OUT 4
#define WEIGHTS_IT VW
#endif

#if VW > 1

/* Inputs are the vector here: summing over the lanes of a vector would cost more than the
 * multiply-adds of a batch. So the values of CHUNK lane blocks are transposed, kept, and
 * met with dy's scalars for every output of the tile. */
enum { CHUNK = 64 / NLANES ? 64 / NLANES : 1 };

/* out[k] = component k of the VW vecs of inputs i0, i0 + 1, ... */
INLINE void transpose_inputs(vec out[VW], global const vec *x, const int i0)
{
#pragma unroll
    for (int k = 0; k < VW; k++)
        out[k] = x[min(i0 + k, IC - 1) * VECTORS];
    transpose(out);
}

/* Adds to the row of weights of an output what is there of a vec of inputs. */
static inline void add_row(global float *row, vec sum, int ninputs, int fresh)
{
    if (ninputs >= VW) {
        vstore_vec(fresh ? sum : vload_vec(row) + sum, row);
        return;
    }
    float some[VW];
    vstore_vec(sum, some);
    for (int k = 0; k < ninputs; k++)
        row[k] = fresh ? some[k] : row[k] + some[k];
}

kernel void dense_backward_weights(global const vec *restrict x,
                                   global const vec *restrict dy,
                                   global float *restrict gradients, const uint nblocks,
                                   const uint slice_nblocks, const uint weights,
                                   const uint biases, const uint ntrained)
{
    const size_t tile = get_global_id(1), slice = get_global_id(2);
    const int i0 = tile % TILES(IC, VW) * VW;
    const int begin = tile / TILES(IC, VW) * WEIGHTS_OUT;
    const int end = min(begin + WEIGHTS_OUT, OC);
    const size_t first = slice_start(slice, slice_nblocks, nblocks);
    const size_t stop = slice_start(slice + 1, slice_nblocks, nblocks);
    global const float *d = (global const float *)dy;
    gradients += slice * ntrained;

    vec values[CHUNK * NLANES];
    size_t chunk = first;
    do { /* of an empty slice once, for its zeros */
        const int n = min(stop - chunk, (size_t)CHUNK);
        for (int b = 0; b < n; b++)
            for (int v = 0; v < VECTORS; v++)
                transpose_inputs(values + b * NLANES + v * VW,
                          x + (chunk + b) * (IC * VECTORS) + v, i0);
        for (int from = begin; from < end; from += WEIGHTS_OT) {
            const int o0 = min(from, OC - WEIGHTS_OT); /* some again at the edge */
            vec sum[WEIGHTS_OT];
#pragma unroll
            for (int o = 0; o < WEIGHTS_OT; o++)
                sum[o] = 0.0f;
            for (int b = 0; b < n; b++) {
                global const float *rows = d + ((chunk + b) * OC + o0) * NLANES;
                for (int lane = 0; lane < NLANES; lane++) {
                    const vec value = values[b * NLANES + lane];
#pragma unroll
                    for (int o = 0; o < WEIGHTS_OT; o++)
                        sum[o] = fma(value, (vec)rows[o * NLANES + lane], sum[o]);
                }
            }
#pragma unroll
            for (int o = 0; o < WEIGHTS_OT; o++)
                if (o0 + o >= from && o0 + o < end)
                    add_row(gradients + weights + (o0 + o) * IC + i0, sum[o], IC - i0,
                            chunk == first);
        }
        chunk += CHUNK;
    } while (chunk < stop);
    if (i0 > 0 || !BIAS)
        return;
    for (int o = begin; o < end; o++) {
        vec sum = 0.0f;
        for (size_t at = first; at < stop; at++)
            for (int v = 0; v < VECTORS; v++)
                sum += dy[(at * OC + o) * VECTORS + v];
        gradients[biases + o] = sum_vec(sum);
    }
}

#else

#define WEIGHTS_SUMS (WEIGHTS_OT * WEIGHTS_IT)

/* Tiles overlap where they do not divide evenly; the later one leaves what the earlier one
 * writes. */
kernel LANE_GROUP void dense_backward_weights(
    global const float *restrict x, global const float *restrict dy,
    global float *restrict gradients, const uint nblocks, const uint slice_nblocks,
    const uint weights, const uint biases, const uint ntrained)
{
    const int tile = get_global_id(1), lane = get_local_id(0);
    const int own_i = tile % TILES(IC, WEIGHTS_IT) * WEIGHTS_IT;
    const int own_o = tile / TILES(IC, WEIGHTS_IT) * WEIGHTS_OT;
    const int i0 = min(own_i, IC - WEIGHTS_IT), o0 = min(own_o, OC - WEIGHTS_OT);
    const int with_bias = BIAS && own_i == 0;
    const size_t slice = get_global_id(2);
    const size_t first = slice_start(slice, slice_nblocks, nblocks);
    const int length = slice_start(slice + 1, slice_nblocks, nblocks) - first;
    gradients += slice * ntrained;
    x += first * (IC * NLANES) + i0 * NLANES + lane;
    dy += first * (OC * NLANES) + o0 * NLANES + lane;

    float sum[WEIGHTS_OT][WEIGHTS_IT];
    float bias[WEIGHTS_OT];
#pragma unroll
    for (int o = 0; o < WEIGHTS_OT; o++) {
        bias[o] = 0.0f;
#pragma unroll
        for (int i = 0; i < WEIGHTS_IT; i++)
            sum[o][i] = 0.0f;
    }
    if (with_bias)
        for (int block = 0; block < length; block++)
#pragma unroll
            for (int o = 0; o < WEIGHTS_OT; o++)
                bias[o] += dy[(size_t)block * (OC * NLANES) + o * NLANES];
    for (int block = 0; block < length; block++, x += IC * NLANES, dy += OC * NLANES) {
        float d[WEIGHTS_OT];
#pragma unroll
        for (int o = 0; o < WEIGHTS_OT; o++)
            d[o] = dy[o * NLANES];
#pragma unroll
        for (int i = 0; i < WEIGHTS_IT; i++) {
            const float value = x[i * NLANES];
#pragma unroll
            for (int o = 0; o < WEIGHTS_OT; o++)
                sum[o][i] = fma(d[o], value, sum[o][i]);
        }
    }

    local float shared[(WEIGHTS_SUMS + WEIGHTS_OT) * (NLANES + 1)];
    for (int o = 0; o < WEIGHTS_OT; o++) {
        for (int i = 0; i < WEIGHTS_IT; i++)
            shared[(o * WEIGHTS_IT + i) * (NLANES + 1) + lane] = sum[o][i];
        shared[(WEIGHTS_SUMS + o) * (NLANES + 1) + lane] = bias[o];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int n = lane; n < WEIGHTS_SUMS + WEIGHTS_OT; n += NLANES) {
        float total = 0.0f;
        for (int l = 0; l < NLANES; l++)
            total += shared[n * (NLANES + 1) + l];
        const int o = o0 + (n < WEIGHTS_SUMS ? n / WEIGHTS_IT : n - WEIGHTS_SUMS);
        const int i = i0 + n % WEIGHTS_IT;
        if (n >= WEIGHTS_SUMS) {
            if (with_bias && o >= own_o)
                gradients[biases + o] = total;
        } else if (o >= own_o && i >= own_i) {
            gradients[weights + o * IC + i] = total;
        }
    }
}

#endif
