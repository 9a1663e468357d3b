/* Farthest-first traversal (Gonzalez, Theoretical Computer Science 38, 1985), the greedy
 * 2-approximation of k-centre: each next centre is the point farthest from all centres so
 * far,
 *
 *     nearest_i = min over centres c of sum_f (x_if - x_cf)^2,   next = argmax_i nearest_i
 *
 * and the lowest i of several that are equally far.
 *
 * features: [block][feature][lane], point i being lane i % NLANES of block i / NLANES.
 * nearest: float [block][lane], infinite before the first centre; -1 where there is no
 * point, or a centre. chosen: uint [step], the centres. best, best_at: [part], the farthest
 * of each part of the points and which one it is.
 *
 * Grid: farthest_update (parts, any number), farthest_choose (1). The sums run over the
 * features in order, by differences and fma alone, which are rounded correctly: the same
 * features give the same centres on every device. Tolerance: none. */

#ifndef FEATURES
#define FEATURES 42
#endif

/* One more centre, chosen[step], over nvecs vecs of points. */
kernel void farthest_update(global const float *restrict features,
                            global vec *restrict nearest, global const uint *restrict chosen,
                            const uint step, const uint nvecs, global float *restrict best,
                            global uint *restrict best_at)
{
    const uint part = get_global_id(0), nparts = get_global_size(0);
    const uint centre = chosen[step];
    global const float *c =
        features + (size_t)(centre / NLANES) * (FEATURES * NLANES) + centre % NLANES;

    vec farthest = -1.0f;
    ivec at = 0; /* the vec that farthest is of, by lane */
    for (uint v = part; v < nvecs; v += nparts) {
        global const vec *x = (global const vec *)features +
                              (size_t)(v / VECTORS) * (FEATURES * VECTORS) + v % VECTORS;
        vec sum = 0.0f;
        for (int f = 0; f < FEATURES; f++) {
            const vec difference = x[f * VECTORS] - c[f * NLANES];
            sum = fma(difference, difference, sum);
        }
        vec near = fmin(nearest[v], sum);
        if (v == centre / VW) {
            float lanes[VW];
            vstore_vec(near, lanes);
            lanes[centre % VW] = -1.0f;
            near = vload_vec(lanes);
        }
        nearest[v] = near;
        const ivec further = near > farthest;
        at = select(at, (ivec)((int)v), further);
        farthest = select(farthest, near, further);
    }

    float lanes[VW];
    int vecs[VW];
    vstore_vec(farthest, lanes);
    vstore_ivec(at, vecs);
    uint top = 0;
    for (uint k = 1; k < VW; k++)
        if (lanes[k] > lanes[top] || (lanes[k] == lanes[top] && vecs[k] < vecs[top]))
            top = k;
    best[part] = lanes[top];
    best_at[part] = (uint)vecs[top] * VW + top;
}

/* chosen[step + 1] = the farthest of all parts. */
kernel void farthest_choose(global const float *restrict best,
                            global const uint *restrict best_at, const uint nparts,
                            global uint *restrict chosen, const uint step)
{
    uint top = 0;
    for (uint part = 1; part < nparts; part++)
        if (best[part] > best[top] ||
            (best[part] == best[top] && best_at[part] < best_at[top]))
            top = part;
    chosen[step + 1] = best_at[top];
}
