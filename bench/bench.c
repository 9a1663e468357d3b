/* Measuring: repetitions long enough for the clock, and the rows they become. */
#include "bench.h"
#include "base/clock.h"
#include "base/memory.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Calls enqueued before one is waited for. */
enum { MAX_CALLS = 1000 };

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int bench_add(bench *b, const bench_row *row, const double *values, size_t n)
{
    bench_row *rows = amkd_realloc(b->rows, b->nrows + 1, sizeof *rows);
    if (!rows)
        return -1;
    b->rows = rows;
    bench_row *added = &rows[b->nrows];
    *added = *row;
    added->n = n;
    added->values = amkd_alloc(n, sizeof *values);
    if (!added->values)
        return -1;
    memcpy(added->values, values, n * sizeof *values);
    qsort(added->values, n, sizeof *values, compare);
    b->nrows++;
    return 0;
}

/* *seconds becomes how long ncalls of run take. */
static int time_calls(double *seconds, bench *b, size_t ncalls, int (*run)(void *context),
                      void *context)
{
    const double start = amkd_now();
    for (size_t call = 0; call < ncalls; call++)
        if (run(context))
            return -1;
    if (amkd_device_finish(b->device))
        return -1;
    *seconds = amkd_now() - start;
    return 0;
}

int bench_time(bench *b, const bench_row *row, int (*run)(void *context), void *context)
{
    double once;
    if (time_calls(&once, b, 1, run, context) || time_calls(&once, b, 1, run, context))
        return -1;
    size_t ncalls = 1;
    while (ncalls < MAX_CALLS && (double)ncalls * once < b->seconds)
        ncalls++;
    double *values = amkd_alloc(b->nrepetitions, sizeof *values);
    int rc = values ? 0 : -1;
    for (size_t r = 0; !rc && r < b->nrepetitions; r++) {
        rc = time_calls(&values[r], b, ncalls, run, context);
        values[r] /= (double)ncalls;
    }
    if (!rc)
        rc = bench_add(b, row, values, b->nrepetitions);
    free(values);
    return rc;
}

void bench_say(const bench *b, const char *what)
{
    if (!b->quiet)
        fprintf(stderr, "amkd-bench: %s\n", what);
}

static double median_value(const bench_row *row)
{
    return (row->values[(row->n - 1) / 2] + row->values[row->n / 2]) / 2;
}

static double shown(const bench_row *row, double value)
{
    return row->work > 0 ? row->work / value : value;
}

double bench_median(const bench_row *row)
{
    return shown(row, median_value(row));
}

double bench_min(const bench_row *row)
{
    return shown(row, row->values[row->work > 0 ? row->n - 1 : 0]);
}

double bench_max(const bench_row *row)
{
    return shown(row, row->values[row->work > 0 ? 0 : row->n - 1]);
}

double bench_share(const bench *b, const bench_row *row)
{
    const double seconds = bench_seconds(row);
    return row->flops > 0    ? row->flops / seconds / b->peak
           : row->nbytes > 0 ? row->nbytes / seconds / b->copy
                             : 0;
}

int bench_met(const bench *b, const bench_row *row)
{
    const double median = bench_median(row);
    return median >= row->at_least && (!(row->at_most > 0) || median <= row->at_most) &&
           (!(row->least_share > 0) || bench_share(b, row) >= row->least_share);
}

double bench_seconds(const bench_row *row)
{
    return row->work > 0 || !strcmp(row->unit, "s") ? median_value(row) : 0;
}

void bench_clear(bench *b)
{
    for (size_t r = 0; r < b->nrows; r++)
        free(b->rows[r].values);
    free(b->rows);
    amkd_device_close(b->device);
}
