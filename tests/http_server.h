/* A server in a thread, which does what the path of a request says. */
#ifndef AMKD_TESTS_HTTP_SERVER_H
#define AMKD_TESTS_HTTP_SERVER_H

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

static atomic_int nconnections, nrequests, nauthorized;
static int port, other_port; /* of two servers of the same behaviour */

/* Reads up to the end of the headers; returns the length with as much of the body as came
 * along, 0 at the end of the connection. */
static inline size_t read_head(int fd, char *text, size_t size, size_t *head)
{
    size_t n = 0;
    char *end = NULL;
    while (!end && n + 1 < size) {
        ssize_t got = recv(fd, text + n, size - 1 - n, 0);
        if (got <= 0)
            return 0;
        n += (size_t)got;
        text[n] = '\0';
        end = strstr(text, "\r\n\r\n");
    }
    *head = end ? (size_t)(end - text) + 4 : n;
    return n;
}

static inline void say(int fd, const char *text)
{
    send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static inline void say_status(int fd, const char *status, const char *more,
                              const char *body)
{
    char text[4096];
    snprintf(text, sizeof text, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n%s", status,
             more, strlen(body), body);
    say(fd, text);
}

/* n letters, compressed. */
static inline void say_gzip(int fd, size_t n)
{
    unsigned char plain[1000], packed[1000];
    char head[200];
    z_stream z = {.next_in = plain,
                  .avail_in = (uInt)n,
                  .next_out = packed,
                  .avail_out = sizeof packed};
    memset(plain, 'g', n);
    if (deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, 0) != Z_OK ||
        deflate(&z, Z_FINISH) != Z_STREAM_END || deflateEnd(&z) != Z_OK)
        abort();
    snprintf(head, sizeof head,
             "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %lu\r\n\r\n",
             z.total_out);
    say(fd, head);
    send(fd, packed, z.total_out, MSG_NOSIGNAL);
}

static inline int is(const char *path, const char *name)
{
    return strncmp(path, name, strlen(name)) == 0;
}

/* Says what a redirect's path asks for: "/redirect-307-HERE/rest". */
static inline void redirect(int fd, const char *path)
{
    char status[64], location[256];
    snprintf(status, sizeof status, "%.3s Elsewhere", path + strlen("/redirect-"));
    const char *to = path + strlen("/redirect-307-");
    const char *rest = strchr(to, '/');
    size_t n = strcspn(rest, " ");
    if (is(to, "other"))
        snprintf(location, sizeof location, "Location: http://127.0.0.1:%d%.*s\r\n",
                 other_port, (int)n, rest);
    else
        snprintf(location, sizeof location, "Location: %.*s\r\n", (int)n, rest);
    say_status(fd, status, location, "");
}

/* Answers a request that was read whole. Returns 1 to go on with the connection. */
static inline int answer(int fd, const char *path, const char *request)
{
    const char *key = strstr(request, "Authorization: ");
    nauthorized += key != NULL;
    if (is(path, "/ok"))
        say_status(fd, "200 OK", "Inference-Header-Content-Length: 2\r\n", "{}binary");
    else if (is(path, "/later"))
        usleep(300000), say_status(fd, "200 OK", "", "late");
    else if (is(path, "/status-503-date"))
        say_status(fd, "503 Busy", "Retry-After: Fri, 01 Jan 2100 00:00:00 GMT\r\n", "");
    else if (is(path, "/status-")) {
        char status[32];
        snprintf(status, sizeof status, "%.3s So", path + strlen("/status-"));
        say_status(fd, status, "Retry-After: 7\r\n", "{\"error\":\n \"no luck\"}");
    } else if (is(path, "/echo"))
        say_status(fd, "400 Bad", "", key ? key : "?");
    else if (is(path, "/quote")) {
        char line[100];
        snprintf(line, sizeof line, "%.*s", (int)strcspn(key, "\r"), key);
        say_status(fd, "200 OK", "", line);
    } else if (is(path, "/cut"))
        return say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"), 0;
    else if (is(path, "/long"))
        say_status(fd, "200 OK", "", "0123456789012345678901234567890123456789");
    else if (is(path, "/gzip-") && !strstr(request, "Accept-Encoding"))
        say_gzip(fd, strtoul(path + strlen("/gzip-"), NULL, 10));
    else if (is(path, "/rot13"))
        say_status(fd, "200 OK", "Content-Encoding: rot13\r\n", "{}");
    else if (is(path, "/redirect-"))
        redirect(fd, path);
    else if (is(path, "/third"))
        say_status(fd, nrequests < 3 ? "503 Busy" : "200 OK", "", "up");
    else if (is(path, "/idle"))
        return say_status(fd, "200 OK", "", "bye"), usleep(50000), 0;
    else if (is(path, "/slow")) {
        say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
        for (int i = 0; i < 100; i++)
            usleep(50000), say(fd, "x");
    } else if (is(path, "/hang"))
        usleep(5000000);
    else
        return 0; /* "/drop" */
    return 1;
}

static inline void *serve_connection(void *context)
{
    int fd = (int)(intptr_t)context, more = 1;
    static _Thread_local char request[1 << 16];
    size_t head;
    while (more) {
        size_t n = read_head(fd, request, sizeof request, &head);
        const char *path = n ? strchr(request, ' ') : NULL;
        if (!path)
            break;
        const char *length = strstr(request, "Content-Length: ");
        size_t left = (length ? strtoul(length + 16, NULL, 10) : 0) - (n - head);
        if (is(path + 1, "/deaf")) { /* takes no more */
            usleep(2000000);
            break;
        }
        if (is(path + 1, "/early"))
            break;
        for (ssize_t got = 1; left && got > 0; left -= (size_t)(got > 0 ? got : 0)) {
            static _Thread_local char body[1 << 16];
            got = recv(fd, body, left < sizeof body ? left : sizeof body, 0);
        }
        nrequests++;
        more = answer(fd, path + 1, request);
    }
    close(fd);
    return NULL;
}

static inline void *serve(void *context)
{
    int listener = (int)(intptr_t)context;
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            return NULL;
        pthread_t thread;
        nconnections++;
        if (pthread_create(&thread, NULL, serve_connection, (void *)(intptr_t)fd))
            abort();
        pthread_detach(thread);
    }
}

static inline int start_server(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    pthread_t thread;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){16384}, sizeof(int)),
                     0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, 64), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd), 0);
    pthread_detach(thread);
    return ntohs(address.sin_port);
}

#endif
