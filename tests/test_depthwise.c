/* Convolutions of every channel by itself leave what those in groups do, at every vector
 * width. */
#include "op_passes.h"
#include "ops/depthwise.h"

/* Maps of one row, one column, one pixel and of prime sides; both strides; no padding,
 * all that there can be, and what is wider behind than before; outputs that one input has
 * several of. */
static const struct {
    size_t channels, multiple, height, width, kernel, stride, before, behind;
} shapes[] = {
    {11, 1, 7, 13, 3, 1, 1, 1}, {5, 1, 8, 10, 3, 2, 0, 1}, {7, 3, 9, 6, 5, 2, 2, 2},
    {3, 1, 3, 1, 5, 1, 4, 4},   {13, 2, 1, 1, 3, 1, 1, 1}, {2, 1, 23, 5, 3, 1, 0, 0},
    {9, 1, 1, 17, 3, 2, 2, 2},  {6, 2, 5, 8, 2, 1, 0, 1},  {3, 1, 6, 7, 1, 2, 0, 0},
    {2, 1, 11, 16, 7, 2, 6, 6},
};

static const struct {
    const char *width;
    int shape;
} cases[] = {
    {"8", 0}, {"8", 1}, {"8", 2}, {"8", 3}, {"8", 4},  {"8", 5},
    {"8", 6}, {"8", 7}, {"8", 8}, {"4", 2}, {"16", 0}, {"16", 9},
};
enum { NCASES = sizeof cases / sizeof *cases };

static size_t outputs(int number, size_t side)
{
    return (side + shapes[number].before + shapes[number].behind -
            shapes[number].kernel) /
               shapes[number].stride +
           1;
}

static amkd_op_shape shape_of(int number)
{
    const size_t channels = shapes[number].channels, kernel = shapes[number].kernel;
    amkd_op_shape s = conv_shape;
    s.in_channels = s.groups = channels;
    s.out_channels = channels * shapes[number].multiple;
    s.in_height = shapes[number].height;
    s.in_width = shapes[number].width;
    s.out_height = outputs(number, s.in_height);
    s.out_width = outputs(number, s.in_width);
    s.kernel_height = s.kernel_width = kernel;
    s.stride = shapes[number].stride;
    s.dilation = 1;
    s.top = s.left = shapes[number].before;
    s.biases = BEFORE + s.out_channels * kernel * kernel;
    s.ntrained = s.biases + s.out_channels;
    return s;
}

START_TEST(all_passes_leave_what_groups_leave)
{
    amkd_op *grouped, *depthwise;
    const amkd_op_shape shape = shape_of(cases[_i].shape);
    open_device_of_width(cases[_i].width);
    ck_assert(amkd_depthwise_fits(device, &shape));
    ck_ok(amkd_grouped_new(&grouped, device, &shape, 1));
    ck_ok(amkd_depthwise_new(&depthwise, device, &shape, 1));
    expect_same_passes(grouped, depthwise, &shape);
    amkd_op_free(grouped);
    amkd_op_free(depthwise);
    amkd_device_close(device);
}
END_TEST

START_TEST(gradients_are_added_where_others_have_been)
{
    amkd_op *ops[2];
    cl_mem dx[2];
    const amkd_op_shape shape = shape_of(2);
    open_device_of_width("8");
    ck_ok(amkd_grouped_new(&ops[0], device, &shape, 1));
    ck_ok(amkd_depthwise_new(&ops[1], device, &shape, 1));
    const size_t nx =
        device->nlanes * shape.in_channels * shape.in_height * shape.in_width;
    const size_t ny =
        device->nlanes * shape.out_channels * shape.out_height * shape.out_width;
    amkd_op_args args = {.run = {.nblocks = 1, .nsamples = device->nlanes},
                         .x = {random_buffer(nx, 1)},
                         .dy = random_buffer(ny, 3),
                         .add = 1,
                         .parameters = random_buffer(shape.ntrained, 2)};
    for (int d = 0; d < 2; d++) {
        args.dx = dx[d] = random_buffer(nx, 4);
        ck_ok(amkd_op_run(ops[d], AMKD_BACKWARD_DATA, &args));
    }
    expect_same(dx[0], dx[1], nx, 1);
    for (int d = 0; d < 2; d++) {
        amkd_buffer_free(dx[d]);
        amkd_op_free(ops[d]);
    }
    amkd_buffer_free(args.x[0]);
    amkd_buffer_free(args.dy);
    amkd_buffer_free(args.parameters);
    amkd_device_close(device);
}
END_TEST

/* The cases share what has been compiled. */
static void remove_kept(void)
{
    ck_assert_int_eq(system("rm -rf amkd"), 0);
}

static int fits(size_t vector_width, const amkd_op_shape *shape)
{
    const amkd_device described = {.vector_width = vector_width, .nlanes = 16};
    return amkd_depthwise_fits(&described, shape);
}

START_TEST(it_is_taken_for_vectors_and_for_groups_of_one_channel)
{
    amkd_op_shape s = shape_of(0);
    ck_assert(fits(4, &s) && fits(8, &s) && fits(16, &s));
    ck_assert(!fits(1, &s));
    s.dilation = 2;
    ck_assert(!fits(8, &s));
    s = shape_of(0);
    s.groups = 1;
    ck_assert(!fits(8, &s));
    s = shape_of(0);
    s.stride = 3;
    ck_assert(!fits(8, &s));
    s = shape_of(0);
    s.kernel_height = s.kernel_width = 9;
    ck_assert(!fits(8, &s));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("depthwise");
    TCase *passes = tcase_create("passes"), *choice = tcase_create("choice");
    tcase_add_loop_test(passes, all_passes_leave_what_groups_leave, 0, NCASES);
    tcase_add_test(passes, gradients_are_added_where_others_have_been);
    tcase_add_test(choice, it_is_taken_for_vectors_and_for_groups_of_one_channel);
    tcase_add_unchecked_fixture(passes, NULL, remove_kept);
    tcase_set_timeout(passes, 300);
    suite_add_tcase(suite, passes);
    suite_add_tcase(suite, choice);
    return run_suite(suite);
}
