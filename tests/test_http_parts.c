/* The parts of HTTP teachers that need no connection: URLs, header files, judgements,
 * images as tensors, numbers of answers, places in JSON. */
#include "base/bytes.h"
#include "base/error.h"
#include "teacher/http_headers.h"
#include "teacher/http_outcome.h"
#include "teacher/json_path.h"
#include "teacher/tensor.h"
#include "teacher/url.h"
#include "teacher/values.h"
#include <check.h>
#include <curl/curl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void assert_error(int rc, const char *text)
{
    ck_assert_int_eq(rc, -1);
    ck_assert_msg(strstr(amkd_error(), text) != NULL, "said '%s', expected '%s'",
                  amkd_error(), text);
}

/* --------------------------------------------------------------------------- URLs -- */

START_TEST(the_path_of_a_url_tells_the_protocol)
{
    static const struct {
        const char *url;
        amkd_protocol_kind kind;
    } cases[] = {
        {"http://h/v2/models/m", AMKD_OIP},
        {"https://h:8443/v2/models/m/versions/3", AMKD_OIP},
        {"http://h/behind/a/gateway/v2/models/m/", AMKD_OIP},
        {"http://h/v2/models/", AMKD_OTHER_API},
        {"http://h/v2/models/m/infer", AMKD_OTHER_API},
        {"http://h/v2/models/m/versions/", AMKD_OTHER_API},
        {"http://h/v2/models/m?x=1", AMKD_OTHER_API},
        {"http://h/v1/models/m", AMKD_TFSERVING},
        {"http://h/v1/models/m/versions/12/", AMKD_TFSERVING},
        {"http://h/v1/models/m:predict", AMKD_OTHER_API},
        {"http://h/classify", AMKD_OTHER_API},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        ck_assert_msg(amkd_url_protocol(cases[c].url) == cases[c].kind, "%s",
                      cases[c].url);
    ck_assert(amkd_url_is("HTTPS://h") && amkd_url_is("http://h"));
    ck_assert(!amkd_url_is("httpd") && !amkd_url_is("exec:http://h"));
}
END_TEST

START_TEST(a_url_with_a_password_is_refused_without_showing_it)
{
    ck_assert_int_eq(amkd_url_check("https://h/v2/models/m?version=3"), 0);
    assert_error(amkd_url_check("http://me:hush@h/v2/models/m"), "no place for a user");
    ck_assert_ptr_null(strstr(amkd_error(), "hush"));
    assert_error(amkd_url_check("http://me@h/"), "no place for a user");
    assert_error(amkd_url_check("http://h/#part"), "fragment");
    assert_error(amkd_url_check("http://h:99999999/"), "cannot be read");
}
END_TEST

START_TEST(urls_are_put_together)
{
    char *url = amkd_url_append("http://h/v2/models/m/", "/infer");
    ck_assert_str_eq(url, "http://h/v2/models/m/infer");
    free(url);
    url = amkd_url_server("http://h/x/v2/models/m/versions/1");
    ck_assert_str_eq(url, "http://h/x/v2");
    free(url);
}
END_TEST

/* ----------------------------------------------------------------------- headers -- */

static int parse_headers(amkd_http_headers *headers, const char *text)
{
    *headers = (amkd_http_headers){0};
    return amkd_http_headers_parse(headers, text, strlen(text));
}

START_TEST(a_header_file_is_read_line_by_line)
{
    amkd_http_headers headers;
    ck_assert_int_eq(parse_headers(&headers, "# keys\n\nX-Key:  a b \r\nauthorization: "
                                             "Token t"),
                     0);
    ck_assert_uint_eq(headers.n, 2);
    ck_assert_str_eq(headers.lines[0], "X-Key:  a b");
    ck_assert_str_eq(headers.lines[1], "authorization: Token t");
    ck_assert_int_eq(amkd_http_headers_add_key(&headers, "key"), 0);
    ck_assert_uint_eq(headers.n, 2); /* the file comes first */
    amkd_http_headers_clear(&headers);
    ck_assert_int_eq(amkd_http_headers_add_key(&headers, "key"), 0);
    ck_assert_str_eq(headers.lines[0], "Authorization: Bearer key");
    amkd_http_headers_clear(&headers);
}
END_TEST

START_TEST(a_bad_header_is_refused_without_showing_its_value)
{
    static const char *const texts[][2] = {
        {"X: 1\nhush hush\n", "line 2: expected 'Name: value'"},
        {": hush", "line 1: expected"},
        {"X hush: 1", "line 1: expected"},
        {"X:  \n", "line 1: 'X' has no value"},
        {"X: hush\x01hush", "'X' holds a control character"},
        {"content-length: hush", "'Content-Length' is set by each request itself"},
        {"Host: hush", "'Host' is set"},
    };
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        amkd_http_headers headers;
        assert_error(parse_headers(&headers, texts[t][0]), texts[t][1]);
        ck_assert_ptr_null(strstr(amkd_error(), "hush"));
        amkd_http_headers_clear(&headers);
    }
    amkd_http_headers headers = {0};
    assert_error(amkd_http_headers_parse(&headers, "X: 1\0002", 6), "no text");
    assert_error(amkd_http_headers_add_key(&headers, "a key\n"), "AMKD_API_KEY");
}
END_TEST

