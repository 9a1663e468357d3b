/* What must hold for the tiles of a convolution, on every kind of device: that they fit,
 * and that tiles laid as the passes of cl/conv.cl lay them write each result once. */
#include "ops/conv_tiles.h"
#include "ops/op_internal.h"
#include <check.h>
#include <stdlib.h>

enum { LARGEST = 1024, LEAST_LOCAL_NBYTES = 32 << 10 };

typedef amkd_conv_tile find_tile(const amkd_device *device, const amkd_op_shape *shape);

/* What is being looked at, for messages; device and shape of the running combination. */
static amkd_device device;
static amkd_op_shape shape;

#define SAY                                                                              \
    "%zu to %zu channels, %zu wide, kernel %zu, stride %zu, padding %zu, width %zu"
#define SAID                                                                             \
    shape.in_channels, shape.out_channels, shape.in_width, shape.kernel_width,           \
        shape.stride, shape.left, device.vector_width
/* Check notes every assertion in a file; there are too many. */
#define assert_here(what)                                                                \
    do {                                                                                 \
        if (!(what))                                                                     \
            ck_abort_msg("%s: " SAY, #what, SAID);                                       \
    } while (0)

static size_t registers(void)
{
    return device.vector_width == 1 || device.vector_width == 16 ? 32 : 16;
}

static size_t row_registers(void)
{
    return device.vector_width == 1 ? 48 : registers();
}

/* Whether tiles of side, the last moved back to end with n where they overlap and left
 * short where not, write each of n once. */
static int writes_each_once(size_t n, size_t side, int overlap)
{
    unsigned char written[LARGEST] = {0};
    for (size_t t = 0; t < amkd_tiles(n, side); t++) {
        const size_t own = t * side;
        const size_t first = overlap && own > n - side ? n - side : own;
        for (size_t at = first; at < first + side; at++)
            if (at >= own && at < n)
                written[at]++;
    }
    for (size_t at = 0; at < n; at++)
        if (written[at] != 1)
            return 0;
    return 1;
}

static void check_row_tile(const amkd_conv_tile *tile, size_t nchannels, size_t npixels,
                           size_t multiple)
{
    const size_t c = tile->side[0], p = tile->side[1];
    assert_here(c >= 1 && c <= nchannels && c <= 8);
    assert_here(p >= 1 && p % multiple == 0 && p < npixels + multiple);
    assert_here(c * p <= row_registers() || p == multiple);
    assert_here(writes_each_once(nchannels, c, 1));
    assert_here(writes_each_once(npixels, p, 0));
}

static void check_forward(const amkd_conv_tile *tile)
{
    check_row_tile(tile, shape.out_channels, shape.out_width, 1);
}

static void check_data(const amkd_conv_tile *tile)
{
    check_row_tile(tile, shape.in_channels, shape.in_width, shape.stride);
}

static void check_weights(const amkd_conv_tile *tile)
{
    const size_t o = tile->side[0], i = tile->side[1], taps = amkd_conv_taps(&shape);
    const size_t most = device.vector_width == 1 ? 6 : 8; /* gfx1100 spills with 7 */
    assert_here(o >= 1 && o <= shape.out_channels && o <= most);
    assert_here(i >= 1 && i <= shape.in_channels && i <= 8);
    assert_here(o * i * taps <= registers() || i == 1);
    assert_here(writes_each_once(shape.out_channels, o, 1));
    assert_here(writes_each_once(shape.in_channels, i, 1));
    assert_here(tile->kernel_rows == 1 ||
                (tile->kernel_rows == shape.kernel_width && device.vector_width > 1));
    assert_here(tile->rows >= 1 && tile->rows <= shape.out_height);
    if (device.vector_width == 1)
        assert_here((o * i * taps + o) * (device.nlanes + 1) * sizeof(float) <=
                    LEAST_LOCAL_NBYTES);
}

static find_tile *const find[] = {amkd_conv_forward_tile, amkd_conv_weights_tile,
                                  amkd_conv_data_tile};
static void (*const check[])(const amkd_conv_tile *) = {check_forward, check_weights,
                                                        check_data};

static void tiles_fit_and_cover(amkd_pass pass)
{
    const amkd_conv_tile tile = find[pass](&device, &shape);
    check[pass](&tile);
}

static void all_taps_are_handled(amkd_pass pass)
{
    (void)pass;
    const size_t taps = amkd_conv_taps(&shape), stride = shape.stride;
    assert_here(taps >= 1 && taps <= shape.kernel_width);
    assert_here(shape.kernel_width > 12 || taps == shape.kernel_width);
    assert_here(taps == shape.kernel_width || taps % stride == 0);
    assert_here(taps == shape.kernel_width || taps < 12 + stride);
    assert_here(writes_each_once(shape.kernel_width, taps, 1));
}

/* Square images and a whole network's worth of other fields; 0 where no output is left.
 */
static int set_shape(size_t in, size_t out, size_t side, size_t kernel, size_t stride)
{
    shape = (amkd_op_shape){.in_channels = in,
                            .out_channels = out,
                            .kernel_height = kernel,
                            .kernel_width = kernel};
    shape.stride = stride;
    shape.top = shape.left = kernel / 2;
    shape.in_width = shape.in_height = side;
    if (side + 2 * shape.left < kernel)
        return 0;
    shape.out_width = shape.out_height = (side + 2 * shape.left - kernel) / stride + 1;
    shape.nslices = 2;
    shape.max_blocks = 8;
    return 1;
}

static void set_device(size_t vector_width)
{
    device = (amkd_device){.vector_width = vector_width, .ncompute_units = 2};
    device.nlanes = vector_width == 1 ? 32 : 16;
}

static void for_all_shapes(void (*what)(amkd_pass pass))
{
    static const size_t widths[] = {1, 4, 8, 16}, channels[] = {1, 13, 64, 509},
                        sides[] = {1, 31, 32, 1021}, kernels[] = {1, 2, 5, 23},
                        strides[] = {1, 2, 5, 16};
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
        set_device(widths[w]);
        for (size_t n = 0; n < 4 * 4 * 4 * 4 * 4; n++)
            if (set_shape(channels[n % 4], channels[n / 4 % 4], sides[n / 16 % 4],
                          kernels[n / 64 % 4], strides[n / 256]))
                for (int pass = 0; pass < AMKD_NPASSES; pass++)
                    what((amkd_pass)pass);
    }
}

