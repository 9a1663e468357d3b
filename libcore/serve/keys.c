/* API keys: compared in a time that does not tell how much of a key was right. */
#include "serve/keys.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_FILE_NBYTES = 1 << 20 };

struct amkd_keys {
    size_t n;
    char **bearer; /* the keys */
    char **basic;  /* the same in base64 */
};

/* A copy of the key in base64; NULL without memory. */
static char *base64(const char *key)
{
    amkd_bytes bytes = {0};
    if (amkd_bytes_base64(&bytes, key, strlen(key)) || amkd_bytes_add(&bytes, "", 1))
        amkd_bytes_clear(&bytes);
    return bytes.data;
}

static int add_key(amkd_keys *keys, const char *key)
{
    const size_t room = keys->n + 1;
    char **bearer = amkd_realloc(keys->bearer, room, sizeof *bearer);
    keys->bearer = bearer ? bearer : keys->bearer;
    char **basic = amkd_realloc(keys->basic, room, sizeof *basic);
    keys->basic = basic ? basic : keys->basic;
    if (!bearer || !basic)
        return -1;
    bearer[keys->n] = amkd_strdup(key);
    basic[keys->n] = base64(key);
    keys->n++;
    return bearer[keys->n - 1] && basic[keys->n - 1] ? 0 : -1;
}

int amkd_keys_load(amkd_keys **out, const char *path)
{
    char *text, *rest;
    size_t nbytes;
    if (amkd_file_read(&text, &nbytes, path, MAX_FILE_NBYTES))
        return -1;
    amkd_keys *keys = amkd_alloc(1, sizeof *keys);
    int rc = keys ? 0 : -1;
    rest = text;
    for (char *line; !rc && (line = strsep(&rest, "\n"));) {
        line += strspn(line, " \t");
        size_t n = strlen(line);
        while (n && strchr(" \t\r", line[n - 1]))
            line[--n] = 0;
        if (n && *line != '#')
            rc = add_key(keys, line);
    }
    if (!rc && !keys->n)
        rc = amkd_fail("'%s': no key in it", path);
    explicit_bzero(text, nbytes);
    free(text);
    if (rc) {
        amkd_keys_free(keys);
        return -1;
    }
    *out = keys;
    return 0;
}

static int same(const char *key, const char *given)
{
    const size_t n = strlen(key), ngiven = strlen(given);
    volatile unsigned char difference = n != ngiven;
    for (size_t i = 0; i < ngiven; i++)
        difference |= (unsigned char)(given[i] ^ key[n ? i % n : 0]);
    return !difference;
}

int amkd_keys_accept(const amkd_keys *keys, const char *authorization)
{
    const size_t nscheme = authorization ? strcspn(authorization, " ") : 0;
    int accepted = 0;
    if (!nscheme || !authorization[nscheme])
        return 0;
    const char *given = authorization + nscheme + strspn(authorization + nscheme, " ");
    const int basic = nscheme == 5 && !strncasecmp(authorization, "Basic", 5);
    if (!basic && !(nscheme == 6 && !strncasecmp(authorization, "Bearer", 6)))
        return 0;
    for (size_t k = 0; k < keys->n; k++)
        accepted |= same(basic ? keys->basic[k] : keys->bearer[k], given);
    return accepted;
}

static void forget(char *key)
{
    if (key)
        explicit_bzero(key, strlen(key));
    free(key);
}

void amkd_keys_free(amkd_keys *keys)
{
    if (!keys)
        return;
    for (size_t k = 0; k < keys->n; k++) {
        forget(keys->bearer[k]);
        forget(keys->basic[k]);
    }
    free(keys->bearer);
    free(keys->basic);
    free(keys);
}
