/* What each resource answers. */
#include "base/error.h"
#include "serve/exchange.h"
#include "serve/oip.h"
#include "serve/tfserving.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Headers of a request may not be larger than this together. */
enum { MAX_HEAD_NBYTES = 16384 };

#define HEADER_JSON_NBYTES "Inference-Header-Content-Length"

void amkd_exchange_refuse(amkd_exchange *exchange, unsigned status)
{
    if (exchange->status)
        return;
    exchange->status = status;
    amkd_bytes_format(&exchange->reason, "{\"error\":");
    amkd_bytes_quote(&exchange->reason, amkd_error());
    amkd_bytes_format(&exchange->reason, "}");
}

/* ------------------------------------------------------------------- the request's head
 * --
 */

static enum MHD_Result add_nbytes(void *closure, enum MHD_ValueKind kind, const char *key,
                                  const char *value)
{
    size_t *nbytes = closure;
    (void)kind;
    *nbytes += strlen(key) + (value ? strlen(value) : 0) + 4;
    return MHD_YES;
}

static const char *header(amkd_exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

static int is_health(amkd_route route)
{
    return route == AMKD_ROUTE_LIVE || route == AMKD_ROUTE_READY;
}

/* How often a request says how long its body is. */
static enum MHD_Result count_lengths(void *closure, enum MHD_ValueKind kind,
                                     const char *name, const char *value)
{
    unsigned *n = closure;
    (void)kind;
    (void)value;
    *n += !strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) ||
          !strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING);
    return MHD_YES;
}

/* A proxy before the server may believe the other length, and take the rest of a body for
 * a request, or a request for part of a body. */
static int is_ambiguous(amkd_exchange *exchange)
{
    unsigned n = 0;
    MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, count_lengths, &n);
    return n > 1;
}

/* Why a request is refused by its head, 0 if it is not; the error is set. */
static unsigned check_head(amkd_exchange *exchange, const char *path)
{
    const amkd_server *server = exchange->server;
    const char *method = exchange->method;
    const char *encoding = header(exchange, MHD_HTTP_HEADER_CONTENT_ENCODING);
    size_t nbytes = strlen(exchange->target);
    MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, add_nbytes, &nbytes);
    exchange->route = amkd_route_find(server->served, path);
    if (nbytes > MAX_HEAD_NBYTES) {
        amkd_fail("headers of %zu bytes, at most %d are taken", nbytes, MAX_HEAD_NBYTES);
        return MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
    }
    exchange->ambiguous = is_ambiguous(exchange);
    if (exchange->ambiguous) {
        amkd_fail("the length of the body is told more than once");
        return MHD_HTTP_BAD_REQUEST;
    }
    if (server->options.keys && !is_health(exchange->route) &&
        !amkd_keys_accept(server->options.keys,
                          header(exchange, MHD_HTTP_HEADER_AUTHORIZATION))) {
        amkd_fail("no valid API key");
        return MHD_HTTP_UNAUTHORIZED;
    }
    if (!exchange->route)
        return MHD_HTTP_NOT_FOUND; /* the error says what is not there */
    const int posts = amkd_route_posts(exchange->route);
    if (posts ? strcmp(method, "POST") != 0
              : strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        amkd_fail("method %s, expected %s", method, posts ? "POST" : "GET");
        return MHD_HTTP_METHOD_NOT_ALLOWED;
    }
    if (encoding && strcmp(encoding, "identity") != 0) {
        amkd_fail("Content-Encoding '%.40s' is not taken", encoding);
        return MHD_HTTP_UNSUPPORTED_MEDIA_TYPE;
    }
    if (posts && atomic_load(&server->draining)) {
        amkd_fail("the server is being stopped");
        return MHD_HTTP_SERVICE_UNAVAILABLE;
    }
    return 0;
}

void amkd_exchange_check(amkd_exchange *exchange, const char *path)
{
    const unsigned status = check_head(exchange, path);
    if (status)
        amkd_exchange_refuse(exchange, status);
}

/* ------------------------------------------------------------------------------ sending
 * --
 */

/* Headers that go with a status. */
static void add_headers(amkd_exchange *exchange, struct MHD_Response *response,
                        unsigned status)
{
    const int posts = amkd_route_posts(exchange->route);
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW,
                                posts ? "POST" : "GET, HEAD");
    if (status == MHD_HTTP_UNAUTHORIZED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
    if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    if (exchange->ambiguous || atomic_load(&exchange->server->draining))
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
}

/* Sends a body, which is taken over. json_nbytes: of its JSON, when there is more. */
static enum MHD_Result send_bytes(amkd_exchange *exchange, unsigned status,
                                  const char *type, amkd_bytes *bytes, size_t json_nbytes)
{
    char text[32];
    struct MHD_Response *response =
        bytes->failed ? NULL
                      : MHD_create_response_from_buffer(bytes->n, bytes->data,
                                                        MHD_RESPMEM_MUST_FREE);
    if (!response) {
        amkd_bytes_clear(bytes);
        return MHD_NO;
    }
    exchange->status = status;
    exchange->nsent = bytes->n;
    exchange->stage = AMKD_STAGE_ANSWERED;
    *bytes = (amkd_bytes){0};
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    if (json_nbytes) {
        snprintf(text, sizeof text, "%zu", json_nbytes);
        MHD_add_response_header(response, HEADER_JSON_NBYTES, text);
    }
    add_headers(exchange, response, status);
    const enum MHD_Result rc = MHD_queue_response(exchange->connection, status, response);
    MHD_destroy_response(response);
    amkd_peer_turn(exchange->peer, AMKD_TURN_READING);
    return rc;
}

