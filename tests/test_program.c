/* Programs and their launches, and a cache of binaries that never does harm. */
#include "base/error.h"
#include "base/file.h"
#include "device/cache.h"
#include "device/program.h"
#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/amkd-test-program-XXXXXX";

static void make_folder(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(setenv("XDG_CACHE_HOME", folder, 1), 0);
}

static void remove_folder(void)
{
    char command[128];
    snprintf(command, sizeof command, "chmod -R u+w %s && rm -r %s", folder, folder);
    ck_assert_int_eq(system(command), 0);
}

static amkd_device *open_device(void)
{
    amkd_device *device;
    ck_assert_msg(!amkd_device_open(&device, NULL), "%s", amkd_error());
    return device;
}

static const char *const sources[] = {
    "#define VALUE (VW + NLANES + EXTRA)\n",
    "kernel void put(global int *out, int add) { out[get_global_id(0)] = VALUE + add; "
    "}\n",
};

/* Builds, runs and checks the kernel above. */
static void run_program(amkd_device *device, int extra)
{
    char options[32];
    snprintf(options, sizeof options, "-DEXTRA=%d", extra);
    cl_program program;
    cl_kernel kernel;
    cl_mem out;
    ck_assert_msg(!amkd_program_build(&program, device, "put", sources, 2, options), "%s",
                  amkd_error());
    ck_assert_int_eq(amkd_kernel_new(&kernel, program, "put"), 0);
    ck_assert_int_eq(amkd_buffer_new(&out, device, CL_MEM_WRITE_ONLY, 12, NULL), 0);
    cl_int add = 1000, got[3];
    const amkd_arg args[] = {AMKD_ARG(out), AMKD_ARG(add)};
    ck_assert_msg(!amkd_kernel_run(device, kernel, args, 2, 1, (size_t[]){3}, NULL), "%s",
                  amkd_error());
    ck_assert_int_eq(amkd_buffer_read(device, got, out, 0, 12), 0);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(got[i],
                         (int)(device->vector_width + device->nlanes) + extra + 1000);
    amkd_buffer_free(out);
    amkd_kernel_free(kernel);
    amkd_program_free(program);
}

/* Each item has 16 KiB of its own, which 4,096 items of a group would have at once. */
START_TEST(large_private_arrays_do_not_pass_the_end_of_a_stack)
{
    static const char *const source[] = {
        "kernel void fill(global int *out, int nvalues) {\n"
        "    int values[4096], i = get_global_id(0);\n"
        "    for (int v = 0; v < nvalues; v++) values[v] = i * v;\n"
        "    out[i] = values[i % nvalues];\n"
        "}\n"};
    enum { N = 4096 };
    static cl_int got[N];
    amkd_device *device = open_device();
    cl_program program;
    cl_kernel kernel;
    cl_mem out;
    ck_assert_msg(!amkd_program_build(&program, device, "fill", source, 1, ""), "%s",
                  amkd_error());
    ck_assert_int_eq(amkd_kernel_new(&kernel, program, "fill"), 0);
    ck_assert_int_eq(amkd_buffer_new(&out, device, CL_MEM_WRITE_ONLY, sizeof got, NULL),
                     0);
    const cl_int nvalues = 4096;
    const amkd_arg args[] = {AMKD_ARG(out), AMKD_ARG(nvalues)};
    ck_assert_msg(!amkd_kernel_run(device, kernel, args, 2, 1, (size_t[]){N}, NULL), "%s",
                  amkd_error());
    ck_assert_int_eq(amkd_buffer_read(device, got, out, 0, sizeof got), 0);
    for (int i = 0; i < N; i++)
        ck_assert_int_eq(got[i], i * i);
    amkd_buffer_free(out);
    amkd_kernel_free(kernel);
    amkd_program_free(program);
    amkd_device_close(device);
}
END_TEST

/* How many files are in the cache; path is that of one of them. */
static int count_entries(char path[512])
{
    char cache[128];
    snprintf(cache, sizeof cache, "%s/amkd/programs", folder);
    DIR *stream = opendir(cache);
    ck_assert_ptr_nonnull(stream);
    int nentries = 0;
    for (struct dirent *entry; (entry = readdir(stream));)
        if (*entry->d_name != '.') {
            snprintf(path, 512, "%s/%s", cache, entry->d_name);
            nentries++;
        }
    closedir(stream);
    return nentries;
}

/* The path of the only file in the cache. */
static void find_entry(char path[512])
{
    ck_assert_int_eq(count_entries(path), 1);
}

START_TEST(a_program_built_once_is_kept_and_serves_again)
{
    amkd_device *device = open_device();
    char path[512];
    run_program(device, 5);
    find_entry(path);
    struct stat before, after;
    ck_assert_int_eq(stat(path, &before), 0);
    run_program(device, 5);
    find_entry(path);
    ck_assert_int_eq(stat(path, &after), 0);
    ck_assert_uint_eq(before.st_ino, after.st_ino);
    amkd_device_close(device);
}
END_TEST

