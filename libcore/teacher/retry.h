/* When a failed attempt is made again, and after how long: curl's rules (curl(1),
 * --retry) with jitter. */
#ifndef AMKD_TEACHER_RETRY_H
#define AMKD_TEACHER_RETRY_H

#include <stddef.h>
#include <stdint.h>

enum { AMKD_RETRY_MAX_CODES = 32 };

typedef struct amkd_retry {
    uint64_t max_retries; /* of one request, after its first attempt */
    double max_time;      /* seconds from a request's first attempt to its last; 0: any */
    double delay;     /* seconds before the first retry; doubled for each further one */
    double max_delay; /* no wait is longer, whatever a server asks for */
    size_t ncodes;
    int codes[AMKD_RETRY_MAX_CODES]; /* HTTP statuses worth another attempt; 0 stands
                                        for a connection that failed or was lost */
} amkd_retry;

/* 10 retries within 10 minutes, after 1, 2, 4 ... 60 seconds, of connection failures and
 * of 408, 429, 500, 502, 503, 504. */
extern const amkd_retry amkd_retry_default;

/* Reads codes "429,503,connection" in place of those in retry. */
int amkd_retry_parse_codes(amkd_retry *retry, const char *text);

/* Whether a request that has made nattempts, the last of which failed with status now,
 * gets another; *delay: the seconds to wait before it. retry_after: the seconds that the
 * server asked for, negative: none. chance in [0, 1) spreads the delays of requests that
 * failed together over 0.5 to 1 of their length. */
int amkd_retry_next(double *delay, const amkd_retry *retry, int status,
                    uint64_t nattempts, double elapsed, double retry_after,
                    double chance);

#endif
