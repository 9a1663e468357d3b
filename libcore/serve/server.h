/* A model served over HTTP: the Open Inference Protocol and TF-Serving's, health and
 * metrics (routes.h). Requests are received and answered by a few threads on epoll;
 * inference is handed to the batcher's thread, and the connection sleeps meanwhile. */
#ifndef AMKD_SERVE_SERVER_H
#define AMKD_SERVE_SERVER_H

#include "serve/batcher.h"
#include "serve/keys.h"

typedef struct amkd_server amkd_server;

typedef struct amkd_server_options {
    int listening;              /* the socket (listen.h); the server's, which closes it */
    size_t nthreads;            /* that receive and answer */
    size_t max_connections;     /* beyond, those idle longest are closed */
    size_t max_body_nbytes;     /* of one request */
    size_t max_bodies_nbytes;   /* of all at once */
    double timeout;             /* seconds that a client may take to send a request or to
                                   read an answer, and that a connection may be idle */
    const amkd_keys *keys;      /* NULL: none is needed */
    const char *const *origins; /* whose pages browsers may let ask; "*": anyone's */
    size_t norigins;
    int log; /* file descriptor of the access log; -1: none */
    amkd_batcher_options batching;
} amkd_server_options;

/* Runs the model once, then serves it. What is passed must outlive the server. */
int amkd_server_open(amkd_server **out, amkd_predictor *predictor,
                     const amkd_served *served, const amkd_server_options *options);

/* Closes connections that are overdue; to be called several times a second. */
void amkd_server_tick(amkd_server *server);

/* Takes no more connections and no more questions; those that are in flight go on. */
void amkd_server_drain(amkd_server *server);

/* Requests that were begun and are not answered in full. */
size_t amkd_server_in_flight(const amkd_server *server);

/* Stops at once: questions that wait fail with 503. NULL is fine. */
void amkd_server_close(amkd_server *server);

#endif
