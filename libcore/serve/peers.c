/* The connections of a server and their deadlines. */
#include "serve/peers.h"
#include "base/clock.h"
#include "base/memory.h"
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_LINGER_MS = 30000 };

static int64_t now_ms(void)
{
    return (int64_t)(amkd_now() * 1000);
}

void amkd_peers_init(amkd_peers *peers)
{
    *peers = (amkd_peers){0};
    pthread_mutex_init(&peers->lock, NULL);
}

static void print_address(char *text, const struct sockaddr *address)
{
    const socklen_t n = address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                       : sizeof(struct sockaddr_in);
    if (getnameinfo(address, n, text, AMKD_PEER_ADDRESS_NBYTES, NULL, 0, NI_NUMERICHOST))
        snprintf(text, AMKD_PEER_ADDRESS_NBYTES, "-");
}

amkd_peer *amkd_peers_add(amkd_peers *peers, int socket, const struct sockaddr *address)
{
    amkd_peer *peer = amkd_alloc(1, sizeof *peer);
    if (!peer)
        return NULL;
    peer->socket = socket;
    print_address(peer->address, address);
    amkd_peer_turn(peer, AMKD_TURN_IDLE);
    pthread_mutex_lock(&peers->lock);
    peer->next = peers->first;
    if (peer->next)
        peer->next->previous = peer;
    peers->first = peer;
    peers->nopen++;
    pthread_mutex_unlock(&peers->lock);
    return peer;
}

/* Moves the peer to those that linger, with a socket of its own, or frees it. */
static void let_go(amkd_peers *peers, amkd_peer *peer)
{
    const int lingers = atomic_load(&peer->lingers) && !peer->shut &&
                        peers->nlingering < AMKD_PEERS_MAX_LINGERING;
    const int own = lingers ? fcntl(peer->socket, F_DUPFD_CLOEXEC, 0) : -1;
    if (own < 0) {
        free(peer);
        return;
    }
    shutdown(own, SHUT_WR);
    peer->socket = own;
    atomic_store(&peer->since_ms, now_ms());
    peer->next = peers->lingering;
    peers->lingering = peer;
    peers->nlingering++;
}

void amkd_peers_remove(amkd_peers *peers, amkd_peer *peer)
{
    if (!peer)
        return;
    pthread_mutex_lock(&peers->lock);
    if (peer->previous)
        peer->previous->next = peer->next;
    else
        peers->first = peer->next;
    if (peer->next)
        peer->next->previous = peer->previous;
    peers->nopen -= !peer->shut;
    let_go(peers, peer);
    pthread_mutex_unlock(&peers->lock);
}

void amkd_peer_linger(amkd_peer *peer)
{
    atomic_store(&peer->lingers, 1);
}

static void shut(amkd_peers *peers, amkd_peer *peer)
{
    shutdown(peer->socket, SHUT_RDWR);
    peers->nopen -= !peer->shut;
    peer->shut = 1;
}

/* Whether a is to be shut down rather than b. */
static int goes_first(const amkd_peer *a, const amkd_peer *b)
{
    const int a_idle = atomic_load(&a->turn) == AMKD_TURN_IDLE;
    const int b_idle = atomic_load(&b->turn) == AMKD_TURN_IDLE;
    return a_idle != b_idle ? a_idle
                            : atomic_load(&a->since_ms) < atomic_load(&b->since_ms);
}

void amkd_peers_shed(amkd_peers *peers, size_t max, const amkd_peer *keep)
{
    pthread_mutex_lock(&peers->lock);
    while (peers->nopen > max) {
        amkd_peer *found = NULL;
        for (amkd_peer *peer = peers->first; peer; peer = peer->next)
            if (peer != keep && !peer->shut &&
                atomic_load(&peer->turn) != AMKD_TURN_OURS &&
                (!found || !goes_first(found, peer)))
                found = peer;
        if (!found)
            break;
        shut(peers, found);
    }
    pthread_mutex_unlock(&peers->lock);
}

void amkd_peer_turn(amkd_peer *peer, amkd_turn turn)
{
    atomic_store(&peer->since_ms, now_ms());
    atomic_store(&peer->turn, (int)turn);
}

/* All that it sent was read, and its end after that. */
static int has_left(const amkd_peer *peer)
{
    char byte;
    return recv(peer->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static int is_over(const amkd_peer *peer, int64_t before)
{
    const int turn = atomic_load(&peer->turn);
    if (turn == AMKD_TURN_OURS)
        return 0;
    return atomic_load(&peer->since_ms) < before ||
           (turn != AMKD_TURN_READING && has_left(peer));
}

/* Reads and drops what has come. Returns whether there is an end to it. */
static int drain(const amkd_peer *peer)
{
    enum { MAX_PIECES = 16 }; /* a call: others wait */
    char piece[1 << 16];
    for (int p = 0; p < MAX_PIECES; p++) {
        const ssize_t n = recv(peer->socket, piece, sizeof piece, MSG_DONTWAIT);
        if (n <= 0)
            return n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
    }
    return 0;
}

/* Those since before, or whose clients have left, linger no longer. */
static void expire_lingering(amkd_peers *peers, int64_t before)
{
    for (amkd_peer **at = &peers->lingering; *at;) {
        amkd_peer *peer = *at;
        if (atomic_load(&peer->since_ms) >= before && !drain(peer)) {
            at = &peer->next;
            continue;
        }
        close(peer->socket);
        *at = peer->next;
        peers->nlingering--;
        free(peer);
    }
}

void amkd_peers_expire(amkd_peers *peers, double seconds)
{
    const int64_t now = now_ms(), ms = (int64_t)(seconds * 1000);
    pthread_mutex_lock(&peers->lock);
    for (amkd_peer *peer = peers->first; peer; peer = peer->next)
        if (is_over(peer, now - ms))
            shut(peers, peer);
    expire_lingering(peers, now - (ms < MAX_LINGER_MS ? ms : MAX_LINGER_MS));
    pthread_mutex_unlock(&peers->lock);
}

void amkd_peers_clear(amkd_peers *peers)
{
    expire_lingering(peers, INT64_MAX);
    pthread_mutex_destroy(&peers->lock);
}
