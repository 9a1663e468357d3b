/* Optimizers against PyTorch's formulas in double: steps, Nesterov's momentum, and
 * gradients that are clipped. */
#include "base/error.h"
#include "base/random.h"
#include "ops/optimizer.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ck_ok(call) ck_assert_msg(!(call), "%s", amkd_error())

static amkd_device *device;

static void open_device(void)
{
    ck_ok(amkd_device_open(&device, NULL));
}

static void close_device(void)
{
    amkd_device_close(device);
}

static float normal(uint64_t stream, uint64_t index)
{
    return (float)amkd_random_normal(11, stream, index);
}

enum { SLICES = 3, STEPS = 6 };

/* Gradients grow from step to step: of those that are clipped the first are not. */
static float slice_of(size_t n, int t, size_t slice, size_t p)
{
    return (float)t * normal(2 + (uint64_t)t, slice * n + p);
}

static double gradient_of(size_t n, int t, size_t p)
{
    double sum = 0;
    for (size_t slice = 0; slice < SLICES; slice++)
        sum += (double)slice_of(n, t, slice, p);
    return sum;
}

/* torch.nn.utils.clip_grad_norm_. */
static double scale_of(size_t n, int t, double most)
{
    double squares = 0;
    for (size_t p = 0; p < n; p++)
        squares += gradient_of(n, t, p) * gradient_of(n, t, p);
    return most > 0 ? fmin(1, most / (sqrt(squares) + 1e-6)) : 1;
}

/* torch.optim.SGD, Adam and AdamW. */
static void reference_step(const amkd_optimizer_options *o, double *w, double *m,
                           double *v, double g, double rate, int t)
{
    if (o->kind == AMKD_ADAMW)
        *w -= rate * o->decay * *w;
    else
        g += o->decay * *w;
    if (o->kind == AMKD_SGD) {
        *m = o->momentum * *m + g;
        *w -= rate * (o->nesterov ? g + o->momentum * *m : *m);
        return;
    }
    *m = o->beta1 * *m + (1 - o->beta1) * g;
    *v = o->beta2 * *v + (1 - o->beta2) * g * g;
    *w -= rate * (*m / (1 - pow(o->beta1, t))) /
          (sqrt(*v / (1 - pow(o->beta2, t))) + o->epsilon);
}

/* Steps of n parameters on the device. */
static void take_steps(float *parameters, const amkd_optimizer_options *options, size_t n)
{
    float *slices = calloc(SLICES * n, sizeof *slices);
    amkd_optimizer *optimizer;
    cl_mem on_device, gradients;
    for (size_t p = 0; p < n; p++)
        parameters[p] = normal(1, p);
    ck_ok(amkd_optimizer_new(&optimizer, device, options, n));
    ck_ok(amkd_buffer_new(&on_device, device, CL_MEM_READ_WRITE, n * sizeof *parameters,
                          parameters));
    ck_ok(amkd_buffer_new(&gradients, device, CL_MEM_READ_ONLY,
                          SLICES * n * sizeof *slices, NULL));
    for (int t = 1; t <= STEPS; t++) {
        for (size_t g = 0; g < SLICES * n; g++)
            slices[g] = slice_of(n, t, g / n, g % n);
        ck_ok(
            amkd_buffer_write(device, gradients, slices, 0, SLICES * n * sizeof *slices));
        ck_ok(amkd_optimizer_step(optimizer, on_device, gradients, SLICES, 0.01 * t));
    }
    ck_ok(amkd_buffer_read(device, parameters, on_device, 0, n * sizeof *parameters));
    amkd_buffer_free(on_device);
    amkd_buffer_free(gradients);
    amkd_optimizer_free(optimizer);
    free(slices);
}

static double reference_of(const amkd_optimizer_options *options, const double *scales,
                           size_t n, size_t p)
{
    double w = (double)normal(1, p), m = 0, v = 0;
    for (int t = 1; t <= STEPS; t++)
        reference_step(options, &w, &m, &v, scales[t] * gradient_of(n, t, p), 0.01 * t,
                       t);
    return w;
}

/* Of each optimizer: one parameter, some, and more than there are parts of a gradient. */
static const size_t sizes[] = {1, 37, 20011};
enum { NSIZES = sizeof sizes / sizeof *sizes, NKINDS = 4 };

