/* A block of bytes that grows, for messages put together piece by piece. */
#ifndef AMKD_BASE_BYTES_H
#define AMKD_BASE_BYTES_H

#include <stddef.h>

typedef struct amkd_bytes {
    char *at; /* [room], a zero byte at [n] once anything was added; owned */
    size_t n, room;
} amkd_bytes; /* zeroed: empty */

/* Makes room for n more bytes and a zero byte; -1 when there is none. */
int amkd_bytes_reserve(amkd_bytes *bytes, size_t n);

int amkd_bytes_add(amkd_bytes *bytes, const void *data, size_t n);
int amkd_bytes_puts(amkd_bytes *bytes, const char *text);
int amkd_bytes_printf(amkd_bytes *bytes, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds data in base64 (RFC 4648, padded, without line breaks). */
int amkd_bytes_base64(amkd_bytes *bytes, const void *data, size_t n);

/* Frees the block and leaves it empty. */
void amkd_bytes_clear(amkd_bytes *bytes);

#endif