static enum MHD_Result send_json(amkd_exchange *exchange, unsigned status,
                                 amkd_bytes *bytes)
{
    return send_bytes(exchange, status, "application/json", bytes, 0);
}

enum MHD_Result amkd_exchange_send_refusal(amkd_exchange *exchange)
{
    return send_json(exchange, exchange->status, &exchange->reason);
}

/* ------------------------------------------------------------------------------- asking
 * --
 */

/* How much of the body is JSON. */
static int json_nbytes_of(amkd_exchange *exchange, size_t *nbytes)
{
    const char *text = header(exchange, HEADER_JSON_NBYTES);
    char *end;
    *nbytes = exchange->body.n;
    if (!text)
        return 0;
    errno = 0;
    const unsigned long long value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || value > SIZE_MAX)
        return amkd_fail(HEADER_JSON_NBYTES " is '%.40s', expected a number", text);
    *nbytes = (size_t)value;
    return 0;
}

static int parse(amkd_exchange *exchange)
{
    const amkd_served *served = exchange->server->served;
    const amkd_bytes *body = &exchange->body;
    const char *bytes = body->n ? body->data : "";
    amkd_question *question = &exchange->job.question;
    size_t json_nbytes;
    if (exchange->route == AMKD_ROUTE_TF_PREDICT)
        return amkd_tfserving_parse(question, served, bytes, body->n);
    if (json_nbytes_of(exchange, &json_nbytes))
        return -1;
    return amkd_oip_parse(question, served, bytes, body->n, json_nbytes);
}

/* In the batcher's thread. The connection's thread takes it from here. */
static void wake(amkd_job *job)
{
    MHD_resume_connection(((amkd_exchange *)job)->connection);
}

static enum MHD_Result ask(amkd_exchange *exchange)
{
    if (parse(exchange)) {
        amkd_exchange_refuse(exchange, MHD_HTTP_BAD_REQUEST);
        return amkd_exchange_send_refusal(exchange);
    }
    exchange->job.done = wake;
    exchange->stage = AMKD_STAGE_COMPUTING;
    MHD_suspend_connection(exchange->connection); /* before it may be resumed */
    const int rc = amkd_batcher_add(exchange->server->batcher, &exchange->job);
    if (rc) {
        if (rc > 0)
            amkd_fail("too many images wait already");
        amkd_exchange_refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE);
        MHD_resume_connection(exchange->connection);
    }
    return MHD_YES;
}

enum MHD_Result amkd_exchange_answer_job(amkd_exchange *exchange)
{
    const amkd_server *server = exchange->server;
    const amkd_job *job = &exchange->job;
    const amkd_outputs outputs = {{job->values[AMKD_PROBS], job->values[AMKD_LOGITS]}};
    amkd_bytes answer = {0};
    size_t json_nbytes = 0;
    if (job->failed) {
        amkd_fail("%s", job->message);
        amkd_exchange_refuse(exchange, atomic_load(&server->draining)
                                           ? MHD_HTTP_SERVICE_UNAVAILABLE
                                           : MHD_HTTP_INTERNAL_SERVER_ERROR);
    }
    if (exchange->status)
        return amkd_exchange_send_refusal(exchange);
    if (exchange->route == AMKD_ROUTE_TF_PREDICT)
        amkd_tfserving_answer(&answer, server->served, &job->question, &outputs);
    else
        amkd_oip_answer(&answer, &json_nbytes, server->served, &job->question, &outputs);
    return send_bytes(exchange, MHD_HTTP_OK,
                      json_nbytes ? "application/octet-stream" : "application/json",
                      &answer, json_nbytes);
}

static enum MHD_Result send_metrics(amkd_exchange *exchange)
{
    amkd_bytes text = {0};
    amkd_metrics_print(&text, &exchange->server->metrics);
    return send_bytes(exchange, MHD_HTTP_OK, "text/plain; version=0.0.4", &text, 0);
}

enum MHD_Result amkd_exchange_answer(amkd_exchange *exchange)
{
    const amkd_server *server = exchange->server;
    const amkd_served *served = server->served;
    const int ready = !atomic_load(&server->draining);
    amkd_bytes text = {0};
    amkd_peer_turn(exchange->peer, AMKD_TURN_OURS);
    if (exchange->status)
        return amkd_exchange_send_refusal(exchange);
    switch (exchange->route) {
    case AMKD_ROUTE_INFER:
    case AMKD_ROUTE_TF_PREDICT:
        return ask(exchange);
    case AMKD_ROUTE_METRICS:
        return send_metrics(exchange);
    case AMKD_ROUTE_LIVE:
        amkd_bytes_format(&text, "{\"live\":true}");
        break;
    case AMKD_ROUTE_READY:
        amkd_bytes_format(&text, "{\"ready\":%s}", ready ? "true" : "false");
        return send_json(exchange, ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE,
                         &text);
    case AMKD_ROUTE_MODEL_READY:
        amkd_bytes_format(&text, "{\"name\":");
        amkd_bytes_quote(&text, served->name);
        amkd_bytes_format(&text, ",\"ready\":%s}", ready ? "true" : "false");
        return send_json(exchange, ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE,
                         &text);
    case AMKD_ROUTE_MODEL:
        amkd_oip_model_metadata(&text, served);
        break;
    case AMKD_ROUTE_TF_STATUS:
        amkd_tfserving_status(&text, served);
        break;
    case AMKD_ROUTE_TF_METADATA:
        amkd_tfserving_metadata(&text, served);
        break;
    case AMKD_ROUTE_SERVER:
    case AMKD_ROUTE_NONE: /* was refused */
        amkd_oip_server_metadata(&text);
    }
    return send_json(exchange, MHD_HTTP_OK, &text);
}
