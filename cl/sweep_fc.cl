/* A stage of the fused sweep kernel: a fully connected layer, or a convolution that covers
 * its whole input, and activations,
 *
 *     out[o] = ACT_AFTER(b[o] + sum_i w[o][i] in[i])
 *
 * OT outputs are kept in registers while their sums run. Where OT does not divide OC, the
 * last tile starts early and does some of the work twice. */

static void STAGE(vec *out, const vec *in,
                  global const float *parameters)
{
#if OUT_PAD
    for (int at = 0; at < OC * OUT_H * OUT_W; at++)
        out[at] = 0.0f;
#endif
    for (int tile = 0; tile < OC; tile += OT) {
        const int o0 = tile + OT > OC ? OC - OT : tile;
        global const float *w = parameters + WEIGHTS + o0 * IN;
        vec sum[OT];
#pragma unroll
        for (int o = 0; o < OT; o++)
            sum[o] = parameters[BIASES + o0 + o];
#pragma unroll 2
        for (int i = 0; i < IN; i++) {
            const vec value = in[i];
#pragma unroll
            for (int o = 0; o < OT; o++)
                sum[o] = fma((vec)w[o * IN + i], value, sum[o]);
        }
#pragma unroll
        for (int o = 0; o < OT; o++)
            out[((o0 + o) * OUT_H + OUT_PAD) * OUT_W + OUT_PAD] = ACT_AFTER(sum[o]);
    }
}

#undef STAGE
#undef IN
#undef OC
#undef OT
#undef WEIGHTS
#undef BIASES
#undef ACT_BEFORE
#undef ACT_AFTER
#undef OUT_PAD
#undef OUT_H
#undef OUT_W
