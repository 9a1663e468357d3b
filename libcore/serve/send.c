/* How answers are sent: by the HTTP library, or past it, in the middle of a body that is
 * too large, where it takes none. */
#include "base/error.h"
#include "serve/exchange.h"
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

void amkd_exchange_refuse(amkd_exchange *exchange, unsigned status)
{
    if (exchange->status)
        return;
    exchange->status = status;
    amkd_bytes_format(&exchange->reason, "{\"error\":");
    amkd_bytes_quote(&exchange->reason, amkd_error());
    amkd_bytes_format(&exchange->reason, "}");
}

/* The origin that the browser is told may read the answer; NULL: none. */
static const char *allowed_origin(amkd_exchange *exchange)
{
    const amkd_server_options *options = &exchange->server->options;
    const char *origin = amkd_exchange_header(exchange, MHD_HTTP_HEADER_ORIGIN);
    for (size_t o = 0; o < options->norigins; o++)
        if (!strcmp(options->origins[o], "*") ||
            (origin && !strcmp(options->origins[o], origin)))
            return options->origins[o];
    return NULL;
}

/* What lets pages of other origins ask
 * (https://fetch.spec.whatwg.org/#http-cors-protocol). */
static void add_cors(amkd_exchange *exchange, struct MHD_Response *response)
{
    const char *origin = allowed_origin(exchange);
    if (exchange->server->options.norigins && (!origin || *origin != '*'))
        MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ORIGIN);
    if (!origin)
        return;
    MHD_add_response_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN,
                            origin);
    if (amkd_exchange_is_options(exchange)) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_METHODS,
                                amkd_route_methods(exchange->route));
        MHD_add_response_header(
            response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_HEADERS,
            "Authorization, Content-Type, Content-Encoding, " AMKD_HEADER_JSON_NBYTES);
        MHD_add_response_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_MAX_AGE, "7200");
    } else {
        MHD_add_response_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_EXPOSE_HEADERS,
                                AMKD_HEADER_JSON_NBYTES ", Retry-After");
    }
}

/* Headers that go with a status. */
static void add_headers(amkd_exchange *exchange, struct MHD_Response *response,
                        unsigned status)
{
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED || amkd_exchange_is_options(exchange))
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW,
                                amkd_route_methods(exchange->route));
    if (status == MHD_HTTP_UNSUPPORTED_MEDIA_TYPE)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ACCEPT_ENCODING, AMKD_CODINGS);
    if (status == MHD_HTTP_UNAUTHORIZED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
    if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    if (exchange->last || atomic_load(&exchange->server->draining))
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    add_cors(exchange, response);
}

/* The answer; NULL without memory. bytes are the response's from then on. */
static struct MHD_Response *make_response(amkd_exchange *exchange, unsigned status,
                                          const char *type, amkd_bytes *bytes,
                                          size_t json_nbytes)
{
    char text[32];
    struct MHD_Response *response =
        bytes->failed ? NULL
                      : MHD_create_response_from_buffer(bytes->n, bytes->data,
                                                        MHD_RESPMEM_MUST_FREE);
    if (!response) {
        amkd_bytes_clear(bytes);
        return NULL;
    }
    exchange->status = status;
    exchange->nsent = bytes->n;
    exchange->stage = AMKD_EXCHANGE_ANSWERED;
    *bytes = (amkd_bytes){0};
    if (type)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    if (json_nbytes) {
        snprintf(text, sizeof text, "%zu", json_nbytes);
        MHD_add_response_header(response, AMKD_HEADER_JSON_NBYTES, text);
    }
    add_headers(exchange, response, status);
    return response;
}

enum MHD_Result amkd_exchange_send(amkd_exchange *exchange, unsigned status,
                                   const char *type, amkd_bytes *bytes,
                                   size_t json_nbytes)
{
    struct MHD_Response *response =
        make_response(exchange, status, type, bytes, json_nbytes);
    if (!response)
        return MHD_NO;
    const enum MHD_Result rc = MHD_queue_response(exchange->connection, status, response);
    MHD_destroy_response(response);
    amkd_peer_turn(exchange->peer, AMKD_TURN_READING);
    return rc;
}

enum MHD_Result amkd_exchange_send_refusal(amkd_exchange *exchange)
{
    return amkd_exchange_send(exchange, exchange->status, "application/json",
                              &exchange->reason, 0);
}

static enum MHD_Result print_header(void *closure, enum MHD_ValueKind kind,
                                    const char *name, const char *value)
{
    amkd_bytes *text = closure;
    (void)kind;
    amkd_bytes_format(text, "%s: %s\r\n", name, value);
    return MHD_YES;
}

/* Written at once: no other answer is under way, and so few bytes find room, or the
 * client is not there to read them. */
enum MHD_Result amkd_exchange_refuse_body(amkd_exchange *exchange)
{
    amkd_bytes text = {0}, reason = exchange->reason;
    struct MHD_Response *response;
    const unsigned status = exchange->status;
    amkd_bytes_format(&text, "HTTP/1.1 %u %s\r\nContent-Length: %zu\r\n", status,
                      MHD_get_reason_phrase_for(status), reason.n);
    exchange->last = exchange->cut_off = 1;
    exchange->reason = (amkd_bytes){0};
    const char *body = reason.data; /* the response's, until that is destroyed */
    const size_t nbytes = reason.n;
    response = make_response(exchange, status, "application/json", &reason, 0);
    if (response) {
        MHD_get_response_headers(response, print_header, &text);
        amkd_bytes_puts(&text, "\r\n");
        amkd_bytes_add(&text, body, nbytes);
        MHD_destroy_response(response);
    }
    amkd_peer_linger(exchange->peer);
    if (response && !text.failed)
        (void)!send(exchange->peer->socket, text.data, text.n,
                    MSG_DONTWAIT | MSG_NOSIGNAL);
    amkd_bytes_clear(&text);
    return MHD_NO;
}