START_TEST(credentials_are_hidden_wherever_they_stand)
{
    amkd_http_headers headers;
    char text[] = "no sesame-1 here, Bearer sesame-1 or xyzzy: 'sesame-1'";
    ck_assert_int_eq(
        parse_headers(&headers, "Authorization: Bearer sesame-1\nX-Key: xyzzy\nY: no\n"),
        0);
    amkd_http_headers_hide(&headers, text);
    ck_assert_str_eq(text, "no ******** here, *************** or *****: '********'");
    char others[] = "{\"error\": \"no basic Ym9iOnM= and no Bearer x.y\"}"; /* netrc's */
    amkd_http_headers_hide(&headers, others);
    ck_assert_str_eq(others, "{\"error\": \"no basic ******** and no Bearer ***\"}");
    amkd_http_headers_clear(&headers);
    char escaped[] =
        "{\"error\": \"key \\\"a\\\\b\\/c, that is \"a\\b/c, no \\\"a\\\\\"}";
    ck_assert_int_eq(parse_headers(&headers, "X-Key: \"a\\b/c\n"), 0);
    amkd_http_headers_hide(&headers, escaped);
    ck_assert_str_eq(escaped,
                     "{\"error\": \"key *********, that is ******, no \\\"a\\\\\"}");
    amkd_http_headers_clear(&headers);
}
END_TEST

/* ---------------------------------------------------------------------- outcomes -- */

START_TEST(statuses_and_errors_tell_what_was_spent)
{
    ck_assert_int_eq(amkd_http_status_outcome(200), AMKD_ANSWERED);
    ck_assert_int_eq(amkd_http_status_outcome(429), AMKD_UNSENT);
    ck_assert_int_eq(amkd_http_status_outcome(503), AMKD_UNSENT);
    ck_assert_int_eq(amkd_http_status_outcome(500), AMKD_DOUBTFUL);
    ck_assert_int_eq(amkd_http_status_outcome(520), AMKD_DOUBTFUL);
    ck_assert_int_eq(amkd_http_status_outcome(400), AMKD_REFUSED);
    ck_assert_int_eq(amkd_http_status_outcome(304), AMKD_REFUSED);
    ck_assert_int_eq(amkd_http_error_outcome(CURLE_COULDNT_CONNECT, 0), AMKD_UNSENT);
    ck_assert_int_eq(amkd_http_error_outcome(CURLE_RECV_ERROR, 1), AMKD_DOUBTFUL);
    ck_assert_int_eq(amkd_http_error_outcome(CURLE_PEER_FAILED_VERIFICATION, 0),
                     AMKD_REFUSED);
}
END_TEST

