/* Exponential backoff with equal jitter. */
#include "teacher/retry.h"
#include "base/error.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

const amkd_retry amkd_retry_default = {.max_retries = 10,
                                       .max_paid = 1,
                                       .max_time = 600,
                                       .delay = 1,
                                       .max_delay = 60,
                                       .ncodes = 7,
                                       .codes = {0, 408, 429, 500, 502, 503, 504}};

int amkd_retry_parse_codes(amkd_retry *retry, const char *text)
{
    static const char connection[] = "connection";
    retry->ncodes = 0;
    for (const char *at = text; *at;) {
        const size_t length = strcspn(at, ",");
        char *end = NULL;
        long code = 0;
        if (length != strlen(connection) || strncmp(at, connection, length) != 0) {
            code = strtol(at, &end, 10);
            if (end != at + length || code < 100 || code > 599)
                return amkd_fail("'%.*s' is neither an HTTP status nor 'connection'",
                                 (int)length, at);
        }
        if (retry->ncodes == AMKD_RETRY_MAX_CODES)
            return amkd_fail("more than %d codes", AMKD_RETRY_MAX_CODES);
        retry->codes[retry->ncodes++] = (int)code;
        at += length + (at[length] == ',');
    }
    return 0;
}

static int has_code(const amkd_retry *retry, int status)
{
    for (size_t c = 0; c < retry->ncodes; c++)
        if (retry->codes[c] == status)
            return 1;
    return 0;
}

int amkd_retry_next(double *delay, const amkd_retry *retry, const amkd_attempts *attempts,
                    double chance)
{
    if (!has_code(retry, attempts->status) || attempts->n > retry->max_retries)
        return 0;
    if (attempts->paid && attempts->npaid > retry->max_paid)
        return 0;
    const double doubled = retry->delay * exp2((double)(attempts->n - 1));
    *delay = fmin(doubled, retry->max_delay) * (0.5 + 0.5 * chance);
    if (attempts->retry_after >= 0)
        *delay = fmin(fmax(*delay, attempts->retry_after), retry->max_delay);
    return !(retry->max_time > 0) || attempts->elapsed + *delay <= retry->max_time;
}

void amkd_retry_fail(const amkd_retry *retry, const amkd_attempts *attempts)
{
    if (!attempts->paid)
        return;
    if (!has_code(retry, attempts->status))
        amkd_fail("%s (it may have been paid for, and --retry-codes does not name it)",
                  amkd_error());
    else if (attempts->npaid > retry->max_paid)
        amkd_fail("%s (it may have been paid for: --retry-paid says how often it is made "
                  "again)",
                  amkd_error());
}
