/* Bytes that grow at their end: request bodies and answers. Room that cannot be had is
 * remembered, so that an answer is put together without a check at every step. */
#ifndef AMKD_SERVE_BYTES_H
#define AMKD_SERVE_BYTES_H

#include <jansson.h>
#include <stddef.h>

typedef struct amkd_bytes {
    char *data; /* freed with amkd_bytes_clear */
    size_t n, room;
    int failed; /* there was no room, once: nothing more is added */
} amkd_bytes;   /* begins zeroed */

void amkd_bytes_add(amkd_bytes *bytes, const void *data, size_t n);
void amkd_bytes_format(amkd_bytes *bytes, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A text as a JSON string, in quotes; of one that is not UTF-8 only ASCII is kept. */
void amkd_bytes_quote(amkd_bytes *bytes, const char *text);

/* A JSON value in its shortest form. */
void amkd_bytes_json(amkd_bytes *bytes, const json_t *value);

/* "[1, 0.25]" without spaces: n numbers that read back as the same floats; a number that
 * is not finite is null. */
void amkd_bytes_floats(amkd_bytes *bytes, const float *values, size_t n);

/* Makes sure that n more can be added. Returns 0, or -1 when there is no room. */
int amkd_bytes_reserve(amkd_bytes *bytes, size_t n);

void amkd_bytes_clear(amkd_bytes *bytes);

#endif
