/* Allocation whose failure is an ordinary amkd error. */
#include "base/memory.h"
#include "base/error.h"
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* Returns NULL, so that callers can return it. */
static void *fail_memory(size_t n, size_t nbytes)
{
    amkd_fail("out of memory: no room for %zu items of %zu bytes%s", n, nbytes,
              amkd_memory_limit());
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
        amkd_fail("out of memory: no room for a text%s", amkd_memory_limit());
        return NULL;
    }
    return text;
}

const char *amkd_memory_limit(void)
{
    static const struct {
        int resource;
        const char *what;
    } limits[] = {{RLIMIT_AS, "ulimit -v: %llu MiB of address space"},
                  {RLIMIT_DATA, "ulimit -d: %llu MiB of data"}};
    static _Thread_local char text[128];
    char part[60];
    struct rlimit limit;
    size_t n = 0;
    text[0] = 0;
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        if (getrlimit(limits[i].resource, &limit) || limit.rlim_cur == RLIM_INFINITY)
            continue;
        snprintf(part, sizeof part, limits[i].what,
                 (unsigned long long)(limit.rlim_cur >> 20));
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", n ? ", " : " (", part);
    }
    if (n)
        snprintf(text + n, sizeof text - n, ")");
    return text;
}
