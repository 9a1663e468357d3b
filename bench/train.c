/* amkd_train as amkd-train calls it, from its first allocation to its last weight. */
#include "steps/learn/train.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "bench.h"
#include "synthetic.h"
#include <stdio.h>
#include <stdlib.h>

enum { NIMAGES = 2000, NROWS = 24000, NSTEPS = 1500, BATCH = 128 };
enum { QUICK_NROWS = 64, QUICK_NSTEPS = 2, QUICK_BATCH = 16 };

/* Bars, set for two cores with AVX-512. */
static const double least_images_per_second = 20000, least_share = 0.45;

typedef struct training {
    bench *b;
    amkd_model *model;
    amkd_dataset dataset;
    amkd_train_options options;
} training;

static int train_once(double *seconds, training *t)
{
    const double start = amkd_now();
    if (amkd_train(t->model, t->b->device, &t->dataset, &t->options, NULL, NULL))
        return -1;
    *seconds = amkd_now() - start;
    return 0;
}

/* Once before, so that no compiler runs in the repetitions. */
static int measure(training *t, bench_row *row)
{
    bench *b = t->b;
    const uint64_t nsteps = t->options.nsteps;
    double *values = amkd_alloc(b->nlong, sizeof *values);
    if (!values)
        return -1;
    t->options.nsteps = 1;
    int rc = train_once(&values[0], t);
    t->options.nsteps = nsteps;
    for (size_t r = 0; !rc && r < b->nlong; r++)
        rc = train_once(&values[r], t);
    if (!rc)
        rc = bench_add(b, row, values, b->nlong);
    free(values);
    return rc;
}

int bench_train(bench *b)
{
    const char *arch = "lenet5";
    training t = {
        .b = b,
        .options = {.optimizer = {.kind = AMKD_ADAMW,
                                  .beta1 = 0.9,
                                  .beta2 = 0.999,
                                  .epsilon = 1e-8,
                                  .decay = 0.01},
                    .schedule = {.kind = AMKD_ONECYCLE, .rate = 3e-3},
                    .temperature = 1,
                    .batch = b->quick ? QUICK_BATCH : BATCH,
                    .nsteps = b->quick ? QUICK_NSTEPS : NSTEPS},
    };
    bench_say(b, "training");
    bench_row row = {.section = "training", .unit = "images/s"};
    snprintf(row.name, sizeof row.name, "%s, %llu steps of %llu", arch,
             (unsigned long long)t.options.nsteps, (unsigned long long)t.options.batch);
    int rc = synthetic_model(&t.model, arch, SYNTHETIC_GRAY);
    if (!rc)
        rc = synthetic_dataset(&t.dataset, SYNTHETIC_GRAY,
                               b->quick ? QUICK_NROWS : NIMAGES,
                               b->quick ? QUICK_NROWS : NROWS);
    if (!rc) {
        /* Forward, and twice that backward. */
        row.work = (double)(t.options.nsteps * t.options.batch);
        row.flops = 6 * amkd_graph_nmacs(&t.model->graph) * row.work;
        row.at_least = b->quick ? 0 : least_images_per_second;
        row.least_share = b->quick ? 0 : least_share;
        rc = measure(&t, &row);
    }
    amkd_dataset_clear(&t.dataset);
    amkd_model_free(t.model);
    return rc ? amkd_fail_in("training %s", arch) : 0;
}
