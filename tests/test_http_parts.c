/* The parts of HTTP teachers that need no connection: URLs, header files, judgements,
 * places in JSON. */
#include "base/error.h"
#include "teacher/http_headers.h"
#include "teacher/http_outcome.h"
#include "teacher/json_path.h"
#include "teacher/url.h"
#include <check.h>
#include <curl/curl.h>
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
    ck_assert_int_eq(amkd_http_error_outcome(CURLE_BAD_CONTENT_ENCODING, 1),
                     AMKD_UNREADABLE);
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

START_TEST(the_first_bytes_of_an_answer_are_shown_whatever_they_are)
{
    char text[16];
    amkd_http_first_bytes(text, sizeof text, "<p>\r\n\xe9t\0\x1f\x8b", 10);
    ck_assert_str_eq(text, "<p> \\xe9t\\x00");
    amkd_http_first_bytes(text, sizeof text, "0123456789abcdefghij", 20);
    ck_assert_str_eq(text, "0123456789ab");
    amkd_http_first_bytes(text, sizeof text, NULL, 0);
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
    tcase_add_test(tests, the_first_bytes_of_an_answer_are_shown_whatever_they_are);
    tcase_add_test(tests, redirects_may_stay_on_their_server_or_turn_to_https);
    tcase_add_test(tests, paths_lead_to_places_in_json);
    tcase_add_test(tests, what_is_no_path_is_refused);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed != 0;
}
