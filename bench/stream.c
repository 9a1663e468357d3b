/* Streams packed and unpacked from memory to file and back, beside one gzip process that
 * does the same with the same bytes. */
#include "stream/stream.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "bench.h"
#include "files.h"
#include "payload.h"
#include "process.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* Bars: on two threads over gzip -1, and how much larger the file may be. */
static const double least_speed = 1.8, most_size = 1.05;

/* Rows go in and out in pieces, as the tools hand them on. */
enum { PIECE_NBYTES = 1 << 16 };

enum { STREAM, PLAIN, GZIPPED, NFILES };
static const char *const names[NFILES] = {"rows.amkd", "rows", "rows.gz"};

/* What is timed, in turn in every repetition, and what is compared. */
enum { GZIP, WRITE_1, WRITE_2, GUNZIP, READ_1, READ_2, NTIMES };
enum { WRITE_RATIO = NTIMES, READ_RATIO, SIZE_RATIO, NROWS };

static const char *const row_names[NROWS] = {"gzip -1",
                                             "write, 1 thread",
                                             "write, 2 threads",
                                             "gzip -dc",
                                             "read, 1 thread",
                                             "read, 2 threads",
                                             "write, 2 threads over gzip -1",
                                             "read, 2 threads over gzip -dc",
                                             "size over gzip -1"};

static int write_rows(amkd_writer *writer, const payload *p)
{
    const size_t row_nbytes = p->header.row_nbytes;
    const size_t npiece = 1 + PIECE_NBYTES / row_nbytes;
    for (size_t r = 0; r < p->nrows; r += npiece)
        if (amkd_writer_write(writer, p->rows + r * row_nbytes,
                              p->nrows - r < npiece ? p->nrows - r : npiece))
            return -1;
    return 0;
}

static int write_stream(double *seconds, const files *f, const payload *p,
                        size_t nthreads)
{
    const double start = amkd_now();
    amkd_writer *writer;
    if (amkd_writer_open(&writer, f->paths[STREAM], &p->header, nthreads))
        return -1;
    if (write_rows(writer, p)) {
        amkd_writer_discard(writer);
        return -1;
    }
    if (amkd_writer_close(writer))
        return -1;
    *seconds = amkd_now() - start;
    return 0;
}

static int read_rows(amkd_reader *reader, const payload *p)
{
    const size_t npiece = 1 + PIECE_NBYTES / p->header.row_nbytes;
    uint8_t *rows = amkd_alloc(npiece, p->header.row_nbytes);
    ssize_t n = rows ? 1 : -1;
    while (n > 0)
        n = amkd_reader_read(reader, rows, npiece);
    free(rows);
    return (int)n;
}

static int read_stream(double *seconds, const files *f, const payload *p, size_t nthreads)
{
    const double start = amkd_now();
    amkd_reader *reader;
    if (amkd_reader_open(&reader, f->paths[STREAM], p->header.kind, nthreads))
        return -1;
    const int rc = read_rows(reader, p);
    amkd_reader_close(reader);
    *seconds = amkd_now() - start;
    return rc;
}

static int run_gzip(double *seconds, const char *output, const char *how,
                    const char *input)
{
    const char *const argv[] = {"gzip", how, input, NULL};
    process_cost cost;
    if (process_run_to(&cost, output, NULL, argv))
        return -1;
    *seconds = cost.seconds;
    return 0;
}

static int file_nbytes(double *nbytes, const char *path)
{
    struct stat status;
    if (stat(path, &status))
        return amkd_fail_errno("'%s'", path);
    *nbytes = (double)status.st_size;
    return 0;
}

/* values [NROWS][n], of repetition r. */
static int repeat(double *values, size_t n, size_t r, const files *f, const payload *p)
{
    double times[NTIMES], packed = 0, gzipped = 0;
    if (run_gzip(&times[GZIP], f->paths[GZIPPED], "-1c", f->paths[PLAIN]) ||
        write_stream(&times[WRITE_1], f, p, 1) ||
        write_stream(&times[WRITE_2], f, p, 2) ||
        run_gzip(&times[GUNZIP], "/dev/null", "-dc", f->paths[GZIPPED]) ||
        read_stream(&times[READ_1], f, p, 1) || read_stream(&times[READ_2], f, p, 2) ||
        file_nbytes(&packed, f->paths[STREAM]) ||
        file_nbytes(&gzipped, f->paths[GZIPPED]))
        return -1;
    for (size_t t = 0; t < NTIMES; t++)
        values[t * n + r] = times[t];
    values[WRITE_RATIO * n + r] = times[GZIP] / times[WRITE_2];
    values[READ_RATIO * n + r] = times[GUNZIP] / times[READ_2];
    values[SIZE_RATIO * n + r] = packed / gzipped;
    return 0;
}

static int add_rows(bench *b, const double *values, size_t n, const payload *p,
                    double plain_nbytes)
{
    bench_row row = {0};
    const char *where = files_in_memory();
    snprintf(row.section, sizeof row.section, "streams, files in %s",
             where ? where : "a temporary directory");
    for (size_t v = 0; v < NROWS; v++) {
        snprintf(row.name, sizeof row.name, "%s: %s", p->name, row_names[v]);
        row.unit = v < NTIMES ? "MB/s" : "times";
        row.work = v < NTIMES ? plain_nbytes * 1e-6 : 0;
        row.at_least = v == WRITE_RATIO && !b->quick ? least_speed : 0;
        row.at_most = v == SIZE_RATIO && !b->quick ? most_size : 0;
        if (bench_add(b, &row, values + v * n, n))
            return -1;
    }
    return 0;
}

/* gzip takes the plain bytes of the stream, header and all. */
static int measure(bench *b, const files *f, const payload *p)
{
    const size_t n = b->nlong;
    double once, nbytes = 0;
    if (write_stream(&once, f, p, 1) ||
        run_gzip(&once, f->paths[PLAIN], "-dc", f->paths[STREAM]) ||
        file_nbytes(&nbytes, f->paths[PLAIN]))
        return -1;
    double *values = amkd_alloc(NROWS * n, sizeof *values);
    int rc = values ? 0 : -1;
    for (size_t r = 0; !rc && r < n; r++)
        rc = repeat(values, n, r, f, p);
    if (!rc)
        rc = add_rows(b, values, n, p, nbytes);
    free(values);
    return rc;
}

int bench_stream(bench *b)
{
    static int (*const payloads[])(payload *, int) = {payload_pairs, payload_picks,
                                                      payload_labels, payload_images};
    bench_say(b, "streams");
    files f;
    int rc = files_new(&f, files_in_memory(), names, NFILES);
    for (size_t k = 0; !rc && k < sizeof payloads / sizeof *payloads; k++) {
        payload p;
        rc = payloads[k](&p, b->quick);
        if (!rc)
            rc = measure(b, &f, &p);
        payload_clear(&p);
    }
    files_clear(&f);
    return rc ? amkd_fail_in("streams") : 0;
}
