/* Allocation whose failure is an ordinary amkd error. */
#include "base/memory.h"
#include "base/error.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail_memory(size_t n, size_t nbytes)
{
    amkd_fail("out of memory: no room for %zu items of %zu bytes", n, nbytes);
}

void *amkd_alloc(size_t n, size_t nbytes)
{
    /* calloc checks the product; zero bytes still give a block that is not NULL. */
    void *block = n && nbytes ? calloc(n, nbytes) : calloc(1, 1);
    if (!block)
        fail_memory(n, nbytes);
    return block;
}

void *amkd_realloc(void *block, size_t n, size_t nbytes)
{
    void *grown = n && nbytes ? reallocarray(block, n, nbytes) : realloc(block, 1);
    if (!grown)
        fail_memory(n, nbytes);
    return grown;
}

char *amkd_strdup(const char *text)
{
    char *copy = strdup(text);
    if (!copy)
        fail_memory(strlen(text) + 1, 1);
    return copy;
}

char *amkd_format(const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int n = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (n < 0) {
        amkd_fail("out of memory: no room for a text");
        return NULL;
    }
    return text;
}
