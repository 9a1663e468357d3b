/* The whole of amkd-score over all pairs of some images, for each student: reading pairs,
 * sweeping, keeping the lowest, writing them; from its start to its end. */
#include "base/error.h"
#include "base/memory.h"
#include "bench.h"
#include "files.h"
#include "process.h"
#include "synthetic.h"
#include <stdio.h>
#include <stdlib.h>

/* Bars, set for two cores with AVX-512. */
static const double most_seconds = 60, most_mib = 1024;

enum { IMAGES, STUDENT, PAIRS, PICKS, NFILES };
static const char *const names[NFILES] = {"real.amkd", "student.safetensors",
                                          "pairs.amkd", "picks.amkd"};

/* Sets the row's work; the pairs are all there are. */
static int make_inputs(bench *b, bench_row *row, const files *f,
                       const sweep_student *student)
{
    const size_t n = b->quick ? SWEEP_QUICK_NIMAGES : student->nimages;
    const double npairs = (double)(n * (n - 1) / 2);
    amkd_model *model;
    process_cost cost;
    if (synthetic_model(&model, student->arch, SYNTHETIC_GRAY))
        return -1;
    int rc = amkd_model_save(model, f->paths[STUDENT]);
    row->flops = npairs * SWEEP_NLAMBDAS * sweep_flops(&model->graph);
    snprintf(row->name, sizeof row->name, "amkd-score, %s, %.0f pairs x %d",
             student->name, npairs, SWEEP_NLAMBDAS);
    amkd_model_free(model);
    const char *const argv[] = {"amkd-pool",      "-q", "-o", f->paths[PAIRS],
                                f->paths[IMAGES], NULL};
    return rc || synthetic_save_images(f->paths[IMAGES], n) ||
                   process_run(&cost, b->tools, argv)
               ? -1
               : 0;
}

static int run_score(bench *b, process_cost *cost, const files *f)
{
    const char *argv[] = {"amkd-score",
                          "-q",
                          "-k",
                          b->quick ? "10" : "10000",
                          "-s",
                          f->paths[STUDENT],
                          "-o",
                          f->paths[PICKS],
                          f->paths[PAIRS],
                          b->which ? "-d" : NULL,
                          b->which,
                          NULL};
    return process_run(cost, b->tools, argv);
}

/* Repetitions of the process: costs [3][n], each kind by itself. */
static int run_all(bench *b, double *costs, size_t n, const files *f)
{
    for (size_t r = 0; r < n; r++) {
        process_cost cost;
        if (run_score(b, &cost, f))
            return -1;
        costs[r] = cost.seconds;
        costs[n + r] = cost.cpu_seconds;
        costs[2 * n + r] = cost.peak_mib;
    }
    return 0;
}

/* The time alone, or the processor's and the memory, too. */
static int measure(bench *b, const bench_row *row, const files *f, int in_full)
{
    const size_t n = b->nlong;
    const bench_row cpu = {
        .section = "scoring", .name = "amkd-score, processor time", .unit = "s"};
    const bench_row memory = {.section = "scoring",
                              .name = "amkd-score, most memory",
                              .unit = "MiB",
                              .at_most = b->quick ? 0 : most_mib};
    double *costs = amkd_alloc(3 * n, sizeof *costs);
    int rc = costs ? run_all(b, costs, n, f) : -1;
    if (!rc)
        rc = bench_add(b, row, costs, n);
    if (!rc && in_full)
        rc = bench_add(b, &cpu, costs + n, n) || bench_add(b, &memory, costs + 2 * n, n)
                 ? -1
                 : 0;
    free(costs);
    return rc;
}

static int score(bench *b, size_t s)
{
    const sweep_student *student = &sweep_students[s];
    const int barred = s == SWEEP_LENET5_HALF;
    files f;
    bench_row row = {.section = "scoring", .unit = "s"};
    row.at_most = b->quick || !barred ? 0 : most_seconds;
    int rc = files_new(&f, NULL, names, NFILES);
    if (!rc)
        rc = make_inputs(b, &row, &f, student);
    const size_t first = b->nrows;
    if (!rc)
        rc = measure(b, &row, &f, barred);
    if (!rc)
        b->score_flop_seconds[s] = bench_median(&b->rows[first]) / row.flops;
    files_clear(&f);
    return rc ? amkd_fail_in("scoring by %s", student->name) : 0;
}

int bench_score(bench *b)
{
    bench_say(b, "amkd-score");
    for (size_t s = 0; s < SWEEP_NSTUDENTS; s++)
        if (score(b, s))
            return -1;
    return 0;
}
