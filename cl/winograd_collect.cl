/* The last part of winograd_gradient.cl: adds the shares up in their order. */

/* G^T m. */
INLINE void transform_back(float to[3], const float m0, const float m1, const float m2,
                           const float m3, const float m4, const float m5)
{
    const float sum1 = m1 + m2, difference1 = m1 - m2;
    const float sum2 = m3 + m4, difference2 = m3 - m4;
    to[0] = m0 - (2.0f / 3) * sum1 + (1.0f / 6) * sum2;
    to[1] = (1.0f / 6 * POINT2) * difference2 - (2.0f / 3 * POINT1) * difference1;
    to[2] = m5 - (1.0f / 3) * sum1 + (1.0f / 3) * sum2;
}

/* The first copy of the gradients gets the sum, the other ones 0. all_in, all_out: of
 * sums.
 *
 * Grid: (nin, nout). */
kernel void winograd_collect(global const float *restrict sums,
                             global float *restrict gradients, const int nshares,
                             const int nin, const int nout, const int all_in,
                             const int all_out, const uint weights, const uint biases,
                             const int has_bias, const uint ntrained, const int ncopies)
{
    const int i = get_global_id(0), o = get_global_id(1);
    const size_t share_size = (size_t)POSITIONS * all_out * all_in;
    float m[POSITIONS], columns[PATCH][3], bias = 0.0f;
    for (int p = 0; p < POSITIONS; p++) {
        m[p] = 0.0f;
        for (int s = 0; s < nshares; s++)
            m[p] += sums[s * share_size + ((size_t)p * all_out + o) * all_in + i];
    }
    for (int c = 0; c < PATCH; c++)
        transform_back(columns[c], m[c], m[PATCH + c], m[2 * PATCH + c], m[3 * PATCH + c],
                       m[4 * PATCH + c], m[5 * PATCH + c]);
    for (int copy = 0; copy < ncopies; copy++)
        for (int r = 0; r < 3; r++) {
            float row[3];
            transform_back(row, columns[0][r], columns[1][r], columns[2][r], columns[3][r],
                           columns[4][r], columns[5][r]);
            for (int c = 0; c < 3; c++)
                gradients[copy * (size_t)ntrained + weights + ((o * nin + i) * 3 + r) * 3 + c] =
                    copy ? 0.0f : row[c];
        }
    if (!has_bias || i)
        return;
    for (int s = 0; s < nshares; s++)
        bias += sums[nshares * share_size + s * nout + o];
    for (int copy = 0; copy < ncopies; copy++)
        gradients[copy * (size_t)ntrained + biases + o] = copy ? 0.0f : bias;
}
