/* Devices: which one is chosen, what they say, and their buffers. */
#include "base/error.h"
#include "device/device.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

static void clear_environment(void)
{
    unsetenv("AMKD_DEVICE");
    unsetenv("AMKD_VECTOR_WIDTH");
}

static const amkd_device devices[] = {
    {.name = "Slow CPU", .platform_name = "Alpha", .type = CL_DEVICE_TYPE_CPU},
    {.name = "Some Card", .platform_name = "Beta", .type = CL_DEVICE_TYPE_ACCELERATOR},
    {.name = "Graphics 1", .platform_name = "Beta", .type = CL_DEVICE_TYPE_GPU},
    {.name = "Graphics 2", .platform_name = "Gamma card", .type = CL_DEVICE_TYPE_GPU},
    {.name = "Fast CPU",
     .platform_name = "Gamma card",
     .type = CL_DEVICE_TYPE_CPU | CL_DEVICE_TYPE_DEFAULT},
};

static size_t choose(const char *which, size_t n)
{
    size_t index;
    ck_assert_msg(!amkd_device_choose(&index, devices, n, which), "%s", amkd_error());
    return index;
}

START_TEST(a_device_is_chosen_by_index_type_or_part_of_a_name)
{
    ck_assert_uint_eq(choose("0", 5), 0);
    ck_assert_uint_eq(choose("4", 5), 4);
    ck_assert_uint_eq(choose("cpu", 5), 0);
    ck_assert_uint_eq(choose("GPU", 5), 2);
    ck_assert_uint_eq(choose("fast", 5), 4);
    ck_assert_uint_eq(choose("2", 5), 2);
    ck_assert_uint_eq(choose("ICS 2", 5), 3);
    ck_assert_uint_eq(choose("card", 5), 1); /* a device's name before its platform's */
    ck_assert_uint_eq(choose("gamma", 5), 3);
}
END_TEST

START_TEST(the_default_is_gpu_then_accelerator_then_cpu)
{
    ck_assert_uint_eq(choose(NULL, 5), 2);
    ck_assert_uint_eq(choose("", 2), 1);
    ck_assert_uint_eq(choose(NULL, 1), 0);
}
END_TEST

START_TEST(the_environment_chooses_where_the_caller_does_not)
{
    setenv("AMKD_DEVICE", "fast", 1);
    ck_assert_uint_eq(choose(NULL, 5), 4);
    ck_assert_uint_eq(choose("0", 5), 0);
    setenv("AMKD_DEVICE", "", 1);
    ck_assert_uint_eq(choose(NULL, 5), 2);
    setenv("AMKD_DEVICE", "9", 1);
    size_t index;
    ck_assert_int_eq(amkd_device_choose(&index, devices, 5, NULL), -1);
    ck_assert_str_eq(amkd_error(),
                     "AMKD_DEVICE: no OpenCL device has index 9, the highest is 4");
}
END_TEST

START_TEST(a_device_that_is_not_there_is_an_error)
{
    static const struct {
        const char *which, *message;
        size_t n;
    } cases[] = {
        {NULL, "pocl-opencl-icd", 0},
        {"cpu", "pocl-opencl-icd", 0},
        {"gpu", "no OpenCL device is a GPU", 1},
        {"5", "no OpenCL device has index 5, the highest is 4", 5},
        {"18446744073709551616", "the highest is 4", 5},
        {"turbo", "no OpenCL device is named 'turbo'", 5},
        {"-1", "no OpenCL device is named '-1'", 5},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        size_t index;
        ck_assert_int_eq(amkd_device_choose(&index, devices, cases[c].n, cases[c].which),
                         -1);
        ck_assert_msg(strstr(amkd_error(), cases[c].message) != NULL, "%s", amkd_error());
    }
}
END_TEST

START_TEST(a_list_is_no_single_device)
{
    size_t index;
    ck_assert_int_eq(amkd_device_choose(&index, devices, 5, "0,1"), -1);
    ck_assert_str_eq(amkd_error(), "'0,1' names several devices, expected one");
    setenv("AMKD_DEVICE", "cpu,gpu", 1);
    ck_assert_int_eq(amkd_device_choose(&index, devices, 5, NULL), -1);
    ck_assert_str_eq(amkd_error(),
                     "AMKD_DEVICE: 'cpu,gpu' names several devices, expected one");
}
END_TEST

