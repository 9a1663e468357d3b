/* The sum of branches, two at a time, with the activation behind the last.
 *
 *     y = act(a + b)
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

/* y may be a. */
kernel void join_sum(global const vec *a, global const vec *restrict b, global vec *y,
                     const int last)
{
    const size_t first =
        (get_global_id(2) * (OC * OH * OW) + get_global_id(1) * PLANE) * VECTORS +
        get_global_id(0);
    for (int k = 0; k < PLANE; k++) {
        const size_t at = first + k * VECTORS;
        const vec sum = a[at] + b[at];
        y[at] = last ? act_forward(sum) : sum;
    }
}
