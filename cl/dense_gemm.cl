/* What a matrix product leaves to do of a fully connected layer (dense.cl): biases and
 * activations. libcore/ops/dense_gemm.c launches it.
 *
 * Grid of dense_bias_act and dense_mask: (VECTORS, features, blocks); of
 * dense_bias_gradient: (LANE_ITEMS, OC, slices), work-groups of LANE_ITEMS. */

kernel void dense_bias_act(global const float *restrict parameters, global vec *restrict y,
                           const uint biases)
{
    const size_t o = get_global_id(1);
    const size_t at = (get_global_id(2) * OC + o) * VECTORS + get_global_id(0);
    y[at] = act_forward(BIAS ? y[at] + (vec)parameters[biases + o] : y[at]);
}

kernel void dense_mask(global const vec *restrict x, global vec *restrict dx)
{
    const size_t at =
        (get_global_id(2) * IC + get_global_id(1)) * VECTORS + get_global_id(0);
    dx[at] = act_backward(dx[at], x[at]);
}

kernel LANE_GROUP void dense_bias_gradient(global const vec *restrict dy,
                                global float *restrict gradients, const uint nblocks,
                                const uint slice_nblocks, const uint biases, const uint ntrained)
{
    const size_t o = get_global_id(1), slice = get_global_id(2);
    const size_t first = slice_start(slice, slice_nblocks, nblocks);
    const size_t end = slice_start(slice + 1, slice_nblocks, nblocks);
    vec sum = 0.0f;
    for (size_t block = first; block < end; block++)
        for (size_t lane = LANE_ITEM; lane < VECTORS; lane += LANE_ITEMS)
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
        gradients[slice * ntrained + biases + o] = total;
}