START_TEST(what_a_device_has_built_is_shared)
{
    amkd_device *device = open_device();
    cl_program one, same, other;
    ck_assert_int_eq(amkd_program_build(&one, device, "put", sources, 2, "-DEXTRA=1"), 0);
    ck_assert_int_eq(amkd_program_build(&same, device, "put", sources, 2, "-DEXTRA=1"),
                     0);
    ck_assert_int_eq(amkd_program_build(&other, device, "put", sources, 2, "-DEXTRA=2"),
                     0);
    ck_assert_ptr_eq(one, same);
    ck_assert_ptr_ne(one, other);
    amkd_program_free(one);
    amkd_program_free(same);
    amkd_program_free(other);
    run_program(device, 1); /* it is still there */
    amkd_device_close(device);
}
END_TEST

/* Puts size bytes in place of the entry and sees it rebuilt. */
static void damage(amkd_device *device, const char *path, const char *bytes, size_t size)
{
    char *rebuilt;
    size_t nbytes;
    ck_assert_int_eq(amkd_file_write(path, bytes, size), 0);
    amkd_programs_forget(device); /* as a process of its own has none */
    run_program(device, 5);
    ck_assert_int_eq(amkd_file_read(&rebuilt, &nbytes, path, 1 << 26), 0);
    ck_assert_uint_gt(nbytes, 40);
    ck_assert_msg(nbytes != size || memcmp(rebuilt, bytes, size) != 0,
                  "the damaged entry is still there");
    free(rebuilt);
}

START_TEST(a_damaged_entry_is_rebuilt)
{
    amkd_device *device = open_device();
    char path[512], *bytes;
    size_t nbytes;
    run_program(device, 5);
    find_entry(path);
    ck_assert_int_eq(amkd_file_read(&bytes, &nbytes, path, 1 << 26), 0);
    static const size_t offsets[] = {0, 9, 30, 41};
    for (size_t o = 0; o < sizeof offsets / sizeof *offsets; o++) {
        bytes[offsets[o]] ^= 1;
        damage(device, path, bytes, nbytes);
        bytes[offsets[o]] ^= 1;
    }
    damage(device, path, bytes, nbytes - 1);
    damage(device, path, bytes, 40);
    damage(device, path, bytes, 20);
    damage(device, path, bytes, 0);
    free(bytes);
    amkd_device_close(device);
}
END_TEST

START_TEST(a_whole_entry_that_the_driver_refuses_is_rebuilt)
{
    amkd_device *device = open_device();
    char path[512];
    run_program(device, 5);
    find_entry(path);
    char *bytes;
    size_t nbytes;
    ck_assert_int_eq(amkd_file_read(&bytes, &nbytes, path, 1 << 26), 0);
    /* An entry whose digests hold, of bytes that are no program. */
    amkd_cache_store(AMKD_CACHE_PROGRAMS, "some key", "no program at all", 17);
    unsigned char *binary;
    size_t binary_nbytes;
    ck_assert_int_eq(
        amkd_cache_load(&binary, &binary_nbytes, AMKD_CACHE_PROGRAMS, "some key"), 0);
    ck_assert_uint_eq(binary_nbytes, 17);
    ck_assert_mem_eq(binary, "no program at all", 17);
    free(binary);
    char cache[128], other[512] = "";
    snprintf(cache, sizeof cache, "%s/amkd/programs", folder);
    DIR *stream = opendir(cache);
    for (struct dirent *entry; (entry = readdir(stream));)
        if (*entry->d_name != '.' && !strstr(path, entry->d_name))
            snprintf(other, sizeof other, "%s/%s", cache, entry->d_name);
    closedir(stream);
    char *foreign;
    size_t foreign_nbytes;
    ck_assert_int_eq(amkd_file_read(&foreign, &foreign_nbytes, other, 1 << 20), 0);
    memcpy(foreign + 8, bytes + 8, 16); /* the key of the real entry */
    ck_assert_int_eq(unlink(other), 0);
    damage(device, path, foreign, foreign_nbytes);
    free(foreign);
    free(bytes);
    amkd_device_close(device);
}
END_TEST

START_TEST(another_driver_device_source_or_option_has_an_entry_of_its_own)
{
    amkd_device *device = open_device();
    char path[512];
    run_program(device, 5);
    run_program(device, 6);
    ck_assert_int_eq(count_entries(path), 2);
    char *const texts[] = {device->name, device->driver, device->version};
    for (int t = 0; t < 3; t++) {
        texts[t][strlen(texts[t]) - 1] ^= 1;
        run_program(device, 5);
        ck_assert_int_eq(count_entries(path), 3 + t);
    }
    const char *const longer[] = {sources[0], sources[1], "\n"};
    cl_program program;
    ck_assert_int_eq(amkd_program_build(&program, device, "put", longer, 3, "-DEXTRA=5"),
                     0);
    ck_assert_int_eq(count_entries(path), 6);
    amkd_program_free(program);
    amkd_device_close(device);
}
END_TEST

