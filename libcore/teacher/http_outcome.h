/* What the end of an HTTP request means for a teacher that costs money. */
#ifndef AMKD_TEACHER_HTTP_OUTCOME_H
#define AMKD_TEACHER_HTTP_OUTCOME_H

#include "teacher/backend.h"
#include <stddef.h>
#include <time.h>

/* By the status: 2xx ANSWERED; 408, 429 and 503 UNSENT; other 5xx DOUBTFUL; the rest
 * REFUSED. */
amkd_outcome amkd_http_status_outcome(int status);

/* Of a request that ended with libcurl's error code before an answer: REFUSED what no
 * repetition mends (a certificate that is not trusted), UNREADABLE an answer compressed
 * in a way that libcurl cannot decode, else UNSENT unless the whole request had gone out:
 * then DOUBTFUL. */
amkd_outcome amkd_http_error_outcome(int code, int sent_whole);

/* Retry-After's seconds from now: a number or an HTTP date, 0 when that is past. -1 when
 * value is NULL or neither. */
double amkd_http_retry_after(const char *value, time_t now);

/* The beginning of what a server says in its body, on one line, in size bytes; "" when it
 * is HTML or no text. */
void amkd_http_excerpt(char *text, size_t size, const char *body, size_t nbytes);

/* Likewise of an answer that nobody could read, whatever it is: bytes that are no
 * printable ASCII are shown as \xNN. */
void amkd_http_first_bytes(char *text, size_t size, const char *body, size_t nbytes);

/* Whether a request to url with its credentials may follow to target: the same host, port
 * and scheme, or from http to https with the usual ports. Writes where target is,
 * "https://host:port", to place when it may not. */
int amkd_http_may_follow(char *place, size_t size, const char *url, const char *target);

#endif
