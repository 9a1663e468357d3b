/* Self-test of mixup: a batch and its targets against the formula of cl/batch.cl in
 * float64. */
#include "base/error.h"
#include "base/memory.h"
#include "ops/batch.h"
#include "steps/selftest/selftest_internal.h"
#include <stdlib.h>

enum { H = 7, W = 5, C = 3, NPIXELS = H * W * C, N = 37, NCLASSES = 4 };
enum { STREAM_TARGETS = 6, STREAM_MU = 7 };

/* Sample n is image n as it is, mixed with the next by mu[n]. */
typedef struct samples {
    uint8_t *pixels; /* [N][H][W][C] */
    amkd_label_key keys[N];
    uint32_t order[N];
    float targets[N * NCLASSES], mu[N];
} samples;

static int make_samples(samples *s)
{
    s->pixels = amkd_selftest_pixels((size_t)N * NPIXELS);
    for (uint32_t n = 0; n < N; n++) {
        s->keys[n] = (amkd_label_key){.i = n, .j = n, .lambda = 1};
        s->order[n] = n;
        s->mu[n] = (1 + amkd_selftest_draw(STREAM_MU, n)) / 2;
    }
    for (size_t t = 0; t < (size_t)N * NCLASSES; t++)
        s->targets[t] = amkd_selftest_draw(STREAM_TARGETS, t);
    return s->pixels ? 0 : -1;
}

static double mixed(const samples *s, size_t n, double own, double next)
{
    return (double)s->mu[n] * own + (1 - (double)s->mu[n]) * next;
}

/* x [block][channel][y][x][lane], as a network sees pixels / 255. */
static double inputs_error(const samples *s, const float *x, size_t nlanes)
{
    double error = 0;
    for (size_t n = 0; n < N; n++)
        for (size_t at = 0; at < NPIXELS; at++) {
            const size_t p = at % C * H * W + at / C, next = (n + 1) % N;
            error = amkd_selftest_error(
                error, (double)x[(n / nlanes * NPIXELS + p) * nlanes + n % nlanes],
                mixed(s, n, s->pixels[n * NPIXELS + at], s->pixels[next * NPIXELS + at]) /
                    255);
        }
    return error;
}

static double targets_error(const samples *s, const float *got)
{
    double error = 0;
    for (size_t n = 0; n < N; n++)
        for (size_t c = 0; c < NCLASSES; c++)
            error = amkd_selftest_error(
                error, (double)got[n * NCLASSES + c],
                mixed(s, n, (double)s->targets[n * NCLASSES + c],
                      (double)s->targets[(n + 1) % N * NCLASSES + c]));
    return error;
}

static int mix(amkd_device *device, const samples *s, float *x, size_t nx, float *targets)
{
    static const float scale[C] = {1 / 255.F, 1 / 255.F, 1 / 255.F}, shift[C] = {0};
    amkd_batches *batches = NULL;
    cl_mem inputs = NULL, answers = NULL, order = NULL, mu = NULL, out = NULL;
    const int failed =
        amkd_batches_new(&batches, device, H, W, C) ||
        amkd_batches_images(batches, s->pixels, N) ||
        amkd_batches_keys(batches, s->keys, N) ||
        amkd_batches_normalize(batches, scale, shift) ||
        amkd_buffer_new(&inputs, device, CL_MEM_READ_WRITE, nx * sizeof *x, NULL) ||
        amkd_buffer_new(&answers, device, CL_MEM_READ_ONLY, sizeof s->targets,
                        s->targets) ||
        amkd_buffer_new(&order, device, CL_MEM_READ_ONLY, sizeof s->order, s->order) ||
        amkd_buffer_new(&mu, device, CL_MEM_READ_ONLY, sizeof s->mu, s->mu) ||
        amkd_buffer_new(&out, device, CL_MEM_READ_WRITE, sizeof s->targets, NULL) ||
        amkd_batches_load_mixup(batches, inputs, order,
                                &(amkd_stretch){.total = N, .count = N}, mu) ||
        amkd_batches_mix_targets(batches, out, answers, NCLASSES, order, 0, N, mu) ||
        amkd_buffer_read(device, x, inputs, 0, nx * sizeof *x) ||
        amkd_buffer_read(device, targets, out, 0, sizeof s->targets);
    amkd_batches_free(batches);
    amkd_buffer_free(inputs);
    amkd_buffer_free(answers);
    amkd_buffer_free(order);
    amkd_buffer_free(mu);
    amkd_buffer_free(out);
    return failed ? -1 : 0;
}

int amkd_selftest_mixup(amkd_selftest_run *run)
{
    const size_t nlanes = run->device->nlanes;
    const size_t nx = (N + nlanes - 1) / nlanes * nlanes * NPIXELS;
    samples s;
    float targets[N * NCLASSES], *x = amkd_alloc(nx, sizeof *x);
    const int failed = make_samples(&s) || !x || mix(run->device, &s, x, nx, targets);
    if (!failed) {
        amkd_selftest_check(run, "mixup: inputs", inputs_error(&s, x, nlanes), 1e-5);
        amkd_selftest_check(run, "mixup: targets", targets_error(&s, targets), 1e-6);
    }
    free(s.pixels);
    free(x);
    return failed ? amkd_fail_in("mixup") : 0;
}
