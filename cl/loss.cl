/* Softmax and soft-label cross entropy with a temperature T (Hinton, Vinyals, Dean,
 * arXiv 1503.02531), and plain softmax.
 *
 *     loss  = -T^2 sum_c p_c log softmax(z / T)_c
 *     dz_c  = T (softmax(z / T)_c - p_c) / total          (sum_c p_c = 1)
 *
 * p is a target smoothed by E (Szegedy et al., "Rethinking the Inception architecture for
 * computer vision", CVPR 2016, as torch.nn.CrossEntropyLoss's label_smoothing):
 *
 *     p_c   = (1 - E) target_c + E / CLASSES              (E = 0: as it is)
 *
 * logits, gradient: [block][class][lane]. The count samples of a batch are all or some of
 * the total that the mean loss is over. Sample n has row order[first + n] of targets, float
 * [row][class]; lanes from count on are empty and get no gradient.
 * loss and agreement, float [sample]: the batch's are added to what is there (agreement: 1
 * where student and target have the same top class), so that they are read once an epoch.
 *
 * teaching_cross_entropy is the same of those samples alone whose teaching is 1, not 0,
 * with the number of all that teach in place of total; taught, float [sample], counts them.
 * teaching is float [total], in which sample n has place from + n. sums is what
 * count_teaching writes.
 *
 * Grid: (VECTORS, blocks). Tolerance: 1e-6 + 1e-5 |reference|. */

#ifndef CLASSES
#define CLASSES 10
#endif

/* Of a vector of lanes: full is 1 in those that count, scale T / total. The pointers are
 * those of the kernels below. */
static inline void cross_entropy(global const vec *restrict logits,
                                 global const float *restrict targets,
                                 global const uint *restrict order, const uint first,
                                 const uint count, const float temperature,
                                 const float smoothing, const vec full,
                                 const float scale,
                                 global vec *restrict gradient, global vec *restrict loss,
                                 global vec *restrict agreement)
{
    const size_t lane = get_global_id(0), block = get_global_id(1);
    const uint sample = block * NLANES + lane * VW;
    logits += block * (CLASSES * VECTORS) + lane;
    gradient += block * (CLASSES * VECTORS) + lane;

    uint row[VW];
    for (int k = 0; k < VW; k++)
        row[k] = order[first + min(sample + k, count - 1)];
    const ivec filled = full > (vec)0.0f;

    vec top = logits[0];
    for (int c = 1; c < CLASSES; c++)
        top = fmax(top, logits[c * VECTORS]);
    vec sum = 0.0f;
    for (int c = 0; c < CLASSES; c++)
        sum += exp((logits[c * VECTORS] - top) / temperature);

    const vec log_sum = log(sum);
    vec total = 0.0f, target_top = -1.0f, top_target = 0.0f;
    for (int c = 0; c < CLASSES; c++) {
        float p[VW];
        for (int k = 0; k < VW; k++)
            p[k] = targets[(size_t)row[k] * CLASSES + c];
        const vec target = vload_vec(p);
        const vec smooth = fma((vec)(1.0f - smoothing), target, (vec)(smoothing / CLASSES));
        const vec z = logits[c * VECTORS];
        const vec log_q = (z - top) / temperature - log_sum;
        total = fma(-smooth, log_q, total);
        gradient[c * VECTORS] = select((vec)0.0f, (exp(log_q) - smooth) * scale, filled);
        top_target = select(top_target, select((vec)0.0f, (vec)1.0f, z >= top),
                            target > target_top);
        target_top = fmax(target_top, target);
    }
    const size_t at = block * VECTORS + lane;
    loss[at] += select((vec)0.0f, total * (temperature * temperature), filled);
    agreement[at] += select((vec)0.0f, top_target, filled);
}

kernel void softmax_cross_entropy(global const vec *restrict logits,
                                  global const float *restrict targets,
                                  global const uint *restrict order, const uint first,
                                  const uint count, const uint total,
                                  const float temperature, const float smoothing,
                                  global vec *restrict gradient,
                                  global vec *restrict loss,
                                  global vec *restrict agreement)
{
    const uint sample = get_global_id(1) * NLANES + get_global_id(0) * VW;
    float full[VW];
    for (int k = 0; k < VW; k++)
        full[k] = sample + k < count ? 1.0f : 0.0f;
    cross_entropy(logits, targets, order, first, count, temperature, smoothing,
                  vload_vec(full), temperature / total, gradient, loss, agreement);
}

