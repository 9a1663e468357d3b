/* Choosing by timing, and CLBlast's dense layer beside amkd's own. */
#include "base/error.h"
#include "base/random.h"
#include "compute/dense_gemm.h"
#include "compute/plan.h"
#include "scratch.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#define ck_ok(call) ck_assert_msg(!(call), "%s", amkd_error())

static amkd_device *device;

static void open_device(void)
{
    char pocl[512]; /* PoCL's own cache stays where it is: CLBlast compiles for long */
    const char *home = getenv("HOME");
    snprintf(pocl, sizeof pocl, "%s/.cache/pocl/kcache", home ? home : "/tmp");
    setenv("POCL_CACHE_DIR", pocl, 0);
    setenv("XDG_CACHE_HOME", scratch, 1);
    setenv("AMKD_VECTOR_WIDTH", "1", 1); /* as on a GPU, where products are planned */
    ck_ok(amkd_device_open(&device, NULL));
}

static void close_device(void)
{
    amkd_device_close(device);
    ck_assert_int_eq(system("rm -r amkd"), 0); /* the plans and programs kept */
}

/* Work that leaves a value in the result after a while. */
typedef struct work {
    cl_mem result;
    int nruns[4];
} work;

static int leave(work *w, int way, float value, long time_ms)
{
    w->nruns[way]++;
    nanosleep(&(struct timespec){.tv_nsec = time_ms * 1000000}, NULL);
    return amkd_buffer_write(device, w->result, &value, 0, sizeof value);
}

static int slow(void *context)
{
    return leave(context, 0, 1, 10);
}

static int fast(void *context)
{
    return leave(context, 1, 1.0001f, 1);
}

static int wrong(void *context)
{
    return leave(context, 2, 1.1f, 0);
}

static int failing(void *context)
{
    ((work *)context)->nruns[3]++;
    return amkd_fail("not on this device");
}

START_TEST(the_fastest_right_way_is_chosen_and_remembered)
{
    const amkd_plan_way ways[] = {
        {"slow", slow}, {"wrong", wrong}, {"failing", failing}, {"fast", fast}};
    work w = {0};
    size_t way;
    ck_ok(amkd_buffer_new(&w.result, device, CL_MEM_READ_WRITE, sizeof(float), NULL));
    ck_ok(amkd_plan_choose(&way, device, "a test", ways, 4, w.result, 1, &w));
    ck_assert_str_eq(ways[way].name, "fast");
    ck_assert_int_eq(w.nruns[2], 1);
    ck_assert_int_eq(w.nruns[3], 1);
    w = (work){.result = w.result};
    ck_ok(amkd_plan_choose(&way, device, "a test", ways, 4, w.result, 1, &w));
    ck_assert_str_eq(ways[way].name, "fast");
    ck_assert_int_eq(w.nruns[0] + w.nruns[1], 0);
    ck_ok(amkd_plan_choose(&way, device, "another test", ways, 1, w.result, 1, &w));
    ck_assert_str_eq(ways[way].name, "slow");
    amkd_buffer_free(w.result);
}
END_TEST

static cl_mem random_buffer(size_t nfloats, uint64_t stream)
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

/* Both buffers hold the same values but for rounding. */
static void expect_same(cl_mem a, cl_mem b, size_t nfloats)
{
    float *x = malloc(nfloats * sizeof *x), *y = malloc(nfloats * sizeof *y);
    ck_ok(amkd_buffer_read(device, x, a, 0, nfloats * sizeof *x));
    ck_ok(amkd_buffer_read(device, y, b, 0, nfloats * sizeof *y));
    for (size_t v = 0; v < nfloats; v++)
        ck_assert_msg(
            fabs((double)x[v] - (double)y[v]) <= 1e-4 + 1e-4 * fabs((double)x[v]),
            "value %zu is %g by one, %g by the other", v, (double)x[v], (double)y[v]);
    free(x);
    free(y);
}

START_TEST(clblast_and_own_kernels_of_a_dense_layer_agree)
{
    enum { IN = 37, OUT = 11, BLOCKS = 3, SLICES = 2, BEFORE = 5 };
    enum { NPARAMETERS = BEFORE + IN * OUT + OUT };
    const amkd_op_shape shape = {
        .in_channels = IN,
        .in_height = 1,
        .in_width = 1,
        .out_channels = OUT,
        .out_height = 1,
        .out_width = 1,
        .kernel = 1,
        .stride = 1,
        .act = AMKD_ACT_TANH,
        .previous_act = AMKD_ACT_RELU,
        .weights = BEFORE,
        .biases = BEFORE + IN * OUT,
        .nparameters = NPARAMETERS,
        .nslices = SLICES,
        .max_blocks = BLOCKS,
    };
    const size_t nlanes = device->nlanes;
    const size_t nx = BLOCKS * IN * nlanes, ny = BLOCKS * OUT * nlanes;
    amkd_op *op;
    ck_ok(amkd_dense_new(&op, device, &shape, 1));
    ck_ok(amkd_dense_gemm_init(op, 1));
    cl_mem x = random_buffer(nx, 1), parameters = random_buffer(NPARAMETERS, 2);
    cl_mem y[2], dx[2], gradients[2];
    for (int b = 0; b < 2; b++) {
        y[b] = random_buffer(ny, 3);
        dx[b] = random_buffer(nx, 4);
        gradients[b] = random_buffer(SLICES * NPARAMETERS, 5);
    }
    for (size_t nblocks = 1; nblocks <= BLOCKS; nblocks += 2) { /* 1: an empty slice */
        ck_ok(amkd_op_forward(op, x, parameters, y[0], nblocks));
        ck_ok(amkd_dense_gemm_forward(op, x, parameters, y[1], nblocks));
        expect_same(y[0], y[1], ny);
        ck_ok(amkd_op_backward_data(op, x, parameters, y[0], dx[0], nblocks));
        ck_ok(amkd_dense_gemm_backward_data(op, x, parameters, y[0], dx[1], nblocks));
        expect_same(dx[0], dx[1], nx);
        ck_ok(amkd_op_backward_weights(op, x, y[0], gradients[0], nblocks));
        ck_ok(amkd_dense_gemm_backward_weights(op, x, y[0], gradients[1], nblocks));
        expect_same(gradients[0], gradients[1], SLICES * NPARAMETERS);
    }
    for (int b = 0; b < 2; b++) {
        amkd_buffer_free(y[b]);
        amkd_buffer_free(dx[b]);
        amkd_buffer_free(gradients[b]);
    }
    amkd_buffer_free(x);
    amkd_buffer_free(parameters);
    amkd_op_free(op);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plan");
    TCase *tests = tcase_create("plan");
    tcase_add_unchecked_fixture(tests, open_device, close_device);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, the_fastest_right_way_is_chosen_and_remembered);
    tcase_add_test(tests, clblast_and_own_kernels_of_a_dense_layer_agree);
    suite_add_tcase(suite, tests);
    scratch_open();
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK); /* a device does not survive a fork */
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    scratch_close();
    return nfailed ? EXIT_FAILURE : EXIT_SUCCESS;
}
