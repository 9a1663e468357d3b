/* The cache of programs and plans: nothing that is not whole comes out of it, nothing
 * that goes wrong with it is an error, and it does not grow for ever. */
#include "base/error.h"
#include "base/file.h"
#include "device/cache.h"
#include "device/cache_files.h"
#include "scratch.h"
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#define ck_ok(call) ck_assert_msg(!(call), "%s", amkd_error())

enum { DAY = 24 * 60 * 60 };

static void open_cache(void)
{
    setenv("XDG_CACHE_HOME", scratch, 1);
}

static void close_cache(void)
{
    ck_assert_int_eq(system("chmod -R u+w . && rm -rf amkd"), 0);
}

static void expect_kept(amkd_cache cache, const char *key, const char *text)
{
    unsigned char *bytes;
    size_t nbytes;
    ck_ok(amkd_cache_load(&bytes, &nbytes, cache, key));
    ck_assert_uint_eq(nbytes, strlen(text));
    ck_assert_mem_eq(bytes, text, nbytes);
    free(bytes);
}

static void expect_absent(amkd_cache cache, const char *key)
{
    unsigned char *bytes;
    size_t nbytes;
    ck_assert_int_eq(amkd_cache_load(&bytes, &nbytes, cache, key), -1);
}

static void keep(amkd_cache cache, const char *key, const char *text)
{
    amkd_cache_store(cache, key, text, strlen(text));
}

/* The path of the n-th file among the plans, in the order of their names. */
static void find_plan(char path[600], int nth)
{
    struct dirent **names;
    int n = scandir("amkd/plans", &names, NULL, alphasort), seen = 0;
    ck_assert_int_gt(n, 0);
    *path = 0;
    for (int i = 0; i < n; i++) {
        if (*names[i]->d_name != '.' && seen++ == nth)
            snprintf(path, 600, "amkd/plans/%s", names[i]->d_name);
        free(names[i]);
    }
    free(names);
    ck_assert_msg(*path, "no plan %d", nth);
}

static int count_plans(void)
{
    int n = 0;
    DIR *stream = opendir("amkd/plans");
    for (struct dirent *entry; stream && (entry = readdir(stream));)
        n += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
    if (stream)
        closedir(stream);
    return n;
}

static void age(const char *path, int ndays)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
                                      {.tv_sec = time(NULL) - (time_t)ndays * DAY}};
    ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

START_TEST(what_is_kept_comes_back_from_its_own_cache)
{
    keep(AMKD_CACHE_PLANS, "key", "first");
    expect_kept(AMKD_CACHE_PLANS, "key", "first");
    expect_absent(AMKD_CACHE_PROGRAMS, "key");
    expect_absent(AMKD_CACHE_PLANS, "another key");
    keep(AMKD_CACHE_PLANS, "key", "second");
    expect_kept(AMKD_CACHE_PLANS, "key", "second");
    ck_assert_int_eq(count_plans(), 1);
}
END_TEST

START_TEST(an_entry_with_any_byte_changed_or_missing_is_absent)
{
    char path[600], *bytes;
    size_t nbytes;
    keep(AMKD_CACHE_PLANS, "key", "what it says");
    find_plan(path, 0);
    ck_ok(amkd_file_read(&bytes, &nbytes, path, 1000));
    for (size_t b = 0; b < nbytes; b++) {
        bytes[b] ^= 1;
        put_file(path, bytes, nbytes);
        expect_absent(AMKD_CACHE_PLANS, "key");
        bytes[b] ^= 1;
        put_file(path, bytes, b);
        expect_absent(AMKD_CACHE_PLANS, "key");
    }
    put_file(path, bytes, nbytes + 1); /* the zero byte behind it */
    expect_absent(AMKD_CACHE_PLANS, "key");
    put_file(path, bytes, nbytes);
    expect_kept(AMKD_CACHE_PLANS, "key", "what it says");
    free(bytes);
}
END_TEST

START_TEST(an_entry_under_the_name_of_another_key_is_absent)
{
    char first[600], second[600];
    keep(AMKD_CACHE_PLANS, "one", "of one");
    keep(AMKD_CACHE_PLANS, "two", "of two");
    find_plan(first, 0);
    find_plan(second, 1);
    ck_assert_int_eq(renameat2(AT_FDCWD, first, AT_FDCWD, second, RENAME_EXCHANGE), 0);
    expect_absent(AMKD_CACHE_PLANS, "one");
    expect_absent(AMKD_CACHE_PLANS, "two");
}
END_TEST

START_TEST(a_disk_that_fills_up_keeps_nothing_and_leaves_nothing)
{
    struct rlimit before;
    getrlimit(RLIMIT_FSIZE, &before);
    const struct rlimit full = {10, before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &full), 0);
    keep(AMKD_CACHE_PLANS, "key", "more than there is room for");
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    expect_absent(AMKD_CACHE_PLANS, "key");
    ck_assert_int_eq(count_plans(), 0);
}
END_TEST

START_TEST(a_cache_without_a_place_is_empty)
{
    static const char *const places[] = {"/proc/nowhere", "/dev/null", "relative", ""};
    size_t n;
    unsetenv("HOME");
    for (size_t p = 0; p < sizeof places / sizeof *places; p++) {
        setenv("XDG_CACHE_HOME", places[p], 1);
        keep(AMKD_CACHE_PLANS, "key", "lost");
        expect_absent(AMKD_CACHE_PLANS, "key");
    }
    unsetenv("XDG_CACHE_HOME");
    keep(AMKD_CACHE_PLANS, "key", "lost");
    expect_absent(AMKD_CACHE_PLANS, "key");
    ck_ok(amkd_cache_forget(&n, AMKD_CACHE_PLANS));
    ck_assert_uint_eq(n, 0);
    /* Nothing was left where the process happened to stand. */
    ck_assert_int_eq(access("relative", F_OK), -1);
}
END_TEST