/* sums[lane]: the teaching samples of that lane. Grid: (VECTORS). */
kernel void count_teaching(global const vec *restrict teaching, const uint nblocks,
                           global vec *restrict sums)
{
    const size_t lane = get_global_id(0);
    vec sum = 0.0f;
    for (uint block = 0; block < nblocks; block++)
        sum += teaching[block * VECTORS + lane];
    sums[lane] = sum;
}

kernel void teaching_cross_entropy(global const vec *restrict logits,
                                   global const float *restrict targets,
                                   global const uint *restrict order, const uint first,
                                   const uint count, const float temperature,
                                   const float smoothing,
                                   global const float *restrict teaching,
                                   const uint from, global const float *restrict sums,
                                   global vec *restrict gradient,
                                   global vec *restrict loss,
                                   global vec *restrict agreement,
                                   global vec *restrict taught)
{
    const uint sample = get_global_id(1) * NLANES + get_global_id(0) * VW;
    float n = 0, full[VW];
    for (int lane = 0; lane < NLANES; lane++)
        n += sums[lane];
    for (int k = 0; k < VW; k++)
        full[k] = sample + k < count ? teaching[from + sample + k] : 0.0f;
    const vec teaches = vload_vec(full);
    cross_entropy(logits, targets, order, first, count, temperature, smoothing, teaches,
                  temperature / fmax(n, 1.0f), gradient, loss, agreement);
    taught[get_global_id(1) * VECTORS + get_global_id(0)] += teaches;
}

/* Of sample n, below count, into row rows[first + n]: probs[row][class] = softmax(logits /
 * temperature), tops[row] = the top one of softmax(logits). */
kernel void soften(global const vec *restrict logits, global float *restrict probs,
                   global float *restrict tops, global const uint *restrict rows,
                   const uint first, const uint count, const float temperature)
{
    const size_t lane = get_global_id(0), block = get_global_id(1);
    const uint sample = block * NLANES + lane * VW;
    logits += block * (CLASSES * VECTORS) + lane;
    vec top = logits[0];
    for (int c = 1; c < CLASSES; c++)
        top = fmax(top, logits[c * VECTORS]);
    vec sum = 0.0f, plain = 0.0f;
    for (int c = 0; c < CLASSES; c++) {
        sum += exp((logits[c * VECTORS] - top) / temperature);
        plain += exp(logits[c * VECTORS] - top);
    }
    float lanes[VW];
    for (int c = 0; c < CLASSES; c++) {
        vstore_vec(exp((logits[c * VECTORS] - top) / temperature) / sum, lanes);
        for (int k = 0; k < VW; k++)
            if (sample + k < count)
                probs[(size_t)rows[first + sample + k] * CLASSES + c] = lanes[k];
    }
    vstore_vec(1.0f / plain, lanes);
    for (int k = 0; k < VW; k++)
        if (sample + k < count)
            tops[rows[first + sample + k]] = lanes[k];
}

/* teaching[n] = whether tops has min_top or more in the row of sample n, of the count ones
 * from number from on. */
kernel void choose_teaching(global const float *restrict tops,
                            global const uint *restrict rows, const uint first,
                            const uint from, const uint count, const float min_top,
                            global float *restrict teaching)
{
    const uint sample = get_global_id(1) * NLANES + get_global_id(0) * VW;
    for (int k = 0; k < VW; k++)
        if (sample + k < count) {
            const uint n = from + sample + k;
            teaching[n] = tops[rows[first + n]] >= min_top ? 1.0f : 0.0f;
        }
}

/* probs[sample][class] = softmax(logits / temperature), or the logits as they are
 * (logits_only != 0).
 * samples from count on are not written. */
kernel void softmax(global const vec *restrict logits, global float *restrict probs,
                    const uint count, const float temperature, const int logits_only)
{
    const size_t lane = get_global_id(0), block = get_global_id(1);
    const uint sample = block * NLANES + lane * VW;
    logits += block * (CLASSES * VECTORS) + lane;
    vec top = logits[0];
    for (int c = 1; c < CLASSES; c++)
        top = fmax(top, logits[c * VECTORS]);
    vec sum = 0.0f;
    for (int c = 0; c < CLASSES; c++)
        sum += exp((logits[c * VECTORS] - top) / temperature);
    for (int c = 0; c < CLASSES; c++) {
        const vec z = logits[c * VECTORS];
        const vec p = logits_only ? z : exp((z - top) / temperature) / sum;
        float lanes[VW];
        vstore_vec(p, lanes);
        for (int k = 0; k < VW; k++)
            if (sample + k < count)
                probs[(size_t)(sample + k) * CLASSES + c] = lanes[k];
    }
}
