/* Headers of the user's: checked line by line, because a slip here would either send a
 * broken request or show a password in the message about it. */
#include "teacher/http_headers.h"
#include "base/error.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LEAST_SECRET = 4 }; /* shorter values are no secrets, and common in messages */

static const char *const ours[] = {
    "Content-Type",
    "Content-Length",
    "Transfer-Encoding",
    "Expect",
    "Connection",
    "Host",
    "Inference-Header-Content-Length",
};

/* Characters of a header's name: RFC 9110's tokens. */
static int is_token(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static size_t name_length(const char *line)
{
    size_t n = 0;
    while (is_token((unsigned char)line[n]))
        n++;
    return n;
}

static int is_named(const char *line, const char *name)
{
    size_t n = strlen(name);
    return strncasecmp(line, name, n) == 0 && line[n] == ':';
}

static const char *value_of(const char *line)
{
    const char *value = line + name_length(line) + 1;
    return value + strspn(value, " \t");
}

static int add(amkd_http_headers *headers, char *line)
{
    char **lines =
        line ? amkd_realloc(headers->lines, headers->n + 1, sizeof *lines) : NULL;
    if (!lines) {
        free(line);
        return -1;
    }
    headers->lines = lines;
    headers->lines[headers->n++] = line;
    return 0;
}

static int add_line(amkd_http_headers *headers, const char *line, size_t nbytes,
                    size_t number)
{
    while (nbytes && (line[nbytes - 1] == '\r' || line[nbytes - 1] == ' ' ||
                      line[nbytes - 1] == '\t'))
        nbytes--;
    if (nbytes == 0 || *line == '#')
        return 0;
    size_t n = name_length(line);
    if (n == 0 || n >= nbytes || line[n] != ':')
        return amkd_fail("line %zu: expected 'Name: value'", number);
    for (size_t i = n; i < nbytes; i++)
        if ((unsigned char)line[i] < ' ' && line[i] != '\t')
            return amkd_fail("line %zu: the value of '%.*s' holds a control character",
                             number, (int)n, line);
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (is_named(line, ours[i]))
            return amkd_fail("line %zu: '%s' is set by each request itself", number,
                             ours[i]);
    if (value_of(line) >= line + nbytes)
        return amkd_fail("line %zu: '%.*s' has no value", number, (int)n, line);
    return add(headers, amkd_format("%.*s", (int)nbytes, line));
}

int amkd_http_headers_parse(amkd_http_headers *headers, const char *text, size_t nbytes)
{
    if (memchr(text, '\0', nbytes))
        return amkd_fail("is no text");
    size_t number = 0;
    for (const char *line = text, *end; line < text + nbytes; line = end + 1) {
        end = memchr(line, '\n', (size_t)(text + nbytes - line));
        if (!end)
            end = text + nbytes;
        if (add_line(headers, line, (size_t)(end - line), ++number))
            return -1;
    }
    return 0;
}

int amkd_http_headers_has(const amkd_http_headers *headers, const char *name)
{
    for (size_t i = 0; i < headers->n; i++)
        if (is_named(headers->lines[i], name))
            return 1;
    return 0;
}

int amkd_http_headers_add_key(amkd_http_headers *headers, const char *key)
{
    if (amkd_http_headers_has(headers, "Authorization"))
        return 0;
    for (const char *c = key; *c; c++)
        if ((unsigned char)*c <= ' ')
            return amkd_fail("AMKD_API_KEY holds a space or control character");
    return add(headers, amkd_format("Authorization: Bearer %s", key));
}

/* Bytes that the secret has at the beginning of text, as it is or as JSON escapes it; 0:
 * it is not there. */
static size_t find_secret(const char *text, const char *secret)
{
    const size_t n = strlen(secret);
    const char *at = text;
    if (strncmp(text, secret, n) == 0)
        return n;
    for (; *secret; secret++, at++) {
        at += *at == '\\' && at[1] == *secret;
        if (*at != *secret)
            return 0;
    }
    return (size_t)(at - text);
}

static void hide(char *text, const char *secret)
{
    if (strlen(secret) < LEAST_SECRET)
        return;
    for (char *at = text; *at; at++)
        memset(at, '*', find_secret(at, secret));
}

/* Whatever stands behind "Basic " or "Bearer ", such as what netrc has. */
static void hide_behind(char *text, const char *scheme)
{
    for (char *at = text; (at = strcasestr(at, scheme));) {
        at += strlen(scheme);
        const size_t n = strcspn(at, " \t\r\n\"'\\,;<>)]}");
        memset(at, '*', n);
    }
}

void amkd_http_headers_hide(const amkd_http_headers *headers, char *text)
{
    for (size_t i = 0; i < headers->n; i++) {
        const char *value = value_of(headers->lines[i]);
        hide(text, value);
        const char *behind = strchr(value, ' '); /* "Bearer SECRET" */
        if (behind)
            hide(text, behind + 1);
    }
    hide_behind(text, "Basic ");
    hide_behind(text, "Bearer ");
}

void amkd_http_headers_clear(amkd_http_headers *headers)
{
    for (size_t i = 0; i < headers->n; i++) {
        explicit_bzero(headers->lines[i], strlen(headers->lines[i]));
        free(headers->lines[i]);
    }
    free(headers->lines);
    *headers = (amkd_http_headers){0};
}
