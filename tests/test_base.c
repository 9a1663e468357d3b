/* Errors, memory, chance, files and threads of libcore/base. */
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "base/random.h"
#include "scratch.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

START_TEST(errors_say_where_and_why)
{
    ck_assert_int_eq(amkd_fail("row %d", 3), -1);
    ck_assert_str_eq(amkd_error(), "row 3");
    amkd_fail_in("'%s'", "file");
    ck_assert_str_eq(amkd_error(), "'file': row 3");
    amkd_fail("again: %s", amkd_error());
    ck_assert_str_eq(amkd_error(), "again: 'file': row 3");
    errno = ENOSPC;
    amkd_fail_errno("disk");
    ck_assert_str_eq(amkd_error(), "disk: No space left on device");
}
END_TEST

START_TEST(errors_hold_nothing_that_a_terminal_obeys)
{
    amkd_fail("'%s'\n\there", "a\x1b[31m\r\x7f.png\xc3\xa4\xc2\x9b"
                              "1m\xc2\xa9");
    ck_assert_str_eq(amkd_error(), "'a?[31m??.png\xc3\xa4??1m\xc2\xa9'\n\there");
}
END_TEST

START_TEST(errors_too_long_are_cut)
{
    char *text = malloc(100000);
    memset(text, 'x', 99999);
    text[99999] = 0;
    amkd_fail("%s", text);
    size_t n = strlen(amkd_error());
    ck_assert_uint_gt(n, 10000);
    ck_assert_str_eq(amkd_error() + n - 3, "...");
    amkd_fail_in("context");
    ck_assert_int_eq(strncmp(amkd_error(), "context: xxx", 12), 0);
    ck_assert_str_eq(amkd_error() + strlen(amkd_error()) - 3, "...");
    free(text);
}
END_TEST

static void *other_thread(void *unused)
{
    (void)unused;
    amkd_fail("of the other thread");
    return NULL;
}

START_TEST(errors_are_of_their_thread)
{
    pthread_t thread;
    amkd_fail("mine");
    pthread_create(&thread, NULL, other_thread, NULL);
    pthread_join(thread, NULL);
    ck_assert_str_eq(amkd_error(), "mine");
}
END_TEST

START_TEST(memory_refuses_products_that_overflow)
{
    volatile size_t huge = SIZE_MAX / 4 + 2; /* huge * 4 is 4 */
    ck_assert_ptr_null(amkd_alloc(huge, 4));
    ck_assert_ptr_nonnull(strstr(amkd_error(), "out of memory"));
    int *block = amkd_alloc(4, sizeof *block);
    ck_assert_int_eq(block[0] | block[3], 0);
    ck_assert_ptr_null(amkd_realloc(block, huge, sizeof *block));
    free(block);
    void *empty = amkd_alloc(0, 8);
    ck_assert_ptr_nonnull(empty);
    free(empty);
}
END_TEST

/* The numbers are part of "same seed, same bytes": they may never change. */
START_TEST(random_numbers_stay_what_they_were)
{
    ck_assert_uint_eq(amkd_random_u64(1, 2, 3), 0x75caa83734d19707u);
    ck_assert_uint_eq(amkd_random_u64(0, 0, 0), 0x92c7c5cb40cad21u);
    amkd_permutation permutation;
    amkd_permutation_init(&permutation, 1000003, 7, 1);
    ck_assert_uint_eq(amkd_permute(&permutation, 12345), 298636);
}
END_TEST

START_TEST(random_numbers_are_spread)
{
    enum { N = 200000 };
    double sum = 0, normal = 0, square = 0;
    for (uint64_t i = 0; i < N; i++) {
        double u = amkd_random_uniform(5, 1, i), z = amkd_random_normal(5, 2, i);
        ck_assert(u >= 0 && u < 1);
        sum += u;
        normal += z;
        square += z * z;
    }
    ck_assert_double_eq_tol(sum / N, 0.5, 0.003);
    ck_assert_double_eq_tol(normal / N, 0, 0.01);
    ck_assert_double_eq_tol(square / N, 1, 0.02);
    ck_assert_uint_ne(amkd_random_u64(1, 0, 0), amkd_random_u64(0, 1, 0));
    ck_assert_uint_ne(amkd_random_u64(1, 0, 1), amkd_random_u64(1, 1, 0));
}
END_TEST

START_TEST(permutation_hits_everything_once)
{
    static const uint64_t sizes[] = {1, 2, 3, 5, 16, 17, 1009, 4096, 65537};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        uint64_t n = sizes[s], nfixed = 0;
        uint8_t *seen = calloc(n, 1);
        amkd_permutation permutation;
        amkd_permutation_init(&permutation, n, 3, s);
        for (uint64_t i = 0; i < n; i++) {
            uint64_t image = amkd_permute(&permutation, i);
            ck_assert_uint_lt(image, n);
            ck_assert_int_eq(seen[image]++, 0);
            nfixed += image == i;
        }
        if (n > 100)
            ck_assert_uint_lt(nfixed, 10);
        free(seen);
    }
}
END_TEST

