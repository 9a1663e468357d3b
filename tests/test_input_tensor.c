/* Images as tensors, and the numbers of answers: what goes into requests to model servers
 * and comes out of them. */
#include "base/bytes.h"
#include "base/error.h"
#include "teacher/input_tensor.h"
#include "teacher/values.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void assert_error(int rc, const char *text)
{
    ck_assert_int_eq(rc, -1);
    ck_assert_msg(strstr(amkd_error(), text) != NULL, "said '%s', expected '%s'",
                  amkd_error(), text);
}

/* ----------------------------------------------------------------------- tensors -- */

static const amkd_shape rgb = {3, 2, 2}, gray = {1, 2, 2};

static int fit(amkd_input_tensor *tensor, amkd_shape image, const char *layout,
               size_t ndim, int64_t a, int64_t b, int64_t c, int64_t d)
{
    const int64_t dims[] = {a, b, c, d};
    return amkd_input_tensor_fit(tensor, dims, ndim, image, layout);
}

START_TEST(images_fit_the_shapes_that_hold_them)
{
    amkd_input_tensor t;
    ck_assert_int_eq(fit(&t, rgb, NULL, 4, -1, 3, 2, 2), 0);
    ck_assert(t.planes && t.has_batch && t.nmax == 0 && t.ndim == 3);
    ck_assert_int_eq(fit(&t, rgb, NULL, 4, 1, 2, 2, 3), 0);
    ck_assert(!t.planes && t.has_batch && t.nmax == 1);
    ck_assert_int_eq(fit(&t, rgb, NULL, 3, 3, -1, -1, 0), 0);
    ck_assert(t.planes && !t.has_batch && t.nmax == 1);
    ck_assert_int_eq(fit(&t, gray, NULL, 3, -1, 2, 2, 0), 0);
    ck_assert(t.has_batch && t.ndim == 2);
    ck_assert_int_eq(fit(&t, gray, NULL, 2, -1, 4, 0, 0), 0);
    ck_assert(t.has_batch && t.ndim == 1);
    ck_assert_int_eq(fit(&t, gray, "nchw", 3, -1, -1, -1, 0), 0);
    ck_assert_int_eq(fit(&t, rgb, "nhwc", 2, -1, 12, 0, 0), 0);
    ck_assert(!t.planes);
}
END_TEST

START_TEST(shapes_told_fill_in_what_is_open)
{
    static const char *const none[] = {"",
                                       "n,",
                                       ",n",
                                       "n,,3",
                                       "n,0",
                                       "-2,3",
                                       "n 3",
                                       "n,x",
                                       " 3",
                                       "+3",
                                       "nn",
                                       "n,3.",
                                       "1,1,1,1,1,1,1,1,1"};
    const int64_t open[] = {-1, -1, -1, 1}, other[] = {-1, 4};
    int64_t dims[AMKD_INPUT_TENSOR_DIMS];
    size_t ndim;
    amkd_input_tensor t;
    ck_assert_int_eq(amkd_input_tensor_parse_dims(dims, &ndim, "n,28,-1"), 0);
    ck_assert(ndim == 3 && dims[0] == -1 && dims[1] == 28 && dims[2] == -1);
    ck_assert_int_eq(amkd_input_tensor_parse_dims(dims, &ndim, "1,1,1,1,1,1,1,n"), 0);
    ck_assert(ndim == 8 && dims[7] == -1);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_error(amkd_input_tensor_parse_dims(dims, &ndim, none[i]), "no shape");
    ck_assert_int_eq(amkd_input_tensor_fit_told(&t, NULL, 0, "n,4", gray, NULL), 0);
    ck_assert(t.has_batch && t.ndim == 1);
    ck_assert_int_eq(amkd_input_tensor_fit_told(&t, open, 4, "n,2,2,-1", gray, NULL), 0);
    ck_assert(t.has_batch && t.ndim == 3 && !t.planes);
    assert_error(amkd_input_tensor_fit_told(&t, open, 4, "n,2,2", gray, NULL),
                 "takes [-1,-1,-1,1], not the n,2,2 of --input-shape");
    assert_error(amkd_input_tensor_fit_told(&t, other, 2, "n,5", gray, NULL),
                 "not the n,5");
    assert_error(amkd_input_tensor_fit_told(&t, NULL, 0, NULL, gray, NULL),
                 "--input-shape");
}
END_TEST

