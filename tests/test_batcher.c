/* Many jobs at once: each gets its own images' answers, whatever shared its batch. */
#include "base/error.h"
#include "base/memory.h"
#include "serve/batcher.h"
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHANNELS = 2, HEIGHT = 2, WIDTH = 3, SIZE = 12, NCLASSES = 3, MOST = 200 };

static amkd_device *device;
static amkd_predictor *predictor;
static const amkd_served served = {.name = "m",
                                   .version = "1",
                                   .in = {CHANNELS, HEIGHT, WIDTH},
                                   .nclasses = NCLASSES,
                                   .max_images = MOST};
static amkd_metrics metrics;
static atomic_int ndone;

static void count(amkd_job *job)
{
    (void)job;
    atomic_fetch_add(&ndone, 1);
}

static void wait_for(int n)
{
    for (int i = 0; i < 2000 && atomic_load(&ndone) < n; i++)
        usleep(5000);
    ck_assert_int_eq(atomic_load(&ndone), n);
}

static amkd_batcher *open_batcher(size_t batch, size_t max_queued, double window)
{
    amkd_batcher *batcher;
    const amkd_batcher_options options = {batch, max_queued, window};
    amkd_metrics_init(&metrics);
    atomic_store(&ndone, 0);
    ck_assert_msg(!amkd_batcher_open(&batcher, predictor, &served, &metrics, &options),
                  "%s", amkd_error());
    return batcher;
}

static void close_batcher(amkd_batcher *batcher)
{
    amkd_batcher_stop(batcher);
    amkd_batcher_free(batcher);
}

/* A job about n images that no other seed has; floats: none of which are pixels. */
static void make_job(amkd_job *job, size_t n, unsigned seed, int floats)
{
    *job = (amkd_job){.question = {.n = n, .noutputs = 1 + seed % 2}, .done = count};
    job->question.outputs[0].kind = seed % 3 ? AMKD_OUTPUT_PROBS : AMKD_OUTPUT_LOGITS;
    job->question.outputs[1].kind = seed % 3 ? AMKD_OUTPUT_LOGITS : AMKD_OUTPUT_PROBS;
    float *planes = job->question.block = amkd_alloc(n * SIZE, sizeof *planes);
    uint8_t *pixels = job->question.block;
    for (size_t i = 0; i < n * SIZE; i++)
        if (floats)
            planes[i] = (float)((i * 37 + seed * 101) % 997) / 1000;
        else
            pixels[i] = (uint8_t)(i * 37 + seed * 101);
    job->question.planes = floats ? planes : NULL;
    job->question.pixels = floats ? NULL : pixels;
}

static void check_job(amkd_job *job)
{
    const size_t n = job->question.n;
    float probs[MOST * NCLASSES], logits[MOST * NCLASSES];
    const amkd_prediction alone = {job->question.pixels, job->question.planes, probs,
                                   logits};
    ck_assert_int_eq(job->failed, 0);
    ck_assert_int_eq(amkd_predictor_predict(predictor, &alone, n), 0);
    const float *expected[] = {probs, logits};
    for (int k = 0; k < AMKD_NOUTPUTS; k++) {
        ck_assert_int_eq(job->values[k] != NULL,
                         amkd_question_wants(&job->question, (amkd_output_kind)k));
        if (job->values[k])
            ck_assert_mem_eq(job->values[k], expected[k], n * NCLASSES * sizeof *probs);
    }
}

START_TEST(jobs_of_all_sizes_and_types_get_their_own_answers)
{
    enum { N = 60 };
    static const size_t sizes[] = {1, 2, 7, 31, 32, 33, 100};
    static amkd_job jobs[N];
    amkd_batcher *batcher = open_batcher(32, 1 << 20, 0);
    for (unsigned j = 0; j < N; j++)
        make_job(&jobs[j], sizes[j % 7], j, j % 5 == 3);
    for (unsigned j = 0; j < N; j++)
        ck_assert_int_eq(amkd_batcher_add(batcher, &jobs[j]), 0);
    wait_for(N);
    close_batcher(batcher);
    for (unsigned j = 0; j < N; j++) {
        check_job(&jobs[j]);
        amkd_job_clear(&jobs[j]);
    }
    ck_assert_int_eq(atomic_load(&metrics.queued), 0);
}
END_TEST

static uint64_t nruns(void)
{
    uint64_t n = 0;
    for (size_t b = 0; b <= metrics.batches.nbounds; b++)
        n += atomic_load(&metrics.batches.counts[b]);
    return n;
}

START_TEST(within_the_window_jobs_share_a_run)
{
    enum { N = 8 };
    static amkd_job jobs[N];
    amkd_batcher *batcher = open_batcher(N, 100, 600);
    atomic_store(&metrics.in_flight, N + 1); /* one that never comes */
    for (unsigned j = 0; j < N; j++) {
        make_job(&jobs[j], 1, 1, 0);
        ck_assert_int_eq(amkd_batcher_add(batcher, &jobs[j]), 0);
        ck_assert_int_eq(atomic_load(&ndone), 0);
    }
    wait_for(N); /* long before the window is over: the batch is full */
    close_batcher(batcher);
    ck_assert_uint_eq(nruns(), 1);
    for (unsigned j = 0; j < N; j++)
        amkd_job_clear(&jobs[j]);
}
END_TEST

