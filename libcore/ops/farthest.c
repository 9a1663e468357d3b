/* Launcher of cl/farthest.cl. A centre is two launches, without a look at the result: the
 * queue is waited for once in many centres, so that it does not grow without bound. */
#include "ops/farthest.h"
#include "base/error.h"
#include "base/memory.h"
#include "device/program.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

extern const char amkd_cl_common[], amkd_cl_farthest[];

/* Centres between two waits; parts of the points on devices that run work-items in
 * lockstep, and their work-group; parts for each unit of others. */
enum { LOT = 256, LOCKSTEP_PARTS = 2048, GROUP = 64, UNIT_PARTS = 4 };

typedef struct traversal {
    amkd_device *device;
    cl_program program;
    cl_kernel update, choose;
    cl_mem features, nearest, chosen, best, best_at;
    size_t nvecs, nparts, group;
} traversal;

/* Infinitely far where there is a point. */
static int open_nearest(traversal *t, size_t n)
{
    const size_t nfloats = t->nvecs * t->device->vector_width;
    float *nearest = amkd_alloc(nfloats, sizeof *nearest);
    if (!nearest)
        return -1;
    for (size_t i = 0; i < nfloats; i++)
        nearest[i] = i < n ? INFINITY : -1;
    const int rc = amkd_buffer_new(&t->nearest, t->device, CL_MEM_READ_WRITE,
                                   nfloats * sizeof *nearest, nearest);
    free(nearest);
    return rc;
}

static int open_program(traversal *t, size_t nfeatures)
{
    const char *sources[] = {amkd_cl_common, amkd_cl_farthest};
    char *options = amkd_format("-DFEATURES=%zu", nfeatures);
    if (!options)
        return -1;
    const int rc =
        amkd_program_build(&t->program, t->device, "farthest", sources, 2, options) ||
                amkd_kernel_new(&t->update, t->program, "farthest_update") ||
                amkd_kernel_new(&t->choose, t->program, "farthest_choose")
            ? -1
            : 0;
    free(options);
    return rc;
}

static int open_traversal(traversal *t, const uint32_t *chosen, size_t nfeatures,
                          size_t n, size_t k)
{
    const amkd_device *device = t->device;
    const int lockstep = device->vector_width == 1;
    t->nvecs = (n + device->nlanes - 1) / device->nlanes *
               (device->nlanes / device->vector_width);
    t->nparts = lockstep ? LOCKSTEP_PARTS : UNIT_PARTS * (size_t)device->ncompute_units;
    t->group = lockstep ? GROUP : 1;
    return open_program(t, nfeatures) || open_nearest(t, n) ||
                   amkd_buffer_new(&t->chosen, t->device, CL_MEM_READ_WRITE,
                                   k * sizeof *chosen, chosen) ||
                   amkd_buffer_new(&t->best, t->device, CL_MEM_READ_WRITE,
                                   t->nparts * sizeof(float), NULL) ||
                   amkd_buffer_new(&t->best_at, t->device, CL_MEM_READ_WRITE,
                                   t->nparts * sizeof(uint32_t), NULL)
               ? -1
               : 0;
}

/* Adds the centre of a step and, with choose, chooses the next. */
static int run_step(traversal *t, cl_uint step, int choose)
{
    const cl_uint nvecs = (cl_uint)t->nvecs, nparts = (cl_uint)t->nparts;
    const amkd_arg updating[] = {
        AMKD_ARG(t->features), AMKD_ARG(t->nearest), AMKD_ARG(t->chosen), AMKD_ARG(step),
        AMKD_ARG(nvecs),       AMKD_ARG(t->best),    AMKD_ARG(t->best_at)};
    const amkd_arg choosing[] = {AMKD_ARG(t->best), AMKD_ARG(t->best_at),
                                 AMKD_ARG(nparts), AMKD_ARG(t->chosen), AMKD_ARG(step)};
    if (amkd_kernel_run(t->device, t->update, updating, 7, 1, &t->nparts, &t->group))
        return -1;
    return choose ? amkd_kernel_run(t->device, t->choose, choosing, 5, 1, (size_t[]){1},
                                    (size_t[]){1})
                  : 0;
}

static int traverse(traversal *t, size_t nfirst, size_t k, amkd_progress *progress)
{
    for (size_t step = 0; step + 1 < k; step++) {
        if (run_step(t, (cl_uint)step, step + 1 >= nfirst))
            return -1;
        if ((step + 1) % LOT)
            continue;
        if (amkd_device_finish(t->device))
            return -1;
        amkd_progress_add(progress, LOT);
    }
    if (amkd_device_finish(t->device))
        return -1;
    amkd_progress_add(progress, k - (k - 1) / LOT * LOT);
    return 0;
}

static void close_traversal(traversal *t)
{
    amkd_kernel_free(t->update);
    amkd_kernel_free(t->choose);
    amkd_program_free(t->program);
    amkd_buffer_free(t->nearest);
    amkd_buffer_free(t->chosen);
    amkd_buffer_free(t->best);
    amkd_buffer_free(t->best_at);
}

int amkd_farthest(uint32_t *chosen, amkd_device *device, cl_mem features,
                  size_t nfeatures, size_t n, size_t nfirst, size_t k,
                  amkd_progress *progress)
{
    if (nfirst < 1 || nfirst > k || k > n || n > INT32_MAX)
        return amkd_fail("cannot choose %zu of %zu points, beginning with %zu", k, n,
                         nfirst);
    traversal t = {.device = device, .features = features};
    for (size_t c = 0; c < k; c++)
        chosen[c] = c < nfirst ? (uint32_t)c : 0;
    int rc = open_traversal(&t, chosen, nfeatures, n, k);
    if (!rc)
        rc = traverse(&t, nfirst, k, progress);
    if (!rc)
        rc = amkd_buffer_read(device, chosen, t.chosen, 0, k * sizeof *chosen);
    close_traversal(&t);
    return rc;
}
