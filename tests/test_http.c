/* Requests over real connections, to a server in a thread that does what the path says:
 * what each end means, and that nothing is sent twice or to strangers. */
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "http_server.h"
#include "teacher/http.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static amkd_http *http;

static void open_http(size_t concurrency, double timeout)
{
    const amkd_http_options options = {.concurrency = concurrency};
    ck_assert_msg(amkd_http_open(&http, &options, timeout) == 0, "%s", amkd_error());
}

static void start(void)
{
    unsetenv("AMKD_API_KEY");
    setenv("no_proxy", "*", 1);
    setenv("HOME", "/nowhere", 1);
    port = start_server();
    other_port = start_server();
    http = NULL;
}

static void end(void)
{
    amkd_http_close(http);
}

static int submit_to(int to, uint64_t ticket, const char *path, size_t nbytes)
{
    amkd_bytes body = {0};
    char *filler = amkd_alloc(nbytes + 1, 1);
    char *url = amkd_format("http://127.0.0.1:%d%s", to, path);
    ck_assert(filler && url && amkd_bytes_add(&body, filler, nbytes) == 0);
    const amkd_http_post post = {.url = url,
                                 .content_type = "application/json",
                                 .body = &body,
                                 .n = (size_t)ticket * 10,
                                 .max_answer = 30};
    int rc = amkd_http_submit(http, ticket, &post);
    amkd_bytes_clear(&body);
    free(filler);
    free(url);
    return rc;
}

static void submit(uint64_t ticket, const char *path)
{
    ck_assert_msg(submit_to(port, ticket, path, 20) == 0, "%s", amkd_error());
}

static amkd_http_answer next(void)
{
    amkd_http_answer answer;
    int rc = 0;
    for (double begin = amkd_now(); rc == 0 && amkd_now() - begin < 10;)
        rc = amkd_http_wait(http, &answer, 1);
    ck_assert_int_eq(rc, 1);
    return answer;
}

static amkd_http_answer post(const char *path)
{
    submit(1, path);
    return next();
}

static void assert_says(const amkd_http_answer *answer, const char *text)
{
    ck_assert_msg(strstr(answer->message, text) != NULL, "said '%s', expected '%s'",
                  answer->message, text);
}

START_TEST(answers_come_as_they_are_ready)
{
    open_http(3, 10);
    ck_assert_uint_eq(amkd_http_capacity(http), 3);
    submit(1, "/later");
    submit(2, "/ok");
    submit(3, "/later");
    ck_assert_int_eq(submit_to(port, 4, "/ok", 20), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "3 requests are under way"));
    amkd_http_answer answer = next();
    ck_assert_uint_eq(answer.ticket, 2);
    ck_assert_uint_eq(answer.n, 20);
    ck_assert_int_eq(answer.outcome, AMKD_ANSWERED);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_int_eq((int)answer.json_nbytes, 2);
    ck_assert_uint_eq(answer.nbytes, 8);
    ck_assert_mem_eq(answer.body, "{}binary", 8);
    submit(5, "/later");
    uint64_t others = 0; /* 1, 3 and 5 in some order */
    for (int i = 0; i < 3; i++) {
        answer = next();
        others |= (uint64_t)1 << answer.ticket;
        ck_assert(answer.json_nbytes == -1 && answer.retry_after < 0);
    }
    ck_assert_uint_eq(others, 1 << 1 | 1 << 3 | 1 << 5);
    ck_assert_int_eq(nconnections, 3);
}
END_TEST

START_TEST(waiting_ends_when_its_time_is_over)
{
    open_http(1, 10);
    amkd_http_answer answer;
    submit(1, "/hang");
    double begin = amkd_now();
    while (amkd_now() - begin < 0.2)
        ck_assert_int_eq(amkd_http_wait(http, &answer, 0.2), 0);
    ck_assert(amkd_now() - begin < 1);
}
END_TEST

START_TEST(a_connection_is_kept)
{
    open_http(1, 10);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(post("/ok").outcome, AMKD_ANSWERED);
    ck_assert_int_eq(nconnections, 1);
    ck_assert_int_eq(nrequests, 5);
}
END_TEST

START_TEST(a_connection_refused_is_unsent)
{
    open_http(1, 10);
    ck_assert_int_eq(submit_to(1, 1, "/ok", 20), 0);
    amkd_http_answer answer = next();
    ck_assert_int_eq(answer.outcome, AMKD_UNSENT);
    ck_assert_int_eq(answer.status, 0);
    assert_says(&answer, "connect");
}
END_TEST

START_TEST(a_request_lost_after_it_went_out_is_doubtful)
{
    open_http(1, 10);
    amkd_http_answer answer = post("/drop");
    ck_assert_int_eq(answer.outcome, AMKD_DOUBTFUL);
    assert_says(&answer, "the request had gone out");
    ck_assert_int_eq(nrequests, 1);
}
END_TEST

