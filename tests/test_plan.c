/* Choosing by timing, and the ways of an op: they leave the same, and one is chosen. */
#include "base/error.h"
#include "base/progress.h"
#include "base/random.h"
#include "compute/op_internal.h"
#include "compute/op_plan.h"
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

/* Takes the place of the library's clock, so that a way may take any time. */
static double slept;

double amkd_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return slept + (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Work that leaves a value in the result after a while. */
typedef struct work {
    cl_mem result;
    float value;
    long time_ms;
    int fails, idles; /* idles: leaves nothing */
    int nruns;
} work;

static int run(void *context)
{
    work *w = context;
    w->nruns++;
    if (w->fails)
        return amkd_fail("not on this device");
    slept += 1e-3 * (double)w->time_ms;
    return w->idles ? 0 : amkd_buffer_write(device, w->result, &w->value, 0, 4);
}

enum { FIRST, SECOND, THIRD, FOURTH, FIFTH, NWORKS };

static work works[NWORKS];
static cl_mem result;

/* A plan whose ways are the first of works, named "0", "1", ... */
static amkd_plan plan_of(const char *what, size_t nways)
{
    amkd_plan plan = {.work = strdup(what), .flops = 1, .nways = nways};
    for (size_t w = 0; w < nways; w++) {
        snprintf(plan.ways[w].name, sizeof plan.ways[w].name, "%zu", w);
        plan.ways[w].run = run;
        plan.ways[w].context = &works[w];
        works[w].result = result;
        works[w].nruns = 0;
    }
    return plan;
}

/* Recalls, or else measures for so many seconds; what the way's fate is in the end. */
static amkd_fate fate_of(const char *what, size_t nways, size_t way, double seconds)
{
    amkd_plan plan = plan_of(what, nways);
    if (!amkd_plan_recall(&plan, device))
        ck_ok(amkd_plan_measure(&plan, device, result, 1, amkd_now() + seconds));
    const amkd_fate fate = plan.ways[way].fate;
    ck_assert_int_eq(fate == AMKD_FATE_CHOSEN, plan.chosen == way);
    amkd_plan_clear(&plan);
    return fate;
}

static void open_work(void)
{
    open_device();
    ck_ok(amkd_buffer_new(&result, device, CL_MEM_READ_WRITE, sizeof(float), NULL));
}

static void close_work(void)
{
    amkd_buffer_free(result);
    close_device();
}

START_TEST(the_fastest_right_way_is_chosen_and_remembered)
{
    works[FIRST] = (work){.value = 1, .time_ms = 10};
    works[SECOND] = (work){.value = 1.1f};
    works[THIRD] = (work){.fails = 1};
    works[FOURTH] = (work){.value = 1.0001f, .time_ms = 1};
    works[FIFTH] = (work){.idles = 1};
    ck_assert_int_eq(fate_of("a test", 5, FOURTH, 60), AMKD_FATE_CHOSEN);
    ck_assert_int_eq(works[SECOND].nruns, 1);
    ck_assert_int_eq(works[THIRD].nruns, 1);
    ck_assert_int_eq(fate_of("a test", 5, FIRST, 60), AMKD_FATE_SLOWER);
    ck_assert_int_eq(fate_of("a test", 5, SECOND, 60), AMKD_FATE_WRONG);
    ck_assert_int_eq(fate_of("a test", 5, THIRD, 60), AMKD_FATE_FAILED);
    ck_assert_int_eq(fate_of("a test", 5, FOURTH, 60), AMKD_FATE_CHOSEN);
    ck_assert_int_eq(fate_of("a test", 5, FIFTH, 60), AMKD_FATE_WRONG);
    for (int w = 0; w < NWORKS; w++)
        ck_assert_int_eq(works[w].nruns, 0);
    ck_assert_int_eq(fate_of("another test", 1, FIRST, 60), AMKD_FATE_CHOSEN);
}
END_TEST

START_TEST(other_bits_must_win_clearly_and_the_same_bits_just_win)
{
    works[FIRST] = (work){.value = 1, .time_ms = 24};
    works[SECOND] = (work){.value = 1.0001f, .time_ms = 20};
    works[THIRD] = (work){.value = 1, .time_ms = 20};
    ck_assert_int_eq(fate_of("other bits", 2, FIRST, 60), AMKD_FATE_CHOSEN);
    ck_assert_int_eq(fate_of("the same bits", 3, THIRD, 60), AMKD_FATE_CHOSEN);
    works[SECOND].time_ms = 16;
    works[THIRD].time_ms = 14; /* has other bits than the second, which is chosen */
    ck_assert_int_eq(fate_of("clearly", 2, SECOND, 60), AMKD_FATE_CHOSEN);
    ck_assert_int_eq(fate_of("back", 3, SECOND, 60), AMKD_FATE_CHOSEN);
    works[SECOND] = (work){.value = 1, .time_ms = 24};
    ck_assert_int_eq(fate_of("a tie", 2, FIRST, 60), AMKD_FATE_CHOSEN);
}
END_TEST

START_TEST(what_there_was_no_time_for_is_timed_by_a_later_run)
{
    works[FIRST] = (work){.value = 1, .time_ms = 10};
    works[SECOND] = (work){.value = 1, .time_ms = 1};
    ck_assert_int_eq(fate_of("in time", 2, FIRST, 0), AMKD_FATE_CHOSEN);
    ck_assert_int_eq(works[SECOND].nruns, 0);
    amkd_plan plan = plan_of("in time", 2);
    ck_assert_int_eq(amkd_plan_recall(&plan, device), 0);
    ck_assert_uint_eq(plan.chosen, FIRST);
    ck_assert_int_eq(plan.ways[SECOND].fate, AMKD_FATE_UNKNOWN);
    amkd_plan_clear(&plan);
    ck_assert_int_eq(fate_of("in time", 2, SECOND, 60), AMKD_FATE_CHOSEN);
    plan = plan_of("in time", 2);
    ck_assert_int_eq(amkd_plan_recall(&plan, device), 1);
    amkd_plan_clear(&plan);
}
END_TEST

START_TEST(plans_of_other_drivers_sources_and_ways_are_not_recalled)
{
    works[FIRST] = (work){.value = 1, .time_ms = 10};
    works[SECOND] = (work){.value = 1, .time_ms = 1};
    ck_assert_int_eq(fate_of("before", 2, SECOND, 60), AMKD_FATE_CHOSEN);
    amkd_plan plan = plan_of("before", 2);
    plan.sources[1] = "another kernel";
    ck_assert_int_eq(amkd_plan_recall(&plan, device), 0);
    ck_assert_uint_eq(plan.chosen, FIRST);
    plan.sources[1] = NULL;
    device->driver[0] ^= 1;
    ck_assert_int_eq(amkd_plan_recall(&plan, device), 0);
    device->driver[0] ^= 1;
    ck_assert_int_eq(amkd_plan_recall(&plan, device), 1);
    strcpy(plan.ways[SECOND].name, "unheard of");
    ck_assert_int_eq(amkd_plan_recall(&plan, device), 0);
    ck_assert_uint_eq(plan.chosen, FIRST);
    amkd_plan_clear(&plan);
}
END_TEST

START_TEST(ways_not_for_the_device_are_neither_run_nor_waited_for)
{
    works[FIRST] = (work){.value = 1};
    amkd_plan plan = plan_of("unfit", 2);
    plan.ways[SECOND].run = NULL;
    ck_ok(amkd_plan_measure(&plan, device, result, 1, amkd_now() + 60));
    ck_assert_int_eq(plan.ways[SECOND].fate, AMKD_FATE_UNFIT);
    ck_assert_int_eq(amkd_plan_recall(&plan, device), 1);
    ck_assert_int_eq(plan.ways[SECOND].fate, AMKD_FATE_UNFIT);
    amkd_plan_clear(&plan);
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

static void run_pass(amkd_op *op, amkd_pass pass, cl_mem x, cl_mem parameters, cl_mem dy,
                     cl_mem out, size_t nblocks)
{
    if (pass == AMKD_FORWARD)
        ck_ok(amkd_op_forward(op, x, parameters, out, nblocks));
    else if (pass == AMKD_BACKWARD_DATA)
        ck_ok(amkd_op_backward_data(op, x, parameters, dy, out, nblocks));
    else
        ck_ok(amkd_op_backward_weights(op, x, dy, out, nblocks));
}

enum { BLOCKS = 3, SLICES = 2, BEFORE = 5 };

static const amkd_op_shape dense_shape = {
    .in_channels = 37,
    .in_height = 1,
    .in_width = 1,
    .out_channels = 11,
    .out_height = 1,
    .out_width = 1,
    .kernel = 1,
    .stride = 1,
    .act = AMKD_ACT_TANH,
    .previous_act = AMKD_ACT_RELU,
    .weights = BEFORE,
    .biases = BEFORE + 37 * 11,
    .nparameters = BEFORE + 37 * 11 + 11,
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
    .kernel = 3,
    .stride = 1,
    .padding = 1,
    .act = AMKD_ACT_RELU,
    .previous_act = AMKD_ACT_RELU,
    .weights = BEFORE,
    .biases = BEFORE + 16 * 32 * 9,
    .nparameters = BEFORE + 16 * 32 * 9 + 32,
    .nslices = SLICES,
    .max_blocks = BLOCKS,
};

/* Both ops, over the same data, in all passes and with an empty slice. */
static void expect_same_passes(amkd_op *one, amkd_op *other, const amkd_op_shape *s)
{
    const size_t n = BLOCKS * device->nlanes;
    const size_t nx = n * s->in_channels * s->in_height * s->in_width;
    const size_t ny = n * s->out_channels * s->out_height * s->out_width;
    const size_t sizes[] = {ny, SLICES * s->nparameters, nx};
    cl_mem x = random_buffer(nx, 1), parameters = random_buffer(s->nparameters, 2);
    cl_mem dy = random_buffer(ny, 3);
    for (size_t nblocks = 1; nblocks <= BLOCKS; nblocks += 2)
        for (int pass = 0; pass < AMKD_NPASSES; pass++) {
            cl_mem a = random_buffer(sizes[pass], 4), b = random_buffer(sizes[pass], 4);
            run_pass(one, (amkd_pass)pass, x, parameters, dy, a, nblocks);
            run_pass(other, (amkd_pass)pass, x, parameters, dy, b, nblocks);
            expect_same(a, b, sizes[pass]);
            amkd_buffer_free(a);
            amkd_buffer_free(b);
        }
    amkd_buffer_free(x);
    amkd_buffer_free(parameters);
    amkd_buffer_free(dy);
}

/* Another way of the op in all of its passes. */
static void force(amkd_op *op, amkd_op *by, size_t group)
{
    for (int pass = 0; pass < AMKD_NPASSES; pass++) {
        by->group[pass] = pass == AMKD_BACKWARD_WEIGHTS ? 1 : group;
        op->by[pass] = by;
    }
}

START_TEST(clblast_and_own_kernels_of_a_dense_layer_agree)
{
    amkd_op *own, *op;
    ck_ok(amkd_dense_new(&own, device, &dense_shape, 1));
    ck_ok(amkd_dense_new(&op, device, &dense_shape, 1));
    ck_assert_str_eq(op->other.name, "clblast");
    ck_ok(op->other.make(&op->other.op, op));
    force(op, op->other.op, 1);
    expect_same_passes(own, op, &dense_shape);
    amkd_op_free(own);
    amkd_op_free(op);
}
END_TEST

START_TEST(work_groups_of_any_shape_leave_the_same)
{
    amkd_op *own, *op;
    ck_ok(amkd_conv_new(&own, device, &conv_shape, 1));
    ck_ok(amkd_conv_new(&op, device, &conv_shape, 1));
    for (size_t group = 2; group <= 8; group *= 2) {
        force(op, op, group);
        expect_same_passes(own, op, &conv_shape);
    }
    amkd_op_free(own);
    amkd_op_free(op);
}
END_TEST

/* The names of the ways with a fate, in one text. */
static void list_fates(char *text, const amkd_plan *plan, amkd_fate fate)
{
    *text = 0;
    for (size_t w = 0; w < plan->nways; w++)
        if (plan->ways[w].fate == fate)
            strcat(strcat(text, plan->ways[w].name), ";");
}

START_TEST(a_layer_is_planned_among_all_of_its_ways_once)
{
    amkd_op *own, *op;
    amkd_plan plan;
    char names[512];
    ck_ok(amkd_conv_new(&own, device, &conv_shape, 1));
    ck_ok(amkd_conv_new(&op, device, &conv_shape, 1));
    for (int again = 0; again < 2; again++)
        for (int pass = 0; pass < AMKD_NPASSES; pass++) {
            ck_ok(amkd_op_plan(&plan, op, (amkd_pass)pass, amkd_now() + 60, 1));
            ck_assert_uint_eq(plan.nways, pass == AMKD_BACKWARD_WEIGHTS ? 1 : 4);
            ck_assert_int_eq(plan.recalled, again);
            list_fates(names, &plan, AMKD_FATE_UNKNOWN);
            ck_assert_str_eq(names, "");
            list_fates(names, &plan, AMKD_FATE_WRONG);
            ck_assert_str_eq(names, "");
            amkd_plan_clear(&plan);
        }
    expect_same_passes(own, op, &conv_shape);
    amkd_op_free(own);
    amkd_op_free(op);
}
END_TEST

START_TEST(small_layers_keep_their_first_way_and_cpus_their_own_products)
{
    amkd_op *op;
    amkd_plan plan;
    ck_ok(amkd_dense_new(&op, device, &dense_shape, 1));
    ck_ok(amkd_op_plan(&plan, op, AMKD_FORWARD, amkd_now() + 60, 1));
    ck_assert_uint_eq(plan.chosen, 0);
    ck_assert_int_eq(plan.ways[0].fate, AMKD_FATE_UNKNOWN);
    ck_assert_ptr_eq(op->by[AMKD_FORWARD], op);
    ck_assert_str_eq(plan.ways[plan.nways - 1].name, "clblast");
    ck_assert_ptr_null(plan.ways[plan.nways - 1].run);
    amkd_plan_clear(&plan);
    amkd_op_free(op);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plan");
    TCase *tests = tcase_create("plan");
    tcase_add_unchecked_fixture(tests, open_work, close_work);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, the_fastest_right_way_is_chosen_and_remembered);
    tcase_add_test(tests, other_bits_must_win_clearly_and_the_same_bits_just_win);
    tcase_add_test(tests, what_there_was_no_time_for_is_timed_by_a_later_run);
    tcase_add_test(tests, plans_of_other_drivers_sources_and_ways_are_not_recalled);
    tcase_add_test(tests, ways_not_for_the_device_are_neither_run_nor_waited_for);
    tcase_add_test(tests, clblast_and_own_kernels_of_a_dense_layer_agree);
    tcase_add_test(tests, work_groups_of_any_shape_leave_the_same);
    tcase_add_test(tests, a_layer_is_planned_among_all_of_its_ways_once);
    tcase_add_test(tests, small_layers_keep_their_first_way_and_cpus_their_own_products);
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
