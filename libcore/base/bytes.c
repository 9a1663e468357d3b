/* Bytes that grow at their end, by doubling. */
#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 256 };

int amkd_bytes_reserve(amkd_bytes *bytes, size_t n)
{
    size_t room = bytes->room ? bytes->room : FIRST_ROOM;
    while (room - bytes->n < n && room <= PTRDIFF_MAX / 2)
        room *= 2;
    if (bytes->failed)
        return amkd_fail("out of memory");
    if (room == bytes->room)
        return 0;
    if (room - bytes->n < n) {
        bytes->failed = 1;
        return amkd_fail("a message of %zu bytes and %zu more is too long", bytes->n, n);
    }
    char *grown = amkd_realloc(bytes->data, room, 1);
    if (!grown) {
        bytes->failed = 1;
        return -1;
    }
    bytes->data = grown;
    bytes->room = room;
    return 0;
}

int amkd_bytes_add(amkd_bytes *bytes, const void *data, size_t n)
{
    if (amkd_bytes_reserve(bytes, n))
        return -1;
    if (n)
        memcpy(bytes->data + bytes->n, data, n);
    bytes->n += n;
    return 0;
}

int amkd_bytes_puts(amkd_bytes *bytes, const char *text)
{
    return amkd_bytes_add(bytes, text, strlen(text));
}

int amkd_bytes_format(amkd_bytes *bytes, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    const int n = vsnprintf(NULL, 0, format, arguments);
    int rc = n < 0 ? amkd_fail("cannot print '%s'", format)
                   : amkd_bytes_reserve(bytes, (size_t)n + 1);
    if (rc == 0) {
        vsnprintf(bytes->data + bytes->n, (size_t)n + 1, format, again);
        bytes->n += (size_t)n;
    }
    va_end(again);
    va_end(arguments);
    bytes->failed |= rc != 0;
    return rc;
}

int amkd_bytes_json(amkd_bytes *bytes, const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    int rc = text ? amkd_bytes_puts(bytes, text) : amkd_fail("no memory for JSON");
    bytes->failed |= rc != 0;
    free(text);
    return rc;
}

int amkd_bytes_quote(amkd_bytes *bytes, const char *text)
{
    json_t *value = json_string(text);
    char *ascii = value ? NULL : amkd_strdup(text);
    for (char *c = ascii; c && *c; c++)
        *c = *c & 0x80 ? '?' : *c;
    if (ascii)
        value = json_string(ascii);
    int rc = amkd_bytes_json(bytes, value);
    json_decref(value);
    free(ascii);
    return rc;
}

int amkd_bytes_floats(amkd_bytes *bytes, const float *values, size_t n)
{
    enum { LONGEST = 24 };
    if (amkd_bytes_reserve(bytes, n * LONGEST + 3))
        return -1;
    char *at = bytes->data + bytes->n;
    *at++ = '[';
    for (size_t i = 0; i < n; i++) {
        if (i)
            *at++ = ',';
        at += isfinite(values[i]) ? sprintf(at, "%.9g", (double)values[i])
                                  : sprintf(at, "null");
    }
    *at++ = ']';
    bytes->n = (size_t)(at - bytes->data);
    return 0;
}

int amkd_bytes_base64(amkd_bytes *bytes, const void *data, size_t n)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *from = data;
    if (amkd_bytes_reserve(bytes, n / 3 * 4 + 4))
        return -1;
    char *to = bytes->data + bytes->n;
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i < 3 ? n - i : 3;
        unsigned long bits = (unsigned long)from[i] << 16;
        bits |= left > 1 ? (unsigned long)from[i + 1] << 8 : 0;
        bits |= left > 2 ? from[i + 2] : 0;
        *to++ = digits[bits >> 18 & 63];
        *to++ = digits[bits >> 12 & 63];
        *to++ = left > 1 ? digits[bits >> 6 & 63] : '=';
        *to++ = left > 2 ? digits[bits & 63] : '=';
    }
    bytes->n = (size_t)(to - bytes->data);
    return 0;
}

void amkd_bytes_reset(amkd_bytes *bytes)
{
    bytes->n = 0;
    bytes->failed = 0;
}

void amkd_bytes_clear(amkd_bytes *bytes)
{
    free(bytes->data);
    *bytes = (amkd_bytes){0};
}