/* libcurl by itself would send it once more: an answer bought twice. */
START_TEST(a_request_lost_on_a_kept_connection_is_not_sent_again)
{
    open_http(1, 10);
    ck_assert_int_eq(post("/ok").outcome, AMKD_ANSWERED);
    amkd_http_answer answer = post("/drop");
    ck_assert_int_eq(answer.outcome, AMKD_DOUBTFUL);
    ck_assert_int_eq(post("/ok").outcome, AMKD_ANSWERED);
    ck_assert_int_eq(nrequests, 3);
}
END_TEST

/* All that were kept may be dead like the one. */
START_TEST(requests_after_one_that_was_lost_take_new_connections)
{
    enum { N = 6 };
    open_http(N, 10);
    for (uint64_t i = 0; i < N; i++)
        submit(i, "/later");
    for (uint64_t i = 0; i < N; i++)
        ck_assert_int_eq(next().outcome, AMKD_ANSWERED);
    ck_assert_int_eq(nconnections, N);
    ck_assert_int_eq(post("/drop").outcome, AMKD_DOUBTFUL);
    for (int i = 0; i < N; i++) {
        const int before = nconnections;
        ck_assert_int_eq(post("/drop").outcome, AMKD_DOUBTFUL);
        ck_assert_int_gt(nconnections, before);
    }
    ck_assert_int_eq(post("/ok").outcome, AMKD_ANSWERED);
    ck_assert_int_eq(nrequests, 2 * N + 2);
}
END_TEST

START_TEST(a_connection_closed_while_idle_harms_nothing)
{
    open_http(1, 10);
    ck_assert_int_eq(post("/idle").outcome, AMKD_ANSWERED);
    usleep(200000);
    ck_assert_int_eq(post("/ok").outcome, AMKD_ANSWERED);
    ck_assert_int_eq(nrequests, 2);
}
END_TEST

START_TEST(a_request_that_did_not_go_out_whole_is_unsent)
{
    open_http(2, 0.5);
    ck_assert_int_eq(submit_to(port, 1, "/deaf", 32 << 20), 0);
    amkd_http_answer answer = next();
    ck_assert_int_eq(answer.outcome, AMKD_UNSENT);
    assert_says(&answer, "timed out");
    ck_assert_int_eq(submit_to(port, 1, "/early", 32 << 20), 0);
    ck_assert_int_eq(next().outcome, AMKD_UNSENT);
    ck_assert_int_eq(nrequests, 0);
}
END_TEST

START_TEST(no_answer_in_time_is_doubtful)
{
    open_http(1, 0.3);
    amkd_http_answer answer = post("/hang");
    ck_assert_int_eq(answer.outcome, AMKD_DOUBTFUL);
    assert_says(&answer, "timed out");
    double begin = amkd_now();
    answer = post("/slow"); /* byte by byte, never silent for long */
    ck_assert(amkd_now() - begin < 1);
    ck_assert_int_eq(answer.outcome, AMKD_DOUBTFUL);
}
END_TEST

START_TEST(an_answer_cut_short_is_doubtful)
{
    open_http(1, 10);
    ck_assert_int_eq(post("/cut").outcome, AMKD_DOUBTFUL);
}
END_TEST

START_TEST(an_answer_too_long_is_unreadable)
{
    open_http(1, 10);
    amkd_http_answer answer = post("/long");
    ck_assert_int_eq(answer.outcome, AMKD_UNREADABLE);
    assert_says(&answer, "longer than 30 bytes");
}
END_TEST

START_TEST(a_compressed_answer_is_decoded_within_its_limit)
{
    open_http(1, 10);
    amkd_http_answer answer = post("/gzip-30");
    ck_assert_int_eq(answer.outcome, AMKD_ANSWERED);
    ck_assert_uint_eq(answer.nbytes, 30);
    ck_assert_mem_eq(answer.body, "ggg", 3);
    answer = post("/gzip-900");
    ck_assert_int_eq(answer.outcome, AMKD_UNREADABLE);
    assert_says(&answer, "longer than 30 bytes");
    answer = post("/rot13");
    ck_assert_int_eq(answer.outcome, AMKD_UNREADABLE);
    assert_says(&answer, "content encoding");
}
END_TEST

START_TEST(a_status_tells_what_an_attempt_cost)
{
    open_http(1, 10);
    amkd_http_answer answer = post("/status-429");
    ck_assert_int_eq(answer.outcome, AMKD_UNSENT);
    ck_assert_int_eq(answer.status, 429);
    ck_assert(answer.retry_after == 7);
    assert_says(&answer, "HTTP status 429: {\"error\": \"no luck\"}");
    answer = post("/status-503-date");
    ck_assert_int_eq(answer.outcome, AMKD_UNSENT);
    ck_assert(answer.retry_after > 1e6);
    ck_assert_int_eq(post("/status-408").outcome, AMKD_UNSENT);
    ck_assert_int_eq(post("/status-500").outcome, AMKD_DOUBTFUL);
    ck_assert_int_eq(post("/status-502").outcome, AMKD_DOUBTFUL);
    ck_assert_int_eq(post("/status-504").outcome, AMKD_DOUBTFUL);
    ck_assert_int_eq(post("/status-404").outcome, AMKD_REFUSED);
    answer = post("/status-401");
    ck_assert_int_eq(answer.outcome, AMKD_REFUSED);
    ck_assert_str_eq(answer.message, "HTTP status 401"); /* says no more */
}
END_TEST

