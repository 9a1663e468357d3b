/* Teachers at http(s)://HOST/v1/models/NAME: reads the model's signature where the server
 * tells it, then speaks the API's messages. */
#include "teacher/tfserving.h"
#include "base/error.h"
#include "base/memory.h"
#include "teacher/url.h"
#include <stdlib.h>
#include <string.h>

typedef struct tfserving_state {
    amkd_tfserving_model model;
    char *url; /* of prediction */
} tfserving_state;

/* ----------------------------------------------------------------- what it takes -- */

/* The signature to ask by, and its name. */
static json_t *find_signature(const char **name, const json_t *metadata)
{
    json_t *all = json_object_get(json_object_get(metadata, "metadata"), "signature_def");
    const char *key;
    json_t *signature, *found = NULL;
    size_t nfound = 0;
    all = json_object_get(all, "signature_def");
    *name = "serving_default";
    if (json_object_get(all, *name))
        return json_object_get(all, *name);
    json_object_foreach (all, key, signature) {
        if (strncmp(key, "__", 2) == 0) /* TensorFlow's own */
            continue;
        nfound++;
        *name = key;
        found = signature;
    }
    if (nfound == 1)
        return found;
    amkd_fail("its metadata have %zu signatures, none of them 'serving_default'", nfound);
    return NULL;
}

/* The sizes are strings of numbers. */
static int read_dims(int64_t dims[AMKD_INPUT_TENSOR_DIMS], size_t *ndim,
                     const json_t *tensor)
{
    const json_t *shape = json_object_get(tensor, "tensor_shape");
    const json_t *all = json_object_get(shape, "dim");
    size_t i;
    json_t *dim;
    *ndim = json_array_size(all);
    if (*ndim == 0 || *ndim > AMKD_INPUT_TENSOR_DIMS)
        return amkd_fail("has no shape of 1 to %d dimensions in its metadata",
                         AMKD_INPUT_TENSOR_DIMS);
    json_array_foreach (all, i, dim) {
        const char *text = json_string_value(json_object_get(dim, "size"));
        dims[i] = text ? strtoll(text, NULL, 10) : -1;
    }
    return 0;
}

static const char *datatype_of(const json_t *tensor)
{
    static const char *const names[][2] = {{"DT_UINT8", "UINT8"},
                                           {"DT_HALF", "FP16"},
                                           {"DT_FLOAT", "FP32"},
                                           {"DT_DOUBLE", "FP64"}};
    const char *name = json_string_value(json_object_get(tensor, "dtype"));
    for (size_t i = 0; name && i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i][0]) == 0)
            return names[i][1];
    return name ? name : "";
}

static int set_type(amkd_tfserving_model *model, const char *datatype)
{
    if (amkd_input_tensor_set_type(&model->tensor, datatype))
        return -1;
    memcpy(model->datatype, datatype, strlen(datatype) + 1);
    return 0;
}

static int read_input(amkd_tfserving_model *model, const json_t *signature,
                      const amkd_teacher_options *options)
{
    json_t *inputs = json_object_get(signature, "inputs");
    const json_t *input = json_object_iter_value(json_object_iter(inputs));
    const char *wanted = amkd_input_tensor_datatype(options->dtype);
    int64_t dims[AMKD_INPUT_TENSOR_DIMS];
    size_t ndim;
    if (json_object_size(inputs) != 1)
        return amkd_fail("takes %zu inputs, expected one", json_object_size(inputs));
    if (read_dims(dims, &ndim, input) ||
        amkd_input_tensor_fit_told(&model->tensor, dims, ndim, options->http.input_shape,
                                   options->shape, options->http.layout) ||
        set_type(model, datatype_of(input)))
        return -1;
    if (wanted && strcmp(wanted, datatype_of(input)) != 0)
        return amkd_fail("takes '%s', not the '%s' of --input", datatype_of(input),
                         options->dtype);
    return 0;
}

/* Without metadata. */
static int assume_input(amkd_tfserving_model *model, const amkd_teacher_options *options)
{
    const char *wanted = amkd_input_tensor_datatype(options->dtype);
    const char *told = options->http.input_shape, *layout = options->http.layout;
    if (!told)
        amkd_input_tensor_default(&model->tensor, options->shape, layout);
    else if (amkd_input_tensor_fit_told(&model->tensor, NULL, 0, told, options->shape,
                                        layout))
        return -1;
    return set_type(model, wanted ? wanted : "FP32");
}

int amkd_tfserving_read_model(amkd_tfserving_model *model, const json_t *metadata,
                              const amkd_teacher_options *options)
{
    const char *name;
    *model = (amkd_tfserving_model){.columns = options->http.columns};
    int rc = 0;
    if (options->http.answer) {
        model->output = amkd_strdup(options->http.answer);
        rc = model->output ? 0 : -1;
    }
    if (rc == 0 && !metadata) {
        rc = assume_input(model, options);
    } else if (rc == 0) {
        const json_t *signature = find_signature(&name, metadata);
        model->signature = signature ? amkd_strdup(name) : NULL;
        rc = model->signature ? read_input(model, signature, options) : -1;
    }
    if (rc == 0 && !model->columns && !model->tensor.has_batch)
        rc = amkd_fail("takes no batches, which the row form is for: use --columns");
    if (rc)
        amkd_tfserving_clear(model);
    return rc;
}

void amkd_tfserving_clear(amkd_tfserving_model *model)
{
    free(model->signature);
    free(model->output);
    *model = (amkd_tfserving_model){0};
}

/* ------------------------------------------------------------------- the teacher -- */

static int encode(void *context, amkd_bytes *body, amkd_http_post *post, uint64_t ticket,
                  const uint8_t *pixels)
{
    tfserving_state *state = context;
    (void)ticket;
    post->url = state->url;
    post->content_type = "application/json";
    return amkd_tfserving_encode(body, &state->model, pixels, post->n);
}

static int decode(void *context, amkd_values *values, const amkd_http_answer *answer)
{
    tfserving_state *state = context;
    return amkd_tfserving_decode(values, &state->model, answer);
}

static void close_tfserving(void *context)
{
    tfserving_state *state = context;
    amkd_tfserving_clear(&state->model);
    free(state->url);
    free(state);
}

static int read_model(tfserving_state *state, amkd_remote *remote, const char *url,
                      const amkd_teacher_options *options)
{
    json_t *metadata = NULL;
    char *whole = amkd_url_append(url, "/metadata");
    int rc = whole ? amkd_remote_get(remote, &metadata, whole) : -1;
    if (rc == 0)
        rc = amkd_tfserving_read_model(&state->model, metadata, options);
    const json_t *spec = json_object_get(metadata, "model_spec");
    if (rc == 0)
        rc = amkd_remote_identify_version(remote, url, json_object_get(spec, "version"));
    json_decref(metadata);
    free(whole);
    return rc;
}

int amkd_backend_open_tfserving(amkd_backend *backend, const char *url,
                                const amkd_teacher_options *options)
{
    amkd_remote *remote;
    if (amkd_remote_open(&remote, backend, options))
        return -1;
    tfserving_state *state = amkd_alloc(1, sizeof *state);
    if (!state)
        return -1;
    remote->protocol = (amkd_protocol){state, encode, decode, close_tfserving};
    state->url = amkd_url_append(url, ":predict");
    if (!state->url || read_model(state, remote, url, options))
        return -1;
    backend->max_images = state->model.tensor.nmax;
    if (amkd_remote_identify_tensor(remote, &state->model.tensor, state->model.datatype))
        return -1;
    return options->http.answer
               ? amkd_remote_identify(remote, "output", options->http.answer)
               : 0;
}
