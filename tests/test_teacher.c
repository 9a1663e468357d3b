/* Programs as teachers, good and bad. The worker processes are this program itself, run
 * again with the behaviour's name as its argument, so that no interpreter is needed. */
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/npy.h"
#include "teacher/teacher.h"
#include <check.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NCLASSES = 3, HEIGHT = 2, WIDTH = 3, CHANNELS = 2, SIZE = 12 };

static char self[4096];

/* --------------------------------------------------------------- the worker's side -- */

static int read_exactly(void *bytes, size_t nbytes)
{
    return fread(bytes, 1, nbytes, stdin) == nbytes ? 0 : -1;
}

/* Reads a request's header. Returns 1, or 0 at the end of stdin. */
static int read_header(amkd_npy *npy)
{
    static char header[AMKD_NPY_MAX_HEADER + AMKD_NPY_PREFIX_NBYTES];
    size_t have = 0, needed = 0;
    int rc;
    while ((rc = amkd_npy_parse(npy, &needed, header, have)) == 0) {
        if (read_exactly(header + have, needed - have))
            return 0;
        have = needed;
    }
    return rc;
}

static void answer(const char *dtype, const size_t *shape, size_t ndim, const void *data,
                   size_t nbytes)
{
    char *header;
    size_t length;
    if (amkd_npy_print(&header, &length, dtype, shape, ndim))
        exit(9);
    fwrite(header, 1, length, stdout);
    fwrite(data, 1, nbytes, stdout);
    fflush(stdout);
    free(header);
}

static int is(const char *behaviour, const char *name)
{
    return strcmp(behaviour, name) == 0;
}

/* Class 0 gets the first pixel's share of the range, the others what is left. */
static void fill_honest(float *p, const amkd_npy *npy, const void *pixels)
{
    size_t size = npy->nitems / npy->shape[0];
    int floats = npy->dtype[1] == 'f';
    for (size_t s = 0; s < npy->shape[0]; s++) {
        float first = floats ? ((const float *)pixels)[s * size + 1]
                             : ((const uint8_t *)pixels)[s * size] / 255.0f;
        p[s * NCLASSES] = first;
        p[s * NCLASSES + 1] = p[s * NCLASSES + 2] = (1 - first) / 2;
    }
}

static void answer_doubles(const float *p, size_t n)
{
    const size_t shape[] = {n, NCLASSES};
    double *doubles = amkd_alloc(n, NCLASSES * sizeof *doubles);
    if (!doubles)
        exit(9);
    for (size_t i = 0; i < n * NCLASSES; i++)
        doubles[i] = p[i];
    answer("<f8", shape, 2, doubles, n * NCLASSES * sizeof *doubles);
    free(doubles);
}

static void answer_badly(const char *behaviour, float *p, size_t n)
{
    const size_t wide[] = {n, NCLASSES + 1}, flat[] = {n * NCLASSES};
    const size_t fewer[] = {n - 1, NCLASSES}, right[] = {n, NCLASSES};
    if (is(behaviour, "nan"))
        p[4] = NAN;
    if (is(behaviour, "infinite"))
        p[4] = INFINITY;
    if (is(behaviour, "negative"))
        p[3] = -0.25f, p[4] = 1, p[5] = 0.25f;
    if (is(behaviour, "unnormalized"))
        p[3] = 1, p[4] = 1, p[5] = 1;
    if (is(behaviour, "rounded"))
        p[3] = p[4] = p[5] = 0.33f;
    if (is(behaviour, "doubles"))
        answer_doubles(p, n);
    else if (is(behaviour, "integers"))
        answer("<i4", right, 2, p, n * NCLASSES * sizeof *p);
    else if (is(behaviour, "flat"))
        answer("<f4", flat, 1, p, n * NCLASSES * sizeof *p);
    else if (is(behaviour, "fewer"))
        answer("<f4", fewer, 2, p, (n - 1) * NCLASSES * sizeof *p);
    else if (is(behaviour, "wide"))
        answer("<f4", wide, 2, p, n * NCLASSES * sizeof *p);
    else if (is(behaviour, "short"))
        answer("<f4", right, 2, p, 8);
    else if (is(behaviour, "chatty"))
        answer("<f4", right, 2, p, n * NCLASSES * sizeof *p + 4);
    else
        answer("<f4", right, 2, p, n * NCLASSES * sizeof *p);
}

