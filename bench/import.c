/* amkd-import as a process, on every format that it reads. */
#include "base/error.h"
#include "base/memory.h"
#include "bench.h"
#include "files.h"
#include "pictures.h"
#include "process.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NARRAY = 60000, NCIFAR = 10000, NPNGS = 4000, NJPEGS = 1000, QUICK_N = 20 };

enum { SOURCE, IMAGES, NFILES };
static const char *const names[NFILES] = {"source", "images.amkd"};

static const char dataset[] =
    "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz";

static int import_source(process_cost *cost, const bench *b, const files *f,
                         const char *source, const char *resize)
{
    const char *const argv[] = {"amkd-import",    "-q",   "--unlabeled", "-o",
                                f->paths[IMAGES], source, resize,        NULL};
    return process_run(cost, b->tools, argv);
}

static int measure(bench *b, const files *f, const char *what, const char *source,
                   const char *resize, size_t nimages)
{
    const size_t n = b->nlong;
    bench_row row = {.section = "importing", .unit = "images/s", .work = (double)nimages};
    snprintf(row.name, sizeof row.name, "amkd-import, %zu of %s", nimages, what);
    double *values = amkd_alloc(n, sizeof *values);
    int rc = values ? 0 : -1;
    for (size_t r = 0; !rc && r < n; r++) {
        process_cost cost;
        rc = import_source(&cost, b, f, source, resize);
        values[r] = cost.seconds;
    }
    if (!rc)
        rc = bench_add(b, &row, values, n);
    free(values);
    return rc;
}

static int measure_arrays(bench *b, const files *f)
{
    static const struct {
        const char *what;
        int (*write)(const char *path, size_t n);
        size_t n;
    } formats[] = {{"NPY, 28x28", pictures_npy, NARRAY},
                   {"IDX, 28x28", pictures_idx, NARRAY},
                   {"CIFAR-10, 32x32 RGB", pictures_cifar, NCIFAR}};
    for (size_t k = 0; k < sizeof formats / sizeof *formats; k++) {
        const size_t n = b->quick ? QUICK_N : formats[k].n;
        if (formats[k].write(f->paths[SOURCE], n) ||
            measure(b, f, formats[k].what, f->paths[SOURCE], NULL, n))
            return -1;
    }
    if (access(dataset, R_OK) || b->quick)
        return 0;
    return measure(b, f, "IDX.gz, 28x28", dataset, NULL, NARRAY);
}

/* A folder's files are many, so that they are not among the files that go with the
 * process: one that is stopped leaves them. */
static char *file_of(const files *f, size_t number)
{
    return amkd_format("%s/%zu.png", f->paths[SOURCE], number);
}

static void remove_folder(const files *f, size_t n)
{
    for (size_t p = 0; p < n; p++) {
        char *path = file_of(f, p);
        if (path)
            unlink(path);
        free(path);
    }
    rmdir(f->paths[SOURCE]);
}

static int make_folder(const files *f, size_t n, int (*write)(const char *, size_t))
{
    if (mkdir(f->paths[SOURCE], 0777))
        return amkd_fail_errno("'%s'", f->paths[SOURCE]);
    int rc = 0;
    for (size_t p = 0; !rc && p < n; p++) {
        char *path = file_of(f, p);
        rc = path ? write(path, p) : -1;
        free(path);
    }
    return rc;
}

static int measure_folders(bench *b, const files *f)
{
    static const struct {
        const char *what, *resize;
        int (*write)(const char *path, size_t number);
        size_t n;
    } folders[] = {
        {"PNG, 32x32 RGB", NULL, pictures_png, NPNGS},
        {"JPEG, 256x256 RGB, to 32x32", "--resize=32x32", pictures_jpeg, NJPEGS}};
    int rc = unlink(f->paths[SOURCE]) ? amkd_fail_errno("'%s'", f->paths[SOURCE]) : 0;
    for (size_t k = 0; !rc && k < sizeof folders / sizeof *folders; k++) {
        const size_t n = b->quick ? QUICK_N : folders[k].n;
        rc = make_folder(f, n, folders[k].write);
        if (!rc)
            rc = measure(b, f, folders[k].what, f->paths[SOURCE], folders[k].resize, n);
        remove_folder(f, n);
    }
    return rc;
}

int bench_import(bench *b)
{
    bench_say(b, "importing");
    files f;
    int rc = files_new(&f, files_in_memory(), names, NFILES);
    if (!rc)
        rc = measure_arrays(b, &f) || measure_folders(b, &f) ? -1 : 0;
    files_clear(&f);
    return rc ? amkd_fail_in("importing") : 0;
}
