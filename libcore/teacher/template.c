/* Teachers behind any JSON API: one image a request, as a PNG. */
#include "teacher/template.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "data/png.h"
#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

enum { MAX_FILE = 16 << 20 };

typedef struct template_state {
    char *url;
    amkd_shape shape;
    amkd_template request;
    amkd_json_path *response;
    amkd_classes classes;
    amkd_bytes png;
    char content_type[64];
} template_state;

static int encode(void *context, amkd_bytes *body, amkd_http_post *post, uint64_t ticket,
                  const uint8_t *pixels)
{
    template_state *state = context;
    const amkd_picture picture = {.height = state->shape.height,
                                  .width = state->shape.width,
                                  .channels = state->shape.channels,
                                  .pixels = (uint8_t *)pixels};
    (void)ticket;
    amkd_bytes_reset(&state->png);
    post->url = state->url;
    post->content_type = state->content_type;
    if (amkd_png_encode(&state->png, &picture))
        return -1;
    return amkd_template_fill(body, state->content_type, sizeof state->content_type,
                              &state->request, &state->png);
}

static int decode(void *context, amkd_values *values, const amkd_http_answer *answer)
{
    template_state *state = context;
    return amkd_template_decode(values, state->response, &state->classes, answer);
}

static void close_template(void *context)
{
    template_state *state = context;
    free(state->url);
    amkd_template_clear(&state->request);
    amkd_json_path_free(state->response);
    amkd_classes_clear(&state->classes);
    amkd_bytes_clear(&state->png);
    free(state);
}

/* Notes a digest of a file's bytes: a template may hold what should not be shown. */
static int identify(amkd_remote *remote, const char *key, const char *text, size_t nbytes)
{
    char digest[48];
    XXH128_hash_t hash = XXH3_128bits(text, nbytes);
    snprintf(digest, sizeof digest, "xxh3-128:%016llx%016llx",
             (unsigned long long)hash.high64, (unsigned long long)hash.low64);
    return amkd_remote_identify(remote, key, digest);
}

static int read_request(template_state *state, amkd_remote *remote, const char *path)
{
    char *text;
    size_t nbytes;
    if (amkd_file_read(&text, &nbytes, path, MAX_FILE))
        return -1;
    int rc = amkd_template_parse(&state->request, text, nbytes);
    if (rc)
        amkd_fail_in("'%s'", path);
    else
        rc = identify(remote, "request", text, nbytes);
    free(text);
    return rc;
}

/* The names are no part of the identity: more may come (teacher/journal.h). */
static int read_classes(template_state *state, amkd_remote *remote,
                        const amkd_teacher_options *options)
{
    const char *path = options->http.classes;
    char *text;
    size_t nbytes;
    if (!path)
        return 0;
    if (amkd_file_read(&text, &nbytes, path, MAX_FILE))
        return -1;
    int rc = amkd_classes_parse(&state->classes, text, nbytes);
    if (rc)
        amkd_fail_in("'%s'", path);
    free(text);
    remote->nclasses = json_array_size(state->classes.names);
    if (rc == 0 && options->nclasses && options->nclasses != remote->nclasses)
        rc = amkd_fail("'%s': names %zu classes, expected %zu", path, remote->nclasses,
                       options->nclasses);
    return rc;
}

int amkd_backend_open_template(amkd_backend *backend, const char *url,
                               const amkd_teacher_options *options)
{
    amkd_remote *remote;
    if (!options->http.request || !options->http.response)
        return amkd_fail("a request template needs the path of the answer, and the other "
                         "way round: --request and --response");
    if (options->shape.channels != 1 && options->shape.channels != 3)
        return amkd_fail("a PNG has 1 or 3 channels, these images have %zu",
                         options->shape.channels);
    if (amkd_remote_open(&remote, backend, options))
        return -1;
    template_state *state = amkd_alloc(1, sizeof *state);
    if (!state)
        return -1;
    remote->protocol = (amkd_protocol){state, encode, decode, close_template};
    state->shape = options->shape;
    state->url = amkd_strdup(url);
    if (!state->url || read_request(state, remote, options->http.request) ||
        read_classes(state, remote, options) ||
        amkd_remote_identify(remote, "response", options->http.response))
        return -1;
    if (amkd_json_path_parse(&state->response, options->http.response))
        return amkd_fail_in("--response");
    if (state->classes.flaw[0] && amkd_json_path_has_several(state->response))
        return amkd_fail("'%s': %s: --response leads to names, which must be distinct",
                         options->http.classes, state->classes.flaw);
    backend->max_images = 1;
    backend->nclasses = remote->nclasses;
    backend->class_names = state->classes.names;
    backend->named = backend->class_names != NULL;
    return 0;
}
