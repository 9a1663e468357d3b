/* The socket that a server listens on. */
#ifndef AMKD_SERVE_LISTEN_H
#define AMKD_SERVE_LISTEN_H

/* Listens on an address or host name ("127.0.0.1", "::1", "localhost") and a port; 0
 * takes a free one. Connections wait until a server takes them. Returns the socket, non-blocking, and in *port the port; or -1. */
int amkd_listen(unsigned *port, const char *address, unsigned wanted);

#endif
