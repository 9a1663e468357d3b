/* Requests in slots, each with an easy handle of libcurl of its own. */
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "teacher/http_internal.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_HEADER_FILE = 1 << 16, MAX_METADATA = 16 << 20 };
static const double GET_PATIENCE = 4; /* seconds for metadata to be had */

/* ----------------------------------------------------------------- start and end -- */

static int read_headers(amkd_http *http)
{
    const char *path = http->options.header_file, *key = getenv("AMKD_API_KEY");
    char *text;
    size_t nbytes;
    if (path) {
        if (amkd_file_read(&text, &nbytes, path, MAX_HEADER_FILE))
            return -1;
        int rc = amkd_http_headers_parse(&http->headers, text, nbytes);
        explicit_bzero(text, nbytes);
        free(text);
        if (rc)
            return amkd_fail_in("'%s'", path);
    }
    return key && *key ? amkd_http_headers_add_key(&http->headers, key) : 0;
}

static int make_slots(amkd_http *http)
{
    http->capacity = http->options.concurrency ? http->options.concurrency : 1;
    http->multi = curl_multi_init();
    http->slots = amkd_alloc(http->capacity, sizeof *http->slots);
    if (!http->slots)
        return -1;
    for (size_t s = 0; s < http->capacity; s++)
        if (!(http->slots[s].easy = curl_easy_init()))
            return amkd_fail("libcurl is out of memory");
    if (!http->multi ||
        curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)http->capacity))
        return amkd_fail("libcurl is out of memory");
    return 0;
}

int amkd_http_open(amkd_http **out, const amkd_http_options *options, double timeout)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT))
        return amkd_fail("libcurl does not start");
    amkd_http *http = amkd_alloc(1, sizeof *http);
    if (!http) {
        curl_global_cleanup();
        return -1;
    }
    http->options = *options;
    http->timeout = timeout;
    if (read_headers(http) || make_slots(http)) {
        amkd_http_close(http);
        return -1;
    }
    *out = http;
    return 0;
}

void amkd_http_close(amkd_http *http)
{
    if (!http)
        return;
    for (size_t s = 0; http->slots && s < http->capacity; s++) {
        amkd_http_slot *one = &http->slots[s];
        if (one->under_way)
            curl_multi_remove_handle(http->multi, one->easy);
        curl_easy_cleanup(one->easy);
        curl_slist_free_all(one->headers);
        amkd_bytes_clear(&one->request);
        amkd_bytes_clear(&one->answer);
    }
    free(http->slots);
    curl_multi_cleanup(http->multi);
    amkd_http_headers_clear(&http->headers);
    free(http);
    curl_global_cleanup();
}

size_t amkd_http_capacity(const amkd_http *http)
{
    return http->capacity;
}

void amkd_http_hide(const amkd_http *http, char *text)
{
    amkd_http_headers_hide(&http->headers, text);
}

/* ------------------------------------------------------------------------- asking -- */

static amkd_http_slot *free_slot(amkd_http *http)
{
    for (size_t s = 0; s < http->capacity; s++)
        if (!http->slots[s].under_way)
            return &http->slots[s];
    amkd_fail("%zu requests are under way already", http->capacity);
    return NULL;
}

/* A POST, or a GET without post. */
static int begin(amkd_http *http, uint64_t ticket, const char *url,
                 const amkd_http_post *post)
{
    amkd_http_slot *one = free_slot(http);
    if (!one)
        return -1;
    one->ticket = ticket;
    one->n = post ? post->n : 0;
    one->is_post = post != NULL;
    one->max_answer = post ? post->max_answer : MAX_METADATA;
    one->nredirects = 0;
    amkd_bytes_reset(&one->request);
    if (post && amkd_bytes_add(&one->request, post->body->data, post->body->n))
        return -1;
    if (amkd_http_prepare(http, one, url, post))
        return -1;
    return amkd_http_start(http, one);
}

int amkd_http_submit(amkd_http *http, uint64_t ticket, const amkd_http_post *post)
{
    return begin(http, ticket, post->url, post);
}

/* Returns 1 with an answer, 0 when none is there. */
static int next_answer(amkd_http *http, amkd_http_answer *answer)
{
    CURLMsg *message;
    int nleft;
    while ((message = curl_multi_info_read(http->multi, &nleft)))
        if (message->msg == CURLMSG_DONE) {
            amkd_http_slot *one = NULL;
            CURLcode code = message->data.result;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &one);
            if (amkd_http_finish(http, one, answer, code))
                return 1;
        }
    return 0;
}

int amkd_http_wait(amkd_http *http, amkd_http_answer *answer, double timeout)
{
    int wait_ms = (int)(fmin(fmax(timeout, 0), 3600) * 1000) + 1;
    for (int waited = 0;; waited = 1) {
        int nrunning;
        CURLMcode code = curl_multi_perform(http->multi, &nrunning);
        if (!code && next_answer(http, answer))
            return 1;
        if (!code && waited)
            return 0;
        if (!code)
            code = curl_multi_poll(http->multi, NULL, 0, wait_ms, NULL);
        if (code)
            return amkd_fail("libcurl: %s", curl_multi_strerror(code));
    }
}

int amkd_http_get(amkd_http *http, char **body, size_t *nbytes, int *status,
                  const char *url)
{
    amkd_http_answer answer;
    double start = amkd_now();
    for (double pause = 0.1;; pause *= 2) {
        int rc = begin(http, 0, url, NULL) ? -1 : 0;
        while (rc == 0)
            rc = amkd_http_wait(http, &answer, 1);
        if (rc < 0)
            return -1;
        int again = answer.outcome == AMKD_UNSENT || answer.outcome == AMKD_DOUBTFUL;
        if (!again || amkd_now() - start + pause > GET_PATIENCE)
            break;
        nanosleep(&(struct timespec){(time_t)pause, (long)(fmod(pause, 1) * 1e9)}, NULL);
    }
    *status = answer.status;
    if (answer.outcome != AMKD_ANSWERED && answer.status != 404)
        return amkd_fail("'%s': %s", url, answer.message);
    *body = amkd_alloc(answer.nbytes + 1, 1);
    if (!*body)
        return -1;
    memcpy(*body, answer.body, answer.nbytes);
    *nbytes = answer.nbytes;
    return 0;
}
