/* The body of a request as it arrives: unpacked on the way, and within the limits for one
 * body and for all together, which are those of what is unpacked. */
#ifndef AMKD_SERVE_BODY_H
#define AMKD_SERVE_BODY_H

#include "base/bytes.h"
#include <stdatomic.h>
#include <stdint.h>

typedef enum amkd_coding {
    AMKD_CODING_NONE,
    AMKD_CODING_GZIP,
    AMKD_CODING_DEFLATE,
    AMKD_CODING_OTHER, /* is not taken */
} amkd_coding;

/* What is taken, as the header Accept-Encoding has it. */
#define AMKD_CODINGS "gzip, deflate"

typedef struct amkd_body_limits {
    size_t max_nbytes; /* of one body, both as it comes and unpacked */
    size_t max_all;    /* of all bodies together */
    atomic_size_t all; /* of all bodies at present */
} amkd_body_limits;

typedef struct amkd_body {
    amkd_bytes bytes;
    uint64_t nreceived;             /* bytes as they came, kept or not */
    size_t charged;                 /* of the limits' all */
    struct amkd_unpacker *unpacker; /* NULL: it comes as it is */
} amkd_body;                        /* begins zeroed */

/* What a Content-Encoding header means; NULL: there is none. */
amkd_coding amkd_coding_of(const char *header);

/* Prepares for a body in a coding other than AMKD_CODING_OTHER. Like the two below it
 * returns 0, or the status to refuse the request with, the error set; what was kept is
 * then dropped. */
unsigned amkd_body_open(amkd_body *body, amkd_body_limits *limits, amkd_coding coding);

/* Adds n bytes as they came. */
unsigned amkd_body_add(amkd_body *body, amkd_body_limits *limits, const char *data,
                       size_t n);

/* All has come: fails unless what was packed has its end. */
unsigned amkd_body_end(const amkd_body *body);

/* Frees all but the count of bytes received. */
void amkd_body_drop(amkd_body *body, amkd_body_limits *limits);

#endif
