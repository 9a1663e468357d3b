/* URLs are read by libcurl; only the parts of a model's path are found here. */
#include "teacher/url.h"
#include "base/error.h"
#include "base/memory.h"
#include <curl/curl.h>
#include <string.h>
#include <strings.h>

int amkd_url_is(const char *spec)
{
    return strncasecmp(spec, "http://", 7) == 0 || strncasecmp(spec, "https://", 8) == 0;
}

static int has_part(CURLU *parts, CURLUPart part)
{
    char *text = NULL;
    int has = curl_url_get(parts, part, &text, 0) == CURLUE_OK;
    curl_free(text);
    return has;
}

int amkd_url_check(const char *url)
{
    int rc = 0;
    CURLU *parts = curl_url();
    if (!parts)
        return amkd_fail("libcurl is out of memory");
    CURLUcode code = curl_url_set(parts, CURLUPART_URL, url, 0);
    if (code)
        rc = amkd_fail("a teacher's URL cannot be read: %s", curl_url_strerror(code));
    else if (has_part(parts, CURLUPART_USER) || has_part(parts, CURLUPART_PASSWORD))
        rc = amkd_fail("a teacher's URL is no place for a user or password, which other "
                       "users and the labels' header would show; put them into ~/.netrc, "
                       "AMKD_API_KEY or --header-file");
    else if (has_part(parts, CURLUPART_FRAGMENT))
        rc = amkd_fail("a teacher's URL ends in a fragment (#...), which is never sent");
    curl_url_cleanup(parts);
    return rc;
}

/* Where the last piece of path stands in url; NULL for nowhere. */
static const char *last(const char *url, const char *piece)
{
    const char *found = NULL;
    for (const char *at = url; (at = strstr(at, piece)); at++)
        found = at;
    return found;
}

/* Whether NAME, NAME/ or NAME/versions/V is what follows. */
static int is_model(const char *rest)
{
    size_t name = strcspn(rest, "/?:");
    if (name == 0)
        return 0;
    rest += name;
    if (strncmp(rest, "/versions/", 10) == 0 && strcspn(rest + 10, "/?:") > 0)
        rest += 10 + strcspn(rest + 10, "/?:");
    return rest[*rest == '/'] == '\0';
}

amkd_protocol_kind amkd_url_protocol(const char *url)
{
    const char *v2 = last(url, "/v2/models/"), *v1 = last(url, "/v1/models/");
    if (v2 && is_model(v2 + 11))
        return AMKD_OIP;
    if (v1 && is_model(v1 + 11))
        return AMKD_TFSERVING;
    return AMKD_OTHER_API;
}

char *amkd_url_append(const char *url, const char *what)
{
    size_t n = strlen(url);
    if (n && url[n - 1] == '/')
        n--;
    return amkd_format("%.*s%s", (int)n, url, what);
}

char *amkd_url_server(const char *url)
{
    const char *models = last(url, "/v2/models/");
    size_t n = models ? (size_t)(models - url) + strlen("/v2") : strlen(url);
    return amkd_format("%.*s", (int)n, url);
}
