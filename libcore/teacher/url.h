/* The URLs of teachers: which protocol one speaks, and where its parts are. */
#ifndef AMKD_TEACHER_URL_H
#define AMKD_TEACHER_URL_H

typedef enum amkd_protocol_kind {
    AMKD_OIP,       /* .../v2/models/NAME[/versions/V] */
    AMKD_TFSERVING, /* .../v1/models/NAME[/versions/V] */
    AMKD_OTHER_API, /* anything else: needs a request template */
} amkd_protocol_kind;

/* Whether a spec is a URL of http or https. */
int amkd_url_is(const char *spec);

/* Checks a URL: it can be read, and holds no user, password or fragment (the message does
 * not show it then). */
int amkd_url_check(const char *url);

/* By the path: the last "/v2/models/" or "/v1/models/" in it, with a name behind it and
 * no more than a version. */
amkd_protocol_kind amkd_url_protocol(const char *url);

/* url with what = "/infer" or the like behind it, a slash at its end dropped. Allocated;
 * NULL with the error set without memory. */
char *amkd_url_append(const char *url, const char *what);

/* The server's own address for the Open Inference Protocol: url up to "/v2". Allocated.
 */
char *amkd_url_server(const char *url);

#endif
