/* Channels of an image times a factor each (squeeze and excitation):
 *
 *     y[c][at] = act(x[c][at] s[c]);   dx[c][at] = dy[c][at] s[c];
 *                                      ds[c] = sum over at of dy[c][at] x[c][at]
 *
 * Activations lie as in common.cl, s as an image of one place. Grid of scale_forward and
 * scale_back_image: (VECTORS, OC * OH * OW / PLANE, blocks); of scale_back_factors:
 * (VECTORS, OC, blocks). Tolerance against float64: 1e-5 + 1e-5 |reference|. */

#ifndef OC
#define OC 4
#define OH 2
#define OW 2
#endif

#define SIZE (OH * OW)

/* Places of a channel that a work-item does: all, or one where items run in lockstep. */
#if VW == 1
#define PLANE 1
#else
#define PLANE SIZE
#endif

#define FIRST                                                                            \
    ((get_global_id(2) * (OC * SIZE) + get_global_id(1) * PLANE) * VECTORS +             \
     get_global_id(0))
#define FACTOR                                                                           \
    ((get_global_id(2) * OC + get_global_id(1) * PLANE / SIZE) * VECTORS + get_global_id(0))

kernel void scale_forward(global const vec *x, global const vec *s,
                          global vec *restrict y)
{
    const size_t first = FIRST;
    const vec factor = s[FACTOR];
    for (int k = 0; k < PLANE; k++)
        y[first + k * VECTORS] = act_forward(x[first + k * VECTORS] * factor);
}

kernel void scale_back_image(global const vec *restrict s, global const vec *restrict dy,
                             global vec *restrict dx, const int add)
{
    const size_t first = FIRST;
    const vec factor = s[FACTOR];
    for (int k = 0; k < PLANE; k++) {
        const size_t at = first + k * VECTORS;
        const vec d = dy[at] * factor;
        dx[at] = add ? dx[at] + d : d;
    }
}

kernel void scale_back_factors(global const vec *restrict x, global const vec *restrict dy,
                               global vec *restrict ds, const int add)
{
    const size_t plane = get_global_id(2) * OC + get_global_id(1), lane = get_global_id(0);
    vec sum = 0.0f;
    for (int at = 0; at < SIZE; at++) {
        const size_t i = (plane * SIZE + at) * VECTORS + lane;
        sum = fma(dy[i], x[i], sum);
    }
    ds[plane * VECTORS + lane] = add ? ds[plane * VECTORS + lane] + sum : sum;
}