START_TEST(permutation_takes_the_largest_domains)
{
    static const uint64_t sizes[] = {1999000, 1ull << 40, UINT64_MAX};
    for (size_t s = 0; s < 3; s++) {
        amkd_permutation permutation;
        amkd_permutation_init(&permutation, sizes[s], 1, 1);
        for (uint64_t i = 0; i < 1000; i++)
            ck_assert_uint_lt(amkd_permute(&permutation, sizes[s] - 1 - i), sizes[s]);
    }
}
END_TEST

/* Each of the 6 orders of 3 items, over 6,000 seeds, within 5 standard deviations. */
START_TEST(shuffle_makes_every_order_alike)
{
    int counts[27] = {0};
    for (uint64_t seed = 0; seed < 6000; seed++) {
        uint32_t items[3] = {0, 1, 2};
        amkd_shuffle_u32(items, 3, seed, 4);
        counts[items[0] * 9 + items[1] * 3 + items[2]]++;
    }
    int norders = 0;
    for (int i = 0; i < 27; i++) {
        if (!counts[i])
            continue;
        norders++;
        ck_assert_int_gt(counts[i], 1000 - 145);
        ck_assert_int_lt(counts[i], 1000 + 145);
    }
    ck_assert_int_eq(norders, 6);
}
END_TEST

static atomic_int hits[1000];

static int hit(void *context, size_t index)
{
    atomic_fetch_add(&hits[index], 1);
    const size_t *bad = context;
    /* The lowest failure is neither the first in time nor the last. */
    if (bad && index >= *bad && index < *bad + 2)
        usleep(20000 * (useconds_t)(index - *bad + 1));
    return bad && index >= *bad ? amkd_fail("index %zu", index) : 0;
}

START_TEST(parallel_does_every_index_once)
{
    for (size_t nthreads = 0; nthreads < 6; nthreads++) {
        memset(hits, 0, sizeof hits);
        ck_assert_int_eq(amkd_parallel(997, nthreads, hit, NULL), 0);
        for (size_t i = 0; i < 1000; i++)
            ck_assert_int_eq(hits[i], i < 997);
    }
    ck_assert_int_eq(amkd_parallel(0, 4, hit, NULL), 0);
    ck_assert_uint_ge(amkd_processors(), 1);
}
END_TEST

START_TEST(parallel_reports_the_lowest_failure)
{
    for (size_t nthreads = 1; nthreads < 6; nthreads++) {
        memset(hits, 0, sizeof hits);
        size_t bad = 500;
        ck_assert_int_eq(amkd_parallel(1000, nthreads, hit, &bad), -1);
        ck_assert_str_eq(amkd_error(), "index 500");
        ck_assert_int_eq(hits[999], 0);
    }
}
END_TEST

START_TEST(output_appears_only_when_committed)
{
    scratch_clear();
    amkd_output *output;
    ck_assert_int_eq(amkd_output_open(&output, "file"), 0);
    ck_assert_int_eq(amkd_output_write(output, "abc", 3), 0);
    ck_assert_int_ne(access("file", F_OK), 0);
    ck_assert_int_eq(amkd_output_commit(output), 0);
    size_t n;
    uint8_t *bytes = get_file("file", &n);
    ck_assert_uint_eq(n, 3);
    free(bytes);
    ck_assert_int_eq(amkd_output_open(&output, "other"), 0);
    ck_assert_int_eq(amkd_output_write(output, "abc", 3), 0);
    amkd_output_discard(output);
    ck_assert_int_eq(scratch_clear(), 1);
}
END_TEST

START_TEST(output_replaces_through_links_and_keeps_the_mode)
{
    scratch_clear();
    put_file("real", "old", 3);
    ck_assert_int_eq(chmod("real", 0640), 0);
    ck_assert_int_eq(symlink("real", "link"), 0);
    ck_assert_int_eq(amkd_file_write("link", "newer", 5), 0);
    struct stat status;
    ck_assert_int_eq(lstat("link", &status), 0);
    ck_assert(S_ISLNK(status.st_mode));
    ck_assert_int_eq(stat("real", &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0640);
    ck_assert_int_eq(status.st_size, 5);
    ck_assert_int_eq(scratch_clear(), 2);
}
END_TEST

START_TEST(output_says_what_is_wrong)
{
    amkd_output *output;
    ck_assert_int_eq(amkd_output_open(&output, "missing/file"), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "'missing/file'"));
    ck_assert_int_eq(amkd_output_open(&output, "/"), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "Is a directory"));
    ck_assert_int_eq(amkd_file_write("/dev/full", "abc", 3), -1);
    ck_assert_str_eq(amkd_error(), "'/dev/full': No space left on device");
    ck_assert_int_eq(amkd_file_write("/dev/null", "abc", 3), 0);
}
END_TEST

/* Opens an output in a child that then ends by the signal, by exit for 0, by
 * _exit, which no handler sees, below 0. */