START_TEST(processes_that_write_at_once_leave_whole_entries)
{
    enum { NPROCESSES = 16 };
    pid_t children[NPROCESSES];
    for (int p = 0; p < NPROCESSES; p++) {
        children[p] = fork();
        if (!children[p]) {
            char text[32];
            snprintf(text, sizeof text, "as process %02d says", p);
            for (int i = 0; i < 50; i++) {
                keep(AMKD_CACHE_PLANS, "key", text);
                unsigned char *bytes;
                size_t nbytes;
                if (amkd_cache_load(&bytes, &nbytes, AMKD_CACHE_PLANS, "key") ||
                    nbytes != strlen(text) || memcmp(bytes, "as process ", 11))
                    _exit(1);
                free(bytes);
            }
            _exit(0);
        }
    }
    for (int p = 0; p < NPROCESSES; p++) {
        int status;
        ck_assert_int_eq(waitpid(children[p], &status, 0), children[p]);
        ck_assert_int_eq(status, 0);
    }
    ck_assert_int_eq(count_plans(), 1);
}
END_TEST

START_TEST(entries_that_are_not_used_for_long_are_dropped)
{
    char path[600];
    keep(AMKD_CACHE_PLANS, "used", "u");
    keep(AMKD_CACHE_PLANS, "unused", "u");
    age((find_plan(path, 0), path), 89);
    age((find_plan(path, 1), path), 89);
    expect_kept(AMKD_CACHE_PLANS, "used", "u");
    for (int nth = 0; nth < 2; nth++) {
        struct stat status;
        find_plan(path, nth);
        ck_assert_int_eq(stat(path, &status), 0);
        if (time(NULL) - status.st_mtime > DAY)
            age(path, 91);
    }
    keep(AMKD_CACHE_PLANS, "new", "n");
    expect_kept(AMKD_CACHE_PLANS, "used", "u");
    expect_kept(AMKD_CACHE_PLANS, "new", "n");
    expect_absent(AMKD_CACHE_PLANS, "unused");
}
END_TEST

START_TEST(beyond_the_limit_the_longest_unused_are_dropped)
{
    size_t n;
    static const char *const names[] = {"oldest", "older", "old", "new"};
    ck_assert_int_eq(system("mkdir -p amkd/plans/folder"), 0);
    for (int f = 0; f < 4; f++) {
        char path[64];
        snprintf(path, sizeof path, "amkd/plans/%s", names[f]);
        put_file(path, "0123456789", 10);
        age(path, 3 - f);
    }
    ck_ok(amkd_cache_prune(&n, "amkd/plans", 90 * DAY, 40));
    ck_assert_uint_eq(n, 0);
    ck_ok(amkd_cache_prune(&n, "amkd/plans", 90 * DAY, 39));
    ck_assert_uint_eq(n, 1);
    ck_assert_int_eq(access("amkd/plans/oldest", F_OK), -1);
    ck_ok(amkd_cache_prune(&n, "amkd/plans", 90 * DAY, 10));
    ck_assert_uint_eq(n, 2);
    ck_assert_int_eq(access("amkd/plans/new", F_OK), 0);
    ck_ok(amkd_cache_prune(&n, "amkd/absent", 90 * DAY, 10));
}
END_TEST

START_TEST(forgetting_leaves_the_other_cache_alone)
{
    size_t n;
    keep(AMKD_CACHE_PLANS, "one", "of one");
    keep(AMKD_CACHE_PLANS, "two", "of two");
    keep(AMKD_CACHE_PROGRAMS, "one", "program");
    ck_ok(amkd_cache_forget(&n, AMKD_CACHE_PLANS));
    ck_assert_uint_eq(n, 2);
    expect_absent(AMKD_CACHE_PLANS, "one");
    expect_kept(AMKD_CACHE_PROGRAMS, "one", "program");
    ck_ok(amkd_cache_forget(&n, AMKD_CACHE_PLANS));
    ck_assert_uint_eq(n, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cache");
    TCase *tests = tcase_create("cache");
    tcase_add_checked_fixture(tests, open_cache, close_cache);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, what_is_kept_comes_back_from_its_own_cache);
    tcase_add_test(tests, an_entry_with_any_byte_changed_or_missing_is_absent);
    tcase_add_test(tests, an_entry_under_the_name_of_another_key_is_absent);
    tcase_add_test(tests, a_disk_that_fills_up_keeps_nothing_and_leaves_nothing);
    tcase_add_test(tests, a_cache_without_a_place_is_empty);
    tcase_add_test(tests, processes_that_write_at_once_leave_whole_entries);
    tcase_add_test(tests, entries_that_are_not_used_for_long_are_dropped);
    tcase_add_test(tests, beyond_the_limit_the_longest_unused_are_dropped);
    tcase_add_test(tests, forgetting_leaves_the_other_cache_alone);
    suite_add_tcase(suite, tests);
    scratch_open();
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    scratch_close();
    return nfailed ? EXIT_FAILURE : EXIT_SUCCESS;
}
