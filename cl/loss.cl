/* Softmax and soft-label cross entropy with a temperature T (Hinton, Vinyals, Dean,
 * arXiv 1503.02531), and plain softmax.
 *
 *     loss  = -T^2 sum_c p_c log softmax(z / T)_c
 *     dz_c  = T (softmax(z / T)_c - p_c) / batch          (sum_c p_c = 1)
 *
 * logits, gradient: [block][class][lane]. Sample n of the batch has row order[first + n]
 * of targets, float [row][class]; lanes from count on are empty and get no gradient.
 * loss and agreement, float [sample]: the batch's are added to what is there (agreement: 1
 * where student and target have the same top class), so that they are read once an epoch.
 *
 * Grid: (VECTORS, blocks). Tolerance: 1e-6 + 1e-5 |reference|. */

#ifndef CLASSES
#define CLASSES 10
#endif

kernel void softmax_cross_entropy(global const vec *restrict logits,
                                  global const float *restrict targets,
                                  global const uint *restrict order, const uint first,
                                  const uint count, const float temperature,
                                  global vec *restrict gradient, global vec *restrict loss,
                                  global vec *restrict agreement)
{
    const size_t lane = get_global_id(0), block = get_global_id(1);
    const uint sample = block * NLANES + lane * VW;
    logits += block * (CLASSES * VECTORS) + lane;
    gradient += block * (CLASSES * VECTORS) + lane;

    uint row[VW];
    float full[VW];
    for (int k = 0; k < VW; k++) {
        full[k] = sample + k < count ? 1.0f : 0.0f;
        row[k] = order[first + min(sample + k, count - 1)];
    }
    const ivec filled = vload_vec(full) > (vec)0.0f;

    vec top = logits[0];
    for (int c = 1; c < CLASSES; c++)
        top = fmax(top, logits[c * VECTORS]);
    vec sum = 0.0f;
    for (int c = 0; c < CLASSES; c++)
        sum += exp((logits[c * VECTORS] - top) / temperature);

    const vec log_sum = log(sum);
    const float scale = temperature / count;
    vec total = 0.0f, target_top = -1.0f, top_target = 0.0f;
    for (int c = 0; c < CLASSES; c++) {
        float p[VW];
        for (int k = 0; k < VW; k++)
            p[k] = targets[(size_t)row[k] * CLASSES + c];
        const vec target = vload_vec(p);
        const vec z = logits[c * VECTORS];
        const vec log_q = (z - top) / temperature - log_sum;
        total = fma(-target, log_q, total);
        gradient[c * VECTORS] = select((vec)0.0f, (exp(log_q) - target) * scale, filled);
        top_target = select(top_target, select((vec)0.0f, (vec)1.0f, z >= top),
                            target > target_top);
        target_top = fmax(target_top, target);
    }
    const size_t at = block * VECTORS + lane;
    loss[at] += select((vec)0.0f, total * (temperature * temperature), filled);
    agreement[at] += select((vec)0.0f, top_target, filled);
}

/* probs[sample][class] = softmax(logits), or the logits as they are (LOGITS_ONLY != 0).
 * samples from count on are not written. */
kernel void softmax(global const vec *restrict logits, global float *restrict probs,
                    const uint count, const int logits_only)
{
    const size_t lane = get_global_id(0), block = get_global_id(1);
    const uint sample = block * NLANES + lane * VW;
    logits += block * (CLASSES * VECTORS) + lane;
    vec top = logits[0];
    for (int c = 1; c < CLASSES; c++)
        top = fmax(top, logits[c * VECTORS]);
    vec sum = 0.0f;
    for (int c = 0; c < CLASSES; c++)
        sum += exp(logits[c * VECTORS] - top);
    for (int c = 0; c < CLASSES; c++) {
        const vec z = logits[c * VECTORS];
        const vec p = logits_only ? z : exp(z - top) / sum;
        float lanes[VW];
        vstore_vec(p, lanes);
        for (int k = 0; k < VW; k++)
            if (sample + k < count)
                probs[(size_t)(sample + k) * CLASSES + c] = lanes[k];
    }
}
