/* Names in the paths of URLs: what is not plain stands there as %XX. */
#ifndef AMKD_SERVE_PATH_H
#define AMKD_SERVE_PATH_H

#include "base/bytes.h"

/* Adds a name as one segment of a path: letters, digits and "-._~" as they are, every
 * other byte as %XX. */
int amkd_path_quote(amkd_bytes *path, const char *name);

/* Fails unless the path of nbytes can be decoded: two hexadecimal digits stand behind
 * every "%", no byte is zero. */
int amkd_path_check(const char *path, size_t nbytes);

/* The next byte of a checked path, decoded; *path moves behind it. *quoted: it stood
 * there as %XX, so that "/" and ":" separate nothing. */
char amkd_path_next(const char **path, int *quoted);

#endif
