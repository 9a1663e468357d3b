/* Bytes that grow at their end: requests and answers, put together piece by piece. Room
 * that cannot be had is remembered: what adds returns -1 with the error set then and from
 * then on, so that it may be checked at every step, or `failed` once at the end. */
#ifndef AMKD_BASE_BYTES_H
#define AMKD_BASE_BYTES_H

#include <jansson.h>
#include <stddef.h>

typedef struct amkd_bytes {
    char *data; /* freed with amkd_bytes_clear */
    size_t n, room;
    int failed; /* there was no room, once: nothing more is added */
} amkd_bytes;   /* begins zeroed */

int amkd_bytes_add(amkd_bytes *bytes, const void *data, size_t n);
int amkd_bytes_puts(amkd_bytes *bytes, const char *text);
int amkd_bytes_format(amkd_bytes *bytes, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A text as a JSON string, in quotes; of one that is not UTF-8 only ASCII is kept. */
int amkd_bytes_quote(amkd_bytes *bytes, const char *text);

/* A JSON value in its shortest form. */
int amkd_bytes_json(amkd_bytes *bytes, const json_t *value);

/* "[1, 0.25]" without spaces: n numbers that read back as the same floats; a number that
 * is not finite is null. */
int amkd_bytes_floats(amkd_bytes *bytes, const float *values, size_t n);

/* Data in base64 (RFC 4648, padded, without line breaks). */
int amkd_bytes_base64(amkd_bytes *bytes, const void *data, size_t n);

/* Makes sure that n more can be added. */
int amkd_bytes_reserve(amkd_bytes *bytes, size_t n);

/* Empties it, keeping the room, for the next message. */
void amkd_bytes_reset(amkd_bytes *bytes);

void amkd_bytes_clear(amkd_bytes *bytes);

#endif