static int work(const char *behaviour)
{
    amkd_npy npy;
    if (is(behaviour, "deaf"))
        sleep(60);
    if (is(behaviour, "unasked"))
        return puts("hello") < 0;
    for (int asked = 0; read_header(&npy) == 1; asked++) {
        void *pixels = amkd_alloc(npy.nitems, npy.item_nbytes);
        float *p = amkd_alloc(npy.shape[0] + 1, NCLASSES * sizeof *p);
        if (!pixels || !p)
            return 9;
        if (is(behaviour, "eager")) /* answers before it has heard the question */
            p[0] = p[NCLASSES] = 1, answer_badly("eager", p, npy.shape[0]);
        if (read_exactly(pixels, npy.nbytes))
            return 9;
        fill_honest(p, &npy, pixels);
        if (is(behaviour, "dies") || (is(behaviour, "dies-later") && asked == 1))
            _exit(7);
        if (is(behaviour, "killed"))
            raise(SIGKILL);
        if (is(behaviour, "hangs"))
            sleep(60);
        if (is(behaviour, "garbage"))
            printf("class 3, I am fairly sure\n"), fflush(stdout);
        else if (!is(behaviour, "eager"))
            answer_badly(asked == 1 && is(behaviour, "wide-later") ? "wide" : behaviour,
                         p, npy.shape[0]);
        free(pixels);
        free(p);
    }
    if (is(behaviour, "stubborn"))
        sleep(60);
    return 0;
}

/* ------------------------------------------------------------------------ the tests --
 */

static amkd_teacher *open_worker(const char *behaviour, const char *dtype, double timeout)
{
    const amkd_teacher_options options = {
        .shape = {CHANNELS, HEIGHT, WIDTH}, .dtype = dtype, .timeout = timeout};
    amkd_teacher *teacher;
    char *spec = amkd_format("exec:exec '%s' %s", self, behaviour);
    ck_assert_int_eq(amkd_teacher_open(&teacher, spec, &options), 0);
    free(spec);
    return teacher;
}

static void assert_honest(amkd_teacher *teacher, size_t n, size_t watched)
{
    uint8_t *pixels = amkd_alloc(n, SIZE);
    const float *probs;
    for (size_t b = 0; b < n * SIZE; b++)
        pixels[b] = (uint8_t)(b * 37);
    ck_assert_msg(amkd_teacher_ask(teacher, &probs, pixels, n) == 0, "%s", amkd_error());
    ck_assert_uint_eq(amkd_teacher_nclasses(teacher), NCLASSES);
    for (size_t s = 0; s < n; s++)
        ck_assert(fabs(probs[s * NCLASSES] - pixels[s * SIZE + watched] / 255.0) < 1e-6);
    free(pixels);
}

START_TEST(a_worker_answers_request_after_request_of_any_size)
{
    amkd_teacher *teacher = open_worker("honest", "uint8", 20);
    ck_assert_uint_eq(amkd_teacher_nclasses(teacher), 0);
    assert_honest(teacher, 1, 0);
    assert_honest(teacher, 100003, 0); /* far beyond what a pipe holds */
    assert_honest(teacher, 7, 0);
    amkd_teacher_close(teacher);
}
END_TEST

/* Position 1 of the first plane is pixel 1's channel 0: byte CHANNELS of the rows. */
START_TEST(a_float_worker_gets_planes_of_0_to_1)
{
    amkd_teacher *teacher = open_worker("honest", "float32", 20);
    assert_honest(teacher, 5, CHANNELS);
    assert_honest(teacher, 20011, CHANNELS);
    amkd_teacher_close(teacher);
}
END_TEST

