/* NPY headers: what NumPy writes is read, all else is refused, at every byte. */
#include "base/error.h"
#include "data/npy.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

static void assert_error(const char *part)
{
    ck_assert_msg(strstr(amkd_error(), part) != NULL, "'%s' is not in '%s'", part,
                  amkd_error());
}

/* A file of version 1 with this dict and ndata bytes of data, in a static block. */
static const char *file_of(size_t *nbytes, const char *dict, size_t ndata)
{
    static char file[4096];
    size_t n = strlen(dict);
    memset(file, 0, sizeof file);
    memcpy(file, "\x93NUMPY\x01\x00", 8);
    file[8] = (char)((n + 1) & 255);
    file[9] = (char)((n + 1) >> 8);
    memcpy(file + 10, dict, n);
    file[10 + n] = '\n';
    *nbytes = 10 + n + 1 + ndata;
    return file;
}

static int open_dict(amkd_npy *npy, const char *dict, size_t ndata)
{
    size_t nbytes;
    const void *data;
    const char *file = file_of(&nbytes, dict, ndata);
    return amkd_npy_open(npy, &data, file, nbytes);
}

START_TEST(printed_headers_are_parsed_and_align_the_data)
{
    const size_t shape[] = {3, 28, 28, 1};
    for (size_t ndim = 0; ndim <= 4; ndim++) {
        amkd_npy npy;
        char *bytes;
        size_t nbytes, needed, nitems = 1;
        ck_assert_int_eq(amkd_npy_print(&bytes, &nbytes, "<f4", shape, ndim), 0);
        ck_assert_uint_eq(nbytes % 64, 0);
        ck_assert_int_eq(amkd_npy_parse(&npy, &needed, bytes, nbytes), 1);
        ck_assert_uint_eq(needed, nbytes);
        ck_assert_str_eq(npy.dtype, "<f4");
        ck_assert_uint_eq(npy.ndim, ndim);
        for (size_t i = 0; i < ndim; i++) {
            ck_assert_uint_eq(npy.shape[i], shape[i]);
            nitems *= shape[i];
        }
        ck_assert_uint_eq(npy.nitems, nitems);
        ck_assert_uint_eq(npy.nbytes, 4 * nitems);
        free(bytes);
    }
}
END_TEST

START_TEST(the_header_of_numpy_itself_is_what_is_printed)
{
    const size_t shape[] = {2, 10};
    const char *numpys = "\x93NUMPY\x01\x00\x76\x00"
                         "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 10), }";
    char *bytes;
    size_t nbytes;
    ck_assert_int_eq(amkd_npy_print(&bytes, &nbytes, "<f4", shape, 2), 0);
    ck_assert_uint_eq(nbytes, 128);
    ck_assert_mem_eq(bytes, numpys, 10 + strlen(numpys + 10));
    ck_assert_int_eq(bytes[127], '\n');
    free(bytes);
}
END_TEST

START_TEST(a_header_that_arrives_byte_by_byte_never_asks_for_data)
{
    const size_t shape[] = {7};
    for (size_t given = 0; given < 128; given++) {
        amkd_npy npy;
        char *bytes;
        size_t nbytes, needed;
        ck_assert_int_eq(amkd_npy_print(&bytes, &nbytes, "|u1", shape, 1), 0);
        /* A block of its own, so that a sanitizer sees a read beyond it. */
        char *part = malloc(given + !given);
        memcpy(part, bytes, given);
        int parsed = amkd_npy_parse(&npy, &needed, part, given);
        ck_assert_int_eq(parsed, given >= nbytes);
        ck_assert_uint_eq(needed, given < 12 ? 12 : nbytes);
        const void *data;
        ck_assert_int_eq(amkd_npy_open(&npy, &data, part, given), -1);
        free(part);
        free(bytes);
    }
}
END_TEST

START_TEST(a_version_2_header_is_read)
{
    amkd_npy npy;
    const void *data;
    char file[12 + 64 + 2] = "\x93NUMPY\x02\x00\x40\x00\x00\x00"
                             "{'shape': (2,), 'fortran_order': False, \"descr\": '|u1'}";
    size_t n = strlen(file + 12);
    memset(file + 12 + n, ' ', 63 - n);
    file[12 + 63] = '\n';
    file[76] = 5;
    file[77] = 6;
    ck_assert_msg(!amkd_npy_open(&npy, &data, file, sizeof file), "%s", amkd_error());
    ck_assert_uint_eq(((const uint8_t *)data)[1], 6);
}
END_TEST

