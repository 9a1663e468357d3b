/* amkd-augment as a process: views of images of Fashion-MNIST's size. */
#include "base/error.h"
#include "base/memory.h"
#include "bench.h"
#include "files.h"
#include "process.h"
#include "synthetic.h"
#include <stdio.h>
#include <stdlib.h>

enum { NIMAGES = 2000, NVIEWS = 30, QUICK_N = 20 };

enum { IMAGES, VIEWS, NFILES };
static const char *const names[NFILES] = {"images.amkd", "views.amkd"};

static int measure(bench *b, const files *f, const char *what, const char *option,
                   size_t nimages)
{
    const size_t n = b->nlong;
    bench_row row = {
        .section = "views", .unit = "views/s", .work = (double)(nimages * NVIEWS)};
    snprintf(row.name, sizeof row.name, "amkd-augment, %zu of 28x28%s", nimages * NVIEWS,
             what);
    const char *const argv[] = {"amkd-augment",  "-q",   "--views=30",     "-o",
                                f->paths[VIEWS], option, f->paths[IMAGES], NULL};
    double *values = amkd_alloc(n, sizeof *values);
    int rc = values ? 0 : -1;
    for (size_t r = 0; !rc && r < n; r++) {
        process_cost cost;
        rc = process_run(&cost, b->tools, argv);
        values[r] = cost.seconds;
    }
    if (!rc)
        rc = bench_add(b, &row, values, n);
    free(values);
    return rc;
}

int bench_augment(bench *b)
{
    bench_say(b, "views");
    files f;
    const size_t n = b->quick ? QUICK_N : NIMAGES;
    int rc = files_new(&f, files_in_memory(), names, NFILES);
    if (!rc)
        rc = synthetic_save_images(f.paths[IMAGES], n) ||
                     measure(b, &f, "", "--elastic=0", n) ||
                     measure(b, &f, ", elastic", "--elastic=0.1", n)
                 ? -1
                 : 0;
    files_clear(&f);
    return rc ? amkd_fail_in("views") : 0;
}
