/* The connections of a server and their deadlines. */
#include "serve/peers.h"
#include "base/memory.h"
#include "base/progress.h"
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

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
    amkd_peer_turn(peer, AMKD_TURN_ASKING);
    pthread_mutex_lock(&peers->lock);
    peer->next = peers->first;
    if (peer->next)
        peer->next->previous = peer;
    peers->first = peer;
    pthread_mutex_unlock(&peers->lock);
    return peer;
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
    pthread_mutex_unlock(&peers->lock);
    free(peer);
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
           (turn == AMKD_TURN_ASKING && has_left(peer));
}

void amkd_peers_expire(amkd_peers *peers, double seconds)
{
    const int64_t before = now_ms() - (int64_t)(seconds * 1000);
    pthread_mutex_lock(&peers->lock);
    for (amkd_peer *peer = peers->first; peer; peer = peer->next)
        if (is_over(peer, before))
            shutdown(peer->socket, SHUT_RDWR);
    pthread_mutex_unlock(&peers->lock);
}

void amkd_peers_clear(amkd_peers *peers)
{
    pthread_mutex_destroy(&peers->lock);
}