static void check_list(const char *which, size_t want)
{
    amkd_device *opened[AMKD_MAX_DEVICES];
    size_t n;
    ck_assert_msg(!amkd_devices_open(opened, &n, which), "%s", amkd_error());
    ck_assert_uint_eq(n, want);
    for (size_t d = 0; d < n; d++) {
        ck_assert_uint_eq(opened[d]->index, d);
        ck_assert_ptr_nonnull(opened[d]->queue);
        amkd_device_close(opened[d]);
    }
}

/* On PoCL, which shows as many devices of the one machine as it is told. */
START_TEST(a_list_opens_each_of_its_devices_once)
{
    static const struct {
        const char *list, *message;
    } cases[] = {
        {"0,0", "'0,0': '0' is device 0, which is named already"},
        {"1,0,cpu", "'1,0,cpu': 'cpu' is device 0, which is named already"},
        {"0,", "'0,': a device without a name, expected a list such as '0,1'"},
        {"0,99", "'0,99': no OpenCL device has index 99"},
        {"1,nothing of the kind", "no OpenCL device is named 'nothing of the kind'"},
    };
    amkd_device *listed, *opened[AMKD_MAX_DEVICES];
    size_t n;
    setenv("POCL_DEVICES", "pthread pthread", 1);
    ck_assert(!amkd_devices_list(&listed, &n));
    const int two = n > 1 && strstr(listed[0].platform_name, "Portable") != NULL &&
                    strstr(listed[1].platform_name, "Portable") != NULL;
    const int cpu = n && listed[0].type == CL_DEVICE_TYPE_CPU;
    free(listed);
    check_list("0", 1);
    if (!two)
        return;
    check_list("0,1", 2);
    setenv("AMKD_DEVICE", "0,1", 1);
    check_list(NULL, 2);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        if (!cpu && strstr(cases[c].list, "cpu"))
            continue;
        ck_assert_int_eq(amkd_devices_open(opened, &n, cases[c].list), -1);
        ck_assert_msg(strstr(amkd_error(), cases[c].message) != NULL, "%s", amkd_error());
        ck_assert_uint_eq(n, 0);
    }
}
END_TEST

/* The index of the device that a process has; -1 for none. */
static int own(const char *which, size_t place)
{
    amkd_device *device;
    if (amkd_device_open_own(&device, which, place))
        return -1;
    const int index = (int)device->index;
    amkd_device_close(device);
    return index;
}

/* On PoCL, as above, which puts another kind of device first. */
START_TEST(processes_of_a_machine_take_its_devices_in_turn)
{
    static const int of_list[] = {1, 0, 2, 0, 1};
    amkd_device *listed;
    size_t n;
    setenv("POCL_DEVICES", "pthread pthread basic", 1);
    setenv("AMKD_DEVICE", "", 1);
    ck_assert(!amkd_devices_list(&listed, &n));
    const int three = n == 3 && strstr(listed[0].name, "basic") &&
                      strstr(listed[1].name, "pthread") &&
                      strcmp(listed[1].name, listed[2].name) == 0;
    const char *type = n && listed[0].type & CL_DEVICE_TYPE_GPU ? "gpu" : "cpu";
    free(listed);
    if (!three)
        return;
    for (size_t place = 0; place < 5; place++) {
        const int in_turn = 1 + (int)(place % 2);
        ck_assert_int_eq(own("pthread", place), in_turn);
        ck_assert_int_eq(own(NULL, place), 0); /* the only one that is like it */
        ck_assert_int_eq(own(type, place), 0);
        ck_assert_int_eq(own("1", place), 1); /* an index is for all */
        ck_assert_int_eq(own("2,0", place), place % 2 ? 0 : 2);
        ck_assert_int_eq(own("pthread,basic", place), of_list[place]);
    }
    setenv("AMKD_DEVICE", "1,0", 1);
    ck_assert_int_eq(own(NULL, 0), 1);
    ck_assert_int_eq(own(NULL, 1), 0);
    ck_assert_int_eq(own("0,", 0), -1); /* the whole list counts for each */
    ck_assert_int_eq(own("0,0", 1), -1);
    ck_assert_int_eq(own("0,gone", 1), -1);
    ck_assert_int_eq(own("0,gone", 0), -1);
    ck_assert_str_eq(amkd_error(), "'0,gone': no OpenCL device is named 'gone' "
                                   "(amkd-devices lists them)");
}
END_TEST

