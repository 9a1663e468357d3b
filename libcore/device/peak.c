/* Launches cl/peak.cl. */
#include "device/peak.h"
#include "base/clock.h"
#include "device/program.h"
#include <math.h>
#include <stdio.h>

extern const char amkd_cl_common[], amkd_cl_peak[];

/* As peak.cl has it; so many rounds take milliseconds on a CPU. */
enum { CHAINS = 12, ROUNDS = 65536 };

/* Copied: beyond most caches. */
enum { COPY_NBYTES = 64 << 20 };

enum { RUNS = 5 };

/* Seconds of the shortest run, the first of which does not count. */
static int time_kernel(double *seconds, amkd_device *device, cl_kernel kernel,
                       const amkd_arg *args, size_t nargs, size_t nitems, size_t local)
{
    *seconds = INFINITY;
    for (int r = 0; r <= RUNS; r++) {
        const double start = amkd_now();
        if (amkd_kernel_run(device, kernel, args, nargs, 1, &nitems,
                            local ? &local : NULL) ||
            amkd_device_finish(device))
            return -1;
        if (r)
            *seconds = fmin(*seconds, amkd_now() - start);
    }
    return 0;
}

/* Work for all compute units, in groups as the device likes them: single work-items where
 * these are vectors, many in lockstep elsewhere. */
static int measure_flops(amkd_peak *peak, amkd_device *device, cl_program program)
{
    const size_t width = device->vector_width;
    const size_t most = device->max_work_group < 128 ? device->max_work_group : 128;
    const size_t local = width > 1 ? 1 : most;
    const size_t nitems = local * device->ncompute_units * 16;
    const float scale = 0.999f, shift = 0.001f; /* sums stay near 1 */
    double seconds;
    cl_kernel kernel = NULL;
    cl_mem out = NULL;
    int rc = amkd_kernel_new(&kernel, program, "peak_fma") ||
                     amkd_buffer_new(&out, device, CL_MEM_WRITE_ONLY,
                                     nitems * width * sizeof(float), NULL)
                 ? -1
                 : 0;
    const amkd_arg args[] = {AMKD_ARG(out), AMKD_ARG(scale), AMKD_ARG(shift)};
    if (!rc)
        rc = time_kernel(&seconds, device, kernel, args, 3, nitems, local);
    if (!rc)
        peak->flops = 2.0 * CHAINS * ROUNDS * (double)(width * nitems) / seconds;
    amkd_kernel_free(kernel);
    amkd_buffer_free(out);
    return rc;
}

static int measure_copy(amkd_peak *peak, amkd_device *device, cl_program program)
{
    const size_t nitems = COPY_NBYTES / (device->vector_width * sizeof(float));
    double seconds;
    cl_kernel kernel = NULL;
    cl_mem from = NULL, to = NULL;
    int rc =
        amkd_kernel_new(&kernel, program, "peak_copy") ||
                amkd_buffer_new(&from, device, CL_MEM_READ_WRITE, COPY_NBYTES, NULL) ||
                amkd_buffer_new(&to, device, CL_MEM_READ_WRITE, COPY_NBYTES, NULL) ||
                amkd_buffer_zero(device, from, COPY_NBYTES)
            ? -1
            : 0;
    const amkd_arg args[] = {AMKD_ARG(to), AMKD_ARG(from)};
    if (!rc)
        rc = time_kernel(&seconds, device, kernel, args, 2, nitems, 0);
    if (!rc)
        peak->copy_nbytes = 2.0 * COPY_NBYTES / seconds;
    amkd_kernel_free(kernel);
    amkd_buffer_free(from);
    amkd_buffer_free(to);
    return rc;
}

int amkd_peak_measure(amkd_peak *peak, amkd_device *device)
{
    const char *sources[] = {amkd_cl_common, amkd_cl_peak};
    char options[64];
    cl_program program;
    snprintf(options, sizeof options, "-DROUNDS=%d", ROUNDS);
    if (amkd_program_build(&program, device, "peak", sources, 2, options))
        return -1;
    const int rc =
        measure_flops(peak, device, program) || measure_copy(peak, device, program) ? -1
                                                                                    : 0;
    amkd_program_free(program);
    return rc;
}
