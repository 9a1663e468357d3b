/* How a request ended: where a redirect leads, and what a failure says and means. */
#include "base/error.h"
#include "teacher/http_internal.h"
#include "teacher/http_outcome.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    MAX_REDIRECTS = 5,
    EXCERPT = 200,       /* characters of an error's body in a message */
    SEARCHED = 16 * 1024 /* of it that are searched for credentials before the cut */
};

static const char *header(CURL *easy, const char *name)
{
    struct curl_header *found;
    return curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &found) == CURLHE_OK
               ? found->value
               : NULL;
}

static int is_redirect(int status)
{
    return status == 301 || status == 302 || status == 307 || status == 308;
}

/* Goes where a redirect points, with the same request. Returns 1 when that was begun, 0
 * when it is not followed, for the reason in message. */
static int follow(amkd_http *http, amkd_http_slot *one, char *message, size_t size,
                  int status)
{
    char *url = NULL, *target = NULL, place[200], from[2048];
    curl_easy_getinfo(one->easy, CURLINFO_EFFECTIVE_URL, &url);
    curl_easy_getinfo(one->easy, CURLINFO_REDIRECT_URL, &target);
    if (!url || !target) {
        snprintf(message, size, "HTTP status %d, a redirect to nowhere", status);
        return 0;
    }
    snprintf(from, sizeof from, "%s", url);
    if (!amkd_http_may_follow(place, sizeof place, from, target)) {
        snprintf(message, size,
                 "HTTP status %d, a redirect to %s: not followed, as that is another "
                 "host, port or scheme than the one asked",
                 status, place);
        return 0;
    }
    if (++one->nredirects > MAX_REDIRECTS) {
        snprintf(message, size, "redirected more than %d times", MAX_REDIRECTS);
        return 0;
    }
    if (curl_easy_setopt(one->easy, CURLOPT_URL, target) || amkd_http_start(http, one)) {
        snprintf(message, size, "cannot follow a redirect: out of memory");
        return 0;
    }
    return 1;
}

/* The first bytes of an answer, for the case that it cannot be read; credentials, which
 * may hold any bytes, go before these are made printable. */
static void show_answer(const amkd_http *http, char *text, size_t size,
                        const amkd_http_slot *one)
{
    char searched[SEARCHED];
    size_t n = one->answer.n < sizeof searched ? one->answer.n : sizeof searched - 1;
    for (size_t i = 0; i < n; i++)
        searched[i] = one->answer.data[i] ? one->answer.data[i] : ' ';
    searched[n] = '\0';
    amkd_http_headers_hide(&http->headers, searched);
    amkd_http_first_bytes(text, size, searched, n);
}

/* Whether it ended before its length was told or a byte of it came: most likely amid its
 * headers, which libcurl takes for whole. */
static int broke_off(const amkd_http_slot *one)
{
    return one->is_post && !one->answer.n && !header(one->easy, "Content-Length") &&
           !header(one->easy, "Transfer-Encoding");
}

static void judge_status(amkd_http *http, amkd_http_answer *answer, amkd_http_slot *one)
{
    char excerpt[SEARCHED] = "";
    answer->outcome = amkd_http_status_outcome(answer->status);
    /* A refused credential may stand in the body. */
    if (answer->outcome == AMKD_ANSWERED)
        show_answer(http, excerpt, EXCERPT, one);
    else if (answer->status != 401 && answer->status != 403 && answer->status != 407)
        amkd_http_excerpt(excerpt, sizeof excerpt, one->answer.data, one->answer.n);
    amkd_http_headers_hide(&http->headers, excerpt);
    snprintf(answer->message, sizeof answer->message, "HTTP status %d%s%.*s",
             answer->status, *excerpt ? ": " : "", EXCERPT, excerpt);
}

static void judge_error(amkd_http_answer *answer, amkd_http_slot *one, CURLcode code)
{
    curl_off_t nsent = 0;
    curl_easy_getinfo(one->easy, CURLINFO_SIZE_UPLOAD_T, &nsent);
    if (code == CURLE_SEND_FAIL_REWIND) /* libcurl has forgotten, but wanted to go back */
        nsent = (curl_off_t)one->nread;
    int sent_whole = nsent >= (curl_off_t)one->request.n;
    const char *text = *one->error ? one->error : curl_easy_strerror(code);
    if (code == CURLE_SEND_FAIL_REWIND)
        text = "the connection was closed before an answer came";
    answer->outcome = amkd_http_error_outcome(code, sent_whole);
    if (one->too_long) {
        answer->outcome = AMKD_UNREADABLE;
        snprintf(answer->message, sizeof answer->message,
                 "its answer is longer than %zu bytes", one->max_answer);
        return;
    }
    snprintf(answer->message, sizeof answer->message, "%s%s", text,
             answer->outcome == AMKD_DOUBTFUL && one->is_post
                 ? " (the request had gone out)"
                 : "");
}

int amkd_http_finish(amkd_http *http, amkd_http_slot *one, amkd_http_answer *answer,
                     CURLcode code)
{
    long status = 0;
    *answer = (amkd_http_answer){.ticket = one->ticket, .n = one->n, .json_nbytes = -1};
    curl_easy_getinfo(one->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_multi_remove_handle(http->multi, one->easy);
    one->under_way = 0;
    /* Where one connection was lost, all that are kept may be: as many requests as these
     * are take new ones, and so push the old ones out. */
    if (code) {
        one->spoilt = 1;
        http->nfresh = http->capacity;
    }
    answer->status = (int)status;
    answer->retry_after =
        amkd_http_retry_after(header(one->easy, "Retry-After"), time(NULL));
    answer->body = one->answer.data ? one->answer.data : "";
    answer->nbytes = one->answer.n;
    const char *length = header(one->easy, "Inference-Header-Content-Length");
    if (length)
        answer->json_nbytes = strtoll(length, NULL, 10);
    if (is_redirect(answer->status)) {
        answer->outcome = AMKD_REFUSED;
        if (follow(http, one, answer->message, sizeof answer->message, answer->status))
            return 0;
    } else if (code && status < 300) {
        judge_error(answer, one, code);
    } else {
        judge_status(http, answer, one);
        if (answer->status == 200 && broke_off(one)) {
            answer->outcome = AMKD_DOUBTFUL;
            snprintf(answer->message, sizeof answer->message,
                     "HTTP status 200, but the connection was closed before an answer "
                     "came (the request had gone out)");
        }
    }
    amkd_http_headers_hide(&http->headers, answer->message);
    return 1;
}
