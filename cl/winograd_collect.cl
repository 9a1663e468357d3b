/* The last part of winograd_gradient.cl: adds each slice's shares up in their order. */

/* G^T m. */
INLINE void transform_back(vec to[3], const vec m0, const vec m1, const vec m2,
                           const vec m3, const vec m4, const vec m5)
{
    const vec sum1 = m1 + m2, difference1 = m1 - m2;
    const vec sum2 = m3 + m4, difference2 = m3 - m4;
    to[0] = m0 + (1.0f / 6) * sum2 - (2.0f / 3) * sum1;
    to[1] = (1.0f / 6 * POINT2) * difference2 - (2.0f / 3 * POINT1) * difference1;
    to[2] = m5 + (1.0f / 3) * sum2 - (1.0f / 3) * sum1;
}

/* A slice's copy of the gradients gets the sum of its nshares shares. A work-item does VW
 * input channels of an output channel; all_in, all_out: of sums.
 *
 * Grid: (all_in / VW, nout, slices). */
kernel void winograd_collect(global const vec *restrict sums,
                             global float *restrict gradients, const int nshares,
                             const int nin, const int nout, const int all_in,
                             const int all_out, const uint weights, const uint biases,
                             const int has_bias, const uint ntrained)
{
    const int i0 = get_global_id(0) * VW, o = get_global_id(1), in_vecs = all_in / VW;
    const size_t share_vecs = (size_t)POSITIONS * all_out * in_vecs;
    const size_t slice = get_global_id(2);
    global const float *dy_sums =
        (global const float *)(sums + get_global_size(2) * nshares * share_vecs);
    sums += slice * nshares * share_vecs;
    dy_sums += slice * nshares * nout;
    gradients += slice * ntrained;
    vec m[POSITIONS], columns[PATCH][3];
    for (int p = 0; p < POSITIONS; p++) {
        m[p] = (vec)0.0f;
        for (int s = 0; s < nshares; s++)
            m[p] += sums[s * share_vecs + ((size_t)p * all_out + o) * in_vecs + i0 / VW];
    }
    for (int c = 0; c < PATCH; c++)
        transform_back(columns[c], m[c], m[PATCH + c], m[2 * PATCH + c], m[3 * PATCH + c],
                       m[4 * PATCH + c], m[5 * PATCH + c]);
    for (int r = 0; r < 3; r++) {
        vec row[3];
        transform_back(row, columns[0][r], columns[1][r], columns[2][r], columns[3][r],
                       columns[4][r], columns[5][r]);
        for (int c = 0; c < 3; c++) {
            float values[VW];
            vstore_vec(row[c], values);
            for (int i = 0; i < min(VW, nin - i0); i++)
                gradients[weights + (o * nin + i0 + i) * 9 + r * 3 + c] = values[i];
        }
    }
    float bias = 0.0f;
    for (int s = 0; s < nshares; s++)
        bias += dy_sums[s * nout + o];
    if (has_bias && i0 == 0)
        gradients[biases + o] = bias;
}
