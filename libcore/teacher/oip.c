/* Teachers at http(s)://HOST/v2/models/NAME: asks the server what it and the model can,
 * then speaks the protocol's messages. */
#include "teacher/oip.h"
#include "base/error.h"
#include "base/memory.h"
#include "teacher/url.h"
#include <stdlib.h>

typedef struct oip_state {
    amkd_oip_model model;
    char *url; /* of inference */
} oip_state;

static int encode(void *context, amkd_bytes *body, amkd_http_post *post, uint64_t ticket,
                  const uint8_t *pixels)
{
    oip_state *state = context;
    post->url = state->url;
    post->content_type =
        state->model.binary ? "application/octet-stream" : "application/json";
    return amkd_oip_encode(body, &post->json_nbytes, &state->model, ticket, pixels,
                           post->n);
}

static int decode(void *context, amkd_values *values, const amkd_http_answer *answer)
{
    oip_state *state = context;
    return amkd_oip_decode(values, &state->model, answer);
}

static void close_oip(void *context)
{
    oip_state *state = context;
    amkd_oip_clear(&state->model);
    free(state->url);
    free(state);
}

/* Fetches url with what behind it. */
static int get(json_t **object, amkd_remote *remote, const char *url, const char *what)
{
    char *whole = amkd_url_append(url, what);
    int rc = whole ? amkd_remote_get(remote, object, whole) : -1;
    free(whole);
    return rc;
}

static int read_model(oip_state *state, amkd_remote *remote, const char *url,
                      const amkd_teacher_options *options)
{
    json_t *metadata;
    if (get(&metadata, remote, url, ""))
        return -1;
    if (!metadata)
        return amkd_fail("the server knows no such model (404)");
    int rc = amkd_oip_read_model(&state->model, metadata, options);
    if (rc == 0)
        rc = amkd_remote_identify_version(remote, url,
                                          json_object_get(metadata, "versions"));
    json_decref(metadata);
    return rc;
}

/* Extensions: binary tensors, and Triton's configuration with its largest batch. */
static int read_extensions(oip_state *state, amkd_remote *remote, const char *url,
                           const amkd_teacher_options *options)
{
    json_t *server = NULL, *config = NULL;
    char *base = amkd_url_server(url);
    int rc = base ? amkd_remote_get(remote, &server, base) : -1;
    state->model.binary =
        !options->http.no_binary && amkd_oip_has_extension(server, "binary_tensor_data");
    if (rc == 0 && amkd_oip_has_extension(server, "model_configuration"))
        rc = get(&config, remote, url, "/config");
    amkd_oip_read_config(&state->model, config);
    json_decref(server);
    json_decref(config);
    free(base);
    return rc;
}

int amkd_backend_open_oip(amkd_backend *backend, const char *url,
                          const amkd_teacher_options *options)
{
    amkd_remote *remote;
    if (amkd_remote_open(&remote, backend, options))
        return -1;
    oip_state *state = amkd_alloc(1, sizeof *state);
    if (!state)
        return -1;
    remote->protocol = (amkd_protocol){state, encode, decode, close_oip};
    state->url = amkd_url_append(url, "/infer");
    if (!state->url || read_model(state, remote, url, options) ||
        read_extensions(state, remote, url, options))
        return -1;
    backend->max_images = state->model.tensor.nmax;
    backend->class_names = state->model.class_names;
    backend->nclasses = state->model.nclasses;
    if (amkd_remote_identify(remote, "input", state->model.input) ||
        amkd_remote_identify_tensor(remote, &state->model.tensor, state->model.datatype))
        return -1;
    return state->model.output
               ? amkd_remote_identify(remote, "output", state->model.output)
               : 0;
}
