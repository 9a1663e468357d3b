/* The ways of an op: they leave the same, and the planner takes the fastest. */
#include "base/clock.h"
#include "op_passes.h"
#include "ops/op_plan.h"
#include <time.h>

extern const char amkd_cl_join[];

/* Takes the place of the library's clock, so that a way may take any time. */
static double slept;

double amkd_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return slept + (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
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

/* The op's own kernels at the speed of a device that is slow at them. */
static amkd_op_pass *own_passes[AMKD_NPASSES];

static int slow_forward(amkd_op *op, const amkd_op_args *args)
{
    slept += 1;
    return own_passes[AMKD_FORWARD](op, args);
}

static int slow_data(amkd_op *op, const amkd_op_args *args)
{
    slept += 1;
    return own_passes[AMKD_BACKWARD_DATA](op, args);
}

static int slow_weights(amkd_op *op, const amkd_op_args *args)
{
    slept += 1;
    return own_passes[AMKD_BACKWARD_WEIGHTS](op, args);
}

static void slow_down(amkd_op *op)
{
    memcpy(own_passes, op->passes, sizeof own_passes);
    op->passes[AMKD_FORWARD] = slow_forward;
    op->passes[AMKD_BACKWARD_DATA] = slow_data;
    op->passes[AMKD_BACKWARD_WEIGHTS] = slow_weights;
}

START_TEST(the_planner_takes_clblast_where_it_is_faster)
{
    amkd_op *own, *op;
    amkd_plan plan;
    amkd_op_shape shape = dense_shape; /* large enough to be worth it */
    shape.in_channels = 331;
    shape.out_channels = 149;
    shape.biases = BEFORE + 331 * 149;
    shape.ntrained = shape.biases + 149;
    const cl_device_type type = device->type;
    device->type = CL_DEVICE_TYPE_GPU;
    ck_ok(amkd_dense_new(&own, device, &shape, 1));
    ck_ok(amkd_dense_new(&op, device, &shape, 1));
    slow_down(op);
    for (int pass = 0; pass < AMKD_NPASSES; pass++) {
        ck_ok(amkd_op_plan(&plan, op, (amkd_pass)pass, NULL, amkd_now() + 1000, 0));
        ck_assert_str_eq(plan.ways[plan.chosen].name, "clblast");
        ck_assert_ptr_ne(op->by[pass], op);
        /* An update of the library voids the plan. */
        ck_assert_ptr_nonnull(strstr(plan.work, "libclblast"));
        amkd_plan_clear(&plan);
    }
    expect_same_passes(own, op, &shape);
    amkd_op_free(own);
    amkd_op_free(op);
    device->type = type;
}
END_TEST

/* Lane blocks in a work-group, as many as are tried and the device allows. */
static size_t most_of_a_group(void)
{
    size_t group = 8;
    while (group * amkd_lane_items(device) > device->max_work_group)
        group /= 2;
    return group;
}

START_TEST(work_groups_of_any_shape_leave_the_same)
{
    amkd_op *own, *op;
    ck_ok(amkd_conv_new(&own, device, &conv_shape, 1));
    ck_ok(amkd_conv_new(&op, device, &conv_shape, 1));
    for (size_t group = 2; group <= most_of_a_group(); group *= 2) {
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

/* Strides, and padding of other sizes above and beside. */
START_TEST(errors_are_told_by_what_the_formula_says)
{
    amkd_op *op;
    amkd_plan plan;
    amkd_op_shape s = conv_shape;
    s.in_height = 23, s.in_width = 17, s.kernel_height = s.kernel_width = 7;
    s.stride = 2, s.top = 3, s.left = 2;
    s.out_height = 12, s.out_width = 8;
    s.biases = BEFORE + s.in_channels * s.out_channels * 49;
    s.ntrained = s.biases + s.out_channels;
    ck_ok(amkd_conv_new(&op, device, &s, 1));
    for (int pass = 0; pass < AMKD_NPASSES; pass++) {
        ck_ok(amkd_op_plan(&plan, op, (amkd_pass)pass, NULL, amkd_now() + 60, 1));
        ck_assert(plan.ways[0].error > 0 && plan.ways[0].error < 1e-5);
        amkd_plan_clear(&plan);
    }
    amkd_op_free(op);
}
END_TEST

START_TEST(a_layer_is_planned_among_all_of_its_ways_once)
{
    amkd_op *own, *op;
    amkd_plan plan;
    char names[512];
    size_t nown = 1;
    for (size_t group = 2; group <= most_of_a_group(); group *= 2)
        nown++;
    ck_ok(amkd_conv_new(&own, device, &conv_shape, 1));
    ck_ok(amkd_conv_new(&op, device, &conv_shape, 1));
    for (int again = 0; again < 2; again++)
        for (int pass = 0; pass < AMKD_NPASSES; pass++) {
            ck_ok(amkd_op_plan(&plan, op, (amkd_pass)pass, NULL, amkd_now() + 60, 1));
            const size_t nothers =
                !op->other.fits || op->other.fits(device, &op->shape, (amkd_pass)pass);
            ck_assert_uint_eq(plan.nways,
                              (pass == AMKD_BACKWARD_WEIGHTS ? 1 : nown) + nothers);
            ck_assert_int_eq(plan.recalled, again);
            list_fates(names, &plan, AMKD_FATE_UNKNOWN);
            ck_assert_str_eq(names, "");
            list_fates(names, &plan, AMKD_FATE_WRONG);
            ck_assert_str_eq(names, "");
            list_fates(names, &plan, AMKD_FATE_FAILED);
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
    ck_ok(amkd_op_plan(&plan, op, AMKD_FORWARD, NULL, amkd_now() + 60, 1));
    ck_assert_uint_eq(plan.chosen, 0);
    ck_assert_int_eq(plan.ways[0].fate, AMKD_FATE_UNKNOWN);
    ck_assert_ptr_eq(op->by[AMKD_FORWARD], op);
    ck_assert_str_eq(plan.ways[plan.nways - 1].name, "clblast");
    if (device->type == CL_DEVICE_TYPE_CPU)
        ck_assert_ptr_null(plan.ways[plan.nways - 1].run);
    amkd_plan_clear(&plan);
    amkd_op_free(op);
}
END_TEST

START_TEST(an_op_that_lacks_a_kernel_is_still_its_makers_to_free)
{
    amkd_op *op = NULL;
    ck_ok(
        amkd_op_build_shapeless(&op, device, &dense_shape, "join", amkd_cl_join, "", 0));
    ck_assert_int_eq(amkd_op_kernels(op, (const char *[]){"nonesuch", NULL}), -1);
    ck_assert_ptr_eq(op->device, device);
    amkd_op_free(op);
    op = NULL;
    ck_assert_int_eq(amkd_op_build_shapeless(&op, device, &dense_shape, "join",
                                             amkd_cl_join, "-DACT=nonesuch", 0),
                     -1);
    ck_assert_ptr_null(op);
    amkd_op_free(op);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("op plan");
    TCase *own = tcase_create("own kernels"), *clblast = tcase_create("CLBlast");
    tcase_add_unchecked_fixture(own, open_device, close_device);
    tcase_add_unchecked_fixture(clblast, open_device, close_device);
    tcase_set_timeout(own, 300);
    tcase_set_timeout(clblast, 300);
    tcase_add_test(own, an_op_that_lacks_a_kernel_is_still_its_makers_to_free);
    tcase_add_test(own, work_groups_of_any_shape_leave_the_same);
    tcase_add_test(own, a_layer_is_planned_among_all_of_its_ways_once);
    tcase_add_test(own, errors_are_told_by_what_the_formula_says);
    tcase_add_test(own, small_layers_keep_their_first_way_and_cpus_their_own_products);
    tcase_add_test(clblast, clblast_and_own_kernels_of_a_dense_layer_agree);
    tcase_add_test(clblast, the_planner_takes_clblast_where_it_is_faster);
    suite_add_tcase(suite, own);
    suite_add_tcase(suite, clblast);
    return run_suite(suite);
}
