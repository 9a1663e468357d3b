/* Winograd's convolutions leave what the taps one by one do, at every vector width. */
#include "base/clock.h"
#include "op_passes.h"
#include "ops/op_plan.h"
#include "ops/winograd.h"

/* Maps whose sides are multiples of a tile's and not, smaller than one; channels that are
 * no multiples, few, and beyond a part; every padding; every number of taps that has a
 * transform, by its phases with stride 2. */
static const struct {
    size_t in_channels, height, width, out_channels, padding, taps, stride;
} shapes[] = {
    {16, 8, 12, 32, 1, 3, 1}, {8, 3, 3, 9, 0, 3, 1},    {13, 2, 1, 8, 2, 3, 1},
    {150, 5, 7, 11, 1, 3, 1}, {9, 6, 17, 131, 2, 3, 1}, {24, 7, 6, 13, 2, 5, 1},
    {8, 5, 11, 9, 4, 5, 1},   {11, 6, 5, 70, 0, 5, 1},  {3, 23, 17, 9, 3, 7, 2},
    {5, 11, 14, 8, 2, 5, 2},  {9, 12, 9, 10, 1, 3, 2},  {40, 7, 8, 70, 0, 3, 2},
};

static const struct {
    const char *width;
    int shape;
} cases[] = {
    {"8", 0},  {"8", 1},  {"8", 2},  {"8", 3},  {"8", 4},  {"4", 0},  {"4", 3},
    {"16", 0}, {"16", 3}, {"8", 5},  {"8", 6},  {"8", 7},  {"4", 6},  {"16", 5},
    {"8", 8},  {"8", 9},  {"8", 10}, {"8", 11}, {"4", 8},  {"16", 8}, {"16", 11},
    {"1", 0},  {"1", 1},  {"1", 2},  {"1", 3},  {"1", 4},  {"1", 5},  {"1", 6},
    {"1", 7},  {"1", 8},  {"1", 9},  {"1", 10}, {"1", 11},
};
enum { NCASES = sizeof cases / sizeof *cases };

/* Those of the cases that a TCase of their own has, for Oclgrind. */
enum { FIRST_LOCKSTEP = 22, END_LOCKSTEP = 24 };

/* Of local memory, for every case; Oclgrind's device has less, enough in lockstep, where
 * a work-group has six rows of lanes. */
enum { ENOUGH_LOCAL = 400 << 10, ENOUGH_IN_LOCKSTEP = 32 << 10, ROWS_IN_LOCKSTEP = 6 };

/* Whether the device has room for every case. */
static int has_room(void)
{
    return device->vector_width > 1
               ? device->local_nbytes >= ENOUGH_LOCAL
               : device->local_nbytes >= ENOUGH_IN_LOCKSTEP &&
                     device->max_work_group >= ROWS_IN_LOCKSTEP * device->nlanes;
}

static amkd_op_shape shape_of(int number)
{
    const size_t padding = shapes[number].padding, taps = shapes[number].taps;
    amkd_op_shape s = conv_shape;
    s.in_channels = shapes[number].in_channels;
    s.out_channels = shapes[number].out_channels;
    s.in_height = shapes[number].height;
    s.in_width = shapes[number].width;
    s.kernel_height = s.kernel_width = taps;
    s.stride = shapes[number].stride;
    s.out_height = (s.in_height + 2 * padding - taps) / s.stride + 1;
    s.out_width = (s.in_width + 2 * padding - taps) / s.stride + 1;
    s.top = s.left = padding;
    s.biases = BEFORE + s.in_channels * s.out_channels * taps * taps;
    s.ntrained = s.biases + s.out_channels;
    return s;
}

static void make_both(amkd_op **taps, amkd_op **winograd, const amkd_op_shape *shape)
{
    ck_ok(amkd_conv_new(taps, device, shape, 1));
    ck_ok(amkd_conv_new(winograd, device, shape, 1));
    force(*taps, *taps, 1);
    if (!(*winograd)->other.op)
        ck_ok((*winograd)->other.make(&(*winograd)->other.op, *winograd));
    for (amkd_pass pass = AMKD_FORWARD; pass < AMKD_NPASSES; pass++)
        if (amkd_winograd_fits(device, shape, pass))
            (*winograd)->by[pass] = (*winograd)->other.op;
}