static amkd_optimizer_options options_of(int kind, double clip)
{
    static const amkd_optimizer_kind kinds[NKINDS] = {AMKD_SGD, AMKD_SGD, AMKD_ADAM,
                                                      AMKD_ADAMW};
    return (amkd_optimizer_options){.kind = kinds[kind],
                                    .momentum = 0.9,
                                    .nesterov = kind == 1,
                                    .beta1 = 0.9,
                                    .beta2 = 0.99,
                                    .epsilon = 1e-8,
                                    .decay = 0.1,
                                    .clip = clip};
}

static void check_steps(int kind, size_t n, double clip)
{
    const amkd_optimizer_options options = options_of(kind, clip);
    float *parameters = calloc(n, sizeof *parameters);
    double scales[STEPS + 1];
    for (int t = 1; t <= STEPS; t++)
        scales[t] = scale_of(n, t, clip);
    take_steps(parameters, &options, n);
    for (size_t p = 0; p < n; p += 1 + n / 1000) {
        const double w = reference_of(&options, scales, n, p);
        ck_assert_double_eq_tol((double)parameters[p], w, 1e-5 + 1e-5 * fabs(w));
    }
    free(parameters);
}

/* The loops are over kinds, and then over sizes. */
START_TEST(optimizers_equal_pytorchs_formulas)
{
    check_steps(_i % NKINDS, sizes[_i / NKINDS], 0);
}
END_TEST

START_TEST(the_whole_gradient_is_clipped_to_its_norm_before_decay)
{
    const size_t n = sizes[_i / NKINDS];
    const double clip = 5 * sqrt((double)n); /* about that of step 3 */
    if (n > 1) {
        ck_assert_double_ge(scale_of(n, 1, clip), 1);
        ck_assert_double_lt(scale_of(n, STEPS, clip), 0.6);
    }
    check_steps(_i % NKINDS, n, clip);
}
END_TEST

/* timm.utils.ModelEmaV2, and the two halves of a training that was stopped. */
START_TEST(the_average_moves_with_the_parameters_and_is_part_of_the_state)
{
    enum { N = 37 };
    amkd_optimizer_options options = options_of(_i, 0);
    options.average = 0.8;
    float parameters[N], average[N], slices[N], state[3 * N];
    double w[N], m[N] = {0}, v[N] = {0}, expected[N];
    uint64_t nsteps;
    amkd_optimizer *optimizer;
    cl_mem on_device, gradients;
    for (size_t p = 0; p < N; p++)
        expected[p] = w[p] = (double)(parameters[p] = normal(1, p));
    ck_ok(amkd_optimizer_new(&optimizer, device, &options, N));
    ck_ok(amkd_buffer_new(&on_device, device, CL_MEM_READ_WRITE, sizeof parameters,
                          parameters));
    ck_ok(amkd_buffer_new(&gradients, device, CL_MEM_READ_ONLY, sizeof slices, NULL));
    ck_assert_uint_eq(amkd_optimizer_nstates(&options), 3);
    for (int t = 1; t <= STEPS; t++) {
        for (size_t p = 0; p < N; p++)
            slices[p] = slice_of(N, t, 0, p);
        ck_ok(amkd_buffer_write(device, gradients, slices, 0, sizeof slices));
        ck_ok(amkd_optimizer_step(optimizer, on_device, gradients, 1, 0.1));
        for (size_t p = 0; p < N; p++) {
            reference_step(&options, &w[p], &m[p], &v[p], (double)slices[p], 0.1, t);
            expected[p] = 0.8 * expected[p] + 0.2 * w[p];
        }
        if (t != STEPS / 2)
            continue;
        ck_ok(amkd_optimizer_save(optimizer, state, &nsteps));
        amkd_optimizer_free(optimizer);
        ck_ok(amkd_optimizer_new(&optimizer, device, &options, N));
        ck_ok(amkd_optimizer_restore(optimizer, state, nsteps));
    }
    ck_ok(amkd_buffer_read(device, average, amkd_optimizer_average(optimizer), 0,
                           sizeof average));
    for (size_t p = 0; p < N; p++)
        ck_assert_double_eq_tol((double)average[p], expected[p],
                                1e-5 + 1e-5 * fabs(expected[p]));
    amkd_buffer_free(on_device);
    amkd_buffer_free(gradients);
    amkd_optimizer_free(optimizer);
}
END_TEST

/* Rates of their own: of every third parameter, which is frozen, and of those behind
 * them. */
