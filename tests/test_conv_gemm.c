/* Convolutions as products of matrices leave the bits that taps one by one leave, in the
 * order of a host's loop. */
#include "op_passes.h"
#include "ops/conv_gemm.h"

/* Strides, paddings, channels that fill no tile, sums in several parts, tiles beyond the
 * last pixel, another map added. */
static const struct {
    const char *width;
    size_t in_channels, in_height, in_width, out_channels, kernel, stride, padding;
    int bias, sum;
} cases[] = {
    {"8", 8, 5, 7, 8, 1, 1, 0, 1, 0},     {"8", 13, 9, 6, 35, 3, 2, 1, 1, 1},
    {"8", 37, 4, 11, 9, 4, 3, 3, 0, 0},   {"8", 300, 2, 3, 11, 1, 2, 0, 1, 1},
    {"4", 13, 9, 6, 35, 3, 2, 1, 1, 1},   {"16", 13, 9, 6, 35, 3, 2, 1, 1, 1},
    {"16", 300, 2, 3, 11, 1, 1, 0, 0, 0},
};
enum { NCASES = sizeof cases / sizeof *cases };

static amkd_op_shape shape_of(int number)
{
    const size_t side = cases[number].kernel, around = 2 * cases[number].padding;
    const size_t stride = cases[number].stride;
    amkd_op_shape s = conv_shape;
    s.act = s.previous_act = (amkd_act){0};
    s.in_channels = cases[number].in_channels;
    s.out_channels = cases[number].out_channels;
    s.in_height = cases[number].in_height;
    s.in_width = cases[number].in_width;
    s.kernel_height = s.kernel_width = side;
    s.stride = stride;
    s.top = s.left = cases[number].padding;
    s.out_height = (s.in_height + around - side) / stride + 1;
    s.out_width = (s.in_width + around - side) / stride + 1;
    s.bias = cases[number].bias;
    s.sum = cases[number].sum;
    s.biases = BEFORE + s.in_channels * s.out_channels * side * side;
    s.ntrained = s.biases + s.out_channels;
    return s;
}

/* Output (o, v, u) of a lane of a block, whose first values are x. */
static float expected(const amkd_op_shape *s, const float *x, const float *parameters,
                      size_t o, size_t v, size_t u)
{
    const size_t side = s->kernel_height, nlanes = device->nlanes;
    const float *w = parameters + s->weights + o * s->in_channels * side * side;
    float sum = s->bias ? parameters[s->biases + o] : 0;
    for (size_t i = 0; i < s->in_channels; i++)
        for (size_t a = 0; a < side; a++)
            for (size_t c = 0; c < side; c++) {
                const size_t row = v * s->stride + a - s->top;
                const size_t column = u * s->stride + c - s->left;
                if (row < s->in_height && column < s->in_width)
                    sum = fmaf(
                        x[((i * s->in_height + row) * s->in_width + column) * nlanes],
                        w[(i * side + a) * side + c], sum);
            }
    return sum;
}

static float *read_all(cl_mem buffer, size_t nfloats)
{
    return read_sum(buffer, nfloats, 1);
}

static void expect_bits(const amkd_op_shape *s, cl_mem x, cl_mem added, cl_mem parameters,
                        cl_mem y)
{
    const size_t nlanes = device->nlanes, nplaces = s->out_height * s->out_width;
    const size_t in_size = s->in_channels * s->in_height * s->in_width * nlanes;
    const size_t out_size = s->out_channels * nplaces * nlanes;
    float *in = read_all(x, BLOCKS * in_size), *out = read_all(y, BLOCKS * out_size);
    float *beside = read_all(added, BLOCKS * out_size);
    float *w = read_all(parameters, s->ntrained);
    for (size_t at = 0; at < BLOCKS * out_size; at++) {
        const size_t block = at / out_size, place = at / nlanes % nplaces;
        const float *lane = in + block * in_size + at % nlanes;
        float value = expected(s, lane, w, at / nlanes / nplaces % s->out_channels,
                               place / s->out_width, place % s->out_width);
        if (s->sum)
            value += beside[at];
        ck_assert_msg(out[at] == value, "value %zu is %.9g, expected %.9g", at,
                      (double)out[at], (double)value);
    }
    free(in);
    free(out);
    free(beside);
    free(w);
}

START_TEST(a_product_of_matrices_leaves_the_bits_of_taps_one_by_one)
{
    const amkd_op_shape s = shape_of(_i);
    amkd_op *op;
    open_device_of_width(cases[_i].width);
    device->cache_nbytes = _i % 2 ? 0 : SIZE_MAX; /* 0: what is written goes past them */
    const size_t nsamples = BLOCKS * device->nlanes;
    const size_t nx = nsamples * s.in_channels * s.in_height * s.in_width;
    const size_t ny = nsamples * s.out_channels * s.out_height * s.out_width;
    const cl_mem x = random_buffer(nx, 1), parameters = random_buffer(s.ntrained, 2);
    const cl_mem added = random_buffer(ny, 3), y = random_buffer(ny, 4);
    ck_assert(amkd_conv_gemm_fits(device, &s));
    ck_ok(amkd_conv_new(&op, device, &s, 0));
    op->by[AMKD_FORWARD] = op; /* whatever is reckoned to be faster */
    const amkd_op_args args = {.run = {.nblocks = BLOCKS, .nsamples = nsamples},
                               .x = {x, added},
                               .y = y,
                               .parameters = parameters};
    ck_ok(amkd_op_run(op, AMKD_FORWARD, &args));
    expect_bits(&s, x, added, parameters, y);
    amkd_op_free(op);
    amkd_buffer_free(x);
    amkd_buffer_free(parameters);
    amkd_buffer_free(added);
    amkd_buffer_free(y);
    close_device();
}
END_TEST

START_TEST(few_channels_and_devices_in_lockstep_keep_taps_one_by_one)
{
    amkd_device cpu = {.vector_width = 8, .nlanes = 16, .local_nbytes = 512 << 10};
    amkd_op_shape s = shape_of(1);
    ck_assert(amkd_conv_gemm_fits(&cpu, &s));
    s.in_channels = 3;
    s.stride = 1;
    ck_assert(!amkd_conv_gemm_fits(&cpu, &s));
    s.stride = 2;
    ck_assert(amkd_conv_gemm_fits(&cpu, &s));
    s.out_channels = 4;
    ck_assert(!amkd_conv_gemm_fits(&cpu, &s));
    s = shape_of(1);
    cpu.local_nbytes = 4 << 10;
    ck_assert(!amkd_conv_gemm_fits(&cpu, &s));
    cpu.local_nbytes = 512 << 10;
    cpu.vector_width = 1;
    ck_assert(!amkd_conv_gemm_fits(&cpu, &s));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conv_gemm");
    TCase *tests = tcase_create("conv_gemm");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, a_product_of_matrices_leaves_the_bits_of_taps_one_by_one,
                        0, NCASES);
    tcase_add_test(tests, few_channels_and_devices_in_lockstep_keep_taps_one_by_one);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
