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
enum { NREPETITIONS = 3, MOST_REPEATED = 10000000 /* pairs: larger pools run once */ };

/* Bars: the largest pool over the first by time, over ten times the first by memory. */
static const double most_slower = 1.2, most_growth = 1.1;

enum { IMAGES, STUDENT, PAIRS, PICKS, NFILES };
static const char *const names[NFILES] = {"real.amkd", "student.safetensors",
                                          "pairs.amkd", "picks.amkd"};

/* n runs of amkd-score over npairs drawn from the pool: seconds of each, the most
 * memory. */
static int score(bench *b, double *seconds, double *mib, size_t n, const files *f,
                 uint64_t npairs)
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
    process_cost cost;
    if (process_run(&cost, b->tools, pool))
        return -1;
    *mib = 0;
    for (size_t r = 0; r < n; r++) {
        if (process_run(&cost, b->tools, argv))
            return -1;
        seconds[r] = cost.seconds;
        *mib = cost.peak_mib > *mib ? cost.peak_mib : *mib;
    }
    return 0;
}

static int add(bench *b, const char *what, const char *unit, const double *values,
               size_t n, double at_most)
{
    bench_row row = {.section = "scoring, from small pools to large",
                     .unit = unit,
                     .at_most = b->quick ? 0 : at_most};
    snprintf(row.name, sizeof row.name, "%s", what);
    return bench_add(b, &row, values, n);
}

/* Sets *ns, of a pair beyond the start, and *mib. */
static int measure_size(bench *b, double *ns, double *mib, const files *f,
                        uint64_t npairs, double start_seconds)
{
    const size_t n = npairs > MOST_REPEATED ? 1 : NREPETITIONS;
    char what[64];
    double values[NREPETITIONS];
    if (score(b, values, mib, n, f, npairs))
        return -1;
    for (size_t r = 0; r < n; r++)
        values[r] = 1e9 * (values[r] - start_seconds) / (double)npairs;
    snprintf(what, sizeof what, "%" PRIu64 " pairs x 2: time of a pair", npairs);
    if (add(b, what, "ns", values, n, 0))
        return -1;
    *ns = bench_median(&b->rows[b->nrows - 1]);
    snprintf(what, sizeof what, "%" PRIu64 " pairs x 2: most memory", npairs);
    return add(b, what, "MiB", mib, 1, 0);
}

/* The least seconds of a run that is all start. */
static int measure_start(bench *b, double *least, const files *f)
{
    double seconds[NREPETITIONS], mib;
    if (score(b, seconds, &mib, NREPETITIONS, f, NSTART))
        return -1;
    *least = seconds[0];
    for (size_t r = 1; r < NREPETITIONS; r++)
        *least = seconds[r] < *least ? seconds[r] : *least;
    if (b->quick) /* too little work to tell it from the start */
        *least = 0;
    return 0;
}

static int measure(bench *b, const files *f)
{
    const uint64_t first = b->quick ? QUICK_FIRST : FIRST;
    const uint64_t last = b->quick ? 10 * first : b->scale_pairs;
    double start, first_ns = 0, second_mib = 0, ns = 0, mib = 0;
    if (measure_start(b, &start, f))
        return -1;
    for (uint64_t npairs = first; npairs <= last; npairs *= 10) {
        if (measure_size(b, &ns, &mib, f, npairs, start))
            return -1;
        if (npairs == first)
            first_ns = ns;
        if (npairs <= 10 * first)
            second_mib = mib;
    }
    const double slower = ns / first_ns, growth = mib / second_mib;
    return add(b, "time of a pair, the largest pool over the first", "x", &slower, 1,
               most_slower) ||
                   add(b, "most memory, the largest pool over the second", "x", &growth,
                       1, most_growth)
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
        rc = synthetic_model(&model, "lenet5-half", SYNTHETIC_GRAY);
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