START_TEST(tiles_fit_the_device_and_write_each_result_once)
{
    for_all_shapes(tiles_fit_and_cover);
}
END_TEST

START_TEST(every_tap_of_a_kernel_is_handled_once)
{
    for_all_shapes(all_taps_are_handled);
}
END_TEST

START_TEST(wide_vectors_fill_more_than_half_of_the_registers)
{
    set_device(16);
    ck_assert(set_shape(3, 64, 32, 3, 1));
    const amkd_conv_tile few = amkd_conv_forward_tile(&device, &shape);
    ck_assert_uint_gt(few.side[0] * few.side[1], 16);
    ck_assert(set_shape(64, 64, 32, 3, 1));
    const amkd_conv_tile many = amkd_conv_forward_tile(&device, &shape);
    ck_assert_uint_gt(many.side[0] * many.side[1], 16);
}
END_TEST

/* Else rows of x and dy come from far once for every row of the kernel. */
START_TEST(rows_of_a_kernel_share_a_work_item_unless_units_would_have_none)
{
    set_device(16);
    ck_assert(set_shape(64, 64, 32, 3, 1));
    amkd_conv_tile tile = amkd_conv_weights_tile(&device, &shape);
    ck_assert_uint_eq(tile.kernel_rows, 3);
    ck_assert_uint_lt(tile.rows, 8);
    ck_assert(set_shape(1, 6, 32, 5, 1));
    device.ncompute_units = 64;
    tile = amkd_conv_weights_tile(&device, &shape);
    ck_assert_uint_eq(tile.kernel_rows, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conv_tiles");
    TCase *tests = tcase_create("conv_tiles");
    tcase_add_test(tests, tiles_fit_the_device_and_write_each_result_once);
    tcase_add_test(tests, every_tap_of_a_kernel_is_handled_once);
    tcase_add_test(tests, wide_vectors_fill_more_than_half_of_the_registers);
    tcase_add_test(tests,
                   rows_of_a_kernel_share_a_work_item_unless_units_would_have_none);
    tcase_set_timeout(tests, 60);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
