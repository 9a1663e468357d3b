/* What is sent with every request, and how it is kept out of messages. */
#ifndef AMKD_TEACHER_HTTP_HEADERS_H
#define AMKD_TEACHER_HTTP_HEADERS_H

#include <stddef.h>

typedef struct amkd_http_headers {
    char **lines; /* [n] "Name: value" */
    size_t n;
} amkd_http_headers;

/* Parses a header file's text: a "Name: value" a line; empty lines and those that begin
 * with # are skipped. Fails, naming line and name but never a value, on lines that are no
 * header or speak of what is set here (Content-Type, Content-Length ...). */
int amkd_http_headers_parse(amkd_http_headers *headers, const char *text, size_t nbytes);

/* Adds "Authorization: Bearer KEY" unless an Authorization is there already. */
int amkd_http_headers_add_key(amkd_http_headers *headers, const char *key);

/* Whether a line of this name is there. */
int amkd_http_headers_has(const amkd_http_headers *headers, const char *name);

/* Overwrites every value of the headers that stands in text, which servers quote at
 * times, by asterisks, also where JSON escapes it, and whatever stands behind "Basic "
 * and "Bearer ": netrc's credentials are known to libcurl alone. */
void amkd_http_headers_hide(const amkd_http_headers *headers, char *text);

/* Frees the lines, which are wiped first. */
void amkd_http_headers_clear(amkd_http_headers *headers);

#endif
