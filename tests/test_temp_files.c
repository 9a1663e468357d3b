/* Temporary files and signals that others handle, too. */
#include "base/file.h"
#include "base/interrupt.h"
#include "scratch.h"
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HANDLED = 42, KEPT = 43 };

/* As LLVM's handler, which OpenCL drivers bring, has files of its own to remove. */
static void on_signal(int number)
{
    (void)number;
    _exit(HANDLED);
}

static void open_file(void)
{
    amkd_output *output;
    if (amkd_output_open(&output, "file") || amkd_output_write(output, "abc", 3))
        _exit(99);
}

static int status_of(pid_t child)
{
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

START_TEST(a_librarys_handler_still_runs_when_the_file_is_gone)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    const pid_t child = fork();
    if (!child) {
        signal(numbers[_i], on_signal);
        open_file();
        raise(numbers[_i]);
        _exit(98);
    }
    const int status = status_of(child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == HANDLED);
    ck_assert_int_eq(scratch_clear(), 0);
}
END_TEST

START_TEST(an_ignored_signal_stays_ignored)
{
    const pid_t child = fork();
    if (!child) {
        signal(SIGHUP, SIG_IGN);
        open_file();
        raise(SIGHUP);
        _exit(KEPT);
    }
    const int status = status_of(child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == KEPT);
    ck_assert_int_eq(scratch_clear(), 1);
}
END_TEST

/* The first signal of a tool that ends in good order by itself removes nothing. */
START_TEST(a_signal_that_is_caught_leaves_the_files_until_the_second)
{
    for (int after = 0; after < 2; after++)
        for (int twice = 0; twice < 2; twice++) {
            const pid_t child = fork();
            if (!child) {
                signal(SIGTERM, SIG_DFL);
                if (after)
                    open_file();
                amkd_interrupt_catch();
                if (!after)
                    open_file();
                raise(SIGTERM);
                if (twice)
                    raise(SIGTERM);
                _exit(KEPT);
            }
            const int status = status_of(child);
            if (twice)
                ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
            else
                ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == KEPT);
            ck_assert_int_eq(scratch_clear(), !twice);
        }
}
END_TEST

/* A child that writes path, says so by a byte, and waits for its end. */
static pid_t start_writer(const char *path)
{
    int ready[2];
    char byte;
    ck_assert_int_eq(pipe(ready), 0);
    const pid_t child = fork();
    if (!child) {
        amkd_output *output;
        signal(SIGTERM, SIG_DFL);
        if (amkd_output_open(&output, path) || amkd_output_write(output, "abc", 3) ||
            write(ready[1], "", 1) != 1)
            _exit(99);
        for (;;)
            pause();
    }
    close(ready[1]);
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return child;
}

/* Files of the directory whose names end so. */
static int count_files(const char *ending)
{
    int n = 0;
    DIR *directory = opendir(".");
    for (const struct dirent *entry; (entry = readdir(directory));) {
        const size_t length = strlen(entry->d_name), nending = strlen(ending);
        n += length >= nending && !strcmp(entry->d_name + length - nending, ending);
    }
    closedir(directory);
    return n;
}

static void kill_writer(pid_t child)
{
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert(WIFSIGNALED(status_of(child)));
}

START_TEST(what_a_killed_writer_left_is_removed_by_the_next)
{
    static char name[250];
    const char *paths[] = {"file", "./file", name};
    memset(name, 'n', sizeof name - 1);
    for (size_t p = 0; p < sizeof paths / sizeof *paths; p++) {
        for (int n = 0; n < 2; n++)
            kill_writer(start_writer(paths[p]));
        ck_assert_int_eq(count_files(".tmp"), 1); /* the second removed the first's */
        ck_assert_int_eq(amkd_file_write(paths[p], "new", 3), 0);
        ck_assert_int_eq(scratch_clear(), 1);
    }
}
END_TEST

START_TEST(what_a_living_writer_writes_is_left_alone)
{
    const pid_t living = start_writer("file");
    kill_writer(start_writer("file"));
    ck_assert_int_eq(count_files(".tmp"), 2);
    ck_assert_int_eq(amkd_file_write("file", "new", 3), 0);
    ck_assert_int_eq(count_files(".tmp"), 1);
    ck_assert_int_eq(kill(living, SIGTERM), 0); /* it removes its own */
    status_of(living);
    ck_assert_int_eq(scratch_clear(), 1);
}
END_TEST

START_TEST(files_of_other_outputs_and_other_names_are_left_alone)
{
    static const char *const others[] = {
        ".file.x.0123456789abcdef.tmp", ".files.0123456789abcdef.tmp",
        ".file.0123456789abcde.tmp",    ".file.0123456789abcdeg.tmp",
        ".file.0123456789abcdef0.tmp",  "file.0123456789abcdef.tmp",
        ".file.0123456789abcdef.tmp~",  ".file.tmp",
    };
    for (size_t o = 0; o < sizeof others / sizeof *others; o++)
        put_file(others[o], "mine", 4);
    ck_assert_int_eq(mkdir(".file.00000000000000aa.tmp", 0777), 0);
    ck_assert_int_eq(symlink(".file.tmp", ".file.00000000000000bb.tmp"), 0);
    ck_assert_int_eq(amkd_file_write("file", "new", 3), 0);
    ck_assert_int_eq(scratch_clear(), 3 + (int)(sizeof others / sizeof *others));
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("temporary files");
    tcase_add_loop_test(tcase, a_librarys_handler_still_runs_when_the_file_is_gone, 0, 3);
    tcase_add_test(tcase, an_ignored_signal_stays_ignored);
    tcase_add_test(tcase, a_signal_that_is_caught_leaves_the_files_until_the_second);
    tcase_add_test(tcase, what_a_killed_writer_left_is_removed_by_the_next);
    tcase_add_test(tcase, what_a_living_writer_writes_is_left_alone);
    tcase_add_test(tcase, files_of_other_outputs_and_other_names_are_left_alone);
    Suite *suite = suite_create("temporary files");
    suite_add_tcase(suite, tcase);
    scratch_open();
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    scratch_close();
    return nfailed != 0;
}
