/* Every S-th row and column of an image, its channels in the middle of OC, with zeros in
 * the others:
 *
 *     y[BEFORE + c][v][u] = act(x[c][v S][u S]);     dx[c][v S][u S] = act'(x) dy,
 *                                                    and 0 at the other pixels
 *
 * Activations lie as in common.cl. Grid of subsample_forward: (VECTORS, OC * OH * OW /
 * RUN(OH * OW), blocks); of subsample_backward: (VECTORS, IC * IH * IW /
 * RUN(IH * IW), blocks). Exact but for the activation. */

#ifndef IC
#define IC 2
#define IH 4
#define IW 4
#define OC 4
#define OH 2
#define OW 2
#define S 2
#endif

/* Channels of zeros in front. */
#define BEFORE ((OC - IC) / 2)

kernel void subsample_forward(global const vec *restrict x, global vec *restrict y)
{
    const size_t lane = get_global_id(0), block = get_global_id(2);
    const int first = get_global_id(1) * RUN(OH * OW), c = first / (OH * OW);
    const int inside = c >= BEFORE && c < BEFORE + IC;
    for (int k = first; k < first + RUN(OH * OW); k++) {
        const int v = k / OW % OH, u = k % OW;
        const size_t from = ((block * IC + c - BEFORE) * IH + v * S) * IW + u * S;
        y[(block * (OC * OH * OW) + k) * VECTORS + lane] =
            act_forward(inside ? x[from * VECTORS + lane] : (vec)0.0f);
    }
}

kernel void subsample_backward(global const vec *restrict x, global const vec *restrict dy,
                               global vec *restrict dx, const int add)
{
    const size_t lane = get_global_id(0), block = get_global_id(2);
    const int first = get_global_id(1) * RUN(IH * IW);
    for (int k = first; k < first + RUN(IH * IW); k++) {
        const int c = k / (IH * IW), v = k / IW % IH, u = k % IW;
        const size_t at = (block * (IC * IH * IW) + k) * VECTORS + lane;
        const size_t from = ((block * OC + c + BEFORE) * OH + v / S) * OW + u / S;
        const vec d = v % S == 0 && u % S == 0 ? dy[from * VECTORS + lane] : (vec)0.0f;
        dx[at] = act_backward(add ? dx[at] + d : d, x[at]);
    }
}
