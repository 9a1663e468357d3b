/* JSON as servers write it, mended to JSON. */
#include "base/error.h"
#include "teacher/json_text.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

static void assert_mends(const char *text, size_t nbytes, const char *expected)
{
    amkd_bytes out = {0};
    ck_assert_int_eq(amkd_json_mend(&out, text, nbytes), 0);
    ck_assert_int_eq(amkd_bytes_add(&out, "", 1), 0);
    ck_assert_str_eq(out.data, expected);
    amkd_bytes_clear(&out);
}

static void mends(const char *text, const char *expected)
{
    assert_mends(text, strlen(text), expected);
}

START_TEST(json_stays_as_it_is)
{
    static const char *const texts[] = {
        "",
        "{}",
        " {\"a\" :\n[1, -2.5e+3, 0.1, true, false, null]} ",
        "[9223372036854775807, -9223372036854775808, 1e308, 1e-999]",
        "[\"NaN -1e999\", \"\xc3\xa9 \xf0\x9f\x90\xb1 \xef\xbf\xbd\"]",
        "[\"\\ud83d\\udc31 \\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"]",
    };
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++)
        mends(texts[t], texts[t]);
}
END_TEST

START_TEST(a_byte_order_mark_is_left_out)
{
    mends("\xef\xbb\xbf{}", "{}");
    mends("\xef\xbb\xbf\xef\xbb\xbf", "");
    mends("\xef\xbb", "\xef\xbb");
}
END_TEST

START_TEST(numbers_that_are_none_become_null)
{
    mends("[NaN,nan,-NaN,Infinity,-inf,+Infinity]", "[null,null,null,null,null,null]");
    mends("[1e999,-1e999,1E+999]", "[null,null,null]");
    mends("{\"a\":NaN}", "{\"a\":null}");
    mends("[nanny,N,a]", "[nanny,N,a]");
}
END_TEST

START_TEST(integers_beyond_64_bits_become_real)
{
    mends("[9223372036854775808,-9223372036854775809]",
          "[9223372036854775808.0,-9223372036854775809.0]");
    char huge[400] = "[1";
    memset(huge + 2, '0', 320);
    strcpy(huge + 322, "]");
    mends(huge, "[null]");
}
END_TEST

START_TEST(bytes_that_are_no_characters_become_one_that_says_so)
{
    static const char *const cases[][2] = {
        {"[\"caf\xe9\"]", "[\"caf\\ufffd\"]"},
        {"[\"\xe9t\xe9\"]", "[\"\\ufffdt\\ufffd\"]"},
        {"[\"\xc0\x80\"]", "[\"\\ufffd\\ufffd\"]"},            /* too long for its code */
        {"[\"\xed\xa0\x80\"]", "[\"\\ufffd\\ufffd\\ufffd\"]"}, /* half a pair */
        {"[\"\xf4\x90\x80\x80\"]", "[\"\\ufffd\\ufffd\\ufffd\\ufffd\"]"},
        {"[\"\xe2\x82\"]", "[\"\\ufffd\\ufffd\"]"},
        {"[\"\\ud83d\\n\\udc31\"]", "[\"\\ufffd\\n\\ufffd\"]"},
        {"[\"\\ud83d\\ud83d\\udc31\"]", "[\"\\ufffd\\ud83d\\udc31\"]"},
        {"[\"\\u0000\\x\\'\\u12g4\"]", "[\"\\ufffd\\ufffdx\\ufffd'\\ufffdu12g4\"]"},
        {"[\"a\tb\x1f\"]", "[\"a\\u0009b\\u001f\"]"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        mends(cases[c][0], cases[c][1]);
    assert_mends("[\"\0\\\0\"]", 7, "[\"\\ufffd\\ufffd\\ufffd\"]");
}
END_TEST

START_TEST(what_is_cut_stays_cut)
{
    static const char *const texts[] = {"{\"a\": 1", "{\"a", "[1e", "[1,", "[\"\\ufffd"};
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++)
        mends(texts[t], texts[t]);
    mends("[\"\\", "[\"\\ufffd");
    mends("[\"\\u12", "[\"\\ufffdu12");
    mends("[\"\xe2\x82", "[\"\\ufffd\\ufffd");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json_text");
    TCase *tests = tcase_create("json_text");
    tcase_add_test(tests, json_stays_as_it_is);
    tcase_add_test(tests, a_byte_order_mark_is_left_out);
    tcase_add_test(tests, numbers_that_are_none_become_null);
    tcase_add_test(tests, integers_beyond_64_bits_become_real);
    tcase_add_test(tests, bytes_that_are_no_characters_become_one_that_says_so);
    tcase_add_test(tests, what_is_cut_stays_cut);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed != 0;
}
