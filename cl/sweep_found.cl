/* The scores that go back to the host: the lowest of every GROUP consecutive ones, which
 * are a pair's at all lambdas (Eq. 2) or, with GROUP 1, each by itself, unless it is above
 * the threshold:
 *
 *     found[1 + n] = (e, scores[e]),   e = the first of the group's with its lowest score
 *
 * and found[0].x, zero before, counts them. A NaN is the lowest of its group and below any
 * threshold. With the threshold INFINITY, n is the group's number and nothing is counted.
 *
 * scores: float [group][GROUP]; found: the number of an evaluation and the bits of its
 * score. Grid: (groups). Exact. */

#ifndef GROUP
#define GROUP 11
#endif

kernel void sweep_found(global uint2 *restrict found, global const float *restrict scores,
                        const float threshold)
{
    const uint group = get_global_id(0);
    scores += (size_t)group * GROUP;
    float least = scores[0];
    uint at = 0;
    for (uint e = 1; e < GROUP; e++)
        if (scores[e] < least || isnan(scores[e])) {
            least = scores[e];
            at = e;
        }
    if (least > threshold)
        return;
    const uint n = threshold == INFINITY ? group : atomic_inc((global uint *)found);
    found[1 + n] = (uint2)(group * GROUP + at, as_uint(least));
}