START_TEST(all_passes_leave_what_taps_leave)
{
    amkd_op *taps, *winograd;
    const amkd_op_shape shape = shape_of(cases[_i].shape);
    open_device_of_width(cases[_i].width);
    make_both(&taps, &winograd, &shape);
    for (amkd_pass pass = AMKD_FORWARD; pass < AMKD_NPASSES; pass++)
        ck_assert(winograd->by[pass] != winograd || !has_room() ||
                  (shape.kernel_height == 5 && pass == AMKD_BACKWARD_WEIGHTS) ||
                  (shape.stride == 2 && pass != AMKD_FORWARD));
    expect_same_passes(taps, winograd, &shape);
    amkd_op_free(taps);
    amkd_op_free(winograd);
    close_device();
}
END_TEST

START_TEST(gradients_are_added_where_others_have_been)
{
    amkd_op *taps, *winograd;
    const amkd_op_shape shape = shape_of(3);
    open_device_of_width("8");
    make_both(&taps, &winograd, &shape);
    const size_t nx =
        device->nlanes * shape.in_channels * shape.in_height * shape.in_width;
    const size_t ny =
        device->nlanes * shape.out_channels * shape.out_height * shape.out_width;
    cl_mem both[] = {random_buffer(nx, 4), random_buffer(nx, 4)};
    amkd_op_args args = {.run = {.nblocks = 1, .nsamples = device->nlanes},
                         .x = {random_buffer(nx, 1)},
                         .dy = random_buffer(ny, 3),
                         .add = 1,
                         .parameters = random_buffer(shape.ntrained, 2)};
    for (int w = 0; w < 2; w++) {
        args.dx = both[w];
        ck_ok(amkd_op_run(w ? winograd : taps, AMKD_BACKWARD_DATA, &args));
    }
    expect_same(both[0], both[1], nx, 1);
    for (int w = 0; w < 2; w++)
        amkd_buffer_free(both[w]);
    amkd_buffer_free(args.x[0]);
    amkd_buffer_free(args.dy);
    amkd_buffer_free(args.parameters);
    amkd_op_free(taps);
    amkd_op_free(winograd);
    close_device();
}
END_TEST

/* A device of this vector width and this much local memory. */
static amkd_device described(size_t width, size_t local_nbytes)
{
    return (amkd_device){
        .vector_width = width, .nlanes = 16, .local_nbytes = local_nbytes};
}

START_TEST(it_is_taken_for_convolutions_that_are_worth_it)
{
    const amkd_device cpu = described(8, 512 << 10), small = described(8, 16 << 10);
    const amkd_device gpu = described(1, 512 << 10);
    amkd_op_shape s = conv_shape;
    s.in_channels = s.out_channels = 64;
    s.in_height = s.in_width = s.out_height = s.out_width = 16;
    ck_assert(amkd_winograd_wins(&cpu, &s, AMKD_FORWARD));
    ck_assert(!amkd_winograd_wins(&gpu, &s, AMKD_FORWARD));
    ck_assert(!amkd_winograd_fits(&small, &s, AMKD_FORWARD));
    const amkd_device wide = described(16, 256 << 10);
    ck_assert(amkd_winograd_fits(&wide, &s, AMKD_BACKWARD_WEIGHTS));
    s.in_channels = 3; /* the transforms alone take longer */
    ck_assert(!amkd_winograd_wins(&cpu, &s, AMKD_FORWARD));
    s.in_channels = 64;
    s.stride = 2;
    ck_assert(amkd_winograd_fits(&cpu, &s, AMKD_FORWARD));
    ck_assert(!amkd_winograd_fits(&cpu, &s, AMKD_BACKWARD_DATA));
    ck_assert(!amkd_winograd_fits(&cpu, &s, AMKD_BACKWARD_WEIGHTS));
    ck_assert(!amkd_winograd_wins(&cpu, &s, AMKD_FORWARD)); /* 3x3: a third less */
    s.in_channels = 3;
    s.kernel_height = s.kernel_width = 7;
    s.in_height = s.in_width = 224;
    s.out_height = s.out_width = 112;
    ck_assert(amkd_winograd_wins(&cpu, &s, AMKD_FORWARD));
    s.in_channels = 64;
    s.kernel_height = s.kernel_width = 3;
    s.in_height = s.in_width = s.out_height = s.out_width = 16;
    s.stride = 1;
    s.kernel_height = s.kernel_width = 5;
    ck_assert(amkd_winograd_wins(&cpu, &s, AMKD_FORWARD));
    ck_assert(!amkd_winograd_fits(&cpu, &s, AMKD_BACKWARD_WEIGHTS));
    s.kernel_height = s.kernel_width = 7;
    ck_assert(!amkd_winograd_fits(&cpu, &s, AMKD_FORWARD));
}
END_TEST

