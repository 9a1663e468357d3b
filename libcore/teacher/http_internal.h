/* The slots that requests are made in, for the files of http. */
#ifndef AMKD_TEACHER_HTTP_INTERNAL_H
#define AMKD_TEACHER_HTTP_INTERNAL_H

#include "teacher/http.h"
#include "teacher/http_headers.h"
#include <curl/curl.h>

typedef struct amkd_http_slot {
    CURL *easy;
    int under_way;
    int spoilt; /* the handle's request failed: the next one gets a new handle */
    uint64_t ticket;
    size_t n; /* images asked about */
    amkd_bytes request, answer;
    size_t nread; /* bytes of the request that libcurl took */
    size_t max_answer;
    int is_post, too_long, nredirects;
    struct curl_slist *headers;
    char error[CURL_ERROR_SIZE];
} amkd_http_slot;

struct amkd_http {
    amkd_http_options options;
    double timeout;
    amkd_http_headers headers;
    CURLM *multi;
    amkd_http_slot *slots; /* [capacity] */
    size_t capacity;
    size_t nfresh; /* requests still to come that each take a new connection */
};

/* Makes the slot's handle ready: a POST of slot->request, or a GET without post. */
int amkd_http_prepare(amkd_http *http, amkd_http_slot *slot, const char *url,
                      const amkd_http_post *post);

/* Begins what was prepared. */
int amkd_http_start(amkd_http *http, amkd_http_slot *slot);

/* Judges a request that ended with code. Returns 1 with the answer, 0 when it was a
 * redirect that is being followed. */
int amkd_http_finish(amkd_http *http, amkd_http_slot *slot, amkd_http_answer *answer,
                     CURLcode code);

#endif
