/* How a request is put to libcurl. HTTP/1.1 alone: with a connection for each request
 * under way, one that stalls or is lost harms no other. */
#include "base/error.h"
#include "base/version.h"
#include "teacher/http_internal.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const double CONNECT_TIMEOUT = 30; /* unless the options say */

/* There is no way back in a request (no CURLOPT_SEEKFUNCTION): on a kept connection that
 * turns out closed libcurl would send it anew by itself, and buy the answer twice. */
static size_t give(char *to, size_t size, size_t nitems, void *context)
{
    amkd_http_slot *one = context;
    size_t n = one->request.n - one->nread;
    if (n > size * nitems)
        n = size * nitems;
    if (n)
        memcpy(to, one->request.data + one->nread, n);
    one->nread += n;
    return n;
}

/* Of an answer that is too long the beginning is kept: an error's status still counts,
 * and its text. */
static size_t take(char *bytes, size_t size, size_t nitems, void *context)
{
    amkd_http_slot *one = context;
    size_t n = size * nitems, left = one->max_answer - one->answer.n;
    one->too_long = n > left;
    if (amkd_bytes_add(&one->answer, bytes, one->too_long ? left : n))
        return 0;
    return one->too_long ? 0 : n;
}

static int add_header(amkd_http_slot *one, const char *line)
{
    struct curl_slist *longer = curl_slist_append(one->headers, line);
    if (!longer)
        return -1;
    one->headers = longer;
    return 0;
}

static int set_headers(amkd_http *http, amkd_http_slot *one, const amkd_http_post *post)
{
    char line[256];
    curl_slist_free_all(one->headers);
    one->headers = NULL;
    for (size_t i = 0; i < http->headers.n; i++)
        if (add_header(one, http->headers.lines[i]))
            return -1;
    /* Compressed answers are decoded, but not asked for. */
    if (!amkd_http_headers_has(&http->headers, "Accept-Encoding") &&
        add_header(one, "Accept-Encoding:"))
        return -1;
    if (!post)
        return 0;
    snprintf(line, sizeof line, "Content-Type: %s", post->content_type);
    if (add_header(one, line) || add_header(one, "Expect:"))
        return -1;
    snprintf(line, sizeof line, "Inference-Header-Content-Length: %zu",
             post->json_nbytes);
    return post->json_nbytes ? add_header(one, line) : 0;
}

static long milliseconds(double seconds)
{
    return seconds > 0 ? (long)ceil(fmin(seconds, 1e6) * 1000) : 0;
}

/* libcurl 8.14 does not forget in curl_easy_reset that it wanted to send a body once more
 * (give): the handle's next requests, though others, would all fail for that. */
static int renew(amkd_http_slot *one)
{
    if (!one->spoilt)
        return 0;
    CURL *easy = curl_easy_init();
    if (!easy)
        return amkd_fail("libcurl is out of memory");
    curl_easy_cleanup(one->easy);
    one->easy = easy;
    one->spoilt = 0;
    return 0;
}

static int set_options(amkd_http *http, amkd_http_slot *one, const char *url)
{
    const amkd_http_options *options = &http->options;
    CURL *easy = one->easy;
    double patience =
        options->connect_timeout > 0 ? options->connect_timeout : CONNECT_TIMEOUT;
    curl_easy_reset(easy);
    int failed = curl_easy_setopt(easy, CURLOPT_URL, url) ||
                 curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") ||
                 curl_easy_setopt(easy, CURLOPT_HTTPHEADER, one->headers) ||
                 curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "") ||
                 curl_easy_setopt(easy, CURLOPT_USERAGENT, "amkd/" AMKD_VERSION);
    if (options->cacert)
        failed |= curl_easy_setopt(easy, CURLOPT_CAINFO, options->cacert);
    if (options->insecure) {
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, http->nfresh > 0 ? 1L : 0L);
    http->nfresh -= http->nfresh > 0;
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, milliseconds(http->timeout));
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(patience));
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, one->error);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, one);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, one);
    if (one->is_post) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)one->request.n);
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, give);
        curl_easy_setopt(easy, CURLOPT_READDATA, one);
    }
    return failed ? amkd_fail("libcurl takes no such URL or file") : 0;
}

int amkd_http_start(amkd_http *http, amkd_http_slot *one)
{
    one->nread = 0;
    amkd_bytes_reset(&one->answer);
    one->too_long = 0;
    one->error[0] = '\0';
    CURLMcode code = curl_multi_add_handle(http->multi, one->easy);
    if (code)
        return amkd_fail("libcurl: %s", curl_multi_strerror(code));
    one->under_way = 1;
    return 0;
}

int amkd_http_prepare(amkd_http *http, amkd_http_slot *one, const char *url,
                      const amkd_http_post *post)
{
    if (renew(one))
        return -1;
    if (set_headers(http, one, post))
        return amkd_fail("libcurl is out of memory");
    return set_options(http, one, url);
}
