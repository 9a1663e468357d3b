/* A stage of the fused sweep kernel: mixes the maps and applies what follows the first
 * layer, activations and pooling,
 *
 *     out[c][y][x] = ACT_AFTER(pool(ACT_BEFORE(F(x)[c][PS y + ky][PS x + kx])))
 *
 * C x IH x IW maps in, C x PH x PW values out, inside a border of OUT_PAD zeros. */

/* MIX for the lanes of span pairs, with or without one first image: constants, so that
 * each call is a loop without a branch, with the pairs' pointers and shares in registers.
 */
INLINE void MIX(vec *out, const sweep_lanes *from, const int span, const int one_a)
{
    const sweep_lanes lanes = *from;
    for (int c = 0; c < C; c++)
        for (int y = 0; y < PH; y++)
            for (int x = 0; x < PW; x++) {
                vec pooled = 0.0f;
#pragma unroll
                for (int k = 0; k < PK * PK; k++) {
                    const vec value = sweep_mixed(
                        &lanes, (c * IH + y * PS + k / PK) * IW + x * PS + k % PK, span,
                        one_a);
                    pooled = POOL(k, pooled, ACT_BEFORE(value));
                }
                out[(c * OUT_H + y + OUT_PAD) * OUT_W + x + OUT_PAD] = ACT_AFTER(pooled);
            }
}

static void STAGE(vec *out, const sweep_lanes *lanes)
{
#if OUT_PAD
    for (int at = 0; at < C * OUT_H * OUT_W; at++)
        out[at] = 0.0f;
#endif
#if SPAN == 1 || MAY_OVERFLOW
    MIX(out, lanes, SPAN, 0);
#else
    /* Of many pairs, one less is nothing. */
    if (SPAN <= 4 && lanes->narrow && lanes->one_a)
        MIX(out, lanes, SPAN - 1, 1);
    else if (SPAN <= 4 && lanes->narrow)
        MIX(out, lanes, SPAN - 1, 0);
    else if (lanes->one_a)
        MIX(out, lanes, SPAN, 1);
    else
        MIX(out, lanes, SPAN, 0);
#endif
}

#undef STAGE
#undef MIX
#undef C
#undef IH
#undef IW
#undef PK
#undef PS
#undef PH
#undef PW
#undef POOL
#undef ACT_BEFORE
#undef ACT_AFTER
#undef OUT_PAD
#undef OUT_H
#undef OUT_W