START_TEST(images_that_fit_in_two_ways_or_none_are_refused)
{
    amkd_input_tensor t;
    assert_error(fit(&t, rgb, NULL, 2, -1, 12, 0, 0), "choose by --layout");
    assert_error(fit(&t, gray, NULL, 4, -1, -1, -1, -1), "choose by --layout");
    assert_error(fit(&t, (amkd_shape){3, 3, 3}, NULL, 4, -1, 3, 3, 3), "--layout");
    assert_error(fit(&t, rgb, NULL, 4, -1, 3, 2, 4),
                 "takes [-1,3,2,4], these are images of 3x2x2");
    assert_error(fit(&t, rgb, "nhwc", 4, -1, 3, 2, 2), "as nhwc");
    assert_error(fit(&t, rgb, NULL, 4, 8, 3, 2, 2), "exactly 8 images");
    assert_error(fit(&t, rgb, NULL, 1, -1, 0, 0, 0), "--layout");
}
END_TEST

/* Two images of 3 channels, 2 x 2. */
static const uint8_t pixels[24] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11,
                                   12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 255};

static void assert_bytes(amkd_bytes *bytes, const void *expected, size_t n)
{
    ck_assert_uint_eq(bytes->n, n);
    ck_assert_mem_eq(bytes->data, expected, n);
    amkd_bytes_clear(bytes);
}

START_TEST(tensors_are_laid_out_in_binary)
{
    amkd_input_tensor t;
    amkd_bytes bytes = {0};
    const uint8_t planes[12] = {0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11};
    ck_assert_int_eq(fit(&t, rgb, NULL, 4, -1, 2, 2, 3), 0);
    ck_assert_int_eq(amkd_input_tensor_set_type(&t, "UINT8"), 0);
    ck_assert_int_eq(amkd_input_tensor_add_binary(&bytes, &t, pixels, 2), 0);
    assert_bytes(&bytes, pixels, 24);
    ck_assert_int_eq(fit(&t, rgb, NULL, 4, -1, 3, 2, 2), 0);
    ck_assert_int_eq(amkd_input_tensor_set_type(&t, "UINT8"), 0);
    ck_assert_int_eq(amkd_input_tensor_add_binary(&bytes, &t, pixels, 1), 0);
    assert_bytes(&bytes, planes, 12);
    ck_assert_int_eq(amkd_input_tensor_set_type(&t, "FP32"), 0);
    ck_assert_int_eq(amkd_input_tensor_add_binary(&bytes, &t, pixels + 12, 1), 0);
    float floats[12];
    memcpy(floats, bytes.data, sizeof floats);
    ck_assert(floats[1] == 15.0f / 255 && floats[11] == 1);
    amkd_bytes_clear(&bytes);
    assert_error(amkd_input_tensor_set_type(&t, "INT64"), "takes 'INT64'");
}
END_TEST

/* Against numbers worked out by hand: 1/255 = 0x1c04, 128/255 = 0x3804, 1 = 0x3c00. */
START_TEST(half_precision_rounds_to_nearest)
{
    amkd_input_tensor t;
    fit(&t, gray, NULL, 3, -1, 2, 2, 0);
    ck_assert_int_eq(amkd_input_tensor_set_type(&t, "FP16"), 0);
    uint16_t half;
    static const struct {
        int value;
        uint16_t half;
    } cases[] = {{0, 0}, {1, 0x1c04}, {128, 0x3804}, {255, 0x3c00}, {254, 0x3bf8}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        memcpy(&half, t.items[cases[c].value].bytes, 2);
        ck_assert_msg(half == cases[c].half, "%d is %x", cases[c].value, half);
    }
}
END_TEST

