/* Allocation whose failure is an ordinary amkd error. */
#include "base/memory.h"
#include "base/error.h"
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Returns NULL, so that callers can return it. */
static void *fail_memory(size_t n, size_t nbytes)
{
    amkd_fail("out of memory: no room for %zu items of %zu bytes", n, nbytes);
    return NULL;
}

/* Zero bytes still get a block that is not NULL. 0: the product overflows. */
static size_t product(size_t n, size_t nbytes)
{
    if (!n || !nbytes)
        return 1;
    return n > PTRDIFF_MAX / nbytes ? 0 : n * nbytes;
}

void *amkd_alloc(size_t n, size_t nbytes)
{
    size_t size = product(n, nbytes);
    void *block = size ? calloc(size, 1) : NULL;
    return block ? block : fail_memory(n, nbytes);
}

void *amkd_realloc(void *block, size_t n, size_t nbytes)
{
    size_t size = product(n, nbytes);
    void *grown = size ? realloc(block, size) : NULL;
    return grown ? grown : fail_memory(n, nbytes);
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
