/* Safetensors files: read in any layout that is right, refused with any that is not. */
#include "base/error.h"
#include "net/safetensors.h"
#include "scratch.h"

static const char path[] = "t.safetensors";

static void expect_refused(const char *message)
{
    amkd_tensors tensors;
    ck_assert_int_eq(amkd_tensors_read(&tensors, path), -1);
    ck_assert_ptr_null(tensors.values);
    ck_assert_ptr_null(tensors.tensors);
    ck_assert_msg(strstr(amkd_error(), message) != NULL, "expected '%s' in: %s", message,
                  amkd_error());
    ck_assert_msg(strstr(amkd_error(), path) != NULL, "no path in: %s", amkd_error());
}

/* Writes length, header and nfloats ones. */
static void write_file(const char *header, size_t nfloats)
{
    uint64_t length = strlen(header);
    char *bytes = malloc(8 + length + 4 * nfloats);
    const float one = 1;
    memcpy(bytes, &length, 8);
    memcpy(bytes + 8, header, length);
    for (size_t i = 0; i < nfloats; i++)
        memcpy(bytes + 8 + length + 4 * i, &one, 4);
    put_file(path, bytes, 8 + length + 4 * nfloats);
    free(bytes);
}

START_TEST(a_header_longer_than_the_file_is_refused)
{
    static const uint64_t lengths[] = {3, 1000, UINT64_MAX, UINT64_MAX - 7, 1ULL << 63};
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
        char bytes[10] = "12345678{}";
        memcpy(bytes, &lengths[l], 8);
        put_file(path, bytes, sizeof bytes);
        expect_refused("do not hold the header");
    }
    put_file(path, "\0\0\0\0\0\0\0", 8);
    expect_refused("not a JSON object");
    write_file("[1]", 0);
    expect_refused("not a JSON object");
    write_file("{\"a\":1,\"a\":1}", 0);
    expect_refused("duplicate");
    write_file("{\"a\":1}}", 0);
    expect_refused("the header: ");
}
END_TEST

/* Values of a tensor named "a", alone or with a second, that are wrong. */
#define LONG "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
    const char *tensors, *message;
    size_t nfloats;
} lies[] = {
    {"\"a\":1", "its dtype is missing", 0},
    {"\"a\":{\"dtype\":\"C64\",\"shape\":[1],\"data_offsets\":[0,8]}", "dtype is C64", 2},
    {"\"a\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,4]}",
     "4 bytes at its offsets, 8 by its shape", 1},
    {"\"a\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[0,4]}",
     "4 bytes at its offsets, 2 by its shape", 1},
    {"\"a\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,4]}",
     "4 bytes at its offsets, 8 by its shape", 1},
    {"\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}", "expected a \"shape\"", 1},
    {"\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1],\"data_offsets\":[0,4]}",
     "up to 4 sizes", 1},
    {"\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}",
     "size 0 of its shape", 1},
    {"\"a\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}",
     "size 0 of its shape", 1},
    {"\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}",
     "size 1 of its shape", 0},
    {"\"a\":{\"dtype\":\"F32\",\"shape\":[9223372036854775808],\"data_offsets\":[0,0]}",
     "the header: ", 0},
    {"\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}",
     "4 bytes at its offsets, 8 by its shape", 1},
    {"\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}", "data_offsets", 1},
    {"\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}", "data_offsets",
     1},
    {"\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,8]}", "data_offsets",
     1},
    {"\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}", "data_offsets", 1},
    {"\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}",
     "begins at byte 4, expected 0", 2},
    {"\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
     "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}",
     "'b': begins at byte 4, expected 8", 3},
    {"\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
     "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}",
     "begins at byte 0, expected 4", 1},
    {"\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}",
     "ends at byte 8, but only 4 bytes follow", 1},
    {"\"a\":{\"dtype\":\"F32\",\"shape\":[1152921504606846976],"
     "\"data_offsets\":[0,4611686018427387904]}",
     "but only 4 bytes follow", 1},
    {"\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}",
     "4 bytes behind the last tensor", 2},
    {"\"" LONG LONG LONG "\":{}", "a name may have 95 bytes", 0},
    {"\"__metadata__\":[]", "expected an object of strings", 0},
    {"\"__metadata__\":{\"k\":1}", "'k' is not a string", 0},
};

START_TEST(lying_tensors_are_refused)
{
    char header[512];
    snprintf(header, sizeof header, "{%s}", lies[_i].tensors);
    write_file(header, lies[_i].nfloats);
    expect_refused(lies[_i].message);
}
END_TEST

START_TEST(floats_become_float32_and_of_integers_only_the_shape_is_kept)
{
    /* The bytes of a float32 1: 00 00 80 3f. */
    write_file("{\"count\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]},"
               "\"flags\":{\"dtype\":\"BOOL\",\"shape\":[2],\"data_offsets\":[8,10]},"
               "\"b\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[10,12]},"
               "\"h\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[12,16]},"
               "\"d\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[16,24]}}",
               6);
    amkd_tensors tensors;
    ck_assert_msg(!amkd_tensors_read(&tensors, path), "%s", amkd_error());
    ck_assert_uint_eq(tensors.n, 5);
    ck_assert_ptr_null(amkd_tensors_find(&tensors, "count")->data);
    ck_assert_uint_eq(amkd_tensors_find(&tensors, "count")->ndim, 0);
    ck_assert_ptr_null(amkd_tensors_find(&tensors, "flags")->data);
    ck_assert_float_eq(amkd_tensors_find(&tensors, "b")->data[0], 1);
    ck_assert_float_eq(amkd_tensors_find(&tensors, "h")->data[1], 1.875f);
    double expected;
    memcpy(&expected, "\0\0\x80\x3f\0\0\x80\x3f", 8);
    ck_assert_float_eq(amkd_tensors_find(&tensors, "d")->data[0], (float)expected);
    amkd_tensors_clear(&tensors);
}
END_TEST

START_TEST(tensors_are_read_in_any_order_of_the_header_and_at_any_alignment)
{
    write_file("{\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]}, "
               "\"none\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[8,8]},"
               "\"a\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]}}   ",
               3);
    amkd_tensors tensors;
    ck_assert_msg(!amkd_tensors_read(&tensors, path), "%s", amkd_error());
    ck_assert_uint_eq(tensors.n, 3);
    ck_assert_str_eq(tensors.tensors[0].name, "a");
    ck_assert_str_eq(tensors.tensors[2].name, "b");
    const amkd_tensor *a = amkd_tensors_find(&tensors, "a");
    ck_assert_uint_eq(a->ndim, 2);
    ck_assert_float_eq(a->data[0] + a->data[1] + tensors.tensors[2].data[0], 3);
    ck_assert_ptr_null(amkd_tensors_find(&tensors, "c"));
    amkd_tensors_clear(&tensors);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("safetensors");
    TCase *tests = tcase_create("safetensors");
    tcase_add_test(tests, a_header_longer_than_the_file_is_refused);
    tcase_add_loop_test(tests, lying_tensors_are_refused, 0, sizeof lies / sizeof *lies);
    tcase_add_test(tests,
                   tensors_are_read_in_any_order_of_the_header_and_at_any_alignment);
    tcase_add_test(tests, floats_become_float32_and_of_integers_only_the_shape_is_kept);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
