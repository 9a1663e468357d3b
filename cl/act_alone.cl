/* An activation that no other kernel applies.
 *
 *     y = act(x);     dx = act'(.) dy, times the derivative of what made x
 *
 * Activations lie as in common.cl. Grid: that of first_value. */

kernel void act_forward_alone(global const vec *restrict x, global vec *restrict y,
                              const uint nchannels, const uint nplaces)
{
    const size_t first = first_value(nchannels, nplaces);
    for (uint k = 0; k < RUN(nplaces); k++)
        y[first + k * VECTORS] = act_forward(x[first + k * VECTORS]);
}

/* from: y, or x where the derivative does not follow from y. */
kernel void act_backward_alone(global const vec *from, global const vec *x,
                               global const vec *restrict dy, global vec *restrict dx,
                               const uint nchannels, const uint nplaces)
{
    const size_t first = first_value(nchannels, nplaces);
    for (uint k = 0; k < RUN(nplaces); k++) {
        const size_t at = first + k * VECTORS;
        const vec d = ACT_BACK(dy[at], from[at], ACT_VALUE);
        dx[at] = act_backward(d, x[at]);
    }
}

/* The derivative of act, from y that it wrote, into the gradient by y. */
kernel void act_mask(global const vec *restrict y, global vec *restrict d,
                     const uint nchannels, const uint nplaces)
{
    const size_t first = first_value(nchannels, nplaces);
    for (uint k = 0; k < RUN(nplaces); k++) {
        const size_t at = first + k * VECTORS;
        d[at] = ACT_BACK(d[at], y[at], ACT_VALUE);
    }
}
