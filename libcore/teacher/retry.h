/* When a failed attempt is made again, and after how long: curl's rules (curl(1),
 * --retry) with jitter. */
#ifndef AMKD_TEACHER_RETRY_H
#define AMKD_TEACHER_RETRY_H

#include <stddef.h>
#include <stdint.h>

enum { AMKD_RETRY_MAX_CODES = 32 };

typedef struct amkd_retry {
    uint64_t max_retries; /* of one request, after its first attempt */
    uint64_t max_paid;    /* of these, after attempts that may have been paid for */
    double max_time;      /* seconds from a request's first attempt to its last; 0: any */
    double delay;     /* seconds before the first retry; doubled for each further one */
    double max_delay; /* no wait is longer, whatever a server asks for */
    size_t ncodes;
    int codes[AMKD_RETRY_MAX_CODES]; /* HTTP statuses worth another attempt; 0 stands
                                        for a connection that failed or was lost */
} amkd_retry;

/* 10 retries within 10 minutes, after 1, 2, 4 ... 60 seconds, of connection failures and
 * of 408, 429, 500, 502, 503, 504; one of these after an attempt that may have been paid
 * for, so that a single hiccup ends no long run and no image is paid for more than twice.
 */
extern const amkd_retry amkd_retry_default;

/* Reads codes "429,503,connection" in place of those in retry. */
int amkd_retry_parse_codes(amkd_retry *retry, const char *text);

/* How the attempts of a request went so far, the last of which failed. */
typedef struct amkd_attempts {
    uint64_t n;
    uint64_t npaid;     /* of them may have been paid for */
    int paid;           /* the last one may have been */
    int status;         /* of the last one, 0: a connection that failed or was lost */
    double elapsed;     /* seconds since the first */
    double retry_after; /* seconds that the server asked for, negative: none */
} amkd_attempts;

/* Whether a request gets another attempt; *delay: the seconds to wait before it. chance
 * in [0, 1) spreads the delays of requests that failed together over 0.5 to 1 of their
 * length. */
int amkd_retry_next(double *delay, const amkd_retry *retry, const amkd_attempts *attempts,
                    double chance);

/* Adds to the present message that the money forbids another attempt, where it does. */
void amkd_retry_fail(const amkd_retry *retry, const amkd_attempts *attempts);

#endif
