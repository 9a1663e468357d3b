/* The server: its parts put together, opened, drained and closed. */
#include "serve/server.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/open_files.h"
#include "serve/exchange.h"
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    CONNECTION_NBYTES = 32768, /* memory of one: headers, and a piece of a body */
    OTHER_FILES = 64 + AMKD_PEERS_MAX_LINGERING, /* that are no connections */
    RESERVE = 64, /* connections taken while those that make room for them go */
};

static void on_connection(void *closure, struct MHD_Connection *connection,
                          void **context, enum MHD_ConnectionNotificationCode code)
{
    amkd_server *server = closure;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        amkd_peers_remove(&server->peers, *context);
        atomic_fetch_sub(&server->metrics.connections, 1);
        return;
    }
    const union MHD_ConnectionInfo *socket =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const int fd = socket ? socket->connect_fd : -1;
    const union MHD_ConnectionInfo *address =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    *context = address ? amkd_peers_add(&server->peers, fd, address->client_addr) : NULL;
    atomic_fetch_add(&server->metrics.connections, 1);
    amkd_peers_shed(&server->peers, server->options.max_connections, *context);
}

/* As many open files as the connections need, or else fewer connections. */
static int allow_connections(amkd_server *server)
{
    uint64_t limit;
    const size_t wanted = server->options.max_connections + RESERVE + OTHER_FILES;
    if (amkd_open_files_raise(&limit, wanted))
        return -1;
    if (limit < wanted)
        return amkd_fail("%zu connections need %zu open files, the limit is %" PRIu64
                         " (ulimit -n, or --max-connections)",
                         server->options.max_connections, wanted, limit);
    return 0;
}

static int start(amkd_server *server)
{
    const size_t nthreads = server->options.nthreads;
    const struct MHD_OptionItem pool[] = {
        {MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)nthreads, NULL},
        {MHD_OPTION_END, 0, NULL}};
    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC, 0, NULL,
        NULL, amkd_exchange_go_on, server, MHD_OPTION_LISTEN_SOCKET,
        server->options.listening, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)(server->options.max_connections + RESERVE),
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_NBYTES,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK, amkd_exchange_open,
        server, MHD_OPTION_NOTIFY_COMPLETED, amkd_exchange_close, server,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_ARRAY,
        nthreads > 1 ? pool : pool + 1, MHD_OPTION_END);
    return server->daemon ? 0 : amkd_fail_errno("cannot start the HTTP server");
}

/* Kernels are compiled and buffers touched before the first client comes. */
static int warm_up(amkd_predictor *predictor, const amkd_served *served)
{
    uint8_t *pixels = amkd_alloc(amkd_shape_size(served->in), 1);
    float *values = amkd_alloc(2 * served->nclasses, sizeof *values);
    const amkd_prediction prediction = {
        .pixels = pixels, .probs = values, .logits = values + served->nclasses};
    const int rc =
        pixels && values ? amkd_predictor_predict(predictor, &prediction, 1) : -1;
    free(pixels);
    free(values);
    return rc;
}

int amkd_server_open(amkd_server **out, amkd_predictor *predictor,
                     const amkd_served *served, const amkd_server_options *options)
{
    amkd_server *server = amkd_alloc(1, sizeof *server);
    if (!server) {
        close(options->listening);
        return -1;
    }
    server->options = *options;
    server->served = served;
    server->bodies.max_nbytes = options->max_body_nbytes;
    server->bodies.max_all = options->max_bodies_nbytes;
    amkd_metrics_init(&server->metrics);
    amkd_peers_init(&server->peers);
    int rc = allow_connections(server) || warm_up(predictor, served) ? -1 : 0;
    if (!rc)
        rc = amkd_batcher_open(&server->batcher, predictor, served, &server->metrics,
                               &options->batching);
    if (!rc)
        rc = start(server);
    if (rc) {
        amkd_server_close(server);
        return -1;
    }
    *out = server;
    return 0;
}

void amkd_server_tick(amkd_server *server)
{
    amkd_peers_expire(&server->peers, server->options.timeout);
}

void amkd_server_drain(amkd_server *server)
{
    if (atomic_exchange(&server->draining, 1) || !server->daemon)
        return;
    MHD_quiesce_daemon(server->daemon);
}

size_t amkd_server_in_flight(const amkd_server *server)
{
    return (size_t)atomic_load(&server->metrics.in_flight);
}

void amkd_server_close(amkd_server *server)
{
    if (!server)
        return;
    amkd_server_drain(server);
    if (server->batcher)
        amkd_batcher_stop(server->batcher); /* no connection stays suspended */
    if (server->daemon)
        MHD_stop_daemon(server->daemon);
    amkd_batcher_free(server->batcher);
    close(server->options.listening);
    amkd_peers_clear(&server->peers);
    free(server);
}
