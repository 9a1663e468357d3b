/* The body of an answer. */
#include "serve/page.h"
#include "base/memory.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void amkd_page_add(amkd_page *page, const void *data, size_t n)
{
    page->failed = page->failed || amkd_bytes_add(&page->bytes, data, n);
}

void amkd_page_format(amkd_page *page, const char *format, ...)
{
    char *line = NULL;
    va_list arguments;
    va_start(arguments, format);
    const int n = vasprintf(&line, format, arguments);
    va_end(arguments);
    if (n < 0) {
        page->failed = 1;
        return;
    }
    amkd_page_add(page, line, (size_t)n);
    free(line);
}

void amkd_page_json(amkd_page *page, const json_t *value)
{
    char *line = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    if (line)
        amkd_page_add(page, line, strlen(line));
    else
        page->failed = 1;
    free(line);
}

void amkd_page_quote(amkd_page *page, const char *string)
{
    json_t *value = json_string(string);
    char *ascii = value ? NULL : amkd_strdup(string);
    for (char *c = ascii; c && *c; c++)
        *c = *c & 0x80 ? '?' : *c;
    if (ascii)
        value = json_string(ascii);
    amkd_page_json(page, value);
    json_decref(value);
    free(ascii);
}

void amkd_page_floats(amkd_page *page, const float *values, size_t n)
{
    enum { LONGEST = 24 };
    amkd_bytes *bytes = &page->bytes;
    page->failed = page->failed || amkd_bytes_reserve(bytes, n * LONGEST + 3);
    if (page->failed)
        return;
    char *at = bytes->at + bytes->n;
    *at++ = '[';
    for (size_t i = 0; i < n; i++) {
        if (i)
            *at++ = ',';
        at += isfinite(values[i]) ? sprintf(at, "%.9g", (double)values[i])
                                  : sprintf(at, "null");
    }
    *at++ = ']';
    bytes->n = (size_t)(at - bytes->at);
}

void amkd_page_clear(amkd_page *page)
{
    amkd_bytes_clear(&page->bytes);
    page->failed = 0;
}
