/* What amkd-score --refine finds of the picks of the whole fine grid, and how much
 * sooner. What it misses depends on the student, so that one is trained first, on
 * Fashion-MNIST where Debian's dataset-fashion-mnist is installed. */
#include "base/error.h"
#include "bench.h"
#include "files.h"
#include "process.h"
#include "stream/rows.h"
#include "stream/stream.h"
#include "synthetic.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char dataset[] =
    "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz";

enum { IMAGES, LABELED, STUDENT, PAIRS, PICKS, NFILES };
static const char *const names[NFILES] = {
    "real.amkd", "labeled.amkd", "student.safetensors", "pairs.amkd", "picks.amkd"};

typedef struct sizes {
    const char *nimages, *nsteps, *npairs, *k;
} sizes;

static int run(bench *b, double *seconds, const char *const *argv)
{
    process_cost cost;
    if (process_run(&cost, b->tools, argv))
        return -1;
    *seconds = cost.seconds;
    return 0;
}

static int train(bench *b, const files *f, const sizes *size)
{
    double seconds;
    const char *const import[] = {"amkd-import", "-q", "--limit",
                                  size->nimages, "-o", f->paths[LABELED],
                                  dataset,       NULL};
    const char *const unlabeled[] = {"amkd-import",    "-q",          "--unlabeled",
                                     "--limit",        size->nimages, "-o",
                                     f->paths[IMAGES], dataset,       NULL};
    const char *const argv[] = {"amkd-train",
                                "-q",
                                "-a",
                                "lenet5-half",
                                "--steps",
                                size->nsteps,
                                "-o",
                                f->paths[STUDENT],
                                f->paths[LABELED],
                                b->which ? "-d" : NULL,
                                b->which,
                                NULL};
    return run(b, &seconds, import) || run(b, &seconds, unlabeled) ||
                   run(b, &seconds, argv)
               ? -1
               : 0;
}

/* Without the dataset: made images, and weights by chance. */
static int make(const files *f, const sizes *size)
{
    amkd_model *model;
    if (synthetic_save_images(f->paths[IMAGES], (size_t)atoi(size->nimages)) ||
        synthetic_model(&model, "lenet5-half", SYNTHETIC_GRAY))
        return -1;
    const int rc = amkd_model_save(model, f->paths[STUDENT]);
    amkd_model_free(model);
    return rc;
}

static int compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The pairs of the picks, sorted, freed by the caller. */
static int read_pairs(uint64_t **pairs, size_t *n, const char *path)
{
    amkd_reader *reader;
    amkd_pick *picks = NULL;
    if (amkd_reader_open(&reader, path, "picks", 0))
        return -1;
    int rc = amkd_reader_read_all(reader, (void **)&picks, n);
    amkd_reader_close(reader);
    *pairs = rc ? NULL : malloc((*n + 1) * sizeof **pairs);
    if (!rc && !*pairs)
        rc = amkd_fail("no memory for picks");
    for (size_t p = 0; !rc && p < *n; p++)
        (*pairs)[p] = (uint64_t)picks[p].i << 32 | picks[p].j;
    if (!rc)
        qsort(*pairs, *n, sizeof **pairs, compare);
    free(picks);
    return rc;
}

/* Scores twice, for the time without compiling. refine: NULL for the whole grid. */
static int score(bench *b, double *seconds, const files *f, const sizes *size,
                 const char *refine, const char *coarse)
{
    const char *argv[20] = {
        "amkd-score",      "-q", "--lambda",      "0.3:0.7:64",   "-k", size->k, "-s",
        f->paths[STUDENT], "-o", f->paths[PICKS], f->paths[PAIRS]};
    size_t n = 11;
    if (b->which) {
        argv[n++] = "-d";
        argv[n++] = b->which;
    }
    if (refine) {
        argv[n++] = "--refine";
        argv[n++] = refine;
        argv[n++] = "--coarse";
        argv[n++] = coarse;
    }
    return (refine && run(b, seconds, argv)) || run(b, seconds, argv) ? -1 : 0;
}

static int add(bench *b, const char *what, const char *refine, const char *coarse,
               const char *unit, double value)
{
    bench_row row = {.section = "scoring, --refine", .unit = unit};
    snprintf(row.name, sizeof row.name, "refine C = %s, %s of 64 lambdas: %s", refine,
             coarse, what);
    return bench_add(b, &row, &value, 1);
}

static int compare_ways(bench *b, const files *f, const sizes *size)
{
    static const char *const factors[] = {"1", "2", "4"}, *const grids[] = {"8", "16"};
    const size_t nways = b->quick ? 1 : 6;
    double whole, seconds;
    uint64_t *wanted = NULL;
    size_t n;
    int rc =
        score(b, &whole, f, size, NULL, NULL) || read_pairs(&wanted, &n, f->paths[PICKS]);
    for (size_t w = 0; !rc && w < nways; w++) {
        uint64_t *got = NULL;
        size_t ngot, nfound = 0;
        rc = score(b, &seconds, f, size, factors[w % 3], grids[w / 3]) ||
             read_pairs(&got, &ngot, f->paths[PICKS]);
        for (size_t p = 0; !rc && p < ngot; p++)
            nfound += bsearch(&got[p], wanted, n, sizeof *wanted, compare) != NULL;
        free(got);
        if (!rc)
            rc = add(b, "recall", factors[w % 3], grids[w / 3], "%",
                     100 * (double)nfound / (double)n) ||
                 add(b, "speed-up", factors[w % 3], grids[w / 3], "x", whole / seconds);
    }
    free(wanted);
    return rc ? -1 : 0;
}

int bench_refine(bench *b)
{
    bench_say(b, "amkd-score --refine");
    const sizes size = b->quick ? (sizes){"30", "2", "200", "10"}
                                : (sizes){"2000", "600", "200000", "4000"};
    files f;
    double seconds;
    int rc = files_new(&f, NULL, names, NFILES);
    if (!rc)
        rc = access(dataset, R_OK) ? make(&f, &size) : train(b, &f, &size);
    const char *const pool[] = {"amkd-pool",     "-q", "-n",
                                size.npairs,     "-o", f.paths[PAIRS],
                                f.paths[IMAGES], NULL};
    if (!rc)
        rc = run(b, &seconds, pool) || compare_ways(b, &f, &size) ? -1 : 0;
    files_clear(&f);
    return rc;
}
