/* The lambda sweep by itself: pairs in memory, chunk behind chunk on the device. */
#include "sweep/sweep.h"
#include "base/error.h"
#include "base/memory.h"
#include "bench.h"
#include "synthetic.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const sweep_student sweep_students[SWEEP_NSTUDENTS] = {
    {"lenet5-half", "lenet5-half", 2000},
    {"lenet5", "lenet5", 1000},
    {"mlp", "mlp", 1000},
    {"two convolutions",
     "conv 32 k3 p1 | relu | maxpool 2 | conv 64 k3 p1 | relu | maxpool 2 | fc 128 | "
     "relu "
     "| fc classes",
     200},
};

/* The bar, set for two cores with AVX-512. */
static const double most_over_kernels = 1.15, least_share = 0.8;

typedef struct sweeping {
    amkd_sweep *sweep;
    amkd_pair *pairs;
    size_t n, nstarted;
} sweeping;

/* Starts a chunk and takes the result of the one before, as amkd-score does. */
static int run_chunk(void *context)
{
    sweeping *s = context;
    amkd_sweep_result result;
    if (amkd_sweep_start(s->sweep, s->pairs, s->n, INFINITY))
        return -1;
    return s->nstarted++ && amkd_sweep_finish(s->sweep, &result) < 0 ? -1 : 0;
}

/* The first n pairs in amkd-pool's order: consecutive pairs share an image, as in a pool
 * of all pairs. */
static void first_pairs(amkd_pair *pairs, size_t n, size_t nimages)
{
    amkd_pair pair = {0, 1};
    for (size_t p = 0; p < n; p++) {
        pairs[p] = pair;
        if (++pair.j == nimages)
            pair.j = ++pair.i + 1;
    }
}

int bench_sweep_pairs(bench *b, bench_row *row, const amkd_model *model,
                      const amkd_images *images)
{
    float lambdas[SWEEP_NLAMBDAS];
    for (size_t l = 0; l < SWEEP_NLAMBDAS; l++)
        lambdas[l] = 0.3f + 0.04f * (float)l;
    const amkd_sweep_options options = {.lambdas = lambdas, .nlambdas = SWEEP_NLAMBDAS};
    sweeping s = {0};
    if (amkd_sweep_new(&s.sweep, b->device, model, images, &options))
        return -1;
    const size_t npairs = images->n * (images->n - 1) / 2;
    s.n = amkd_sweep_max_pairs(s.sweep) < npairs ? amkd_sweep_max_pairs(s.sweep) : npairs;
    s.pairs = amkd_alloc(s.n, sizeof *s.pairs);
    int rc = s.pairs ? 0 : -1;
    if (!rc) {
        first_pairs(s.pairs, s.n, images->n);
        row->work = (double)(s.n * SWEEP_NLAMBDAS);
        row->flops = row->work * sweep_flops(&model->graph);
        snprintf(row->name + strlen(row->name), sizeof row->name - strlen(row->name),
                 ", %d lambdas, %s", SWEEP_NLAMBDAS, amkd_sweep_engine(s.sweep));
        rc = bench_time(b, row, run_chunk, &s);
    }
    amkd_sweep_free(s.sweep);
    free(s.pairs);
    return rc;
}

/* The whole of amkd-score over its kernels alone, where both were measured. */
static int add_ratio(bench *b, size_t s)
{
    const bench_row *kernels = &b->rows[b->nrows - 1];
    if (b->score_flop_seconds[s] <= 0)
        return 0;
    bench_row row = {.section = "scoring", .unit = "x"};
    row.at_most = b->quick || s != SWEEP_LENET5_HALF ? 0 : most_over_kernels;
    snprintf(row.name, sizeof row.name, "amkd-score over its kernels, %s",
             sweep_students[s].name);
    const double ratio =
        b->score_flop_seconds[s] * kernels->flops / bench_seconds(kernels);
    return bench_add(b, &row, &ratio, 1);
}

static int sweep(bench *b, size_t s)
{
    const sweep_student *student = &sweep_students[s];
    amkd_model *model = NULL;
    amkd_images *images = NULL;
    bench_row row = {.section = "scoring", .unit = "evaluations/s"};
    row.least_share = b->quick || s != SWEEP_LENET5_HALF ? 0 : least_share;
    snprintf(row.name, sizeof row.name, "%s kernels", student->name);
    int rc = synthetic_model(&model, student->arch, SYNTHETIC_GRAY);
    if (!rc)
        rc = synthetic_images(&images, SYNTHETIC_GRAY,
                              b->quick ? SWEEP_QUICK_NIMAGES : student->nimages);
    if (!rc)
        rc = bench_sweep_pairs(b, &row, model, images) || add_ratio(b, s) ? -1 : 0;
    amkd_model_free(model);
    amkd_images_free(images);
    return rc ? amkd_fail_in("the sweep of %s", student->name) : 0;
}

int bench_sweep(bench *b)
{
    bench_say(b, "the lambda sweep");
    for (size_t s = 0; s < SWEEP_NSTUDENTS; s++)
        if (sweep(b, s))
            return -1;
    return 0;
}
