/* How long tools take to start: whole processes on next to no data, which bounds the time
 * to the first kernel from above. Cold: nothing is compiled, neither by amkd nor by the
 * driver. Warm: as every start but the first. */
#include "base/error.h"
#include "base/memory.h"
#include "bench.h"
#include "data/images_header.h"
#include "data/images_writer.h"
#include "process.h"
#include "synthetic.h"
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NIMAGES = 12 };

/* Bars, set for two cores with AVX-512. */
static const double most_cold_ms = 6000, most_warm_ms = 150;

/* Where amkd and drivers keep what they compiled. */
static const char *const caches[] = {"XDG_CACHE_HOME", "POCL_CACHE_DIR",
                                     "CUDA_CACHE_PATH", "MESA_SHADER_CACHE_DIR"};
enum { NCACHES = sizeof caches / sizeof *caches };

enum { IMAGES, STUDENT, PAIRS, OUT, CACHE, NPATHS };

typedef struct place {
    char *directory;
    char *paths[NPATHS];
    char *before[NCACHES]; /* the environment's */
} place;

static int remove_one(const char *path, const struct stat *status, int type,
                      struct FTW *where)
{
    (void)status, (void)type, (void)where;
    return remove(path);
}

static int remove_tree(const char *path)
{
    if (!access(path, F_OK) && nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS))
        return amkd_fail_errno("'%s'", path);
    return 0;
}

/* A directory of our own, where tools also find their caches. */
static int place_new(place *p)
{
    static const char *const names[] = {"images.amkd", "student.safetensors",
                                        "pairs.amkd", "out", "cache"};
    const char *parent = getenv("TMPDIR");
    *p = (place){0};
    char *directory =
        amkd_format("%s/amkd-bench.XXXXXX", parent && *parent ? parent : "/tmp");
    if (!directory)
        return -1;
    if (!mkdtemp(directory)) {
        amkd_fail_errno("'%s'", directory);
        free(directory);
        return -1;
    }
    p->directory = directory;
    for (int n = 0; n < NPATHS; n++)
        if (!(p->paths[n] = amkd_format("%s/%s", directory, names[n])))
            return -1;
    for (int c = 0; c < NCACHES; c++) {
        const char *before = getenv(caches[c]);
        if ((before && !(p->before[c] = amkd_strdup(before))) ||
            setenv(caches[c], p->paths[CACHE], 1))
            return amkd_fail("no memory for %s", caches[c]);
    }
    return 0;
}

static void place_clear(place *p)
{
    for (int c = 0; c < NCACHES && p->paths[CACHE]; c++) {
        if (p->before[c])
            setenv(caches[c], p->before[c], 1);
        else
            unsetenv(caches[c]);
        free(p->before[c]);
    }
    if (p->directory)
        (void)remove_tree(p->directory);
    for (int n = 0; n < NPATHS; n++)
        free(p->paths[n]);
    free(p->directory);
}

/* Labeled, so that they serve all tools. */
static int save_images(const char *path)
{
    amkd_images *images = NULL, *labeled = NULL;
    amkd_header header = {0};
    int rc = synthetic_images(&images, SYNTHETIC_GRAY, NIMAGES);
    if (!rc)
        rc = amkd_images_new(&labeled, NIMAGES, images->height, images->width,
                             images->channels, SYNTHETIC_NCLASSES);
    if (!rc) {
        memcpy(labeled->pixels, images->pixels, NIMAGES * amkd_images_npixels(images));
        rc = amkd_images_header(&header, images->height, images->width, images->channels,
                                SYNTHETIC_NCLASSES, NULL);
    }
    if (!rc)
        rc = amkd_images_save(labeled, path, &header, 1);
    amkd_header_clear(&header);
    amkd_images_free(images);
    amkd_images_free(labeled);
    return rc;
}

static int make_inputs(bench *b, const place *p)
{
    amkd_model *model;
    process_cost cost;
    if (synthetic_model(&model, "lenet5-half", SYNTHETIC_GRAY))
        return -1;
    int rc = amkd_model_save(model, p->paths[STUDENT]);
    amkd_model_free(model);
    const char *const argv[] = {"amkd-pool",      "-q", "-o", p->paths[PAIRS],
                                p->paths[IMAGES], NULL};
    return rc || save_images(p->paths[IMAGES]) || process_run(&cost, b->tools, argv) ? -1
                                                                                     : 0;
}

/* Runs argv n times, with caches emptied before each of them if cold, else once more
 * before all. */
static int measure(bench *b, const place *p, const char *const *argv, int cold,
                   double most_ms)
{
    const size_t n = cold ? b->nlong : b->nrepetitions;
    bench_row row = {.section = "start-up, whole processes",
                     .unit = "ms",
                     .at_most = b->quick ? 0 : most_ms};
    snprintf(row.name, sizeof row.name, "%s, %s start", argv[0], cold ? "cold" : "warm");
    process_cost cost;
    double *values = amkd_alloc(n, sizeof *values);
    int rc = values && (cold || !process_run(&cost, b->tools, argv)) ? 0 : -1;
    for (size_t r = 0; !rc && r < n; r++) {
        if (cold)
            rc = remove_tree(p->paths[CACHE]) || mkdir(p->paths[CACHE], 0700);
        if (!rc)
            rc = process_run(&cost, b->tools, argv);
        values[r] = 1e3 * cost.seconds;
    }
    if (!rc)
        rc = bench_add(b, &row, values, n);
    free(values);
    return rc ? -1 : 0;
}

static int measure_tools(bench *b, const place *p)
{
    const char *device = b->which ? "-d" : NULL;
    const char *const score[] = {"amkd-score", "-q",          "-k",
                                 "5",          "-s",          p->paths[STUDENT],
                                 "-o",         p->paths[OUT], p->paths[PAIRS],
                                 device,       b->which,      NULL};
    const char *const train[] = {"amkd-train",     "-q",   "-a",     "lenet5-half",
                                 "--steps",        "1",    "-o",     p->paths[OUT],
                                 p->paths[IMAGES], device, b->which, NULL};
    const char *const eval[] = {"amkd-eval",
                                "-q",
                                "-s",
                                p->paths[STUDENT],
                                "-o",
                                p->paths[OUT],
                                p->paths[IMAGES],
                                device,
                                b->which,
                                NULL};
    const char *const devices[] = {"amkd-devices", "-o",     p->paths[OUT],
                                   device,         b->which, NULL};
    return measure(b, p, score, 1, most_cold_ms) ||
                   measure(b, p, score, 0, most_warm_ms) ||
                   (!b->quick && measure(b, p, train, 1, 0)) ||
                   measure(b, p, train, 0, most_warm_ms) ||
                   measure(b, p, eval, 0, most_warm_ms) ||
                   measure(b, p, devices, 0, most_warm_ms)
               ? -1
               : 0;
}

int bench_start(bench *b)
{
    bench_say(b, "start-up");
    place p;
    int rc = place_new(&p);
    if (!rc)
        rc = make_inputs(b, &p);
    if (!rc)
        rc = measure_tools(b, &p);
    place_clear(&p);
    return rc;
}
