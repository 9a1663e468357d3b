/* The head of a request: what it is about, and whether it is refused for it. */
#include "base/error.h"
#include "serve/exchange.h"
#include <string.h>
#include <strings.h>

/* Headers of a request may not be larger than this together. */
enum { MAX_HEAD_NBYTES = 16384 };

const char *amkd_exchange_header(amkd_exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

int amkd_exchange_is_options(const amkd_exchange *exchange)
{
    return !strcmp(exchange->method, MHD_HTTP_METHOD_OPTIONS);
}

static enum MHD_Result add_nbytes(void *closure, enum MHD_ValueKind kind, const char *key,
                                  const char *value)
{
    size_t *nbytes = closure;
    (void)kind;
    *nbytes += strlen(key) + (value ? strlen(value) : 0) + 4;
    return MHD_YES;
}

static int is_health(amkd_route route)
{
    return route == AMKD_ROUTE_LIVE || route == AMKD_ROUTE_READY;
}

typedef struct counts {
    unsigned lengths;   /* how often a request says how long its body is */
    unsigned encodings; /* how often, how it is packed */
} counts;

static enum MHD_Result count(void *closure, enum MHD_ValueKind kind, const char *name,
                             const char *value)
{
    counts *n = closure;
    (void)kind;
    (void)value;
    n->lengths += !strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) ||
                  !strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING);
    n->encodings += !strcasecmp(name, MHD_HTTP_HEADER_CONTENT_ENCODING);
    return MHD_YES;
}

/* Of two lengths a proxy before the server may believe the other, and take the rest of a
 * body for a request, or a request for part of a body; so too where it packs the body
 * another time on the way. */
static unsigned check_length(amkd_exchange *exchange, const counts *n)
{
    const char *transfer =
        amkd_exchange_header(exchange, MHD_HTTP_HEADER_TRANSFER_ENCODING);
    if (n->lengths > 1) {
        exchange->last = 1;
        amkd_fail("the length of the body is told more than once");
        return MHD_HTTP_BAD_REQUEST;
    }
    if (transfer && strcasecmp(transfer, "chunked") != 0) {
        exchange->last = 1;
        amkd_fail("Transfer-Encoding '%.40s' is not taken; chunked is", transfer);
        return MHD_HTTP_NOT_IMPLEMENTED;
    }
    return 0;
}

/* OPTIONS says what may be asked, which is no secret: browsers send no key with it. */
static unsigned check_key(amkd_exchange *exchange)
{
    const amkd_keys *keys = exchange->server->options.keys;
    if (!keys || is_health(exchange->route) || amkd_exchange_is_options(exchange) ||
        amkd_keys_accept(keys,
                         amkd_exchange_header(exchange, MHD_HTTP_HEADER_AUTHORIZATION)))
        return 0;
    amkd_fail("no valid API key");
    return MHD_HTTP_UNAUTHORIZED;
}

static unsigned check_method(const amkd_exchange *exchange)
{
    const char *method = exchange->method;
    const int posts = amkd_route_posts(exchange->route);
    if (amkd_exchange_is_options(exchange))
        return 0;
    if (exchange->route == AMKD_ROUTE_ANY)
        amkd_fail("method %s of '*', expected OPTIONS", method);
    else if (posts && strcmp(method, MHD_HTTP_METHOD_POST) != 0)
        amkd_fail("method %s, expected POST", method);
    else if (!posts && strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
             strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        amkd_fail("method %s, expected GET or HEAD", method);
    else
        return 0;
    return MHD_HTTP_METHOD_NOT_ALLOWED;
}

/* How the body is packed. */
static unsigned check_encoding(amkd_exchange *exchange, const counts *n)
{
    const char *encoding =
        amkd_exchange_header(exchange, MHD_HTTP_HEADER_CONTENT_ENCODING);
    const amkd_coding coding =
        n->encodings > 1 ? AMKD_CODING_OTHER : amkd_coding_of(encoding);
    if (coding == AMKD_CODING_OTHER) {
        amkd_fail("Content-Encoding '%.40s'%s is not taken; one of %s is", encoding,
                  n->encodings > 1 ? " and more" : "", AMKD_CODINGS);
        return MHD_HTTP_UNSUPPORTED_MEDIA_TYPE;
    }
    return amkd_body_open(&exchange->body, &exchange->server->bodies, coding);
}

/* Why a request is refused by its head, 0 if it is not; the error is set. */
static unsigned check_head(amkd_exchange *exchange)
{
    counts n = {0};
    size_t nbytes = strlen(exchange->target);
    unsigned status;
    MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, add_nbytes, &nbytes);
    MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, count, &n);
    exchange->route = amkd_route_find(exchange->server->served, exchange->target);
    if (nbytes > MAX_HEAD_NBYTES) {
        amkd_fail("headers of %zu bytes, at most %d are taken", nbytes, MAX_HEAD_NBYTES);
        return MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
    }
    if ((status = check_length(exchange, &n)) || (status = check_key(exchange)))
        return status;
    if (exchange->route == AMKD_ROUTE_NONE)
        return MHD_HTTP_NOT_FOUND; /* the error says what is not there */
    if (exchange->route == AMKD_ROUTE_MALFORMED)
        return MHD_HTTP_BAD_REQUEST;
    if ((status = check_method(exchange)) || (status = check_encoding(exchange, &n)))
        return status;
    if (amkd_route_posts(exchange->route) && atomic_load(&exchange->server->draining)) {
        amkd_fail("the server is being stopped");
        return MHD_HTTP_SERVICE_UNAVAILABLE;
    }
    return 0;
}

void amkd_exchange_check(amkd_exchange *exchange)
{
    const unsigned status = check_head(exchange);
    if (status)
        amkd_exchange_refuse(exchange, status);
}
