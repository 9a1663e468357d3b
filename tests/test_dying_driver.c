/* A driver whose compiler ends the process (LLVM does): the end is a message and exit
 * status 1, and the next attempt goes another way. */
#include "base/error.h"
#include "base/temp_files.h"
#include "device/program.h"
#include <check.h>
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/amkd-test-dying-XXXXXX";

static void make_folder(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
    ck_assert_int_eq(setenv("XDG_CACHE_HOME", folder, 1), 0);
}

static void remove_folder(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
}

/* What the driver does when it compiles; without optimisations it is whole. */
enum { NOTHING, ABORTS, FAULTS, RECURSES, ABORTS_ALWAYS };
static int fault;

static int recurse(volatile int *depth)
{
    volatile int here[1024] = {++*depth};
    return *depth < 1 << 30 ? recurse(depth) + here[0] : 0;
}

/* In place of the loader's. */
cl_int clBuildProgram(cl_program program, cl_uint n, const cl_device_id *devices,
                      const char *options, void (*notify)(cl_program, void *), void *data)
{
    typedef cl_int builder(cl_program, cl_uint, const cl_device_id *, const char *,
                           void (*)(cl_program, void *), void *);
    builder *build;
    *(void **)&build = dlsym(RTLD_NEXT, "clBuildProgram");
    volatile int depth = 0;
    const int plain = strstr(options, "-cl-opt-disable") != NULL;
    if (fault == ABORTS_ALWAYS || (fault == ABORTS && !plain))
        abort();
    if (fault == FAULTS && !plain)
        raise(SIGSEGV);
    if (fault == RECURSES && !plain)
        recurse(&depth);
    return build(program, n, devices, options, notify, data);
}

/* Builds in a process of its own with stderr in errors.txt, and returns how that ended:
 * its exit status, or 1000 and the signal. */
static int build(int with_fault)
{
    static const char *const sources[] = {"kernel void f(global int *x) { *x = 5; }\n"};
    const pid_t child = check_fork();
    if (!child) {
        fault = with_fault;
        if (!freopen("errors.txt", "w", stderr) || amkd_temp_add(strdup("temporary")) ||
            fclose(fopen("temporary", "w")))
            _exit(50);
        amkd_device *device;
        cl_program program;
        if (amkd_device_open(&device, NULL))
            _exit(51);
        const int rc = amkd_program_build(&program, device, "put", sources, 1, "-DA=1");
        fprintf(stderr, "%s\n", rc ? amkd_error() : "built");
        fflush(stderr);
        _exit(rc ? 52 : 0);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static int said(const char *what)
{
    char text[4096] = "";
    FILE *file = fopen("errors.txt", "r");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return strstr(text, what) != NULL;
}

START_TEST(a_driver_that_dies_is_a_message_and_compiles_without_optimisations_next_time)
{
    static const int faults[] = {ABORTS, FAULTS, RECURSES};
    ck_assert_int_eq(build(faults[_i]), 1);
    ck_assert(said("died while it compiled the kernels 'put' with '-w -cl-std=CL1.2"));
    ck_assert(said("given the same command again"));
    ck_assert_int_eq(access("temporary", F_OK), -1);
    ck_assert_int_eq(build(faults[_i]), 0);
    ck_assert(said("built"));
}
END_TEST

START_TEST(a_driver_that_always_dies_is_not_tried_a_third_time)
{
    ck_assert_int_eq(build(ABORTS_ALWAYS), 1);
    ck_assert_int_eq(build(ABORTS_ALWAYS), 1);
    ck_assert(said("-cl-opt-disable"));
    ck_assert(!said("given the same command again"));
    ck_assert_int_eq(build(ABORTS_ALWAYS), 52);
    ck_assert(
        said("dies while it compiles the kernels 'put', without optimisations, too"));
    ck_assert(said("amkd-devices --forget programs"));
}
END_TEST

START_TEST(without_a_cache_nothing_is_promised)
{
    ck_assert_int_eq(setenv("XDG_CACHE_HOME", "/proc/nowhere", 1), 0);
    ck_assert_int_eq(build(ABORTS), 1);
    ck_assert(said("died while it compiled the kernels 'put'"));
    ck_assert(!said("given the same command again"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dying driver");
    TCase *tests = tcase_create("dying driver");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, make_folder, remove_folder);
    tcase_add_loop_test(
        tests,
        a_driver_that_dies_is_a_message_and_compiles_without_optimisations_next_time, 0,
        3);
    tcase_add_test(tests, a_driver_that_always_dies_is_not_tried_a_third_time);
    tcase_add_test(tests, without_a_cache_nothing_is_promised);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed != 0;
}
