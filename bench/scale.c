/* amkd-score from small pools to large ones: whether its time a pair and its memory stay
 * what they are. */
#include "base/error.h"
#include "bench.h"
#include "files.h"
#include "process.h"
#include "synthetic.h"
#include <inttypes.h>
#include <stdio.h>

/* Pairs: enough images for 10^8 of them, at two lambdas. */
enum { NIMAGES = 14200, QUICK_NIMAGES = 60, FIRST = 100000, QUICK_FIRST = 100 };
enum { NSTART = 100 /* pairs of the run that is all start */ };

/* Bar: the most memory over that at ten times the first size. */
static const double most_growth = 1.1;

enum { IMAGES, STUDENT, PAIRS, PICKS, NFILES };
static const char *const names[NFILES] = {"real.amkd", "student.safetensors",
                                          "pairs.amkd", "picks.amkd"};

/* amkd-score over npairs drawn from the pool. */
static int score(bench *b, process_cost *cost, const files *f, uint64_t npairs)
{
    char count[24];
    snprintf(count, sizeof count, "%" PRIu64, npairs);
    const char *const pool[] = {
        "amkd-pool", "-q", "-n", count, "-o", f->paths[PAIRS], f->paths[IMAGES], NULL};
    const char *const argv[] = {"amkd-score",
                                "-q",
                                "-k",
                                "100",
                                "--lambda",
                                "0.3,0.7",
                                "-s",
                                f->paths[STUDENT],
                                "-o",
                                f->paths[PICKS],
                                f->paths[PAIRS],
                                b->which ? "-d" : NULL,
                                b->which,
                                NULL};
    process_cost ignored;
    return process_run(&ignored, b->tools, pool) || process_run(cost, b->tools, argv) ? -1
                                                                                      : 0;
}

static int add(bench *b, const char *what, const char *unit, double value, double at_most)
{
    bench_row row = {.section = "scoring, from small pools to large",
                     .unit = unit,
                     .at_most = b->quick ? 0 : at_most};
    snprintf(row.name, sizeof row.name, "%s", what);
    return bench_add(b, &row, &value, 1);
}

static int measure(bench *b, const files *f)
{
    const uint64_t first = b->quick ? QUICK_FIRST : FIRST;
    const uint64_t last = b->quick ? 10 * first : b->scale_pairs;
    process_cost start, cost;
    double ns[2] = {0}, mib[2] = {0}; /* at ten times the first size, at the last */
    if (score(b, &start, f, NSTART) || score(b, &start, f, NSTART))
        return -1;
    if (b->quick) /* too little work to tell it from the start */
        start.seconds = 0;
    for (uint64_t n = first; n <= last; n *= 10) {
        char what[64];
        if (score(b, &cost, f, n))
            return -1;
        ns[1] = 1e9 * (cost.seconds - start.seconds) / (double)n;
        mib[1] = cost.peak_mib;
        if (n <= 10 * first) {
            ns[0] = ns[1];
            mib[0] = mib[1];
        }
        snprintf(what, sizeof what, "%" PRIu64 " pairs x 2: time of a pair", n);
        if (add(b, what, "ns", ns[1], 0))
            return -1;
        snprintf(what, sizeof what, "%" PRIu64 " pairs x 2: most memory", n);
        if (add(b, what, "MiB", mib[1], 0))
            return -1;
    }
    return add(b, "time of a pair, the largest pool over the second", "x", ns[1] / ns[0],
               0) ||
                   add(b, "most memory, the largest pool over the second", "x",
                       mib[1] / mib[0], most_growth)
               ? -1
               : 0;
}

int bench_scale(bench *b)
{
    bench_say(b, "amkd-score from small pools to large");
    files f;
    amkd_model *model = NULL;
    int rc = files_new(&f, NULL, names, NFILES);
    if (!rc)
        rc = synthetic_model(&model, "lenet5-half");
    if (!rc)
        rc = amkd_model_save(model, f.paths[STUDENT]);
    if (!rc)
        rc = synthetic_save_images(f.paths[IMAGES], b->quick ? QUICK_NIMAGES : NIMAGES);
    if (!rc)
        rc = measure(b, &f);
    amkd_model_free(model);
    files_clear(&f);
    return rc;
}
