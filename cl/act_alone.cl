/* An activation that no other kernel applies.
 *
 *     y = act(x);     dx = act'(.) dy, times the derivative of what made x
 *
 * Activations lie as in common.cl. Grid: (VECTORS, OC * OH * OW / PLANE, blocks).
 */

#ifndef OC
#define OC 4
#define OH 2
#define OW 2
#endif

/* Places of a channel that a work-item does: all, or one where items run in lockstep. */
#if VW == 1
#define PLANE 1
#else
#define PLANE (OH * OW)
#endif

/* Where a work-item's first value is; the others follow at distances of VECTORS. */
#define FIRST                                                                            \
    ((get_global_id(2) * (OC * OH * OW) + get_global_id(1) * PLANE) * VECTORS +          \
     get_global_id(0))

kernel void act_forward_alone(global const vec *restrict x, global vec *restrict y)
{
    const size_t first = FIRST;
    for (int k = 0; k < PLANE; k++)
        y[first + k * VECTORS] = act_forward(x[first + k * VECTORS]);
}

/* from: y, or x where the derivative does not follow from y. */
kernel void act_backward_alone(global const vec *from, global const vec *x,
                               global const vec *restrict dy, global vec *restrict dx)
{
    const size_t first = FIRST;
    for (int k = 0; k < PLANE; k++) {
        const size_t at = first + k * VECTORS;
        const vec d = ACT_BACK(dy[at], from[at], ACT_VALUE);
        dx[at] = act_backward(d, x[at]);
    }
}

/* The derivative of act, from y that it wrote, into the gradient by y. */
kernel void act_mask(global const vec *restrict y, global vec *restrict d)
{
    const size_t first = FIRST;
    for (int k = 0; k < PLANE; k++) {
        const size_t at = first + k * VECTORS;
        d[at] = ACT_BACK(d[at], y[at], ACT_VALUE);
    }
}
