/* Bytes that grow at their end, by doubling. */
#include "serve/bytes.h"
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
        return -1;
    if (room == bytes->room)
        return 0;
    char *grown = room - bytes->n < n ? NULL : amkd_realloc(bytes->data, room, 1);
    if (!grown) {
        bytes->failed = 1;
        return -1;
    }
    bytes->data = grown;
    bytes->room = room;
    return 0;
}

void amkd_bytes_add(amkd_bytes *bytes, const void *data, size_t n)
{
    if (!n || amkd_bytes_reserve(bytes, n))
        return;
    memcpy(bytes->data + bytes->n, data, n);
    bytes->n += n;
}

void amkd_bytes_format(amkd_bytes *bytes, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    const int n = vsnprintf(NULL, 0, format, arguments);
    if (n >= 0 && !amkd_bytes_reserve(bytes, (size_t)n + 1)) {
        vsnprintf(bytes->data + bytes->n, (size_t)n + 1, format, again);
        bytes->n += (size_t)n;
    }
    va_end(again);
    va_end(arguments);
}

void amkd_bytes_json(amkd_bytes *bytes, const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    if (text)
        amkd_bytes_add(bytes, text, strlen(text));
    else
        bytes->failed = 1;
    free(text);
}

void amkd_bytes_quote(amkd_bytes *bytes, const char *text)
{
    json_t *value = json_string(text);
    char *ascii = value ? NULL : amkd_strdup(text);
    for (char *c = ascii; c && *c; c++)
        *c = *c & 0x80 ? '?' : *c;
    if (ascii)
        value = json_string(ascii);
    amkd_bytes_json(bytes, value);
    json_decref(value);
    free(ascii);
}

void amkd_bytes_floats(amkd_bytes *bytes, const float *values, size_t n)
{
    enum { LONGEST = 24 };
    if (amkd_bytes_reserve(bytes, n * LONGEST + 3))
        return;
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
}

void amkd_bytes_clear(amkd_bytes *bytes)
{
    free(bytes->data);
    *bytes = (amkd_bytes){0};
}
