/* A stage of the fused sweep kernel: convolution, activations and a pooling whose windows
 * do not overlap,
 *
 *     u[o][y][x]   = b[o] + sum_c,ky,kx w[o][c][ky][kx] in[c][S y + ky][S x + kx]
 *     out[o][y][x] = ACT_AFTER(pool(ACT_BEFORE(u[o][PK y + .][PK x + .])))
 *
 * in lies inside its border of zeros, IC x IH x IW with it; u is OC x OH x OW, as much of
 * it as the pooling uses; out is inside a border of OUT_PAD zeros. OT channels x XT pixels
 * are kept in registers while their sums run; PK rows of u wait for the pooling. Where
 * OT or XT do not divide, the last tile starts early and does some of the work twice. */

static void STAGE(vec *out, const vec *in,
                  global const float *parameters)
{
    vec rows[OT * PK * OW];
#if OUT_PAD
    for (int at = 0; at < OC * OUT_H * OUT_W; at++)
        out[at] = 0.0f;
#endif
    for (int tile = 0; tile < OC; tile += OT) {
        const int o0 = tile + OT > OC ? OC - OT : tile;
        global const float *w = parameters + WEIGHTS + o0 * (IC * K * K);
        for (int y = 0; y < OH; y++) {
            for (int column = 0; column < OW; column += XT) {
                const int x0 = column + XT > OW ? OW - XT : column;
                vec sum[OT][XT];
#pragma unroll
                for (int o = 0; o < OT; o++)
#pragma unroll
                    for (int x = 0; x < XT; x++)
                        sum[o][x] = parameters[BIASES + o0 + o];
                for (int c = 0; c < IC; c++)
                    for (int ky = 0; ky < K; ky++) {
                        const vec *row = in + (c * IH + y * S + ky) * IW + x0 * S;
                        global const float *wrow = w + (c * K + ky) * K;
#pragma unroll
                        for (int kx = 0; kx < K; kx++)
#pragma unroll
                            for (int o = 0; o < OT; o++) {
                                const vec weight = wrow[o * (IC * K * K) + kx];
#pragma unroll
                                for (int x = 0; x < XT; x++)
                                    sum[o][x] = fma(weight, row[x * S + kx], sum[o][x]);
                            }
                    }
#pragma unroll
                for (int o = 0; o < OT; o++)
#pragma unroll
                    for (int x = 0; x < XT; x++)
                        rows[(o * PK + y % PK) * OW + x0 + x] = ACT_BEFORE(sum[o][x]);
            }
            if (y % PK < PK - 1)
                continue;
            for (int o = 0; o < OT; o++)
                for (int x = 0; x < OW / PK; x++) {
                    vec pooled = 0.0f;
#pragma unroll
                    for (int k = 0; k < PK * PK; k++)
                        pooled =
                            POOL(k, pooled, rows[(o * PK + k / PK) * OW + x * PK + k % PK]);
                    out[((o0 + o) * OUT_H + y / PK + OUT_PAD) * OUT_W + x + OUT_PAD] =
                        ACT_AFTER(pooled);
                }
        }
    }
}

#undef STAGE
#undef IC
#undef IH
#undef IW
#undef K
#undef S
#undef OC
#undef OH
#undef OW
#undef OT
#undef XT
#undef WEIGHTS
#undef BIASES
#undef PK
#undef POOL
#undef ACT_BEFORE
#undef ACT_AFTER
#undef OUT_PAD
#undef OUT_H
#undef OUT_W