START_TEST(answers_of_doubles_are_read)
{
    amkd_teacher *teacher = open_worker("doubles", "uint8", 20);
    assert_honest(teacher, 5, 0);
    amkd_teacher_close(teacher);
}
END_TEST

START_TEST(a_worker_that_answers_before_it_has_read_all_does_not_block)
{
    enum { N = 60000 };
    amkd_teacher *teacher = open_worker("eager", "uint8", 20);
    uint8_t *pixels = amkd_alloc(N, SIZE);
    const float *probs;
    ck_assert_int_eq(amkd_teacher_ask(teacher, &probs, pixels, N), -1);
    ck_assert_ptr_nonnull(
        strstr(amkd_error(), "answer 2 of 60000: the probabilities sum"));
    free(pixels);
    amkd_teacher_close(teacher);
}
END_TEST

static void assert_refused(const char *behaviour, size_t ngood, const char *message)
{
    uint8_t pixels[2 * SIZE] = {0};
    const float *probs;
    amkd_teacher *teacher = open_worker(behaviour, "uint8", 0.5);
    for (size_t a = 0; a < ngood; a++)
        ck_assert_msg(amkd_teacher_ask(teacher, &probs, pixels, 2) == 0, "%s: %s",
                      behaviour, amkd_error());
    ck_assert_int_eq(amkd_teacher_ask(teacher, &probs, pixels, 2), -1);
    ck_assert_msg(strstr(amkd_error(), message) != NULL, "%s: said '%s'", behaviour,
                  amkd_error());
    ck_assert_ptr_nonnull(strstr(amkd_error(), "teacher 'exec:exec "));
    amkd_teacher_close(teacher);
}

START_TEST(bad_answers_are_refused)
{
    assert_refused("nan", 0, "answer 1 of 2: class 1: nan is not a probability");
    assert_refused("infinite", 0, "answer 1 of 2: class 1: inf is not a probability");
    assert_refused("negative", 0,
                   "answer 1 of 2: class 0: probability -0.25 is negative");
    assert_refused("unnormalized", 0, "answer 1 of 2: the probabilities sum to 3");
    assert_refused("integers", 0, "dtype '<i4', expected floats ('<f4', float32)");
    assert_refused("flat", 0, "1 dimensions, expected 2");
    assert_refused("fewer", 0, "1 rows for 2 images");
    assert_refused("wide-later", 1, "4 classes, expected 3");
    assert_refused("garbage", 0, "no NPY array");
    assert_refused("chatty", 0, "behind its answer");
    assert_refused("short", 0, "no answer within 0.5 s");
}
END_TEST

START_TEST(answers_that_were_rounded_are_scaled_to_one)
{
    uint8_t pixels[2 * SIZE] = {51};
    const float *probs;
    amkd_teacher *teacher = open_worker("rounded", "uint8", 20);
    ck_assert_msg(amkd_teacher_ask(teacher, &probs, pixels, 2) == 0, "%s", amkd_error());
    ck_assert_float_eq_tol(probs[0], 0.2f, 1e-6f);
    for (size_t y = 0; y < NCLASSES; y++)
        ck_assert_float_eq_tol(probs[NCLASSES + y], 1 / 3.0f, 1e-6f);
    amkd_teacher_close(teacher);
}
END_TEST

START_TEST(a_worker_that_failed_is_asked_nothing_more)
{
    uint8_t pixels[SIZE] = {0};
    const float *probs;
    amkd_teacher *teacher = open_worker("hangs", "uint8", 0.5);
    ck_assert_int_eq(amkd_teacher_ask(teacher, &probs, pixels, 1), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "no answer within 0.5 s"));
    ck_assert_int_eq(amkd_teacher_ask(teacher, &probs, pixels, 1), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "failed before"));
    amkd_teacher_close(teacher);
}
END_TEST

