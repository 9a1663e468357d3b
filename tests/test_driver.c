/* The driver of the tests of other devices and failing calls (driver/driver.h), which is
 * part of this program: it holds a device to what it claims, and fails when it is told
 * to. */
#include "driver/driver.h" /* OpenCL beyond 1.2, and so the first */

#include "base/error.h"
#include "device/program.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

static amkd_device *device;

/* Opens the device that the environment describes. */
static void open_device(void)
{
    ck_assert_msg(!amkd_device_open(&device, NULL), "%s", amkd_error());
}

static void close_device(void)
{
    amkd_device_close(device);
}

static const char plain[] = "kernel void f(global float *x)\n"
                            "{\n"
                            "    x[get_global_id(0)] = get_local_size(0);\n"
                            "}\n"
                            "kernel void shares(global float *x, local float *y)\n"
                            "{\n"
                            "    y[get_local_id(0)] = 1;\n"
                            "    x[get_global_id(0)] = y[0];\n"
                            "}\n";

/* The kernel of that name of the program above. */
static cl_kernel make_kernel(cl_program *program, const char *name)
{
    static const char *const sources[] = {plain};
    cl_kernel kernel;
    ck_assert_msg(!amkd_program_build(program, device, "plain", sources, 1, NULL), "%s",
                  amkd_error());
    ck_assert(!amkd_kernel_new(&kernel, *program, name));
    return kernel;
}

START_TEST(a_device_says_what_it_is_made_to_look_like)
{
    setenv("DRIVER_TYPE", "gpu", 1);
    setenv("DRIVER_GROUP", "64", 1);
    setenv("DRIVER_LOCAL", "32768", 1);
    setenv("DRIVER_MEMORY", "1000000", 1);
    setenv("DRIVER_DOUBLE", "no", 1);
    setenv("DRIVER_VERSION", "1.2", 1);
    open_device();
    ck_assert_uint_eq(device->type, CL_DEVICE_TYPE_GPU);
    ck_assert_uint_eq(device->vector_width, 1);
    ck_assert_uint_eq(device->max_work_group, 64);
    ck_assert_uint_eq(device->local_nbytes, 32768);
    ck_assert_uint_eq(device->global_nbytes, 1000000);
    ck_assert_uint_eq(device->max_buffer_nbytes, 250000);
    ck_assert(!strncmp(device->version, "OpenCL 1.2 ", 11));
    char extensions[8192];
    cl_device_fp_config config = 1;
    ck_assert(!clGetDeviceInfo(device->id, CL_DEVICE_EXTENSIONS, sizeof extensions,
                               extensions, NULL));
    ck_assert_ptr_null(strstr(extensions, "fp64"));
    ck_assert(!clGetDeviceInfo(device->id, CL_DEVICE_DOUBLE_FP_CONFIG, sizeof config,
                               &config, NULL));
    ck_assert_uint_eq(config, 0);
    cl_int status;
    ck_assert_ptr_null(
        clCreateCommandQueueWithProperties(device->context, device->id, NULL, &status));
    ck_assert_int_eq(status, CL_INVALID_OPERATION);
    close_device();
}
END_TEST

