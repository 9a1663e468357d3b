/* Which resource a path names: compared word by word. */
#include "serve/routes.h"
#include "base/error.h"
#include "base/memory.h"
#include "serve/path.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Moves *path behind word if it begins with it. Word may hold "/" and ":", which %XX
 * never stands for. */
static int take(const char **path, const char *word)
{
    const char *at = *path;
    for (; *word; word++) {
        int quoted;
        if (!*at || amkd_path_next(&at, &quoted) != *word ||
            (quoted && strchr("/:", *word)))
            return 0;
    }
    *path = at;
    return 1;
}

/* At the end, but for one "/". */
static int at_end(const char *path)
{
    return !strcmp(path, "") || !strcmp(path, "/");
}

/* Takes the name that stands before the next "/" or ":", or a word that is not it. */
static int take_name(const char **path, const char *name, const char *what)
{
    const char *at = *path, *end = at + strcspn(at, "/:");
    int quoted;
    while (at < end && *name && amkd_path_next(&at, &quoted) == *name)
        name++;
    if (at < end || *name) {
        const int n = end - *path < 80 ? (int)(end - *path) : 80;
        amkd_fail("no %s '%.*s' is served here", what, n, *path);
        return 0;
    }
    *path = end;
    return 1;
}

typedef struct ending {
    const char *text;
    amkd_route route;
} ending;

/* NAME[/versions/V] and one of the endings. */
static amkd_route find_model(const amkd_served *served, const char *path,
                             const ending *endings)
{
    if (!take_name(&path, served->name, "model") ||
        (take(&path, "/versions/") && !take_name(&path, served->version, "version")))
        return AMKD_ROUTE_NONE;
    if (at_end(path))
        path = "";
    for (; endings->text; endings++) {
        const char *rest = path;
        if (take(&rest, endings->text) && !*rest)
            return endings->route;
    }
    amkd_fail("a model has no resource '%.80s'", path);
    return AMKD_ROUTE_NONE;
}

/* Behind scheme and host, which a target has in its absolute form (RFC 9112, 3.2.2). */
static const char *behind_host(const char *target)
{
    static const char scheme[] = "http://";
    if (strncasecmp(target, scheme, strlen(scheme)) != 0)
        return target;
    target += strlen(scheme);
    return target + strcspn(target, "/");
}

/* Of a path that can be decoded. */
static amkd_route find(const amkd_served *served, const char *path)
{
    static const ending oip[] = {{"", AMKD_ROUTE_MODEL},
                                 {"/ready", AMKD_ROUTE_MODEL_READY},
                                 {"/infer", AMKD_ROUTE_INFER},
                                 {0}};
    static const ending tfserving[] = {{"", AMKD_ROUTE_TF_STATUS},
                                       {"/metadata", AMKD_ROUTE_TF_METADATA},
                                       {":predict", AMKD_ROUTE_TF_PREDICT},
                                       {0}};
    static const ending fixed[] = {{"/v2", AMKD_ROUTE_SERVER},
                                   {"/v2/health/live", AMKD_ROUTE_LIVE},
                                   {"/v2/health/ready", AMKD_ROUTE_READY},
                                   {"/metrics", AMKD_ROUTE_METRICS},
                                   {0}};
    const char *rest = path;
    if (take(&rest, "/v2/models/"))
        return find_model(served, rest, oip);
    if (take(&rest, "/v1/models/"))
        return find_model(served, rest, tfserving);
    for (const ending *f = fixed; f->text; f++) {
        rest = path;
        if (take(&rest, f->text) && at_end(rest))
            return f->route;
    }
    amkd_fail("no resource '%.80s'", path);
    return AMKD_ROUTE_NONE;
}

amkd_route amkd_route_find(const amkd_served *served, const char *target)
{
    const char *begin = behind_host(target);
    const size_t nbytes = strcspn(begin, "?#");
    if (!strcmp(target, "*"))
        return AMKD_ROUTE_ANY;
    if (amkd_path_check(begin, nbytes))
        return AMKD_ROUTE_MALFORMED;
    char *path = amkd_format("%.*s", (int)nbytes, begin);
    const amkd_route route = path ? find(served, path) : AMKD_ROUTE_NONE;
    free(path);
    return route;
}

int amkd_route_posts(amkd_route route)
{
    return route == AMKD_ROUTE_INFER || route == AMKD_ROUTE_TF_PREDICT;
}

const char *amkd_route_methods(amkd_route route)
{
    if (route == AMKD_ROUTE_ANY)
        return "GET, HEAD, POST, OPTIONS";
    return amkd_route_posts(route) ? "POST, OPTIONS" : "GET, HEAD, OPTIONS";
}
