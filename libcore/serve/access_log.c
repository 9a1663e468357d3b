/* The access log. */
#include "serve/access_log.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_TARGET = 512, MAX_LINE = 4 * MAX_TARGET + 512 };

/* As nginx and Apache do: quotes, backslashes and all that is not printable ASCII become
 * \xHH. */
static size_t escape(char *to, const char *text)
{
    size_t n = 0;
    for (size_t i = 0; i < MAX_TARGET && text[i] && text[i] != '?'; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (c > ' ' && c < 0x7f && c != '"' && c != '\\')
            to[n++] = (char)c;
        else
            n += (size_t)sprintf(to + n, "\\x%02X", c);
    }
    to[n] = 0;
    return n;
}

void amkd_access_log(int fd, const amkd_access *access)
{
    char line[MAX_LINE], target[4 * MAX_TARGET + 1], when[64];
    struct tm parts;
    const time_t now = time(NULL);
    gmtime_r(&now, &parts);
    strftime(when, sizeof when, "%d/%b/%Y:%H:%M:%S +0000", &parts);
    escape(target, access->target);
    const int n = snprintf(
        line, sizeof line, "%s - - [%s] \"%.16s %s %.16s\" %u %" PRIu64 " %.6f %zu\n",
        access->address, when, access->method, target, access->version, access->status,
        access->nbytes, access->seconds, access->nimages);
    const size_t length = n < (int)sizeof line ? (size_t)n : sizeof line - 1;
    (void)!write(fd, line, length);
}
