/* The fused sweep: a work-item runs the whole student for its VW evaluations in private
 * memory, the stages above one after the other between two arenas of vecs.
 *
 * RUN_STAGES(a, b) calls the stages; LOGITS is the arena that the last one wrote to.
 * scores: vec [evaluation / VW]. Grid: (evaluations / VW), work-groups of one. */

kernel void sweep_fused(global vec *restrict scores, global const float *restrict maps,
                        global const uint2 *restrict pairs, const uint npairs,
                        global const float *restrict lambda_table,
                        global const int *restrict slot_table,
                        global const float *restrict parameters)
{
    vec arena_a[ARENA_A], arena_b[ARENA_B];
    const size_t at = get_global_id(0);
    sweep_lanes lanes;
    sweep_lanes_at(&lanes, at * VW, maps, pairs, npairs, lambda_table, slot_table);
    RUN_STAGES
    scores[at] = sweep_score(LOGITS);
}
