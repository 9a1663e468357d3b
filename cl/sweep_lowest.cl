/* A pair's lowest score over lambda (Eq. 2) and where it is, so that 8 bytes a pair go
 * back to the host:
 *
 *     lowest[pair] = (min_l scores[pair][l], the first l that has it)
 *
 * scores: float [pair][NLAMBDAS]; lowest: the score's bits and the lambda's number. A NaN
 * among the scores is the lowest. Grid: (pairs). Exact. */

#ifndef NLAMBDAS
#define NLAMBDAS 11
#endif

kernel void sweep_lowest(global const float *restrict scores, global uint2 *restrict lowest)
{
    const size_t pair = get_global_id(0);
    scores += pair * NLAMBDAS;
    float least = scores[0];
    uint at = 0;
    for (uint l = 1; l < NLAMBDAS; l++)
        if (scores[l] < least || isnan(scores[l])) {
            least = scores[l];
            at = l;
        }
    lowest[pair] = (uint2)(as_uint(least), at);
}
