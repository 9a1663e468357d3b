/* The loss against its formula in double, at temperatures and with smoothed
 * targets. */
#include "base/error.h"
#include "base/random.h"
#include "ops/loss.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>

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

static double normal(uint64_t stream, uint64_t index)
{
    return amkd_random_normal(11, stream, index);
}

/* torch.nn.CrossEntropyLoss(label_smoothing), at a temperature. */
START_TEST(loss_of_smoothed_targets_equals_its_formula_and_leaves_empty_lanes_alone)
{
    enum { CLASSES = 5, FIRST = 2, COUNT = 3, ROWS = 6 };
    const double temperature = _i & 1 ? 4 : 1, smoothing = _i & 2 ? 0.1 : 0;
    const size_t nlanes = device->nlanes, n = CLASSES * nlanes;
    float *logits = calloc(n, 4), *gradient = calloc(n, 4), *sums = calloc(nlanes, 4);
    float targets[ROWS][CLASSES];
    const uint32_t order[] = {0, 0, 4, 1, 5, 0};
    for (size_t z = 0; z < n; z++)
        logits[z] = (float)(z % nlanes < COUNT ? 3 * normal(1, z) : NAN);
    for (size_t r = 0; r < ROWS; r++) {
        double sum = 0;
        for (size_t c = 0; c < CLASSES; c++)
            sum += targets[r][c] = (float)amkd_random_uniform(5, r, c);
        for (size_t c = 0; c < CLASSES; c++)
            targets[r][c] /= (float)sum;
    }
    amkd_loss *loss;
    cl_mem z, dz, p, rows, losses, agreements;
    ck_ok(amkd_loss_new(&loss, device, CLASSES));
    amkd_loss_smooth(loss, smoothing);
    ck_ok(amkd_buffer_new(&z, device, CL_MEM_READ_ONLY, n * 4, logits));
    ck_ok(amkd_buffer_new(&dz, device, CL_MEM_READ_WRITE, n * 4, NULL));
    ck_ok(amkd_buffer_new(&p, device, CL_MEM_READ_ONLY, sizeof targets, targets));
    ck_ok(amkd_buffer_new(&rows, device, CL_MEM_READ_ONLY, sizeof order, order));
    ck_ok(amkd_buffer_new(&losses, device, CL_MEM_READ_WRITE, nlanes * 4, sums));
    ck_ok(amkd_buffer_new(&agreements, device, CL_MEM_READ_WRITE, nlanes * 4, sums));
    ck_ok(amkd_loss_run(loss, dz, losses, agreements, z, p, rows, FIRST, COUNT, COUNT,
                        (float)temperature));
    ck_ok(amkd_buffer_read(device, gradient, dz, 0, n * 4));
    ck_ok(amkd_buffer_read(device, sums, losses, 0, nlanes * 4));
    for (size_t s = 0; s < nlanes; s++) {
        const float *target = targets[order[FIRST + (s < COUNT ? s : COUNT - 1)]];
        double sum = 0, expected = 0;
        for (size_t c = 0; c < CLASSES; c++)
            sum += exp(logits[c * nlanes + s] / temperature);
        for (size_t c = 0; c < CLASSES; c++) {
            const double q = exp(logits[c * nlanes + s] / temperature) / sum;
            const double p_c = (1 - smoothing) * target[c] + smoothing / CLASSES;
            const double d = temperature * (q - p_c) / COUNT;
            ck_assert_double_eq_tol(gradient[c * nlanes + s], s < COUNT ? d : 0, 1e-6);
            expected -= temperature * temperature * p_c * log(q);
        }
        ck_assert_double_eq_tol(sums[s], s < COUNT ? expected : 0,
                                1e-6 + 1e-5 * (s < COUNT ? expected : 0));
    }
    amkd_buffer_free(z), amkd_buffer_free(dz), amkd_buffer_free(p);
    amkd_buffer_free(rows), amkd_buffer_free(losses), amkd_buffer_free(agreements);
    amkd_loss_free(loss);
    free(logits), free(gradient), free(sums);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("loss");
    TCase *tests = tcase_create("cross entropy");
    tcase_add_unchecked_fixture(tests, open_device, close_device);
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(
        tests, loss_of_smoothed_targets_equals_its_formula_and_leaves_empty_lanes_alone,
        0, 4);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed ? EXIT_FAILURE : EXIT_SUCCESS;
}