START_TEST(parameters_learn_at_their_own_rates_and_frozen_ones_stay)
{
    enum { N = 1003 };
    const double clip = _i / NKINDS ? 30 : 0;
    amkd_optimizer_options options = options_of(_i % NKINDS, clip);
    options.average = 0.5;
    float parameters[N], before[N], average[N], slices[N], factors[N];
    double w[N], m[N] = {0}, v[N] = {0};
    amkd_optimizer *optimizer;
    cl_mem on_device, gradients;
    for (size_t p = 0; p < N; p++) {
        factors[p] = p % 3 == 0 ? 0 : p % 3 == 1 ? 0.5F : 1;
        w[p] = (double)(before[p] = parameters[p] = p == 3 ? -0.0F : normal(1, p));
    }
    ck_ok(amkd_optimizer_new(&optimizer, device, &options, N));
    ck_ok(amkd_optimizer_scale(optimizer, factors));
    ck_ok(amkd_buffer_new(&on_device, device, CL_MEM_READ_WRITE, sizeof parameters,
                          parameters));
    ck_ok(amkd_buffer_new(&gradients, device, CL_MEM_READ_ONLY, sizeof slices, NULL));
    for (int t = 1; t <= STEPS; t++) {
        double squares = 0;
        for (size_t p = 0; p < N; p++) {
            slices[p] = p == 0 ? INFINITY : slice_of(N, t, 0, p);
            squares += factors[p] > 0 ? (double)slices[p] * (double)slices[p] : 0;
        }
        ck_ok(amkd_buffer_write(device, gradients, slices, 0, sizeof slices));
        ck_ok(amkd_optimizer_step(optimizer, on_device, gradients, 1, 0.1));
        const double scale = clip > 0 ? fmin(1, clip / (sqrt(squares) + 1e-6)) : 1;
        for (size_t p = 0; p < N; p++)
            if (factors[p] > 0)
                reference_step(&options, &w[p], &m[p], &v[p], scale * (double)slices[p],
                               0.1 * (double)factors[p], t);
    }
    ck_ok(amkd_buffer_read(device, parameters, on_device, 0, sizeof parameters));
    ck_ok(amkd_buffer_read(device, average, amkd_optimizer_average(optimizer), 0,
                           sizeof average));
    for (size_t p = 0; p < N; p++) {
        if (factors[p] > 0)
            ck_assert_double_eq_tol((double)parameters[p], w[p],
                                    1e-5 + 1e-5 * fabs(w[p]));
        else {
            ck_assert_mem_eq(&parameters[p], &before[p], sizeof *before);
            ck_assert_mem_eq(&average[p], &before[p], sizeof *before);
        }
    }
    amkd_buffer_free(on_device);
    amkd_buffer_free(gradients);
    amkd_optimizer_free(optimizer);
}
END_TEST

START_TEST(a_norm_is_summed_in_the_same_order_each_time)
{
    enum { N = 20011 };
    const amkd_optimizer_options options = options_of(0, 1);
    float *first = calloc(N, sizeof *first), *second = calloc(N, sizeof *second);
    take_steps(first, &options, N);
    take_steps(second, &options, N);
    ck_assert_mem_eq(first, second, N * sizeof *first);
    free(first), free(second);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("optimizer");
    TCase *few = tcase_create("few parameters"), *many = tcase_create("many");
    tcase_add_unchecked_fixture(few, open_device, close_device);
    tcase_add_unchecked_fixture(many, open_device, close_device);
    tcase_set_timeout(few, 600);
    tcase_set_timeout(many, 120);
    tcase_add_loop_test(few, optimizers_equal_pytorchs_formulas, 0, 2 * NKINDS);
    tcase_add_loop_test(few, the_whole_gradient_is_clipped_to_its_norm_before_decay, 0,
                        2 * NKINDS);
    tcase_add_loop_test(
        few, the_average_moves_with_the_parameters_and_is_part_of_the_state, 0, NKINDS);
    tcase_add_loop_test(many, optimizers_equal_pytorchs_formulas, 2 * NKINDS,
                        NSIZES * NKINDS);
    tcase_add_loop_test(many, the_whole_gradient_is_clipped_to_its_norm_before_decay,
                        2 * NKINDS, NSIZES * NKINDS);
    tcase_add_loop_test(few, parameters_learn_at_their_own_rates_and_frozen_ones_stay, 0,
                        2 * NKINDS);
    tcase_add_test(many, a_norm_is_summed_in_the_same_order_each_time);
    suite_add_tcase(suite, few);
    suite_add_tcase(suite, many);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed ? EXIT_FAILURE : EXIT_SUCCESS;
}
