/* A teacher behind HTTP: what the protocols share. A protocol turns images into a
 * request's body and an answer's body into values; the rest of a backend is here. */
#ifndef AMKD_TEACHER_REMOTE_H
#define AMKD_TEACHER_REMOTE_H

#include "teacher/http.h"
#include "teacher/input_tensor.h"
#include "teacher/values.h"

typedef struct amkd_protocol {
    void *state;
    /* Fills body (given empty) and post, whose n and body are set already. */
    int (*encode)(void *state, amkd_bytes *body, amkd_http_post *post, uint64_t ticket,
                  const uint8_t *pixels);
    /* Reads an answer about answer->n images, which is whole as far as HTTP can tell. -1
     * with the error set when it cannot be read. */
    int (*decode)(void *state, amkd_values *values, const amkd_http_answer *answer);
    void (*close)(void *state);
} amkd_protocol;

typedef struct amkd_remote {
    amkd_http *http;
    amkd_protocol protocol; /* set by whoever opens it */
    json_t *identity;       /* an object, for the backend's */
    size_t nclasses;        /* expected; 0: any number */
    amkd_values values;
    amkd_bytes body;
} amkd_remote;

/* Makes the backend one behind HTTP, whose protocol is still to be set. From here on the
 * backend's close frees it. */
int amkd_remote_open(amkd_remote **out, amkd_backend *backend,
                     const amkd_teacher_options *options);

/* Notes a text in the backend's identity. */
int amkd_remote_identify(amkd_remote *remote, const char *key, const char *value);

/* Notes which version a server has where the URL does not say; NULL: it does not tell. */
int amkd_remote_identify_version(amkd_remote *remote, const char *url,
                                 const json_t *version);

/* Notes how images are put to the model. */
int amkd_remote_identify_tensor(amkd_remote *remote, const amkd_input_tensor *tensor,
                                const char *datatype);

/* Fetches a JSON object that describes a model; *object stays NULL where there is none
 * (404). The caller owns it. */
int amkd_remote_get(amkd_remote *remote, json_t **object, const char *url);

/* Parses a body as JSON, mended where servers write what is none (json_text.h); NULL with
 * the error set. Of a key that stands twice in an object the last counts. */
json_t *amkd_remote_parse(const char *body, size_t nbytes);

#endif
