/* The access log: a line a request, in the Common Log Format with seconds and images
 * behind:
 *
 *   127.0.0.1 - - [24/Nov/2026:14:15:00 +0000] "POST /v2/models/m/infer HTTP/1.1" 200 312
 *   0.002130 16
 *
 * (one line). A query is left out, and what could pass for another line is escaped. */
#ifndef AMKD_SERVE_ACCESS_LOG_H
#define AMKD_SERVE_ACCESS_LOG_H

#include <stddef.h>
#include <stdint.h>

typedef struct amkd_access {
    const char *address, *method, *target,
        *version; /* of the request line, as received */
    unsigned status;
    uint64_t nbytes; /* of the answer's body */
    double seconds;
    size_t nimages;
} amkd_access;

/* Writes the line to fd at once; a log that cannot be written stops nothing. */
void amkd_access_log(int fd, const amkd_access *access);

#endif
