/* Names in the paths of URLs (RFC 3986, section 2). */
#include "serve/path.h"
#include "base/error.h"
#include <stdlib.h>
#include <string.h>

static const char hexadecimal[] = "0123456789ABCDEFabcdef";

int amkd_path_quote(amkd_bytes *path, const char *name)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789-._~";
    for (; *name; name++)
        if (strchr(plain, *name))
            amkd_bytes_add(path, name, 1);
        else
            amkd_bytes_format(path, "%%%02X", (unsigned char)*name);
    return path->failed ? -1 : 0;
}

int amkd_path_check(const char *path, size_t nbytes)
{
    if (memchr(path, 0, nbytes))
        return amkd_fail("the path holds a zero byte");
    for (size_t b = 0; b < nbytes; b++) {
        if (path[b] != '%')
            continue;
        if (nbytes - b < 3 || strspn(path + b + 1, hexadecimal) < 2)
            return amkd_fail("the path holds a '%%' without two hexadecimal digits");
        if (!strncmp(path + b + 1, "00", 2))
            return amkd_fail("the path holds a zero byte, %%00");
    }
    return 0;
}

char amkd_path_next(const char **path, int *quoted)
{
    *quoted = **path == '%';
    if (!*quoted)
        return *(*path)++;
    const char digits[] = {(*path)[1], (*path)[2], 0};
    *path += 3;
    return (char)strtoul(digits, NULL, 16);
}
