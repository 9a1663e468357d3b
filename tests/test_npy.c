/* NPY headers: what NumPy writes is read, all else is refused, at every byte. */
#include "base/error.h"
#include "base/half.h"
#include "data/npy.h"
#include <check.h>
#include <math.h>
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

START_TEST(headers_of_versions_2_and_3_are_read)
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
    file[6] = 3;
    ck_assert_msg(!amkd_npy_open(&npy, &data, file, sizeof file), "%s", amkd_error());
    ck_assert_uint_eq(((const uint8_t *)data)[1], 6);
}
END_TEST

START_TEST(headers_that_numpy_reads_are_read)
{
    static const struct {
        const char *dict, *dtype;
    } cases[] = {
        {"{'descr': '<u1', 'fortran_order': False, 'shape': (2, 3)}", "|u1"},
        {"{'descr': '>u1', 'fortran_order': False, 'shape': (2, 3)}", "|u1"},
        {"{'descr': '=u1', 'fortran_order': False, 'shape': (2, 3)}", "|u1"},
        {"{'descr': 'u1', 'fortran_order': False, 'shape': (2, 3,)}", "|u1"},
        {"{'descr': '|b1', 'fortran_order': False, 'shape': (2, 3)}", "|b1"},
        {"{'descr': '=i2', 'fortran_order': False, 'shape': (1, 3)}", "<i2"},
        {"{'descr': '>i2', 'fortran_order': False, 'shape': (1, 3)}", ">i2"},
        {"{'descr': '>f2', 'fortran_order': False, 'shape': (3,)}", ">f2"},
        {"{'shape': (2L, 3L), 'fortran_order': True, 'descr': '|i1'}", "|i1"},
        {"{u'descr': u'|u1',\n\t'fortran_order': False, 'shape': (6L,)}\n \n", "|u1"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        amkd_npy npy;
        ck_assert_msg(!open_dict(&npy, cases[c].dict, 6), "%s: %s", cases[c].dict,
                      amkd_error());
        ck_assert_str_eq(npy.dtype, cases[c].dtype);
        ck_assert_int_eq(npy.fortran, strstr(cases[c].dict, "True") != NULL);
    }
}
END_TEST

START_TEST(a_header_needs_no_newline_at_its_end)
{
    const char *dict = "{'descr': '|u1', 'fortran_order': False, 'shape': (2,)}";
    amkd_npy npy;
    const void *data;
    size_t nbytes, n = strlen(dict);
    char file[256];
    memcpy(file, file_of(&nbytes, dict, 0), 10 + n);
    file[8] = (char)n;
    file[10 + n] = 4;
    file[11 + n] = 5;
    ck_assert_msg(!amkd_npy_open(&npy, &data, file, 12 + n), "%s", amkd_error());
    ck_assert_uint_eq(*(const uint8_t *)data, 4);
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
        {"{'descr': '>c8', 'fortran_order': False, 'shape': ()}", "dtype '>c8'"},
        {"{'descr': '|O', 'fortran_order': False, 'shape': ()}", "dtype '|O'"},
        {"{'descr': '', 'fortran_order': False, 'shape': ()}", "dtype ''"},
        {"{'descr': [('a', '|u1')], 'fortran_order': False, 'shape': ()}", "structured"},
        {"{'descr': '|u1', 'fortran_order': 0, 'shape': ()}", "neither"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (1)}", "tuple of sizes"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (1LL,)}", "tuple of sizes"},
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
    ck_assert_int_eq(amkd_npy_parse(&npy, &needed, "\x93NUMPY\x04", 7), -1);
    assert_error("version 4");
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

START_TEST(integers_of_every_size_sign_and_endianness_are_read)
{
    static const struct {
        const char *dtype, *bytes;
        int fits;
        int32_t value;
    } cases[] = {
        {"|b1", "\x01", 1, 1},
        {"|i1", "\xfe", 1, -2},
        {"|u1", "\xfe", 1, 254},
        {"<u2", "\xfe\xff", 1, 65534},
        {">u2", "\xff\xfe", 1, 65534},
        {"<i2", "\xfe\xff", 1, -2},
        {">i2", "\xff\xfe", 1, -2},
        {">i4", "\xff\xff\xff\xfe", 1, -2},
        {"<u4", "\xff\xff\xff\x7f", 1, INT32_MAX},
        {">u4", "\x80\x00\x00\x00", 0, 0},
        {">i8", "\xff\xff\xff\xff\x80\x00\x00\x00", 1, INT32_MIN},
        {">i8", "\xff\xff\xff\xff\x7f\xff\xff\xff", 0, 0},
        {"<u8", "\x05\x00\x00\x00\x00\x00\x00\x00", 1, 5},
        {"<u8", "\xff\xff\xff\xff\xff\xff\xff\xff", 0, 0},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        amkd_npy npy = {.item_nbytes = (size_t)(cases[c].dtype[2] - '0')};
        memcpy(npy.dtype, cases[c].dtype, 4);
        int32_t value = 0;
        int failed = amkd_npy_integer(&value, &npy, cases[c].bytes, 0);
        ck_assert_msg(failed == (cases[c].fits ? 0 : -1), "%s", cases[c].dtype);
        ck_assert_int_eq(value, cases[c].value);
        if (failed)
            assert_error("is outside 32 bits");
    }
}
END_TEST

START_TEST(floats_of_every_size_order_and_endianness_are_read)
{
    static const struct {
        const char *dtype, *bytes;
    } cases[] = {
        {"<f4", "\x00\x00\x80\x3f\x00\x00\x00\xbe"},
        {">f4", "\x3f\x80\x00\x00\xbe\x00\x00\x00"},
        {"<f2", "\x00\x3c\x00\xb0"},
        {">f2", "\x3c\x00\xb0\x00"},
        {"<f8", "\x00\x00\x00\x00\x00\x00\xf0\x3f\x00\x00\x00\x00\x00\x00\xc0\xbf"},
        {">f8", "\x3f\xf0\x00\x00\x00\x00\x00\x00\xbf\xc0\x00\x00\x00\x00\x00\x00"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        amkd_npy npy = {.ndim = 1, .shape = {2}, .nitems = 2};
        float values[2];
        memcpy(npy.dtype, cases[c].dtype, 4);
        npy.item_nbytes = (size_t)(npy.dtype[2] - '0');
        npy.nbytes = 2 * npy.item_nbytes;
        amkd_npy_floats(values, &npy, cases[c].bytes);
        ck_assert_float_eq(values[0], 1);
        ck_assert_float_eq(values[1], -0.125f);
    }
    const float lying[] = {0, 3, 1, 4, 2, 5};
    amkd_npy npy = {"<f4", 4, 1, 3, {1, 2, 3}, 6, 24};
    float values[6];
    amkd_npy_floats(values, &npy, lying);
    for (int i = 0; i < 6; i++)
        ck_assert_float_eq(values[i], (float)i);
}
END_TEST

START_TEST(halves_are_read_at_the_ends_of_their_range)
{
    ck_assert_float_eq(amkd_half_float(0x7bff), 65504);
    ck_assert_float_eq(amkd_half_float(0x0400), ldexpf(1, -14));
    ck_assert_float_eq(amkd_half_float(0x0001), ldexpf(1, -24));
    ck_assert_float_eq(amkd_half_float(0x83ff), -ldexpf(1023, -24));
    ck_assert(signbit(amkd_half_float(0x8000)));
    ck_assert(isinf(amkd_half_float(0x7c00)) && amkd_half_float(0xfc00) < 0);
    ck_assert(isnan(amkd_half_float(0x7e00)));
    ck_assert_float_eq(amkd_bfloat_float(0xbf80), -1);
    for (unsigned bits = 1; bits < 0x7c00; bits++)
        ck_assert(amkd_half_float((uint16_t)bits) >
                  amkd_half_float((uint16_t)(bits - 1)));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("npy");
    TCase *tests = tcase_create("npy");
    tcase_add_test(tests, printed_headers_are_parsed_and_align_the_data);
    tcase_add_test(tests, the_header_of_numpy_itself_is_what_is_printed);
    tcase_add_test(tests, a_header_that_arrives_byte_by_byte_never_asks_for_data);
    tcase_add_test(tests, headers_of_versions_2_and_3_are_read);
    tcase_add_test(tests, headers_that_numpy_reads_are_read);
    tcase_add_test(tests, a_header_needs_no_newline_at_its_end);
    tcase_add_test(tests, malformed_headers_are_refused);
    tcase_add_test(tests, data_of_another_size_than_the_header_says_are_refused);
    tcase_add_test(tests, other_magic_and_versions_are_refused);
    tcase_add_test(tests, integers_of_every_dtype_are_read_and_floats_are_not);
    tcase_add_test(tests, integers_of_every_size_sign_and_endianness_are_read);
    tcase_add_test(tests, floats_of_every_size_order_and_endianness_are_read);
    tcase_add_test(tests, halves_are_read_at_the_ends_of_their_range);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed ? 1 : 0;
}
