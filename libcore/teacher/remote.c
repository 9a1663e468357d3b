/* Between a protocol and the asynchronous backend. */
#include "teacher/remote.h"
#include "base/error.h"
#include "base/memory.h"
#include "teacher/json_text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ANSWER_PER_IMAGE = 1 << 20, /* bytes: a million classes in binary fit at four */
    MOST_OF_ERROR = 280,        /* characters of a message: why an answer is none, */
    MOST_OF_ANSWER = 225,       /* and how it begins */
};

static int submit(amkd_backend *backend, uint64_t ticket, const uint8_t *pixels, size_t n)
{
    amkd_remote *remote = backend->state;
    amkd_http_post post = {
        .n = n, .body = &remote->body, .max_answer = (n + 1) * (size_t)ANSWER_PER_IMAGE};
    amkd_bytes_reset(&remote->body);
    if (remote->protocol.encode(remote->protocol.state, &remote->body, &post, ticket,
                                pixels))
        return -1;
    return amkd_http_submit(remote->http, ticket, &post);
}

static int decode(amkd_backend *backend, const amkd_http_answer *answer)
{
    amkd_remote *remote = backend->state;
    const amkd_protocol *protocol = &remote->protocol;
    if (protocol->decode(protocol->state, &remote->values, answer))
        return -1;
    const size_t nvalues = remote->values.nvalues;
    if (remote->nclasses && nvalues != remote->nclasses)
        return amkd_fail("answers with %zu classes, expected %zu", nvalues,
                         remote->nclasses);
    remote->nclasses = backend->nclasses = nvalues;
    return 0;
}

static int wait_for(amkd_backend *backend, amkd_reply *reply, double timeout)
{
    amkd_remote *remote = backend->state;
    amkd_http_answer answer;
    int rc = amkd_http_wait(remote->http, &answer, timeout);
    if (rc <= 0)
        return rc;
    *reply = (amkd_reply){.ticket = answer.ticket,
                          .outcome = answer.outcome,
                          .status = answer.status,
                          .retry_after = answer.retry_after,
                          .n = answer.n};
    if (answer.outcome != AMKD_ANSWERED) {
        snprintf(reply->message, sizeof reply->message, "%s", answer.message);
    } else if (decode(backend, &answer)) {
        reply->outcome = AMKD_UNREADABLE;
        snprintf(reply->message, sizeof reply->message, "%.*s: %.*s", MOST_OF_ERROR,
                 amkd_error(), MOST_OF_ANSWER, answer.message);
    } else {
        reply->values = remote->values.at;
        reply->nvalues = remote->values.nvalues;
    }
    amkd_http_hide(remote->http, reply->message);
    return 1;
}

static void close_remote(amkd_backend *backend)
{
    amkd_remote *remote = backend->state;
    amkd_http_close(remote->http);
    if (remote->protocol.close)
        remote->protocol.close(remote->protocol.state);
    json_decref(remote->identity);
    amkd_values_clear(&remote->values);
    amkd_bytes_clear(&remote->body);
    free(remote);
}

int amkd_remote_open(amkd_remote **out, amkd_backend *backend,
                     const amkd_teacher_options *options)
{
    amkd_remote *remote = amkd_alloc(1, sizeof *remote);
    if (!remote)
        return -1;
    *backend = (amkd_backend){
        .state = remote, .submit = submit, .wait = wait_for, .close = close_remote};
    remote->nclasses = options->nclasses;
    remote->identity = backend->identity = json_object();
    if (!remote->identity)
        return amkd_fail("out of memory");
    if (amkd_http_open(&remote->http, &options->http, options->timeout))
        return -1;
    backend->capacity = amkd_http_capacity(remote->http);
    *out = remote;
    return 0;
}

int amkd_remote_identify(amkd_remote *remote, const char *key, const char *value)
{
    if (json_object_set_new(remote->identity, key, json_string(value)))
        return amkd_fail("cannot note %s '%s'", key, value);
    return 0;
}

int amkd_remote_identify_version(amkd_remote *remote, const char *url,
                                 const json_t *version)
{
    if (!version || strstr(url, "/versions/"))
        return 0;
    if (json_object_set_new(remote->identity, "version", json_deep_copy(version)))
        return amkd_fail("out of memory");
    return 0;
}

int amkd_remote_identify_tensor(amkd_remote *remote, const amkd_input_tensor *tensor,
                                const char *datatype)
{
    return amkd_remote_identify(remote, "datatype", datatype) ||
                   amkd_remote_identify(remote, "layout",
                                        tensor->planes ? "nchw" : "nhwc")
               ? -1
               : 0;
}

json_t *amkd_remote_parse(const char *body, size_t nbytes)
{
    json_error_t error;
    json_t *json = json_loadb(body, nbytes, 0, &error);
    amkd_bytes mended = {0};
    const int rc = json ? 0 : amkd_json_mend(&mended, body, nbytes);
    if (!json && !rc && mended.n)
        json = json_loadb(mended.data, mended.n, 0, &error);
    if (!json && !rc)
        amkd_fail("answers with no JSON: %s (byte %d)", error.text, error.position);
    amkd_bytes_clear(&mended);
    return json;
}

int amkd_remote_get(amkd_remote *remote, json_t **object, const char *url)
{
    char *body;
    size_t nbytes;
    int status;
    *object = NULL;
    if (amkd_http_get(remote->http, &body, &nbytes, &status, url))
        return -1;
    if (status != 404) {
        *object = amkd_remote_parse(body, nbytes);
        if (*object && !json_is_object(*object)) {
            json_decref(*object);
            *object = NULL;
            amkd_fail("answers with no JSON object");
        }
    }
    free(body);
    return status == 404 || *object ? 0 : amkd_fail_in("'%s'", url);
}
