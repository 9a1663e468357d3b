/* One request from its first line to its answer's last byte. */
#include "serve/exchange.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "serve/access_log.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *amkd_exchange_open(void *closure, const char *target,
                         struct MHD_Connection *connection)
{
    amkd_server *server = closure;
    amkd_exchange *exchange = amkd_alloc(1, sizeof *exchange);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    if (!exchange)
        return NULL;
    exchange->server = server;
    exchange->connection = connection;
    exchange->peer = info ? info->socket_context : NULL;
    exchange->start = amkd_now();
    exchange->target = amkd_strdup(target);
    if (exchange->peer)
        amkd_peer_turn(exchange->peer, AMKD_TURN_ASKING);
    atomic_fetch_add(&server->metrics.in_flight, 1);
    return exchange;
}

/* The bytes that a request says it has; 0 when it does not say. */
static uint64_t announced_nbytes(amkd_exchange *exchange)
{
    const char *text = amkd_exchange_header(exchange, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return text ? strtoull(text, NULL, 10) : 0;
}

/* A body that is too large is not waited for. That of a request refused for other reasons
 * is read to its end, so that the connection can go on. */
static enum MHD_Result begin(amkd_exchange *exchange, const char *method,
                             const char *version)
{
    const size_t max_nbytes = exchange->server->bodies.max_nbytes;
    const uint64_t announced = announced_nbytes(exchange);
    snprintf(exchange->method, sizeof exchange->method, "%s", method);
    snprintf(exchange->version, sizeof exchange->version, "%s", version);
    exchange->stage = AMKD_EXCHANGE_BODY;
    amkd_exchange_check(exchange);
    if (announced > max_nbytes) {
        amkd_fail("a body of %llu bytes, at most %zu are taken",
                  (unsigned long long)announced, max_nbytes);
        amkd_exchange_refuse(exchange, MHD_HTTP_CONTENT_TOO_LARGE);
    }
    const int waits = amkd_exchange_header(exchange, MHD_HTTP_HEADER_EXPECT) != NULL;
    if (!exchange->status || (!waits && !exchange->last && announced <= max_nbytes))
        return MHD_YES;
    exchange->last = 1;
    amkd_peer_linger(exchange->peer);
    return amkd_exchange_send_refusal(exchange);
}

static enum MHD_Result receive(amkd_exchange *exchange, const char *data, size_t n)
{
    amkd_body_limits *limits = &exchange->server->bodies;
    if (exchange->status) {
        exchange->body.nreceived += n;
    } else {
        const unsigned status = amkd_body_add(&exchange->body, limits, data, n);
        if (status)
            amkd_exchange_refuse(exchange, status);
    }
    if (exchange->status == MHD_HTTP_CONTENT_TOO_LARGE ||
        exchange->body.nreceived > limits->max_nbytes)
        return amkd_exchange_refuse_body(exchange);
    return MHD_YES;
}

enum MHD_Result amkd_exchange_go_on(void *closure, struct MHD_Connection *connection,
                                    const char *path, const char *method,
                                    const char *version, const char *data, size_t *n,
                                    void **context)
{
    amkd_exchange *exchange = *context;
    (void)closure;
    (void)connection;
    (void)path; /* cut at a zero byte: the target is taken apart instead */
    if (!exchange || !exchange->target || !exchange->peer)
        return MHD_NO; /* there was no memory */
    if (exchange->stage == AMKD_EXCHANGE_HEAD)
        return begin(exchange, method, version);
    if (exchange->stage == AMKD_EXCHANGE_COMPUTING)
        return amkd_exchange_answer_job(exchange);
    if (*n) {
        const size_t received = *n;
        *n = 0;
        return receive(exchange, data, received);
    }
    return amkd_exchange_answer(exchange);
}

/* nginx's status for a client that left before its answer. */
enum { CLIENT_LEFT = 499 };

static void note(amkd_exchange *exchange, int whole)
{
    amkd_server *server = exchange->server;
    const double seconds = amkd_now() - exchange->start;
    const unsigned status = whole ? exchange->status : CLIENT_LEFT;
    const size_t nimages = exchange->status == MHD_HTTP_OK ? exchange->job.question.n : 0;
    amkd_metrics_request(&server->metrics, status, seconds);
    atomic_fetch_add(&server->metrics.images, nimages);
    atomic_fetch_add(&server->metrics.received_nbytes, exchange->body.nreceived);
    atomic_fetch_add(&server->metrics.sent_nbytes, whole ? exchange->nsent : 0);
    if (server->options.log < 0)
        return;
    const amkd_access access = {.address = exchange->peer ? exchange->peer->address : "-",
                                .method = *exchange->method ? exchange->method : "-",
                                .target = exchange->target ? exchange->target : "-",
                                .version = *exchange->version ? exchange->version : "-",
                                .status = status,
                                .nbytes = whole ? exchange->nsent : 0,
                                .seconds = seconds,
                                .nimages = nimages};
    amkd_access_log(server->options.log, &access);
}

void amkd_exchange_close(void *closure, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code)
{
    amkd_exchange *exchange = *context;
    amkd_server *server = closure;
    (void)connection;
    *context = NULL;
    if (!exchange)
        return;
    note(exchange, exchange->cut_off || code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    if (exchange->peer)
        amkd_peer_turn(exchange->peer, AMKD_TURN_IDLE);
    amkd_body_drop(&exchange->body, &server->bodies);
    amkd_job_clear(&exchange->job);
    amkd_bytes_clear(&exchange->reason);
    free(exchange->target);
    free(exchange);
    atomic_fetch_sub(&server->metrics.in_flight, 1);
}
