/* The socket that a server listens on. */
#include "serve/listen.h"
#include "base/error.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

static unsigned port_of(int fd)
{
    struct sockaddr_storage bound = {0};
    socklen_t n = sizeof bound;
    if (getsockname(fd, (struct sockaddr *)&bound, &n))
        return 0;
    return ntohs(bound.ss_family == AF_INET6
                     ? ((const struct sockaddr_in6 *)&bound)->sin6_port
                     : ((const struct sockaddr_in *)&bound)->sin_port);
}

static int listen_on(const struct addrinfo *info)
{
    const int on = 1;
    const int fd =
        socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    /* So that a server can be started again at once. */
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, info->ai_addr, info->ai_addrlen) || listen(fd, BACKLOG)) {
        const int reason = errno;
        close(fd);
        errno = reason;
        return -1;
    }
    return fd;
}

int amkd_listen(unsigned *port, const char *address, unsigned wanted)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found;
    char service[16];
    int fd = -1;
    snprintf(service, sizeof service, "%u", wanted);
    const int rc = getaddrinfo(address, service, &hints, &found);
    if (rc)
        return amkd_fail("cannot listen on '%s': %s", address, gai_strerror(rc));
    for (const struct addrinfo *info = found; fd < 0 && info; info = info->ai_next)
        fd = listen_on(info);
    freeaddrinfo(found);
    if (fd < 0)
        return amkd_fail_errno("cannot listen on '%s', port %u", address, wanted);
    *port = port_of(fd);
    return fd;
}
