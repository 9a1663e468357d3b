/* The connections of a server: who is at the other end, and since when it has owed us
 * something. A client that sends or reads byte by byte never looks idle to the HTTP
 * library; here it has a deadline. And where connections run out, the one that is idle
 * longest makes room for the next. */
#ifndef AMKD_SERVE_PEERS_H
#define AMKD_SERVE_PEERS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum {
    AMKD_PEER_ADDRESS_NBYTES = 64,
    AMKD_PEERS_MAX_LINGERING = 64, /* see amkd_peer_linger */
};

typedef enum amkd_turn {
    AMKD_TURN_IDLE,   /* the client's, who may begin a request */
    AMKD_TURN_ASKING, /* the client's, to send the rest of one */
    AMKD_TURN_OURS,
    AMKD_TURN_READING, /* the client's, to read the answer */
} amkd_turn;

typedef struct amkd_peer {
    struct amkd_peer *previous, *next;
    int socket;
    int shut;                     /* it was shut down */
    atomic_int lingers;           /* see amkd_peer_linger */
    atomic_int turn;              /* an amkd_turn */
    atomic_int_fast64_t since_ms; /* when it became so */
    char address[AMKD_PEER_ADDRESS_NBYTES];
} amkd_peer;

typedef struct amkd_peers {
    pthread_mutex_t lock;
    amkd_peer *first;
    size_t nopen;         /* those that are not shut down */
    amkd_peer *lingering; /* removed, with sockets of their own */
    size_t nlingering;
} amkd_peers;

struct sockaddr;

void amkd_peers_init(amkd_peers *peers);

/* A connection has come; NULL when there is no memory. Taken away by amkd_peers_remove,
 * which must be called before its socket is closed. */
amkd_peer *amkd_peers_add(amkd_peers *peers, int socket, const struct sockaddr *address);
void amkd_peers_remove(amkd_peers *peers, amkd_peer *peer); /* NULL is fine */

void amkd_peer_turn(amkd_peer *peer, amkd_turn turn);

/* Shuts down connections while more than max are open: those idle longest, then those
 * that have owed us something longest; not keep, which came just now, and none that wait
 * for us. */
void amkd_peers_shed(amkd_peers *peers, size_t max, const amkd_peer *keep);

/* The answer to come is sent before the request has arrived whole. When the peer is
 * removed, what it still sends is read for a while and thrown away: a socket closed at
 * once would have the answer dropped before the client has read it. */
void amkd_peer_linger(amkd_peer *peer);

/* To be called several times a second. Shuts down the sockets of clients whose turn it
 * has been for longer than seconds, and of those who left in the middle of asking: the
 * HTTP library does not see an end that arrives together with data. Reads what those send
 * that linger. */
void amkd_peers_expire(amkd_peers *peers, double seconds);

void amkd_peers_clear(amkd_peers *peers); /* all have been removed */

#endif
