/* The layered sweep's two ends, around the network's own kernels (activations as in
 * common.cl), for students too large for private memory.
 *
 * sweep_mix writes F(x) (sweep.cl) with the activations behind it, MIX_ACT, for the
 * evaluations first, first + 1, ...: out, vec [block][c][y][x][lane]. A work-item does
 * MIX_TILE values of its VW lanes. Grid: (vecs, value tiles).
 *
 * sweep_logits turns their logits, vec [block][class][lane], into scores, float
 * [evaluation]. Grid: (vecs). */

#ifndef MIX_ACT
#define MIX_ACT(x) (x)
#define MIX_TILE 128
#endif

kernel void sweep_mix(global vec *restrict out, global const float *restrict maps,
                      global const uint2 *restrict pairs, const uint npairs,
                      global const float *restrict lambda_table,
                      global const int *restrict slot_table, const uint first)
{
    const size_t at = get_global_id(0);
    const int begin = get_global_id(1) * MIX_TILE;
    const int end = min(begin + MIX_TILE, MAP_SIZE);
    out += at / VECTORS * (MAP_SIZE * VECTORS) + at % VECTORS;
    sweep_lanes lanes;
    sweep_lanes_at(&lanes, first + at * VW, maps, pairs, npairs, lambda_table, slot_table);
    for (int value = begin; value < end; value++) {
        const vec mixed = sweep_mixed(&lanes, value, SPAN, 0);
        out[value * VECTORS] = MIX_ACT(mixed);
    }
}

kernel void sweep_logits(global vec *restrict scores, global const vec *restrict logits,
                         const uint first)
{
    const size_t at = get_global_id(0);
    logits += at / VECTORS * (NCLASSES * VECTORS) + at % VECTORS;
    vec z[NCLASSES];
    for (int y = 0; y < NCLASSES; y++)
        z[y] = logits[y * VECTORS];
    scores[first / VW + at] = sweep_score(z);
}