START_TEST(lanes_are_a_power_of_two_and_a_multiple_of_the_vector_width)
{
    static const char *const widths[] = {"", "1", "4", "8", "16"};
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
        setenv("AMKD_VECTOR_WIDTH", widths[w], 1);
        amkd_device *list;
        size_t n;
        ck_assert_msg(!amkd_devices_list(&list, &n), "%s", amkd_error());
        for (size_t d = 0; d < n; d++) {
            ck_assert_uint_eq(list[d].index, d);
            if (*widths[w])
                ck_assert_uint_eq(list[d].vector_width, (size_t)atoi(widths[w]));
            ck_assert_uint_eq(list[d].nlanes & (list[d].nlanes - 1), 0);
            ck_assert_uint_eq(list[d].nlanes % list[d].vector_width, 0);
            ck_assert_uint_eq(list[d].nlanes, list[d].vector_width == 1 ? 32 : 16);
            /* Three quarters of a cache that may be the last one. */
            ck_assert_uint_ge(list[d].cache_nbytes, (3 << 20));
        }
        free(list);
    }
    setenv("AMKD_VECTOR_WIDTH", "3", 1);
    amkd_device *list;
    size_t n;
    ck_assert_int_eq(amkd_devices_list(&list, &n), -1);
    ck_assert_str_eq(amkd_error(), "AMKD_VECTOR_WIDTH is '3', expected 1, 4, 8 or 16");
}
END_TEST

static amkd_device *open_device(void)
{
    amkd_device *device;
    ck_assert_msg(!amkd_device_open(&device, NULL), "%s", amkd_error());
    return device;
}

START_TEST(buffers_are_written_zeroed_and_read)
{
    amkd_device *device = open_device();
    cl_mem buffer;
    unsigned char bytes[37], expected[37];
    memset(expected, 7, sizeof expected);
    ck_assert_int_eq(amkd_buffer_new(&buffer, device, CL_MEM_READ_WRITE, 37, expected),
                     0);
    ck_assert_int_eq(amkd_buffer_read(device, bytes, buffer, 0, 37), 0);
    ck_assert_mem_eq(bytes, expected, 37);
    ck_assert_int_eq(amkd_buffer_zero(device, buffer, 36), 0);
    ck_assert_int_eq(amkd_buffer_write(device, buffer, "ab", 5, 2), 0);
    ck_assert_int_eq(amkd_buffer_read(device, bytes, buffer, 0, 37), 0);
    memset(expected, 0, 36);
    memcpy(expected + 5, "ab", 2);
    ck_assert_mem_eq(bytes, expected, 37);
    ck_assert_int_eq(amkd_buffer_read(device, bytes, buffer, 36, 2), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "CL_INVALID_VALUE"));
    amkd_buffer_free(buffer);
    ck_assert_int_eq(amkd_buffer_new(&buffer, device, CL_MEM_READ_WRITE, 0, NULL), 0);
    ck_assert_int_eq(amkd_buffer_read(device, bytes, buffer, 0, 0), 0);
    ck_assert_int_eq(amkd_buffer_zero(device, buffer, 0), 0);
    amkd_buffer_free(buffer);
    ck_assert_int_eq(amkd_buffer_new(&buffer, device, CL_MEM_READ_WRITE,
                                     (size_t)device->max_buffer_nbytes + 1, NULL),
                     -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "is beyond the "));
    ck_assert_ptr_null(buffer);
    amkd_device_close(device);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("device");
    TCase *tests = tcase_create("device");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, clear_environment, NULL);
    tcase_add_test(tests, a_device_is_chosen_by_index_type_or_part_of_a_name);
    tcase_add_test(tests, the_default_is_gpu_then_accelerator_then_cpu);
    tcase_add_test(tests, the_environment_chooses_where_the_caller_does_not);
    tcase_add_test(tests, a_device_that_is_not_there_is_an_error);
    tcase_add_test(tests, a_list_is_no_single_device);
    tcase_add_test(tests, a_list_opens_each_of_its_devices_once);
    tcase_add_test(tests, processes_of_a_machine_take_its_devices_in_turn);
    tcase_add_test(tests, lanes_are_a_power_of_two_and_a_multiple_of_the_vector_width);
    tcase_add_test(tests, buffers_are_written_zeroed_and_read);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed != 0;
}
