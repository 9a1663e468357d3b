/* The device's own limits, measured as the kernels are: in the same queue, by the same
 * compiler. */
#include "base/memory.h"
#include "bench.h"
#include "device/program.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const char amkd_cl_common[], amkd_cl_peak[];

/* CHAINS is what peak.cl has. So many rounds take milliseconds on a CPU, beside which a
 * launch is nothing. */
enum { CHAINS = 12, ROUNDS = 65536, QUICK_ROUNDS = 64 };

/* Copied: far beyond any cache. */
enum { COPY_NBYTES = 128 << 20, QUICK_COPY_NBYTES = 1 << 20 };

typedef struct peak_kernel {
    amkd_device *device;
    cl_kernel kernel;
    cl_mem out, in; /* in: NULL for the multiply-adds */
    size_t nitems, local;
} peak_kernel;

static int run_fma(void *context)
{
    peak_kernel *k = context;
    const float scale = 0.999f, shift = 0.001f; /* sums stay near 1 */
    const amkd_arg args[] = {AMKD_ARG(k->out), AMKD_ARG(scale), AMKD_ARG(shift)};
    return amkd_kernel_run(k->device, k->kernel, args, 3, 1, &k->nitems, &k->local);
}

static int run_copy(void *context)
{
    peak_kernel *k = context;
    const amkd_arg args[] = {AMKD_ARG(k->out), AMKD_ARG(k->in)};
    return amkd_kernel_run(k->device, k->kernel, args, 2, 1, &k->nitems, NULL);
}

/* Work for all compute units, in groups as the device likes them: single work-items where
 * these are vectors, many in lockstep elsewhere. */
static void choose_items(peak_kernel *k, int quick)
{
    const amkd_device *device = k->device;
    const int vectors = device->vector_width > 1;
    k->local = vectors ? 1 : device->max_work_group < 128 ? device->max_work_group : 128;
    k->nitems = k->local * device->ncompute_units * (quick ? 1 : 16);
}

static int measure_fma(bench *b, cl_program program, const char *when)
{
    const size_t width = b->device->vector_width;
    peak_kernel k = {.device = b->device};
    choose_items(&k, b->quick);
    bench_row row = {.section = "device", .unit = "GFLOP/s"};
    row.flops = 2.0 * CHAINS * (b->quick ? QUICK_ROUNDS : ROUNDS) * (double)width *
                (double)k.nitems;
    row.work = row.flops * 1e-9;
    snprintf(row.name, sizeof row.name, "multiply-add peak, %s", when);
    int rc = amkd_kernel_new(&k.kernel, program, "peak_fma");
    if (!rc)
        rc = amkd_buffer_new(&k.out, b->device, CL_MEM_WRITE_ONLY,
                             k.nitems * width * sizeof(float), NULL);
    if (!rc)
        rc = bench_time(b, &row, run_fma, &k);
    if (!rc) {
        const double best = 1e9 * bench_max(&b->rows[b->nrows - 1]);
        b->peak = best > b->peak ? best : b->peak;
    }
    amkd_kernel_free(k.kernel);
    amkd_buffer_free(k.out);
    return rc;
}

static int measure_copy(bench *b, cl_program program, const char *when)
{
    const amkd_device *device = b->device;
    const size_t vec_nbytes = device->vector_width * sizeof(float);
    size_t nbytes = b->quick ? QUICK_COPY_NBYTES : COPY_NBYTES;
    if (nbytes > device->max_buffer_nbytes)
        nbytes = device->max_buffer_nbytes / vec_nbytes * vec_nbytes;
    peak_kernel k = {.device = b->device, .nitems = nbytes / vec_nbytes};
    bench_row row = {.section = "device", .unit = "GB/s", .nbytes = 2.0 * (double)nbytes};
    row.work = row.nbytes * 1e-9;
    snprintf(row.name, sizeof row.name, "copy bandwidth, %s", when);
    int rc = amkd_kernel_new(&k.kernel, program, "peak_copy");
    if (!rc)
        rc = amkd_buffer_new(&k.out, b->device, CL_MEM_WRITE_ONLY, nbytes, NULL);
    if (!rc)
        rc = amkd_buffer_new(&k.in, b->device, CL_MEM_READ_WRITE, nbytes, NULL);
    if (!rc)
        rc = amkd_buffer_zero(b->device, k.in, nbytes);
    if (!rc)
        rc = bench_time(b, &row, run_copy, &k);
    if (!rc) {
        const double best = 1e9 * bench_max(&b->rows[b->nrows - 1]);
        b->copy = best > b->copy ? best : b->copy;
    }
    amkd_kernel_free(k.kernel);
    amkd_buffer_free(k.out);
    amkd_buffer_free(k.in);
    return rc;
}

static int run_empty(void *context)
{
    peak_kernel *k = context;
    return amkd_kernel_run(k->device, k->kernel, NULL, 0, 1, &k->nitems, &k->local);
}

/* What a kernel costs before it does anything, one of many in the queue. */
static int measure_launch(bench *b, cl_program program, const char *when)
{
    peak_kernel k = {.device = b->device};
    choose_items(&k, b->quick);
    bench_row row = {.section = "device", .unit = "launches/s", .work = 1};
    snprintf(row.name, sizeof row.name, "empty kernels, %s", when);
    int rc = amkd_kernel_new(&k.kernel, program, "empty");
    if (!rc)
        rc = bench_time(b, &row, run_empty, &k);
    amkd_kernel_free(k.kernel);
    return rc;
}

int bench_peak(bench *b, const char *when)
{
    bench_say(b, "the device's peak");
    const char *sources[] = {amkd_cl_common, amkd_cl_peak};
    char *options = amkd_format("-DROUNDS=%d", b->quick ? QUICK_ROUNDS : ROUNDS);
    cl_program program = NULL;
    int rc = options
                 ? amkd_program_build(&program, b->device, "peak", sources, 2, options)
                 : -1;
    free(options);
    if (!rc)
        rc = measure_fma(b, program, when);
    if (!rc)
        rc = measure_copy(b, program, when);
    if (!rc)
        rc = measure_launch(b, program, when);
    amkd_program_free(program);
    return rc;
}