START_TEST(a_cache_that_cannot_be_written_is_done_without)
{
    amkd_device *device = open_device();
    static const char *const places[] = {"/proc/nowhere", "/dev/null", "relative", ""};
    unsetenv("HOME");
    char elsewhere[128];
    snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", folder);
    ck_assert_int_eq(mkdir(elsewhere, 0700), 0);
    ck_assert_int_eq(chdir(elsewhere), 0);
    for (size_t p = 0; p < sizeof places / sizeof *places; p++) {
        setenv("XDG_CACHE_HOME", places[p], 1);
        run_program(device, 6);
    }
    unsetenv("XDG_CACHE_HOME");
    run_program(device, 6);
    /* Nothing was left where the process happened to stand. */
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(rmdir(elsewhere), 0);
    amkd_device_close(device);
}
END_TEST

START_TEST(processes_that_build_at_once_leave_one_whole_entry)
{
    enum { NPROCESSES = 16 };
    pid_t children[NPROCESSES];
    for (int p = 0; p < NPROCESSES; p++) {
        children[p] = check_fork();
        if (!children[p]) {
            amkd_device *device = open_device();
            run_program(device, 7);
            amkd_device_close(device);
            exit(0);
        }
    }
    for (int p = 0; p < NPROCESSES; p++) {
        int status;
        ck_assert_int_eq(waitpid(children[p], &status, 0), children[p]);
        ck_assert_int_eq(status, 0);
    }
    char path[512];
    find_entry(path);
    amkd_device *device = open_device();
    run_program(device, 7);
    amkd_device_close(device);
}
END_TEST

START_TEST(a_program_that_does_not_compile_fails_with_its_log)
{
    amkd_device *device = open_device();
    const char *const wrong[] = {"kernel void f(global int *x) { *x = undeclared; }\n"};
    cl_program program;
    ck_assert_int_eq(amkd_program_build(&program, device, "put", wrong, 1, "-DA=1"), -1);
    ck_assert_ptr_null(program);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "CL_BUILD_PROGRAM_FAILURE"));
    ck_assert_ptr_nonnull(strstr(amkd_error(), "undeclared"));
    amkd_device_close(device);
}
END_TEST

START_TEST(kernels_fail_naming_themselves_and_run_over_nothing)
{
    amkd_device *device = open_device();
    cl_program program;
    cl_kernel kernel;
    ck_assert_int_eq(amkd_program_build(&program, device, "put", sources, 2, "-DEXTRA=0"),
                     0);
    ck_assert_int_eq(amkd_kernel_new(&kernel, program, "absent"), -1);
    char expected[400];
    snprintf(expected, sizeof expected,
             "making kernel 'absent' on device '%s': CL_INVALID_KERNEL_NAME",
             device->name);
    ck_assert_str_eq(amkd_error(), expected);
    ck_assert_int_eq(amkd_kernel_new(&kernel, program, "put"), 0);
    char wrong = 0;
    const amkd_arg args[] = {AMKD_ARG(wrong)};
    ck_assert_int_eq(amkd_kernel_run(device, kernel, args, 1, 1, (size_t[]){1}, NULL),
                     -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), ": argument 0 of 1 bytes: "));
    ck_assert_int_eq(amkd_kernel_run(device, kernel, NULL, 0, 1, (size_t[]){0}, NULL), 0);
    amkd_kernel_free(kernel);
    amkd_program_free(program);
    amkd_device_close(device);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("program");
    TCase *tests = tcase_create("program");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, make_folder, remove_folder);
    tcase_add_test(tests, a_program_built_once_is_kept_and_serves_again);
    tcase_add_test(tests, what_a_device_has_built_is_shared);
    tcase_add_test(tests, a_damaged_entry_is_rebuilt);
    tcase_add_test(tests, a_whole_entry_that_the_driver_refuses_is_rebuilt);
    tcase_add_test(tests, another_driver_device_source_or_option_has_an_entry_of_its_own);
    tcase_add_test(tests, a_cache_that_cannot_be_written_is_done_without);
    tcase_add_test(tests, processes_that_build_at_once_leave_one_whole_entry);
    tcase_add_test(tests, a_program_that_does_not_compile_fails_with_its_log);
    tcase_add_test(tests, large_private_arrays_do_not_pass_the_end_of_a_stack);
    tcase_add_test(tests, kernels_fail_naming_themselves_and_run_over_nothing);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed != 0;
}