START_TEST(json_numbers_read_back_as_the_same_floats)
{
    amkd_input_tensor t;
    ck_assert_int_eq(fit(&t, gray, NULL, 3, -1, 2, 2, 0), 0);
    ck_assert_int_eq(amkd_input_tensor_set_type(&t, "FP32"), 0);
    for (int v = 0; v < 256; v++)
        ck_assert(strtof(t.items[v].text, NULL) == (float)v / 255);
    ck_assert_int_eq(amkd_input_tensor_set_type(&t, "FP64"), 0);
    for (int v = 0; v < 256; v++)
        ck_assert(strtod(t.items[v].text, NULL) == v / 255.0);
}
END_TEST

START_TEST(tensors_are_laid_out_in_json)
{
    amkd_input_tensor t;
    amkd_bytes bytes = {0};
    const char nested[] = "[[[[0,1,2],[3,4,5]],[[6,7,8],[9,10,11]]],"
                          "[[[12,13,14],[15,16,17]],[[18,19,20],[21,22,255]]]]";
    const char planes[] = "[[[0,3],[6,9]],[[1,4],[7,10]],[[2,5],[8,11]]]";
    ck_assert_int_eq(fit(&t, rgb, NULL, 4, -1, 2, 2, 3), 0);
    ck_assert_int_eq(amkd_input_tensor_set_type(&t, "UINT8"), 0);
    ck_assert_int_eq(amkd_input_tensor_add_json(&bytes, &t, pixels, 2, 1), 0);
    assert_bytes(&bytes, nested, strlen(nested));
    ck_assert_int_eq(amkd_input_tensor_add_shape(&bytes, &t, 2), 0);
    assert_bytes(&bytes, "[2,2,2,3]", 9);
    ck_assert_int_eq(amkd_input_tensor_add_json(&bytes, &t, pixels, 1, 0), 0);
    assert_bytes(&bytes, "[0,1,2,3,4,5,6,7,8,9,10,11]", 27);
    ck_assert_int_eq(fit(&t, rgb, NULL, 3, 3, 2, 2, 0), 0);
    ck_assert_int_eq(amkd_input_tensor_set_type(&t, "UINT8"), 0);
    ck_assert_int_eq(amkd_input_tensor_add_json(&bytes, &t, pixels, 1, 1), 0);
    assert_bytes(&bytes, planes, strlen(planes));
    ck_assert_int_eq(amkd_input_tensor_add_shape(&bytes, &t, 1), 0);
    assert_bytes(&bytes, "[3,2,2]", 7);
}
END_TEST

/* ------------------------------------------------------------------------ values -- */

static int read_json(amkd_values *values, const char *text, size_t n)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
    ck_assert_ptr_nonnull(json);
    int rc = amkd_values_read_json(values, json, n);
    json_decref(json);
    return rc;
}

START_TEST(rows_are_read_from_json_nested_or_flat)
{
    amkd_values values = {0};
    static const char *const texts[] = {"[[1,2.5],[3,4]]", "[1,2.5,3,4]",
                                        "[[[1],[2.5]],[[3],[4]]]"};
    for (size_t t = 0; t < 3; t++) {
        ck_assert_int_eq(read_json(&values, texts[t], 2), 0);
        ck_assert_uint_eq(values.nvalues, 2);
        ck_assert(values.at[0] == 1 && values.at[1] == 2.5f && values.at[3] == 4);
    }
    ck_assert_int_eq(read_json(&values, "[1,2.5,3,4]", 1), 0);
    ck_assert_uint_eq(values.nvalues, 4);
    assert_error(read_json(&values, "[[1,2],[3,4],[5,6]]", 2), "3 rows for 2 images");
    assert_error(read_json(&values, "[[1,2],[3]]", 2), "1 values for image 1");
    assert_error(read_json(&values, "[1,2,3]", 2), "no 2 equal rows");
    assert_error(read_json(&values, "[1,2]", 2), "1 values an image, expected 2");
    assert_error(read_json(&values, "[[1,2],[3,\"x\"]]", 2), "image 1, class 1");
    ck_assert_int_eq(read_json(&values, "[[1,null],[3,1e300],[5,6]]", 3), 0);
    ck_assert(isinf(values.at[1]) && isinf(values.at[3]) && values.at[5] == 6);
    ck_assert_int_eq(read_json(&values, "[[1,\"NaN\"],[\"-Infinity\",4],[5,6]]", 3), 0);
    ck_assert(isinf(values.at[1]) && isinf(values.at[2]) && values.at[5] == 6);
    assert_error(read_json(&values, "[]", 1), "no array of numbers");
    assert_error(read_json(&values, "{}", 1), "no array of numbers");
    amkd_values_clear(&values);
}
END_TEST