START_TEST(both_ways_are_timed_to_be_seen_and_the_choice_stays)
{
    amkd_op *op;
    amkd_plan plan;
    amkd_op_shape s = conv_shape;
    s.in_channels = s.out_channels = 32;
    s.in_height = s.in_width = s.out_height = s.out_width = 16;
    s.biases = BEFORE + 32 * 32 * 9;
    s.ntrained = s.biases + 32;
    open_device_of_width("8");
    ck_ok(amkd_conv_new(&op, device, &s, 1));
    for (int again = 0; again < 2; again++) {
        ck_ok(amkd_op_plan(&plan, op, AMKD_FORWARD, NULL, amkd_now() + 60, 1));
        ck_assert_uint_eq(plan.nways, 2);
        ck_assert_str_eq(plan.ways[0].name, "winograd");
        ck_assert_uint_eq(plan.chosen, 0);
        ck_assert(plan.ways[0].seconds > 0 && plan.ways[1].seconds > 0);
        ck_assert(plan.ways[1].fate == AMKD_FATE_SLOWER ||
                  plan.ways[1].fate == AMKD_FATE_PASSED);
        ck_assert_int_eq(plan.recalled, again);
        ck_assert_ptr_eq(op->by[AMKD_FORWARD], op->other.op);
        amkd_plan_clear(&plan);
    }
    /* Its gradients are in one copy, those of taps in several. */
    ck_ok(amkd_op_plan(&plan, op, AMKD_BACKWARD_WEIGHTS, NULL, amkd_now() + 60, 1));
    ck_assert_int_ne(plan.ways[1].fate, AMKD_FATE_WRONG);
    ck_assert_int_ne(plan.ways[1].fate, AMKD_FATE_FAILED);
    amkd_plan_clear(&plan);
    /* Those who do not look at times are not kept waiting for them. */
    ck_ok(amkd_op_plan(&plan, op, AMKD_BACKWARD_DATA, NULL, amkd_now() + 60, 0));
    ck_assert_uint_eq(plan.nways, 0);
    ck_assert_ptr_eq(op->by[AMKD_BACKWARD_DATA], op->other.op);
    amkd_op_free(op);
    close_device();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("winograd");
    TCase *tests = tcase_create("winograd");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, all_passes_leave_what_taps_leave, 0, FIRST_LOCKSTEP);
    tcase_add_loop_test(tests, all_passes_leave_what_taps_leave, END_LOCKSTEP, NCASES);
    tcase_add_test(tests, gradients_are_added_where_others_have_been);
    tcase_add_test(tests, both_ways_are_timed_to_be_seen_and_the_choice_stays);
    tcase_add_test(tests, it_is_taken_for_convolutions_that_are_worth_it);
    suite_add_tcase(suite, tests);
    TCase *lockstep = tcase_create("lockstep");
    tcase_set_timeout(lockstep, 600);
    tcase_add_loop_test(lockstep, all_passes_leave_what_taps_leave, FIRST_LOCKSTEP,
                        END_LOCKSTEP);
    suite_add_tcase(suite, lockstep);
    return run_suite(suite);
}
