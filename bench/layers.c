/* Every kernel of one training step: the ops of the network, and what stands around
 * them. */
#include "base/error.h"
#include "bench.h"
#include "step.h"
#include <stdio.h>
#include <string.h>

enum { BATCH = 128, QUICK_BATCH = 16 };

/* One op's part of one pass, as bench_time calls it. */
typedef struct op_run {
    step *step;
    size_t op;
    amkd_pass pass;
} op_run;

static int run_op(void *context)
{
    const op_run *run = context;
    return amkd_network_run_op(run->step->network, run->op, run->pass, &run->step->batch);
}

/* Multiply-adds count twice; a layer that has none is counted by what it moves: pooling
 * forward reads and writes its values, backward reads two and writes one. */
static void count_work(bench_row *row, const amkd_layer *layer, const op_run *run)
{
    const double count = (double)run->step->count;
    const double in = (double)amkd_shape_size(layer->in);
    const double out = (double)amkd_shape_size(layer->out);
    row->flops = 2 * amkd_layer_nmacs(layer) * count;
    if (row->flops > 0) {
        row->unit = "GFLOP/s";
        row->work = row->flops * 1e-9;
        return;
    }
    const double nvalues = run->pass == AMKD_FORWARD ? in + out : 2 * in + out;
    row->unit = "GB/s";
    row->nbytes = nvalues * count * sizeof(float);
    row->work = row->nbytes * 1e-9;
}

static int measure_op(bench *b, bench_row *row, step *s, size_t op)
{
    static const char *const passes[] = {"forward", "backward weights", "backward data"};
    const amkd_layer *layer =
        &s->model->graph.layers[amkd_network_op_layer(s->network, op)];
    char layers[2 * AMKD_LAYER_NBYTES];
    amkd_network_op_print(layers, sizeof layers, s->network, op);
    for (int pass = AMKD_FORWARD; pass <= AMKD_BACKWARD_DATA; pass++) {
        op_run run = {s, op, (amkd_pass)pass};
        if (!amkd_network_has_pass(s->network, op, run.pass))
            continue;
        count_work(row, layer, &run);
        snprintf(row->name, sizeof row->name, "%.60s: %s", layers, passes[pass]);
        if (bench_time(b, row, run_op, &run))
            return -1;
    }
    return 0;
}

/* A kernel that is counted by the samples it serves. */
static int measure_samples(bench *b, const bench_row *section, step *s, const char *name,
                           double flops, int (*run)(void *))
{
    bench_row row = *section;
    snprintf(row.name, sizeof row.name, "%s", name);
    row.unit = "images/s";
    row.work = (double)s->count;
    row.flops = flops;
    row.nbytes = 0;
    return bench_time(b, &row, run, s);
}

static int measure_step(bench *b, step *s, const char *arch)
{
    bench_row row = {0};
    snprintf(row.section, sizeof row.section, "%s kernels, batch %zu", arch, s->count);
    if (measure_samples(b, &row, s, "mixing the batch", 0, step_load))
        return -1;
    for (size_t op = 0; op < amkd_network_nops(s->network); op++)
        if (measure_op(b, &row, s, op))
            return -1;
    return measure_samples(b, &row, s, "cross entropy", 0, step_loss) ||
                   measure_samples(b, &row, s, "AdamW", 0, step_optimize) ||
                   measure_samples(b, &row, s, "all of a step",
                                   6 * amkd_graph_nmacs(&s->model->graph) *
                                       (double)s->count,
                                   step_whole)
               ? -1
               : 0;
}

static int measure_arch(bench *b, const char *arch)
{
    bench_say(b, arch);
    step s;
    int rc =
        step_new(&s, b->device, arch, SYNTHETIC_GRAY, b->quick ? QUICK_BATCH : BATCH);
    if (!rc)
        rc = measure_step(b, &s, arch);
    step_clear(&s);
    return rc ? amkd_fail_in("kernels of %s", arch) : 0;
}

int bench_layers(bench *b)
{
    return measure_arch(b, "lenet5") || measure_arch(b, "lenet5-half") ? -1 : 0;
}
