/* Judgements on how HTTP requests ended, apart from the machinery that makes them. */
#include "teacher/http_outcome.h"
#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

amkd_outcome amkd_http_status_outcome(int status)
{
    if (status >= 200 && status < 300)
        return AMKD_ANSWERED;
    if (status == 408 || status == 429 || status == 503)
        return AMKD_UNSENT;
    return status >= 500 && status < 600 ? AMKD_DOUBTFUL : AMKD_REFUSED;
}

amkd_outcome amkd_http_error_outcome(int code, int sent_whole)
{
    switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
        /* Of the answer, as the URL's was looked at before: bytes that are no HTTP, such
         * as come behind an answer of a wrong length. */
        return AMKD_DOUBTFUL;
    case CURLE_BAD_CONTENT_ENCODING:
        return AMKD_UNREADABLE;
    case CURLE_URL_MALFORMAT:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_CIPHER:
        return AMKD_REFUSED;
    default:
        return sent_whole ? AMKD_DOUBTFUL : AMKD_UNSENT;
    }
}

double amkd_http_retry_after(const char *value, time_t now)
{
    char *end;
    if (!value)
        return -1;
    value += strspn(value, " \t");
    if (isdigit((unsigned char)*value)) {
        double seconds = strtod(value, &end);
        if (end[strspn(end, " \t")] == '\0')
            return seconds;
    }
    time_t date = curl_getdate(value, NULL);
    if (date == -1)
        return -1;
    return date > now ? (double)(date - now) : 0;
}

void amkd_http_excerpt(char *text, size_t size, const char *body, size_t nbytes)
{
    size_t n = 0;
    for (size_t i = 0; i < nbytes && n + 1 < size; i++) {
        unsigned char c = (unsigned char)body[i];
        if (c == '\0' || (n == 0 && c == '<')) {
            n = 0;
            break;
        }
        if (c > ' ' && c != 0x7f)
            text[n++] = (char)c;
        else if (n && text[n - 1] != ' ')
            text[n++] = ' ';
    }
    while (n && text[n - 1] == ' ')
        n--;
    text[n] = '\0';
}

void amkd_http_first_bytes(char *text, size_t size, const char *body, size_t nbytes)
{
    size_t n = 0;
    for (size_t i = 0; i < nbytes && n + 5 <= size; i++) {
        const unsigned char c = (unsigned char)body[i];
        if (c > ' ' && c < 0x7f)
            text[n++] = (char)c;
        else if (!isspace(c))
            n += (size_t)snprintf(text + n, size - n, "\\x%02x", c);
        else if (n && text[n - 1] != ' ')
            text[n++] = ' ';
    }
    text[n] = '\0';
}

typedef struct place {
    char *scheme, *host, *port;
} place;

static void free_place(place *p)
{
    curl_free(p->scheme);
    curl_free(p->host);
    curl_free(p->port);
}

static int find_place(place *p, const char *url)
{
    CURLU *parts = curl_url();
    *p = (place){0};
    int failed = !parts || curl_url_set(parts, CURLUPART_URL, url, 0) ||
                 curl_url_get(parts, CURLUPART_SCHEME, &p->scheme, 0) ||
                 curl_url_get(parts, CURLUPART_HOST, &p->host, 0) ||
                 curl_url_get(parts, CURLUPART_PORT, &p->port, CURLU_DEFAULT_PORT);
    curl_url_cleanup(parts);
    return failed ? -1 : 0;
}

static int same_place(const place *a, const place *b)
{
    if (strcasecmp(a->host, b->host) != 0)
        return 0;
    if (strcmp(a->scheme, b->scheme) == 0)
        return strcmp(a->port, b->port) == 0;
    return strcmp(a->scheme, "http") == 0 && strcmp(b->scheme, "https") == 0 &&
           strcmp(a->port, "80") == 0 && strcmp(b->port, "443") == 0;
}

int amkd_http_may_follow(char *text, size_t size, const char *url, const char *target)
{
    place a, b = {0};
    int failed = find_place(&a, url) || find_place(&b, target);
    int may = !failed && same_place(&a, &b);
    if (failed)
        snprintf(text, size, "an unreadable place");
    else
        snprintf(text, size, "%s://%s:%s", b.scheme, b.host, b.port);
    free_place(&a);
    free_place(&b);
    return may;
}