START_TEST(malformed_headers_are_refused)
{
    static const struct {
        const char *dict, *message;
    } cases[] = {
        {"", "outside 2.."},
        {"[]", "not a dict"},
        {"{}", "missing"},
        {"{'descr': '|u1', 'fortran_order': False}", "missing"},
        {"{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': ()}",
         "there twice"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (), 'x': 1}", "not known"},
        {"{'descr': '>f4', 'fortran_order': False, 'shape': ()}", "dtype '>f4'"},
        {"{'descr': [('a', '|u1')], 'fortran_order': False, 'shape': ()}", "structured"},
        {"{'descr': '|u1', 'fortran_order': True, 'shape': (1, 1)}", "Fortran"},
        {"{'descr': '|u1', 'fortran_order': 0, 'shape': ()}", "neither"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (1)}", "tuple of sizes"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (-1,)}", "tuple of sizes"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (1 1)}", "tuple of sizes"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': [1]}", "not a tuple"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999,)}",
         "tuple of sizes"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
         "larger than memory"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}",
         "more than 8 dimensions"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': ()} x", "end with"},
        {"{'descr': '|u1' 'fortran_order': False, 'shape': ()}", "not a dict"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (", "tuple of sizes"},
        {"{'descr': '|u1", "short string"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        amkd_npy npy;
        ck_assert_msg(open_dict(&npy, cases[c].dict, 1) == -1, "%s", cases[c].dict);
        assert_error(cases[c].message);
    }
}
END_TEST

START_TEST(data_of_another_size_than_the_header_says_are_refused)
{
    const char *dict = "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3)}";
    amkd_npy npy;
    for (size_t ndata = 0; ndata < 40; ndata++)
        ck_assert_int_eq(open_dict(&npy, dict, ndata), ndata == 24 ? 0 : -1);
    assert_error("39 bytes, expected 24");
    ck_assert_int_eq(
        open_dict(&npy, "{'descr': '<f8','fortran_order': False,'shape': (0, 5)}", 0), 0);
    ck_assert_uint_eq(npy.nitems, 0);
}
END_TEST

START_TEST(other_magic_and_versions_are_refused)
{
    amkd_npy npy;
    size_t needed;
    ck_assert_int_eq(amkd_npy_parse(&npy, &needed, "P", 1), -1);
    assert_error("not an NPY array");
    ck_assert_int_eq(amkd_npy_parse(&npy, &needed, "\x93NUMPY\x03", 7), -1);
    assert_error("version 3");
    ck_assert_int_eq(amkd_npy_parse(&npy, &needed, "\x93NUMPY\x01\x01", 8), -1);
    ck_assert_int_eq(
        amkd_npy_parse(&npy, &needed, "\x93NUMPY\x02\x00\xff\xff\xff\xff", 12), -1);
    assert_error("outside 2..65536");
}
END_TEST

START_TEST(integers_of_every_dtype_are_read_and_floats_are_not)
{
    const int64_t wide[] = {-3, 1LL << 40};
    int32_t value;
    amkd_npy npy = {.dtype = "<i8", .item_nbytes = 8};
    ck_assert_int_eq(amkd_npy_integer(&value, &npy, wide, 0), 0);
    ck_assert_int_eq(value, -3);
    ck_assert_int_eq(amkd_npy_integer(&value, &npy, wide, 1), -1);
    assert_error("outside 32 bits");
    npy = (amkd_npy){.dtype = "|u1", .item_nbytes = 1};
    ck_assert_int_eq(amkd_npy_integer(&value, &npy, "\x07\xff", 1), 0);
    ck_assert_int_eq(value, 255);
    npy = (amkd_npy){.dtype = "<f4", .item_nbytes = 4};
    ck_assert_int_eq(amkd_npy_integer(&value, &npy, wide, 0), -1);
    assert_error("integers");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("npy");
    TCase *tests = tcase_create("npy");
    tcase_add_test(tests, printed_headers_are_parsed_and_align_the_data);
    tcase_add_test(tests, the_header_of_numpy_itself_is_what_is_printed);
    tcase_add_test(tests, a_header_that_arrives_byte_by_byte_never_asks_for_data);
    tcase_add_test(tests, a_version_2_header_is_read);
    tcase_add_test(tests, malformed_headers_are_refused);
    tcase_add_test(tests, data_of_another_size_than_the_header_says_are_refused);
    tcase_add_test(tests, other_magic_and_versions_are_refused);
    tcase_add_test(tests, integers_of_every_dtype_are_read_and_floats_are_not);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed ? 1 : 0;
}
