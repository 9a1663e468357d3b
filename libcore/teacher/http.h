/* Requests over HTTP by libcurl's multi interface: several under way at once, each made
 * once. What a failed attempt means is decided here from how far it came: a POST whose
 * body did not go out whole was surely not processed.
 *
 * Credentials come from --header-file, AMKD_API_KEY and netrc; no message shows them, and
 * no other host gets them. */
#ifndef AMKD_TEACHER_HTTP_H
#define AMKD_TEACHER_HTTP_H

#include "base/bytes.h"
#include "teacher/backend.h"

typedef struct amkd_http amkd_http;

/* A server's answer, whole. */
typedef struct amkd_http_answer {
    uint64_t ticket; /* as given to submit */
    size_t n;
    amkd_outcome outcome; /* AMKD_ANSWERED: a status of 200 to 299 and a whole body */
    int status;           /* 0: none came */
    double retry_after;   /* as in amkd_reply */
    const char *body;     /* valid until the next wait or post; may hold zero bytes */
    size_t nbytes;
    long long json_nbytes; /* Inference-Header-Content-Length, -1 without it */
    char message[512];     /* status and beginning of the body, or what failed */
} amkd_http_answer;

typedef struct amkd_http_post {
    const char *url;
    const char *content_type;
    const amkd_bytes *body; /* copied */
    size_t json_nbytes;     /* sent as Inference-Header-Content-Length; 0: not sent */
    size_t n;               /* images it asks about, handed back with the answer */
    size_t max_answer;      /* bytes of an answer, decoded, that are taken at most */
} amkd_http_post;

/* Reads --header-file and the environment. timeout: seconds for a whole attempt, 0 for
 * ever. */
int amkd_http_open(amkd_http **out, const amkd_http_options *options, double timeout);

/* Requests that may be under way at once. */
size_t amkd_http_capacity(const amkd_http *http);

/* Overwrites credentials that stand in text by asterisks. */
void amkd_http_hide(const amkd_http *http, char *text);

/* Begins a request. Fails when there is no memory or all capacity is under way. */
int amkd_http_submit(amkd_http *http, uint64_t ticket, const amkd_http_post *post);

/* Waits timeout seconds at most, or less, for an answer: 1 with one, 0 without, -1 when
 * libcurl itself fails. */
int amkd_http_wait(amkd_http *http, amkd_http_answer *answer, double timeout);

/* Fetches what describes a model: *body (freed with free(), a zero byte behind it) and
 * *status, which the caller judges when it is 200 to 299 or 404. Being free of charge it
 * is tried again for some seconds when the server cannot be reached or has no time. */
int amkd_http_get(amkd_http *http, char **body, size_t *nbytes, int *status,
                  const char *url);

void amkd_http_close(amkd_http *http); /* NULL is fine */

#endif
