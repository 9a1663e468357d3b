/* What each resource answers. */
#include "base/error.h"
#include "serve/exchange.h"
#include "serve/oip.h"
#include "serve/tfserving.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static enum MHD_Result send_json(amkd_exchange *exchange, unsigned status,
                                 amkd_bytes *bytes)
{
    return amkd_exchange_send(exchange, status, "application/json", bytes, 0);
}

/* How much of the body is JSON. */
static int json_nbytes_of(amkd_exchange *exchange, size_t *nbytes)
{
    const char *text = amkd_exchange_header(exchange, AMKD_HEADER_JSON_NBYTES);
    char *end;
    *nbytes = exchange->body.bytes.n;
    if (!text)
        return 0;
    errno = 0;
    const unsigned long long value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || value > SIZE_MAX)
        return amkd_fail(AMKD_HEADER_JSON_NBYTES " is '%.40s', expected a number", text);
    *nbytes = (size_t)value;
    return 0;
}

static int parse(amkd_exchange *exchange)
{
    const amkd_served *served = exchange->server->served;
    const amkd_bytes *body = &exchange->body.bytes;
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
    const unsigned cut = amkd_body_end(&exchange->body);
    if (cut || parse(exchange)) {
        amkd_exchange_refuse(exchange, MHD_HTTP_BAD_REQUEST);
        return amkd_exchange_send_refusal(exchange);
    }
    exchange->job.done = wake;
    exchange->stage = AMKD_EXCHANGE_COMPUTING;
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
    const amkd_outputs outputs = {
        {job->values[AMKD_OUTPUT_PROBS], job->values[AMKD_OUTPUT_LOGITS]}};
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
    return amkd_exchange_send(exchange, MHD_HTTP_OK,
                              json_nbytes ? "application/octet-stream"
                                          : "application/json",
                              &answer, json_nbytes);
}

static enum MHD_Result send_metrics(amkd_exchange *exchange)
{
    amkd_bytes text = {0};
    amkd_metrics_print(&text, &exchange->server->metrics);
    return amkd_exchange_send(exchange, MHD_HTTP_OK, "text/plain; version=0.0.4", &text,
                              0);
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
    if (amkd_exchange_is_options(exchange))
        return amkd_exchange_send(exchange, MHD_HTTP_NO_CONTENT, NULL, &text, 0);
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
    case AMKD_ROUTE_ANY: /* these were refused */
    case AMKD_ROUTE_NONE:
    case AMKD_ROUTE_MALFORMED:
        amkd_oip_server_metadata(&text);
    }
    return send_json(exchange, MHD_HTTP_OK, &text);
}
