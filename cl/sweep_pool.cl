/* A stage of the fused sweep kernel: pooling and activations that no other stage took in,
 *
 *     out[c][y][x] = ACT_AFTER(pool(ACT_BEFORE(in[c][PS y + ky][PS x + kx])))
 *
 * C x IH x IW values in, C x PH x PW out, inside a border of OUT_PAD zeros. */

static void STAGE(vec *out, const vec *in)
{
#if OUT_PAD
    for (int at = 0; at < C * OUT_H * OUT_W; at++)
        out[at] = 0.0f;
#endif
    for (int c = 0; c < C; c++)
        for (int y = 0; y < PH; y++)
            for (int x = 0; x < PW; x++) {
                vec pooled = 0.0f;
#pragma unroll
                for (int k = 0; k < PK * PK; k++) {
                    const vec value =
                        in[(c * IH + y * PS + k / PK) * IW + x * PS + k % PK];
                    pooled = POOL(k, pooled, ACT_BEFORE(value));
                }
                out[(c * OUT_H + y + OUT_PAD) * OUT_W + x + OUT_PAD] =
                    ACT_AFTER(pooled);
            }
}

#undef STAGE
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