START_TEST(workers_that_end_are_told_from_those_that_hang)
{
    assert_refused("dies", 0, "exited with status 7");
    assert_refused("dies-later", 1, "exited with status 7");
    assert_refused("killed", 0, "was killed by signal 9");
    assert_refused("hangs", 0, "no answer within 0.5 s");
}
END_TEST

START_TEST(a_worker_that_never_reads_is_given_up)
{
    enum { N = 100000 };
    uint8_t *pixels = amkd_alloc(N, SIZE);
    const float *probs;
    amkd_teacher *teacher = open_worker("deaf", "uint8", 0.3);
    ck_assert_int_eq(amkd_teacher_ask(teacher, &probs, pixels, N), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "no answer within 0.3 s"));
    free(pixels);
    amkd_teacher_close(teacher);
}
END_TEST

START_TEST(a_worker_that_speaks_unasked_is_refused)
{
    uint8_t pixels[SIZE] = {0};
    const float *probs;
    amkd_teacher *teacher = open_worker("unasked", "uint8", 5);
    siginfo_t ended; /* it has spoken, and is left as it is */
    ck_assert_int_eq(waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT), 0);
    ck_assert_int_eq(amkd_teacher_ask(teacher, &probs, pixels, 1), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "before it was asked"));
    amkd_teacher_close(teacher);
}
END_TEST

START_TEST(a_worker_that_will_not_end_is_killed_after_two_seconds)
{
    amkd_teacher *teacher = open_worker("stubborn", "uint8", 5);
    assert_honest(teacher, 3, 0);
    double start = amkd_now();
    amkd_teacher_close(teacher);
    ck_assert(amkd_now() - start > 1.5 && amkd_now() - start < 10);
}
END_TEST

START_TEST(a_good_worker_ends_at_once)
{
    amkd_teacher *teacher = open_worker("honest", "uint8", 5);
    assert_honest(teacher, 3, 0);
    double start = amkd_now();
    amkd_teacher_close(teacher);
    ck_assert(amkd_now() - start < 1.5);
}
END_TEST

START_TEST(unknown_specs_are_refused)
{
    const amkd_teacher_options options = {.shape = {1, 2, 2}, .dtype = "uint8"};
    const amkd_teacher_options halves = {.shape = {1, 2, 2}, .dtype = "float16"};
    amkd_teacher *teacher;
    ck_assert_int_eq(amkd_teacher_open(&teacher, "teacher.py", &options), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "expected model:FILE, exec:CMD"));
    ck_assert_int_eq(amkd_teacher_open(&teacher, "exec:", &options), -1);
    ck_assert_int_eq(amkd_teacher_open(&teacher, "exec:cat", &halves), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "float16"));
}
END_TEST

int main(int argc, char **argv)
{
    if (argc > 1)
        return work(argv[1]);
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
        return 1;
    Suite *suite = suite_create("teacher");
    TCase *tests = tcase_create("teacher");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, a_worker_answers_request_after_request_of_any_size);
    tcase_add_test(tests, a_float_worker_gets_planes_of_0_to_1);
    tcase_add_test(tests, answers_of_doubles_are_read);
    tcase_add_test(tests, a_worker_that_answers_before_it_has_read_all_does_not_block);
    tcase_add_test(tests, bad_answers_are_refused);
    tcase_add_test(tests, answers_that_were_rounded_are_scaled_to_one);
    tcase_add_test(tests, a_worker_that_failed_is_asked_nothing_more);
    tcase_add_test(tests, workers_that_end_are_told_from_those_that_hang);
    tcase_add_test(tests, a_worker_that_never_reads_is_given_up);
    tcase_add_test(tests, a_worker_that_speaks_unasked_is_refused);
    tcase_add_test(tests, a_worker_that_will_not_end_is_killed_after_two_seconds);
    tcase_add_test(tests, a_good_worker_ends_at_once);
    tcase_add_test(tests, unknown_specs_are_refused);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed != 0;
}