static int end_with_output(int number)
{
    pid_t child = fork();
    if (!child) {
        /* Check has handlers of its own, which amkd would leave alone. */
        signal(SIGINT, SIG_DFL);
        signal(SIGTERM, SIG_DFL);
        signal(SIGHUP, SIG_DFL);
        amkd_output *output;
        if (amkd_output_open(&output, "file") || amkd_output_write(output, "abc", 3))
            _exit(99);
        if (number < 0)
            _exit(0);
        if (number)
            raise(number);
        exit(0);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

START_TEST(output_is_removed_by_exit_and_signals)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    scratch_clear();
    for (int i = 0; i < 3; i++) {
        int status = end_with_output(numbers[i]);
        ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == numbers[i]);
        ck_assert_int_eq(scratch_clear(), 0);
    }
    ck_assert_int_eq(end_with_output(0), 0);
    ck_assert_int_eq(scratch_clear(), 0);
    ck_assert_int_eq(end_with_output(-1), 0);
    ck_assert_int_eq(scratch_clear(), 1);
}
END_TEST

START_TEST(output_of_a_parent_survives_its_child)
{
    scratch_clear();
    amkd_output *output;
    ck_assert_int_eq(amkd_output_open(&output, "file"), 0);
    pid_t child = fork();
    if (!child)
        exit(0);
    waitpid(child, NULL, 0);
    ck_assert_int_eq(amkd_output_commit(output), 0);
    ck_assert_int_eq(scratch_clear(), 1);
}
END_TEST

START_TEST(output_waits_for_a_slow_pipe)
{
    enum { SIZE = 1 << 20 };
    static char bytes[SIZE];
    int ends[2];
    ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
    pid_t child = fork();
    if (!child) {
        size_t total = 0;
        close(ends[1]);
        for (ssize_t n; (n = read(ends[0], bytes, SIZE)) != 0;)
            if (n > 0)
                total += (size_t)n;
            else
                usleep(1000);
        _exit(total == SIZE ? 0 : 1);
    }
    close(ends[0]);
    amkd_output *output;
    ck_assert_int_eq(amkd_output_adopt(&output, "pipe", ends[1]), 0);
    ck_assert_int_eq(amkd_output_write(output, bytes, SIZE), 0);
    ck_assert_int_eq(amkd_output_commit(output), 0);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(file_read_has_a_limit)
{
    char *bytes, large[20000];
    size_t n;
    memset(large, 'y', sizeof large);
    put_file("file", large, sizeof large);
    ck_assert_int_eq(amkd_file_read(&bytes, &n, "file", sizeof large), 0);
    ck_assert_uint_eq(n, sizeof large);
    ck_assert_int_eq(bytes[n], 0);
    free(bytes);
    ck_assert_int_eq(amkd_file_read(&bytes, &n, "file", sizeof large - 1), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "larger than 19999 bytes"));
    ck_assert_int_eq(amkd_file_read(&bytes, &n, "none", 9), -1);
    ck_assert_str_eq(amkd_error(), "'none': No such file or directory");
    scratch_clear();
}
END_TEST

START_TEST(progress_may_be_null)
{
    amkd_progress *progress = amkd_progress_new("test", "rows", 10, 1);
    ck_assert_ptr_null(progress);
    amkd_progress_add(progress, 1);
    amkd_progress_note(progress, "loss %g", 0.5);
    amkd_progress_free(progress);
    progress = amkd_progress_new("test", "rows", 10, 0);
    amkd_progress_add(progress, 10);
    amkd_progress_free(progress);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base");
    TCase *tests = tcase_create("base");
    tcase_add_test(tests, errors_say_where_and_why);
    tcase_add_test(tests, errors_hold_nothing_that_a_terminal_obeys);
    tcase_add_test(tests, errors_too_long_are_cut);
    tcase_add_test(tests, errors_are_of_their_thread);
    tcase_add_test(tests, memory_refuses_products_that_overflow);
    tcase_add_test(tests, random_numbers_stay_what_they_were);
    tcase_add_test(tests, random_numbers_are_spread);
    tcase_add_test(tests, permutation_hits_everything_once);
    tcase_add_test(tests, permutation_takes_the_largest_domains);
    tcase_add_test(tests, shuffle_makes_every_order_alike);
    tcase_add_test(tests, parallel_does_every_index_once);
    tcase_add_test(tests, parallel_reports_the_lowest_failure);
    tcase_add_test(tests, output_appears_only_when_committed);
    tcase_add_test(tests, output_replaces_through_links_and_keeps_the_mode);
    tcase_add_test(tests, output_says_what_is_wrong);
    tcase_add_test(tests, output_is_removed_by_exit_and_signals);
    tcase_add_test(tests, output_of_a_parent_survives_its_child);
    tcase_add_test(tests, output_waits_for_a_slow_pipe);
    tcase_add_test(tests, file_read_has_a_limit);
    tcase_add_test(tests, progress_may_be_null);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