START_TEST(work_groups_and_local_memory_have_their_limits)
{
    setenv("DRIVER_GROUP", "64", 1);
    setenv("DRIVER_LOCAL", "1024", 1);
    setenv("DRIVER_VERSION", "1.2", 1);
    open_device();
    cl_program program;
    cl_mem x;
    const cl_kernel kernel = make_kernel(&program, "shares");
    ck_assert(!amkd_buffer_new(&x, device, CL_MEM_READ_WRITE, 4096, NULL));
    static const struct {
        size_t ndim, global[2], local[2], shared;
        const char *error;
    } cases[] = {
        {1, {256}, {64}, 1024, NULL},
        {1, {256}, {128}, 1024, "CL_INVALID_WORK_ITEM_SIZE"},
        {2, {16, 16}, {16, 16}, 1024, "CL_INVALID_WORK_GROUP_SIZE"},
        {1, {100}, {64}, 1024, "CL_INVALID_WORK_GROUP_SIZE"},
        {1, {256}, {64}, 1028, "CL_OUT_OF_RESOURCES"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const amkd_arg args[] = {AMKD_ARG(x), {NULL, cases[c].shared}};
        const int rc = amkd_kernel_run(device, kernel, args, 2, cases[c].ndim,
                                       cases[c].global, cases[c].local);
        ck_assert_msg(rc == (cases[c].error ? -1 : 0), "case %zu: %s", c, amkd_error());
        if (cases[c].error)
            ck_assert_msg(strstr(amkd_error(), cases[c].error) != NULL, "%s",
                          amkd_error());
    }
    amkd_buffer_free(x);
    amkd_kernel_free(kernel);
    amkd_program_free(program);
    close_device();
}
END_TEST

START_TEST(a_group_that_is_the_drivers_to_choose_is_within_the_limit)
{
    setenv("DRIVER_TYPE", "gpu", 1);
    setenv("DRIVER_GROUP", "8", 1);
    open_device();
    cl_program program;
    cl_mem x;
    float size;
    const cl_kernel kernel = make_kernel(&program, "f");
    ck_assert(!amkd_buffer_new(&x, device, CL_MEM_READ_WRITE, 4096, NULL));
    const amkd_arg args[] = {AMKD_ARG(x)};
    ck_assert(!amkd_kernel_run(device, kernel, args, 1, 1, (size_t[]){36}, NULL));
    ck_assert(!amkd_buffer_read(device, &size, x, 0, sizeof size));
    ck_assert(size <= 8);
    amkd_buffer_free(x);
    amkd_kernel_free(kernel);
    amkd_program_free(program);
    close_device();
}
END_TEST

START_TEST(memory_is_given_out_once)
{
    setenv("DRIVER_MEMORY", "4096", 1);
    open_device();
    cl_mem buffers[4];
    cl_int status;
    ck_assert_ptr_null(clCreateBuffer(device->context, 0, 1025, NULL, &status));
    ck_assert_int_eq(status, CL_INVALID_BUFFER_SIZE);
    for (int again = 0; again < 2; again++) {
        for (size_t b = 0; b < 4; b++)
            ck_assert(!amkd_buffer_new(&buffers[b], device, 0, 1024, NULL));
        ck_assert_ptr_null(clCreateBuffer(device->context, 0, 1, NULL, &status));
        ck_assert_int_eq(status, CL_MEM_OBJECT_ALLOCATION_FAILURE);
        for (size_t b = 0; b < 4; b++)
            amkd_buffer_free(buffers[b]);
    }
    close_device();
}
END_TEST

START_TEST(a_program_with_doubles_is_not_built_where_there_are_none)
{
    static const char *const sources[] = {
        "kernel void f(global float *x) { double y = *x; *x = (float)(y * y); }\n"};
    cl_program program;
    setenv("DRIVER_DOUBLE", "no", 1);
    open_device();
    ck_assert_int_eq(amkd_program_build(&program, device, "f", sources, 1, NULL), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "this_device_has_no_double"));
    close_device();
}
END_TEST

START_TEST(one_call_fails_or_all_from_one_on)
{
    setenv("DRIVER_FAIL", "clFinish:2:CL_OUT_OF_RESOURCES", 1);
    open_device();
    ck_assert(!amkd_device_finish(device));
    ck_assert_int_eq(amkd_device_finish(device), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "CL_OUT_OF_RESOURCES"));
    ck_assert(!amkd_device_finish(device));
    setenv("DRIVER_LOST", "clFinish:5:CL_DEVICE_NOT_AVAILABLE", 1);
    ck_assert(!amkd_device_finish(device));
    ck_assert_ptr_null(amkd_remarked());
    ck_assert_int_eq(amkd_device_finish(device), -1);
    ck_assert_int_eq(amkd_device_finish(device), -1);
    close_device();
    ck_assert_str_eq(amkd_remarked(), "clReleaseCommandQueue: CL_DEVICE_NOT_AVAILABLE, "
                                      "after which the driver may hold on to memory");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("driver");
    TCase *tests = tcase_create("driver");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_device_says_what_it_is_made_to_look_like);
    tcase_add_test(tests, work_groups_and_local_memory_have_their_limits);
    tcase_add_test(tests, a_group_that_is_the_drivers_to_choose_is_within_the_limit);
    tcase_add_test(tests, memory_is_given_out_once);
    tcase_add_test(tests, a_program_with_doubles_is_not_built_where_there_are_none);
    tcase_add_test(tests, one_call_fails_or_all_from_one_on);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed != 0;
}