START_TEST(rows_are_read_from_binary)
{
    amkd_values values = {0};
    float floats[4] = {1, 2, 3, 4};
    double doubles[4] = {0.1, 0.2, 0.3, 0.4};
    ck_assert_int_eq(amkd_values_read_binary(&values, floats, "FP32", 2, 2), 0);
    ck_assert_mem_eq(values.at, floats, sizeof floats);
    ck_assert_int_eq(amkd_values_read_binary(&values, doubles, "FP64", 1, 4), 0);
    ck_assert(values.at[2] == 0.3f);
    floats[3] = NAN;
    ck_assert_int_eq(amkd_values_read_binary(&values, floats, "FP32", 2, 2), 0);
    ck_assert(values.at[2] == 3 && isinf(values.at[3]));
    static const struct {
        const char *datatype, *bytes;
        float expected[2];
    } whole[] = {{"INT8", "\x80\x7f", {-128, 127}},
                 {"UINT8", "\x80\x7f", {128, 127}},
                 {"INT16", "\xfe\xff\1\1", {-2, 257}},
                 {"UINT16", "\xfe\xff\1\1", {65534, 257}},
                 {"INT32", "\xff\xff\xff\xff\0\0\0\1", {-1, 1 << 24}},
                 {"UINT32", "\0\0\0\x80\5\0\0\0", {2147483648.f, 5}},
                 {"INT64", "\xfd\xff\xff\xff\xff\xff\xff\xff\7\0\0\0\0\0\0\0", {-3, 7}},
                 {"UINT64", "\0\0\0\0\0\0\0\x80\7\0\0\0\0\0\0\0", {0x1p63f, 7}},
                 {"FP16", "\0\xbc\1\0", {-1, 0x1p-24f}}};
    for (size_t w = 0; w < sizeof whole / sizeof *whole; w++) {
        ck_assert_int_eq(
            amkd_values_read_binary(&values, whole[w].bytes, whole[w].datatype, 1, 2), 0);
        ck_assert_msg(values.at[0] == whole[w].expected[0] &&
                          values.at[1] == whole[w].expected[1],
                      "%s: %g, %g", whole[w].datatype, values.at[0], values.at[1]);
    }
    assert_error(amkd_values_read_binary(&values, floats, "BYTES", 2, 2), "no number");
    amkd_values_clear(&values);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tensor");
    TCase *tests = tcase_create("tensor");
    tcase_add_test(tests, images_fit_the_shapes_that_hold_them);
    tcase_add_test(tests, shapes_told_fill_in_what_is_open);
    tcase_add_test(tests, images_that_fit_in_two_ways_or_none_are_refused);
    tcase_add_test(tests, tensors_are_laid_out_in_binary);
    tcase_add_test(tests, half_precision_rounds_to_nearest);
    tcase_add_test(tests, json_numbers_read_back_as_the_same_floats);
    tcase_add_test(tests, tensors_are_laid_out_in_json);
    tcase_add_test(tests, rows_are_read_from_json_nested_or_flat);
    tcase_add_test(tests, rows_are_read_from_binary);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed != 0;
}