START_TEST(retry_after_is_seconds_or_a_date)
{
    const time_t now = 1700000000; /* Tue, 14 Nov 2023 22:13:20 GMT */
    ck_assert(amkd_http_retry_after("120", now) == 120);
    ck_assert(amkd_http_retry_after(" 0 ", now) == 0);
    ck_assert(amkd_http_retry_after("Tue, 14 Nov 2023 22:14:00 GMT", now) == 40);
    ck_assert(amkd_http_retry_after("Tue, 14 Nov 2023 22:13:00 GMT", now) == 0);
    ck_assert(amkd_http_retry_after("soon", now) == -1);
    ck_assert(amkd_http_retry_after("", now) == -1);
    ck_assert(amkd_http_retry_after("-5", now) == -1);
    ck_assert(amkd_http_retry_after(NULL, now) == -1);
}
END_TEST

START_TEST(an_excerpt_is_one_line_of_text)
{
    char text[16];
    amkd_http_excerpt(text, sizeof text, " a\r\n\tb\x7f", 7);
    ck_assert_str_eq(text, "a b");
    amkd_http_excerpt(text, sizeof text, "0123456789abcdefghij", 20);
    ck_assert_str_eq(text, "0123456789abcde");
    amkd_http_excerpt(text, sizeof text, "\n<html>", 7);
    ck_assert_str_eq(text, "");
    amkd_http_excerpt(text, sizeof text, "ab\0c", 4);
    ck_assert_str_eq(text, "");
    amkd_http_excerpt(text, sizeof text, NULL, 0);
    ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(redirects_may_stay_on_their_server_or_turn_to_https)
{
    char place[64];
    size_t size = sizeof place;
    ck_assert(amkd_http_may_follow(place, size, "http://h/a", "http://H:80/b"));
    ck_assert(amkd_http_may_follow(place, size, "http://h/a", "https://h/b"));
    ck_assert(!amkd_http_may_follow(place, size, "https://h/a", "http://h/b"));
    ck_assert(!amkd_http_may_follow(place, size, "http://h/a", "http://h:81/b"));
    ck_assert(!amkd_http_may_follow(place, size, "http://h:81/a", "https://h/b"));
    ck_assert(!amkd_http_may_follow(place, size, "http://h/a", "http://h.evil/b?k"));
    ck_assert_str_eq(place, "http://h.evil:80");
}
END_TEST

/* ----------------------------------------------------------------------- tensors -- */

static const amkd_shape rgb = {3, 2, 2}, gray = {1, 2, 2};

static int fit(amkd_tensor *tensor, amkd_shape image, const char *layout, size_t ndim,
               int64_t a, int64_t b, int64_t c, int64_t d)
{
    const int64_t dims[] = {a, b, c, d};
    return amkd_tensor_fit(tensor, dims, ndim, image, layout);
}

START_TEST(images_fit_the_shapes_that_hold_them)
{
    amkd_tensor t;
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

START_TEST(images_that_fit_in_two_ways_or_none_are_refused)
{
    amkd_tensor t;
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
    amkd_tensor t;
    amkd_bytes bytes = {0};
    const uint8_t planes[12] = {0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11};
    ck_assert_int_eq(fit(&t, rgb, NULL, 4, -1, 2, 2, 3), 0);
    ck_assert_int_eq(amkd_tensor_set_type(&t, "UINT8"), 0);
    ck_assert_int_eq(amkd_tensor_add_binary(&bytes, &t, pixels, 2), 0);
    assert_bytes(&bytes, pixels, 24);
    ck_assert_int_eq(fit(&t, rgb, NULL, 4, -1, 3, 2, 2), 0);
    ck_assert_int_eq(amkd_tensor_set_type(&t, "UINT8"), 0);
    ck_assert_int_eq(amkd_tensor_add_binary(&bytes, &t, pixels, 1), 0);
    assert_bytes(&bytes, planes, 12);
    ck_assert_int_eq(amkd_tensor_set_type(&t, "FP32"), 0);
    ck_assert_int_eq(amkd_tensor_add_binary(&bytes, &t, pixels + 12, 1), 0);
    float floats[12];
    memcpy(floats, bytes.data, sizeof floats);
    ck_assert(floats[1] == 15.0f / 255 && floats[11] == 1);
    amkd_bytes_clear(&bytes);
    assert_error(amkd_tensor_set_type(&t, "INT64"), "takes 'INT64'");
}
END_TEST

/* Against numbers worked out by hand: 1/255 = 0x1c04, 128/255 = 0x3804, 1 = 0x3c00. */
START_TEST(half_precision_rounds_to_nearest)
{
    amkd_tensor t;
    fit(&t, gray, NULL, 3, -1, 2, 2, 0);
    ck_assert_int_eq(amkd_tensor_set_type(&t, "FP16"), 0);
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
    amkd_tensor t;
    ck_assert_int_eq(fit(&t, gray, NULL, 3, -1, 2, 2, 0), 0);
    ck_assert_int_eq(amkd_tensor_set_type(&t, "FP32"), 0);
    for (int v = 0; v < 256; v++)
        ck_assert(strtof(t.items[v].text, NULL) == (float)v / 255);
    ck_assert_int_eq(amkd_tensor_set_type(&t, "FP64"), 0);
    for (int v = 0; v < 256; v++)
        ck_assert(strtod(t.items[v].text, NULL) == v / 255.0);
}
END_TEST

START_TEST(tensors_are_laid_out_in_json)
{
    amkd_tensor t;
    amkd_bytes bytes = {0};
    const char nested[] = "[[[[0,1,2],[3,4,5]],[[6,7,8],[9,10,11]]],"
                          "[[[12,13,14],[15,16,17]],[[18,19,20],[21,22,255]]]]";
    const char planes[] = "[[[0,3],[6,9]],[[1,4],[7,10]],[[2,5],[8,11]]]";
    ck_assert_int_eq(fit(&t, rgb, NULL, 4, -1, 2, 2, 3), 0);
    ck_assert_int_eq(amkd_tensor_set_type(&t, "UINT8"), 0);
    ck_assert_int_eq(amkd_tensor_add_json(&bytes, &t, pixels, 2, 1), 0);
    assert_bytes(&bytes, nested, strlen(nested));
    ck_assert_int_eq(amkd_tensor_add_shape(&bytes, &t, 2), 0);
    assert_bytes(&bytes, "[2,2,2,3]", 9);
    ck_assert_int_eq(amkd_tensor_add_json(&bytes, &t, pixels, 1, 0), 0);
    assert_bytes(&bytes, "[0,1,2,3,4,5,6,7,8,9,10,11]", 27);
    ck_assert_int_eq(fit(&t, rgb, NULL, 3, 3, 2, 2, 0), 0);
    ck_assert_int_eq(amkd_tensor_set_type(&t, "UINT8"), 0);
    ck_assert_int_eq(amkd_tensor_add_json(&bytes, &t, pixels, 1, 1), 0);
    assert_bytes(&bytes, planes, strlen(planes));
    ck_assert_int_eq(amkd_tensor_add_shape(&bytes, &t, 1), 0);
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
    assert_error(read_json(&values, "[[1,2],[3,null]]", 2), "image 1, class 1");
    assert_error(read_json(&values, "[[1,2],[3,1e300]]", 2), "1e+300 for image 1");
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
    assert_error(amkd_values_read_binary(&values, floats, "FP32", 2, 2),
                 "nan for image 1, class 1");
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

/* ------------------------------------------------------------------------- paths -- */

static void assert_finds(const char *path_text, const char *expected)
{
    json_t *json =
        json_loads("{\"a\": {\"b\": [{\"n\": \"x\", \"s\": 1}, {\"s\": 2, \"n\":"
                   " \"y\"}, {\"n\": \"z\"}]}, \"it's\": [7], \"e\": []}",
                   0, NULL);
    amkd_json_path *path;
    ck_assert_msg(amkd_json_path_parse(&path, path_text) == 0, "%s", amkd_error());
    json_t *found = amkd_json_path_find(path, json);
    char *text = json_dumps(found, JSON_COMPACT);
    ck_assert_str_eq(text, expected);
    free(text);
    json_decref(found);
    json_decref(json);
    amkd_json_path_free(path);
}

START_TEST(paths_lead_to_places_in_json)
{
    assert_finds("$.a.b[0].s", "[1]");
    assert_finds("$.a.b[*].s", "[1,2]");
    assert_finds("$['a'][\"b\"][-1].n", "[\"z\"]");
    assert_finds("$.a.b[*]['n','s']", "[\"x\",1,\"y\",2,\"z\"]");
    assert_finds("$.a.b[1]['n', 's']", "[\"y\",2]");
    assert_finds("$.a.b[1].*", "[2,\"y\"]");
    assert_finds("$['it\\'s'][*]", "[7]");
    assert_finds("$.e", "[[]]");
    assert_finds("$.e[*]", "[]");
    assert_finds("$.a.b[9]", "[]");
    assert_finds("$.a.b[-4]", "[]");
    assert_finds("$.none.b[0]", "[]");
    assert_finds("$.a[0]", "[]");
}
END_TEST

START_TEST(what_is_no_path_is_refused)
{
    static const char *const texts[][2] = {
        {"", "expected '$'"},           {"a.b", "expected '$'"},
        {"$.", "expected a name"},      {"$a", "expected '.' or '['"},
        {"$..a", "expected a name"},    {"$[", "expected a number"},
        {"$[ 1]", "expected a number"}, {"$[1", "expected ']'"},
        {"$['a'", "expected ']'"},      {"$['a", "does not end"},
        {"$['a\\", "does not end"},     {"$['a',b]", "expected a quoted name"},
        {"$[1:2]", "expected ']'"},     {"$.a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q", "16"},
    };
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        amkd_json_path *path;
        assert_error(amkd_json_path_parse(&path, texts[t][0]), texts[t][1]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("http_parts");
    TCase *tests = tcase_create("http_parts");
    tcase_add_test(tests, the_path_of_a_url_tells_the_protocol);
    tcase_add_test(tests, a_url_with_a_password_is_refused_without_showing_it);
    tcase_add_test(tests, urls_are_put_together);
    tcase_add_test(tests, a_header_file_is_read_line_by_line);
    tcase_add_test(tests, a_bad_header_is_refused_without_showing_its_value);
    tcase_add_test(tests, credentials_are_hidden_wherever_they_stand);
    tcase_add_test(tests, statuses_and_errors_tell_what_was_spent);
    tcase_add_test(tests, retry_after_is_seconds_or_a_date);
    tcase_add_test(tests, an_excerpt_is_one_line_of_text);
    tcase_add_test(tests, redirects_may_stay_on_their_server_or_turn_to_https);
    tcase_add_test(tests, images_fit_the_shapes_that_hold_them);
    tcase_add_test(tests, images_that_fit_in_two_ways_or_none_are_refused);
    tcase_add_test(tests, tensors_are_laid_out_in_binary);
    tcase_add_test(tests, half_precision_rounds_to_nearest);
    tcase_add_test(tests, json_numbers_read_back_as_the_same_floats);
    tcase_add_test(tests, tensors_are_laid_out_in_json);
    tcase_add_test(tests, rows_are_read_from_json_nested_or_flat);
    tcase_add_test(tests, rows_are_read_from_binary);
    tcase_add_test(tests, paths_lead_to_places_in_json);
    tcase_add_test(tests, what_is_no_path_is_refused);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed != 0;
}
