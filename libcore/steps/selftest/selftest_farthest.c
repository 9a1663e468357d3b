/* Self-test of the farthest-first traversal: whole numbers, so that sums are exact and
 * every centre must be the reference's. */
#include "base/error.h"
#include "base/memory.h"
#include "ops/farthest.h"
#include "steps/selftest/selftest_internal.h"
#include <math.h>
#include <stdlib.h>

enum { STREAM_POINTS = 9, N = 101, NFEATURES = 5, K = 40 };

static float feature(size_t i, size_t f)
{
    return floorf(8 * amkd_selftest_draw(STREAM_POINTS, i * NFEATURES + f));
}

static void add_centre(double nearest[N], size_t centre)
{
    for (size_t i = 0; i < N; i++) {
        double sum = 0;
        for (size_t f = 0; f < NFEATURES; f++)
            sum += pow((double)feature(i, f) - (double)feature(centre, f), 2);
        nearest[i] = fmin(nearest[i], sum);
    }
    nearest[centre] = -1;
}

/* How many of the centres are not the first of the points farthest from those before. */
static size_t count_wrong(const uint32_t chosen[K])
{
    double nearest[N];
    size_t nwrong = 0, top = 0;
    for (size_t i = 0; i < N; i++)
        nearest[i] = (double)INFINITY;
    for (size_t c = 0; c < K; c++) {
        nwrong += chosen[c] != top;
        add_centre(nearest, top);
        top = 0;
        for (size_t i = 1; i < N; i++)
            if (nearest[i] > nearest[top])
                top = i;
    }
    return nwrong;
}

int amkd_selftest_farthest(amkd_selftest_run *run)
{
    amkd_device *device = run->device;
    const size_t nlanes = device->nlanes, nblocks = (N + nlanes - 1) / nlanes;
    const size_t nfloats = nblocks * nlanes * NFEATURES;
    uint32_t chosen[K];
    float *blocks = amkd_alloc(nfloats, sizeof *blocks);
    cl_mem features = NULL;
    if (!blocks)
        return -1;
    for (size_t i = 0; i < N; i++)
        for (size_t f = 0; f < NFEATURES; f++)
            blocks[(i / nlanes * NFEATURES + f) * nlanes + i % nlanes] = feature(i, f);
    const int failed = amkd_buffer_new(&features, device, CL_MEM_READ_ONLY,
                                       nfloats * sizeof *blocks, blocks) ||
                       amkd_farthest(chosen, device, features, NFEATURES, N, 1, K, NULL);
    amkd_buffer_free(features);
    free(blocks);
    if (failed)
        return amkd_fail_in("farthest-first");
    amkd_selftest_check(run, "farthest-first: centres", (double)count_wrong(chosen), 0);
    return 0;
}
