/* An op's passes, run by two ops over the same data, for the tests of ops' ways. */
#ifndef AMKD_TESTS_OP_PASSES_H
#define AMKD_TESTS_OP_PASSES_H

#include "base/error.h"
#include "base/random.h"
#include "ops/conv.h"
#include "ops/op_internal.h"
#include "scratch.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>

#define ck_ok(call) ck_assert_msg(!(call), "%s", amkd_error())

static amkd_device *device;

static inline void open_device_of_width(const char *width)
{
    char pocl[512]; /* PoCL's own cache stays where it is: CLBlast compiles for long */
    const char *home = getenv("HOME");
    snprintf(pocl, sizeof pocl, "%s/.cache/pocl/kcache", home ? home : "/tmp");
    setenv("POCL_CACHE_DIR", pocl, 0);
    setenv("XDG_CACHE_HOME", scratch, 1);
    setenv("AMKD_VECTOR_WIDTH", width, 1);
    ck_ok(amkd_device_open(&device, NULL));
}

/* As on a GPU, where products are planned. */
static inline void open_device(void)
{
    open_device_of_width("1");
}

static inline void close_device(void)
{
    amkd_device_close(device);
    ck_assert_int_eq(system("rm -rf amkd"), 0); /* the plans and programs kept */
}

static inline cl_mem random_buffer(size_t nfloats, uint64_t stream)
{
    float *values = malloc(nfloats * sizeof *values);
    cl_mem buffer;
    for (size_t v = 0; v < nfloats; v++)
        values[v] = (float)amkd_random_normal(1, stream, v);
    ck_ok(amkd_buffer_new(&buffer, device, CL_MEM_READ_WRITE, nfloats * sizeof *values,
                          values));
    free(values);
    return buffer;
}

/* The sum of the buffer's copies of nfloats values; freed with free(). */
static inline float *read_sum(cl_mem buffer, size_t nfloats, size_t ncopies)
{
    float *values = malloc(ncopies * nfloats * sizeof *values);
    ck_ok(
        amkd_buffer_read(device, values, buffer, 0, ncopies * nfloats * sizeof *values));
    for (size_t v = nfloats; v < ncopies * nfloats; v++)
        values[v % nfloats] += values[v];
    return values;
}

/* The copies in both buffers have the same sums but for rounding. */
static inline void expect_same(cl_mem a, cl_mem b, size_t nfloats, size_t ncopies)
{
    float *x = read_sum(a, nfloats, ncopies), *y = read_sum(b, nfloats, ncopies);
    double greatest = 0;
    for (size_t v = 0; v < nfloats; v++)
        greatest = fmax(greatest, fabs((double)x[v]));
    for (size_t v = 0; v < nfloats; v++)
        ck_assert_msg(fabs((double)x[v] - (double)y[v]) <= 1e-4 + 1e-5 * greatest,
                      "value %zu is %g by one, %g by the other", v, (double)x[v],
                      (double)y[v]);
    free(x);
    free(y);
}

/* Of several blocks a gradient by the input is added to what is there. */
static inline void run_pass(amkd_op *op, amkd_pass pass, cl_mem x, cl_mem parameters,
                            cl_mem dy, cl_mem out, size_t nblocks)
{
    const amkd_op_args args = {
        .run = {.nblocks = nblocks, .nsamples = nblocks * device->nlanes},
        .x = {x},
        .y = out,
        .dy = dy,
        .dx = out,
        .add = pass == AMKD_BACKWARD_DATA && nblocks > 1,
        .parameters = parameters,
        .gradients = out,
    };
    ck_ok(amkd_op_run(op, pass, &args));
}

enum { BLOCKS = 3, SLICES = 2, BEFORE = 5 };

static const amkd_op_shape dense_shape = {
    .in_channels = 37,
    .in_height = 1,
    .in_width = 1,
    .out_channels = 11,
    .out_height = 1,
    .out_width = 1,
    .kernel_height = 1,
    .kernel_width = 1,
    .groups = 1,
    .bias = 1,
    .stride = 1,
    .dilation = 1,
    .act = {"tanh", 0},
    .previous_act = {"relu", 0},
    .weights = BEFORE,
    .biases = BEFORE + 37 * 11,
    .ntrained = BEFORE + 37 * 11 + 11,
    .nslices = SLICES,
    .max_blocks = BLOCKS,
};

static const amkd_op_shape conv_shape = {
    .in_channels = 16,
    .in_height = 9,
    .in_width = 20,
    .out_channels = 32,
    .out_height = 9,
    .out_width = 20,
    .kernel_height = 3,
    .kernel_width = 3,
    .groups = 1,
    .bias = 1,
    .stride = 1,
    .dilation = 1,
    .top = 1,
    .left = 1,
    .act = {"relu", 0},
    .previous_act = {"relu", 0},
    .weights = BEFORE,
    .biases = BEFORE + 16 * 32 * 9,
    .ntrained = BEFORE + 16 * 32 * 9 + 32,
    .nslices = SLICES,
    .max_blocks = BLOCKS,
};

/* Both ops, over the same data, in all passes and with an empty slice; what they write goes
 * past the caches where it is one block. */
static inline void expect_same_passes(amkd_op *one, amkd_op *other,
                                      const amkd_op_shape *s)
{
    const size_t n = BLOCKS * device->nlanes;
    const size_t nx = n * s->in_channels * s->in_height * s->in_width;
    const size_t ny = n * s->out_channels * s->out_height * s->out_width;
    const size_t sizes[] = {ny, s->ntrained, nx}, ncopies[] = {1, SLICES, 1};
    cl_mem x = random_buffer(nx, 1), parameters = random_buffer(s->ntrained, 2);
    cl_mem dy = random_buffer(ny, 3);
    for (size_t nblocks = 1; nblocks <= BLOCKS; nblocks += 2)
        for (int pass = 0; pass < AMKD_NPASSES; pass++) {
            device->cache_nbytes = nblocks == 1 ? 0 : SIZE_MAX;
            const size_t nall = sizes[pass] * ncopies[pass];
            cl_mem a = random_buffer(nall, 4), b = random_buffer(nall, 4);
            run_pass(one, (amkd_pass)pass, x, parameters, dy, a, nblocks);
            run_pass(other, (amkd_pass)pass, x, parameters, dy, b, nblocks);
            expect_same(a, b, sizes[pass], ncopies[pass]);
            amkd_buffer_free(a);
            amkd_buffer_free(b);
        }
    amkd_buffer_free(x);
    amkd_buffer_free(parameters);
    amkd_buffer_free(dy);
}

/* Another way of the op in all of its passes. */
static inline void force(amkd_op *op, amkd_op *by, size_t group)
{
    for (int pass = 0; pass < AMKD_NPASSES; pass++) {
        by->group[pass] = pass == AMKD_BACKWARD_WEIGHTS ? 1 : group;
        op->by[pass] = by;
    }
}

/* Runs the suite in this process, since a device does not survive a fork, in a folder of
 * its own; the program's exit status. */
static inline int run_suite(Suite *suite)
{
    scratch_open();
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    scratch_close();
    return nfailed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
