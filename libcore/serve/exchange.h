/* Inside the server: one request and its answer, and what all of them share. */
#ifndef AMKD_SERVE_EXCHANGE_H
#define AMKD_SERVE_EXCHANGE_H

#include "serve/body.h"
#include "serve/peers.h"
#include "serve/routes.h"
#include "serve/server.h"
#include <microhttpd.h>

/* How much of a body is JSON, where tensors are behind it. */
#define AMKD_HEADER_JSON_NBYTES "Inference-Header-Content-Length"

struct amkd_server {
    amkd_server_options options;
    const amkd_served *served;
    amkd_batcher *batcher;
    amkd_metrics metrics;
    amkd_peers peers;
    struct MHD_Daemon *daemon;
    atomic_int draining;
    amkd_body_limits bodies;
};

typedef enum amkd_exchange_stage {
    AMKD_EXCHANGE_HEAD, /* the request line was read, headers follow */
    AMKD_EXCHANGE_BODY,
    AMKD_EXCHANGE_COMPUTING, /* with the batcher; the connection is suspended */
    AMKD_EXCHANGE_ANSWERED,
} amkd_exchange_stage;

typedef struct amkd_exchange {
    amkd_job job; /* first: the batcher's job is the exchange */
    amkd_server *server;
    struct MHD_Connection *connection;
    amkd_peer *peer;
    amkd_exchange_stage stage;
    amkd_route route;
    double start;
    char *target; /* of the request line, as received; NULL without memory */
    char method[16], version[16];
    amkd_body body;
    int last;          /* the connection ends with the answer */
    int cut_off;       /* answered in the middle of the body */
    unsigned status;   /* refused or answered with; 0: not yet */
    amkd_bytes reason; /* JSON of why it was refused */
    uint64_t nsent;
} amkd_exchange;

/* Decides on the answer to be an error, with the text of amkd_error(); the first decision
 * stands. */
void amkd_exchange_refuse(amkd_exchange *exchange, unsigned status);

/* A header of the request; NULL without. */
const char *amkd_exchange_header(amkd_exchange *exchange, const char *name);

/* A request whose head has arrived: finds what it is about and how its body is packed, or
 * refuses it. */
void amkd_exchange_check(amkd_exchange *exchange);

/* A request that has arrived whole: answers it, or hands it to the batcher. */
enum MHD_Result amkd_exchange_answer(amkd_exchange *exchange);

/* The batcher's answer. */
enum MHD_Result amkd_exchange_answer_job(amkd_exchange *exchange);

/* Sends an answer, whose bytes are taken over. type: of the content; NULL: there is none.
 * json_nbytes: how much of it is JSON, when there is more. */
enum MHD_Result amkd_exchange_send(amkd_exchange *exchange, unsigned status,
                                   const char *type, amkd_bytes *bytes,
                                   size_t json_nbytes);

/* Sends an error that was decided on. */
enum MHD_Result amkd_exchange_send_refusal(amkd_exchange *exchange);

/* The same before the body has come: the connection ends with it. */
enum MHD_Result amkd_exchange_refuse_body(amkd_exchange *exchange);

/* Whether a method asks what may be asked. */
int amkd_exchange_is_options(const amkd_exchange *exchange);

/* What the HTTP library calls, closure being the server. */
void *amkd_exchange_open(void *closure, const char *target,
                         struct MHD_Connection *connection);
enum MHD_Result amkd_exchange_go_on(void *closure, struct MHD_Connection *connection,
                                    const char *path, const char *method,
                                    const char *version, const char *data, size_t *n,
                                    void **context);
void amkd_exchange_close(void *closure, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code);

#endif
