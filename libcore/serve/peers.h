/* The connections of a server: who is at the other end, and since when it has owed us
 * something. A client that sends or reads byte by byte never looks idle to the HTTP
 * library; here it has a deadline. */
#ifndef AMKD_SERVE_PEERS_H
#define AMKD_SERVE_PEERS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

enum { AMKD_PEER_ADDRESS_NBYTES = 64 };

typedef enum amkd_turn {
    AMKD_TURN_ASKING, /* the client's, to send a request */
    AMKD_TURN_OURS,
    AMKD_TURN_READING, /* the client's, to read the answer */
} amkd_turn;

typedef struct amkd_peer {
    struct amkd_peer *previous, *next;
    int socket;
    atomic_int turn;              /* an amkd_turn */
    atomic_int_fast64_t since_ms; /* when it became so */
    char address[AMKD_PEER_ADDRESS_NBYTES];
} amkd_peer;

typedef struct amkd_peers {
    pthread_mutex_t lock;
    amkd_peer *first;
} amkd_peers;

struct sockaddr;

void amkd_peers_init(amkd_peers *peers);

/* A connection has come; NULL when there is no memory. Taken away by amkd_peers_remove,
 * which must be called before its socket is closed. */
amkd_peer *amkd_peers_add(amkd_peers *peers, int socket, const struct sockaddr *address);
void amkd_peers_remove(amkd_peers *peers, amkd_peer *peer); /* NULL is fine */

void amkd_peer_turn(amkd_peer *peer, amkd_turn turn);

/* Shuts down the sockets of clients whose turn it has been for longer than seconds, and
 * of those who left in the middle of asking: the HTTP library does not see an end that
 * arrives together with data. */
void amkd_peers_expire(amkd_peers *peers, double seconds);

void amkd_peers_clear(amkd_peers *peers); /* all have been removed */

#endif
