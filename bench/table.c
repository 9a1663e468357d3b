/* The results as a table for people. */
#include "base/error.h"
#include "base/version.h"
#include "bench.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void print_head(FILE *out, const bench *b)
{
    const amkd_device *d = b->device;
    char date[40] = "";
    const time_t now = time(NULL);
    struct tm local;
    if (localtime_r(&now, &local))
        strftime(date, sizeof date, "%Y-%m-%d %H:%M %z", &local);
    fprintf(out, "device %zu: %s, %u compute units, vectors of %zu\n", d->index, d->name,
            (unsigned)d->ncompute_units, d->vector_width);
    fprintf(out, "platform %s, driver %s, %s\n", d->platform_name, d->driver, d->version);
    fprintf(out, "amkd %s, %s%s\n", AMKD_VERSION, date,
            b->quick ? ", --quick: these figures mean nothing" : "");
    fprintf(out,
            "peak %.1f GFLOP/s, copy %.1f GB/s: the best seen, which shares are of\n",
            b->peak * 1e-9, b->copy * 1e-9);
}

/* Three or four digits of any size. */
static void print_figure(FILE *out, double figure)
{
    const int digits = figure < 10 ? 2 : figure < 1000 ? 1 : 0;
    fprintf(out, " %9.*f", digits, figure);
}

static void print_time(FILE *out, double seconds)
{
    if (seconds <= 0)
        fprintf(out, " %12s", "");
    else if (seconds < 1e-3)
        fprintf(out, " %9.1f us", seconds * 1e6);
    else if (seconds < 1)
        fprintf(out, " %9.2f ms", seconds * 1e3);
    else
        fprintf(out, " %9.2f s ", seconds);
}

static const char *verdict(int met)
{
    return met ? "met" : "MISSED";
}

static void print_bars(FILE *out, const bench_row *row, double median, double share)
{
    if (row->at_least > 0)
        fprintf(out, "  bar at least %g: %s", row->at_least,
                verdict(median >= row->at_least));
    if (row->at_most > 0)
        fprintf(out, "  bar at most %g: %s", row->at_most,
                verdict(median <= row->at_most));
    if (row->least_share > 0)
        fprintf(out, "  bar at least %.0f %%: %s", 100 * row->least_share,
                verdict(share >= row->least_share));
}

static void print_row(FILE *out, const bench *b, const bench_row *row)
{
    const double median = bench_median(row), seconds = bench_seconds(row);
    fprintf(out, "  %-46s", row->name);
    print_figure(out, median);
    print_figure(out, bench_min(row));
    print_figure(out, bench_max(row));
    fprintf(out, " %-13s", row->unit);
    print_time(out, row->work > 0 ? seconds : 0);
    const double share = bench_share(b, row);
    if (share > 0)
        fprintf(out, " %4.0f %% of %s", 100 * share, row->flops > 0 ? "peak" : "copy");
    if (row->flops > 0 && strcmp(row->unit, "GFLOP/s") != 0)
        fprintf(out, ", %.1f GFLOP/s", row->flops / seconds * 1e-9);
    print_bars(out, row, median, share);
    fputc('\n', out);
}

static int first_of_section(const bench *b, size_t row)
{
    for (size_t r = 0; r < row; r++)
        if (!strcmp(b->rows[r].section, b->rows[row].section))
            return 0;
    return 1;
}

/* Rows of a section need not have been measured one behind the other. */
static void print_section(FILE *out, const bench *b, size_t first)
{
    const char *section = b->rows[first].section;
    fprintf(out, "%s\n", section);
    for (size_t r = first; r < b->nrows; r++)
        if (!strcmp(b->rows[r].section, section))
            print_row(out, b, &b->rows[r]);
}

char *bench_table(const bench *b)
{
    char *text = NULL;
    size_t nbytes;
    FILE *out = open_memstream(&text, &nbytes);
    if (!out) {
        amkd_fail("no memory for the table");
        return NULL;
    }
    print_head(out, b);
    fprintf(out, "\n%-48s %9s %9s %9s %13s %12s\n", "", "median", "min", "max", "",
            "time");
    for (size_t r = 0; r < b->nrows; r++)
        if (first_of_section(b, r))
            print_section(out, b, r);
    const int failed = ferror(out);
    if (fclose(out) || failed) {
        free(text);
        amkd_fail("no memory for the table");
        return NULL;
    }
    return text;
}