START_TEST(redirects_stay_on_their_server)
{
    setenv("AMKD_API_KEY", "sesame", 1);
    open_http(1, 10);
    ck_assert_int_eq(post("/redirect-307-here/ok").outcome, AMKD_ANSWERED);
    ck_assert_int_eq(post("/redirect-301-here/redirect-308-here/ok").outcome,
                     AMKD_ANSWERED);
    ck_assert_int_eq(nrequests, 5);
    ck_assert_int_eq(nauthorized, 5);
    amkd_http_answer answer = post("/redirect-307-other/ok");
    ck_assert_int_eq(answer.outcome, AMKD_REFUSED);
    ck_assert_int_eq(answer.status, 307);
    assert_says(&answer, "not followed");
    ck_assert_int_eq(nrequests, 6);
    ck_assert_int_eq(post("/redirect-303-here/ok").outcome, AMKD_REFUSED);
    ck_assert_int_eq(nrequests, 7);
    answer = post("/redirect-307-here/redirect-307-here/redirect-307-here/redirect-307-"
                  "here/redirect-307-here/redirect-307-here/ok");
    ck_assert_int_eq(answer.outcome, AMKD_REFUSED);
    assert_says(&answer, "more than 5 times");
}
END_TEST

START_TEST(credentials_that_a_server_quotes_are_hidden)
{
    setenv("AMKD_API_KEY", "open-sesame", 1);
    open_http(1, 10);
    amkd_http_answer answer = post("/echo");
    assert_says(&answer, "HTTP status 400: Authorization: ");
    ck_assert_msg(!strstr(answer.message, "sesame"), "said '%s'", answer.message);
    answer = post("/quote");
    ck_assert_msg(!strstr(answer.message, "sesame"), "said '%s'", answer.message);
    amkd_http_close(http);
    setenv("AMKD_API_KEY", "opn", 1); /* too short to be a secret, but behind "Bearer" */
    open_http(1, 10);
    answer = post("/quote");
    ck_assert_int_eq(answer.outcome, AMKD_ANSWERED);
    assert_says(&answer, "HTTP status 200: Authorization: ***");
}
END_TEST

START_TEST(metadata_are_asked_for_until_they_come)
{
    open_http(1, 10);
    char *body, *url = amkd_format("http://127.0.0.1:%d/third", port);
    size_t nbytes;
    int status;
    ck_assert_int_eq(amkd_http_get(http, &body, &nbytes, &status, url), 0);
    ck_assert_int_eq(status, 200);
    ck_assert_str_eq(body, "up");
    ck_assert_int_eq(nrequests, 3);
    free(body);
    free(url);
    url = amkd_format("http://127.0.0.1:%d/status-403", port);
    ck_assert_int_eq(amkd_http_get(http, &body, &nbytes, &status, url), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "HTTP status 403"));
    free(url);
}
END_TEST

START_TEST(closing_abandons_what_is_under_way)
{
    open_http(2, 10);
    submit(1, "/hang");
    submit(2, "/hang");
    amkd_http_answer answer;
    ck_assert_int_eq(amkd_http_wait(http, &answer, 0.1), 0);
    const double began = amkd_now();
    amkd_http_close(http);
    http = NULL;
    ck_assert_double_lt(amkd_now() - began, 4); /* they would take five */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("http");
    TCase *tests = tcase_create("http");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, start, end);
    tcase_add_test(tests, answers_come_as_they_are_ready);
    tcase_add_test(tests, waiting_ends_when_its_time_is_over);
    tcase_add_test(tests, a_connection_is_kept);
    tcase_add_test(tests, a_connection_refused_is_unsent);
    tcase_add_test(tests, a_request_lost_after_it_went_out_is_doubtful);
    tcase_add_test(tests, a_request_lost_on_a_kept_connection_is_not_sent_again);
    tcase_add_test(tests, requests_after_one_that_was_lost_take_new_connections);
    tcase_add_test(tests, a_connection_closed_while_idle_harms_nothing);
    tcase_add_test(tests, a_request_that_did_not_go_out_whole_is_unsent);
    tcase_add_test(tests, no_answer_in_time_is_doubtful);
    tcase_add_test(tests, an_answer_cut_short_is_doubtful);
    tcase_add_test(tests, an_answer_too_long_is_unreadable);
    tcase_add_test(tests, a_compressed_answer_is_decoded_within_its_limit);
    tcase_add_test(tests, a_status_tells_what_an_attempt_cost);
    tcase_add_test(tests, redirects_stay_on_their_server);
    tcase_add_test(tests, credentials_that_a_server_quotes_are_hidden);
    tcase_add_test(tests, metadata_are_asked_for_until_they_come);
    tcase_add_test(tests, closing_abandons_what_is_under_way);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int nfailed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return nfailed != 0;
}
