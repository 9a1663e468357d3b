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

int main(void)
{
    TCase *tcase = tcase_create("temporary files");
    tcase_add_loop_test(tcase, a_librarys_handler_still_runs_when_the_file_is_gone, 0, 3);
    tcase_add_test(tcase, an_ignored_signal_stays_ignored);
    tcase_add_test(tcase, a_signal_that_is_caught_leaves_the_files_until_the_second);
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