START_TEST(a_job_that_is_alone_does_not_wait)
{
    amkd_job job;
    amkd_batcher *batcher = open_batcher(100, 100, 600);
    atomic_store(&metrics.in_flight, 1);
    make_job(&job, 1, 1, 0);
    ck_assert_int_eq(amkd_batcher_add(batcher, &job), 0);
    wait_for(1);
    close_batcher(batcher);
    amkd_job_clear(&job);
}
END_TEST

START_TEST(the_window_ends_for_requests_that_do_not_arrive)
{
    amkd_job job;
    amkd_batcher *batcher = open_batcher(100, 100, 2);
    atomic_store(&metrics.in_flight, 2);
    make_job(&job, 1, 1, 0);
    ck_assert_int_eq(amkd_batcher_add(batcher, &job), 0);
    usleep(50000);
    ck_assert_int_eq(atomic_load(&ndone), 0);
    wait_for(1);
    close_batcher(batcher);
    amkd_job_clear(&job);
}
END_TEST

START_TEST(a_full_queue_takes_no_more_and_stopping_fails_what_waits)
{
    amkd_job first, second, third;
    amkd_batcher *batcher = open_batcher(100, 5, 600);
    atomic_store(&metrics.in_flight, 9); /* so that it waits */
    make_job(&first, 3, 1, 0);
    make_job(&second, 3, 2, 0);
    make_job(&third, 2, 3, 0);
    ck_assert_int_eq(amkd_batcher_add(batcher, &first), 0);
    ck_assert_int_eq(amkd_batcher_add(batcher, &second), 1);
    ck_assert_int_eq(amkd_batcher_add(batcher, &third), 0);
    ck_assert_int_eq(atomic_load(&metrics.queued), 5);
    amkd_batcher_stop(batcher);
    ck_assert_int_eq(atomic_load(&ndone), 2);
    ck_assert(first.failed && third.failed && !second.failed);
    ck_assert_str_eq(first.message, "the server was stopped");
    amkd_job_clear(&second);
    make_job(&second, 1, 2, 0);
    ck_assert_int_eq(amkd_batcher_add(batcher, &second), 1);
    amkd_batcher_free(batcher);
    amkd_job_clear(&first);
    amkd_job_clear(&second);
    amkd_job_clear(&third);
}
END_TEST

/* The network's own arithmetic in planes: mean and std count. */
START_TEST(planes_are_normalized_as_pixels_are)
{
    enum { N = 21 };
    uint8_t pixels[N * SIZE];
    float planes[N * SIZE], a[N * NCLASSES], b[N * NCLASSES];
    for (size_t s = 0; s < N; s++)
        for (size_t p = 0; p < HEIGHT * WIDTH; p++)
            for (size_t c = 0; c < CHANNELS; c++) {
                const uint8_t pixel = (uint8_t)(s * 71 + p * 29 + c * 131);
                pixels[(s * HEIGHT * WIDTH + p) * CHANNELS + c] = pixel;
                planes[(s * CHANNELS + c) * HEIGHT * WIDTH + p] = pixel / 255.f;
            }
    const amkd_prediction of_pixels = {.pixels = pixels, .probs = a};
    const amkd_prediction of_planes = {.planes = planes, .probs = b};
    ck_assert_int_eq(amkd_predictor_predict(predictor, &of_pixels, N), 0);
    ck_assert_int_eq(amkd_predictor_predict(predictor, &of_planes, N), 0);
    for (size_t i = 0; i < N * NCLASSES; i++)
        ck_assert_float_eq_tol(a[i], b[i], 1e-6f);
}
END_TEST

static int open_model(void)
{
    amkd_graph arch;
    amkd_model *model;
    if (amkd_graph_parse(&arch, "conv 4 k2 | relu | fc classes", served.in, NCLASSES) ||
        amkd_model_init(&model, &arch, 1))
        return -1;
    for (size_t c = 0; c < CHANNELS; c++) {
        model->mean[c] = 0.25f + 0.5f * (float)c;
        model->std[c] = 0.5f / (float)(c + 1);
    }
    const int rc =
        amkd_device_open(&device, NULL) || amkd_predictor_new(&predictor, device, model);
    amkd_model_free(model);
    amkd_graph_clear(&arch);
    return rc;
}

int main(void)
{
    if (open_model()) {
        fprintf(stderr, "test_batcher: %s\n", amkd_error());
        return 1;
    }
    Suite *suite = suite_create("batcher");
    TCase *tests = tcase_create("batcher");
    tcase_add_test(tests, jobs_of_all_sizes_and_types_get_their_own_answers);
    tcase_add_test(tests, within_the_window_jobs_share_a_run);
    tcase_add_test(tests, a_job_that_is_alone_does_not_wait);
    tcase_add_test(tests, the_window_ends_for_requests_that_do_not_arrive);
    tcase_add_test(tests, a_full_queue_takes_no_more_and_stopping_fails_what_waits);
    tcase_add_test(tests, planes_are_normalized_as_pixels_are);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK); /* OpenCL does not outlive a fork */
    srunner_run_all(runner, CK_NORMAL);
    int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    amkd_predictor_free(predictor);
    amkd_device_close(device);
    return nfailed != 0;
}
