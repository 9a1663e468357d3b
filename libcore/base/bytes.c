/* A block of bytes that doubles when it is full. */
#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int amkd_bytes_reserve(amkd_bytes *bytes, size_t n)
{
    if (n < bytes->room - bytes->n)
        return 0;
    if (n > SIZE_MAX / 4 - bytes->n)
        return amkd_fail("a message of %zu bytes is too long", n);
    size_t room = 2 * (bytes->n + n) + 64;
    char *block = amkd_realloc(bytes->at, room, 1);
    if (!block)
        return -1;
    bytes->at = block;
    bytes->room = room;
    bytes->at[bytes->n] = '\0';
    return 0;
}

int amkd_bytes_add(amkd_bytes *bytes, const void *data, size_t n)
{
    if (amkd_bytes_reserve(bytes, n))
        return -1;
    if (n)
        memcpy(bytes->at + bytes->n, data, n);
    bytes->n += n;
    bytes->at[bytes->n] = '\0';
    return 0;
}

int amkd_bytes_puts(amkd_bytes *bytes, const char *text)
{
    return amkd_bytes_add(bytes, text, strlen(text));
}

int amkd_bytes_printf(amkd_bytes *bytes, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (n < 0)
        return amkd_fail("cannot print '%s'", format);
    if (amkd_bytes_reserve(bytes, (size_t)n))
        return -1;
    va_start(arguments, format);
    vsnprintf(bytes->at + bytes->n, (size_t)n + 1, format, arguments);
    va_end(arguments);
    bytes->n += (size_t)n;
    return 0;
}

int amkd_bytes_base64(amkd_bytes *bytes, const void *data, size_t n)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *from = data;
    if (amkd_bytes_reserve(bytes, n / 3 * 4 + 4))
        return -1;
    char *to = bytes->at + bytes->n;
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
    *to = '\0';
    bytes->n = (size_t)(to - bytes->at);
    return 0;
}

void amkd_bytes_clear(amkd_bytes *bytes)
{
    free(bytes->at);
    *bytes = (amkd_bytes){0};
}
