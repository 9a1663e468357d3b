/* A model as a safetensors file: model.h has the names that stand there. */
#include "base/error.h"
#include "base/memory.h"
#include "net/model.h"
#include "net/safetensors.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A parameter as it stands in a file, its data in parameters. */
static amkd_tensor describe(const amkd_layer *layer, const amkd_parameter *parameter,
                            float *parameters)
{
    amkd_tensor tensor = {.ndim = parameter->ndim,
                          .data = parameters + parameter->offset};
    memcpy(tensor.shape, parameter->dims, sizeof tensor.shape);
    snprintf(tensor.name, sizeof tensor.name, "%s.%s", layer->module, parameter->name);
    return tensor;
}

static const char *metadata_text(const json_t *metadata, const char *key)
{
    const char *text = json_string_value(json_object_get(metadata, key));
    if (!text)
        amkd_fail("no \"%s\" in its metadata, as amkd-train's models have", key);
    return text;
}

static int load_input(amkd_shape *in, const json_t *metadata)
{
    const char *text = metadata_text(metadata, "amkd.input");
    if (!text)
        return -1;
    int end = -1;
    if (text[strspn(text, "0123456789x")] ||
        sscanf(text, "%7zux%7zux%7zu%n", &in->channels, &in->height, &in->width, &end) !=
            3 ||
        text[end])
        return amkd_fail("amkd.input is '%.40s', expected CHANNELSxHEIGHTxWIDTH", text);
    return 0;
}

/* "0.5,0.25": a finite number for each of n channels. */
static int load_numbers(float *numbers, size_t n, const json_t *metadata, const char *key)
{
    const char *text = metadata_text(metadata, key), *rest = text;
    if (!text)
        return -1;
    for (size_t i = 0; i < n; i++) {
        char *end;
        numbers[i] = strtof(rest, &end);
        if (end == rest || !isfinite(numbers[i]) || *end != (i + 1 < n ? ',' : 0))
            return amkd_fail("%s is '%.80s', expected %zu finite numbers", key, text, n);
        rest = end + 1;
    }
    return 0;
}

/* A JSON array that stands as text in the metadata; *out is NULL when it is not there. */
static int load_array(json_t **out, const json_t *metadata, const char *key)
{
    const char *text = json_string_value(json_object_get(metadata, key));
    *out = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (text && !json_is_array(*out)) {
        json_decref(*out);
        *out = NULL;
        return amkd_fail("%s: expected a JSON array", key);
    }
    return 0;
}

static int load_class_names(amkd_model *model, const json_t *metadata)
{
    if (load_array(&model->class_names, metadata, "amkd.classes"))
        return -1;
    size_t index;
    json_t *name;
    json_array_foreach (model->class_names, index, name)
        if (!json_is_string(name))
            return amkd_fail("amkd.classes: name %zu is not a string", index);
    if (model->class_names && !index)
        return amkd_fail("amkd.classes: expected one name or more");
    return 0;
}

static int load_metadata(amkd_model *model, const json_t *metadata)
{
    const char *text = metadata_text(metadata, "amkd.arch");
    amkd_shape in;
    if (!text || load_input(&in, metadata) || load_class_names(model, metadata) ||
        amkd_graph_parse(&model->graph, text, in, json_array_size(model->class_names)) ||
        amkd_model_check(&model->graph) ||
        load_numbers(model->mean, in.channels, metadata, "amkd.mean") ||
        load_numbers(model->std, in.channels, metadata, "amkd.std") ||
        load_array(&model->provenance, metadata, "amkd.provenance"))
        return -1;
    for (size_t c = 0; c < in.channels; c++)
        if (model->std[c] <= 0)
            return amkd_fail("amkd.std of channel %zu is %g, expected more than 0", c,
                             (double)model->std[c]);
    return 0;
}

static int check_finite(const amkd_tensor *tensor, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(tensor->data[i]))
            return amkd_fail("tensor '%s': value %zu is %g, expected finite numbers",
                             tensor->name, i, (double)tensor->data[i]);
    return 0;
}

/* "64x3x7x7", of a tensor. */
static void print_shape(char *text, size_t nbytes, const amkd_tensor *tensor)
{
    size_t n = 0;
    text[0] = 0;
    for (size_t d = 0; d < tensor->ndim && n < nbytes; d++)
        n += (size_t)snprintf(text + n, nbytes - n, "%s%zu", d ? "x" : "",
                              tensor->shape[d]);
}

/* Copies the values of the tensor that expected describes to where expected->data is. */
static int load_tensor(const amkd_tensor *expected, const amkd_tensors *tensors)
{
    const amkd_tensor *tensor = amkd_tensors_find(tensors, expected->name);
    char wanted[96], found[96];
    if (!tensor)
        return amkd_fail("tensor '%s' is missing", expected->name);
    if (!tensor->data)
        return amkd_fail("tensor '%s': its dtype is %s, expected F32, F16, BF16 or F64",
                         expected->name, tensor->dtype);
    print_shape(wanted, sizeof wanted, expected);
    print_shape(found, sizeof found, tensor);
    if (strcmp(wanted, found) != 0)
        return amkd_fail("tensor '%s': its shape is %s, that of the architecture is %s",
                         expected->name, found, wanted);
    size_t n = 1;
    for (size_t d = 0; d < expected->ndim; d++)
        n *= expected->shape[d];
    if (check_finite(tensor, n))
        return -1;
    memcpy(expected->data, tensor->data, n * sizeof(float));
    return 0;
}

/* Calls for each parameter as it stands in a file, until one is not 0. */
typedef int visit(void *context, const amkd_tensor *tensor);

static int for_parameters(const amkd_model *model, visit *call, void *context)
{
    for (size_t l = 0; l < model->graph.nlayers; l++) {
        const amkd_layer *layer = &model->graph.layers[l];
        for (size_t p = 0; p < layer->nparameters; p++) {
            const amkd_tensor tensor =
                describe(layer, &layer->parameters[p], model->parameters);
            const int rc = call(context, &tensor);
            if (rc)
                return rc;
        }
    }
    return 0;
}

static int is_named(void *name, const amkd_tensor *tensor)
{
    return !strcmp(name, tensor->name);
}

/* Whether a tensor is named as a module's: by its number, or as a layer is. */
static int is_of_module(const amkd_model *model, const amkd_tensor *tensor)
{
    const size_t ndigits = strspn(tensor->name, "0123456789");
    const char *dot = strrchr(tensor->name, '.');
    const size_t n = dot ? (size_t)(dot - tensor->name) : 0;
    if (ndigits && (tensor->name[ndigits] == '.' || !tensor->name[ndigits]))
        return 1;
    for (size_t l = 0; n && l < model->graph.nlayers; l++) {
        const char *module = model->graph.layers[l].module;
        if (strlen(module) == n && !memcmp(module, tensor->name, n))
            return 1;
    }
    return 0;
}

/* Ignores the tensors that are not the architecture's, where that is safe. */
static int ignore_others(amkd_model *model, const amkd_tensors *tensors)
{
    for (size_t t = 0; t < tensors->n; t++) {
        amkd_tensor *tensor = &tensors->tensors[t];
        if ((!tensor->data && !tensor->ndim) ||
            for_parameters(model, is_named, tensor->name))
            continue;
        if (is_of_module(model, tensor))
            return amkd_fail(
                "tensor '%s': the architecture '%.200s' has no such parameter",
                tensor->name, model->graph.text);
        if (!model->nignored++)
            memcpy(model->ignored, tensor->name, sizeof model->ignored);
    }
    return 0;
}

static int load_one(void *tensors, const amkd_tensor *expected)
{
    return load_tensor(expected, tensors);
}

static int load_parameters(amkd_model *model, amkd_tensors *tensors)
{
    model->parameters = amkd_alloc(model->graph.nparameters, sizeof(float));
    if (!model->parameters || for_parameters(model, load_one, tensors))
        return -1;
    return ignore_others(model, tensors);
}

int amkd_model_load(amkd_model **out, const char *path)
{
    amkd_tensors tensors;
    *out = NULL;
    if (amkd_tensors_read(&tensors, path))
        return -1;
    int result = amkd_model_new(out);
    if (!result) {
        result = load_metadata(*out, tensors.metadata) || load_parameters(*out, &tensors);
        if (result) {
            amkd_model_free(*out);
            *out = NULL;
            result = amkd_fail_in("'%s'", strcmp(path, "-") ? path : "stdin");
        }
    }
    amkd_tensors_clear(&tensors);
    return result;
}

/* Sets key to text, which is freed; NULL is a failure before. */
static int set_text(json_t *metadata, const char *key, char *text)
{
    int failed = !text || json_object_set_new(metadata, key, json_string(text));
    free(text);
    return failed ? amkd_fail("no memory for '%s', or it is not UTF-8", key) : 0;
}

/* As load_numbers reads them; nine digits give each float32 back exactly. */
static int set_numbers(json_t *metadata, const char *key, const float *numbers, size_t n)
{
    char text[AMKD_MAX_CHANNELS * 24];
    size_t length = 0;
    for (size_t i = 0; i < n; i++)
        length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%.9g",
                                   i ? "," : "", (double)numbers[i]);
    return set_text(metadata, key, amkd_strdup(text));
}

static int set_array(json_t *metadata, const char *key, const json_t *array)
{
    return array ? set_text(metadata, key, json_dumps(array, JSON_COMPACT)) : 0;
}

static int set_metadata(json_t *metadata, const amkd_model *model)
{
    const amkd_shape in = model->graph.in;
    if (set_text(metadata, "amkd.arch", amkd_strdup(model->graph.text)) ||
        set_text(metadata, "amkd.input",
                 amkd_format("%zux%zux%zu", in.channels, in.height, in.width)) ||
        set_numbers(metadata, "amkd.mean", model->mean, in.channels) ||
        set_numbers(metadata, "amkd.std", model->std, in.channels) ||
        set_array(metadata, "amkd.classes", model->class_names) ||
        set_array(metadata, "amkd.provenance", model->provenance))
        return -1;
    return 0;
}

static int save_one(void *context, const amkd_tensor *tensor)
{
    amkd_tensors *tensors = context;
    size_t n = 1;
    for (size_t d = 0; d < tensor->ndim; d++)
        n *= tensor->shape[d];
    tensors->tensors[tensors->n++] = *tensor;
    return check_finite(tensor, n);
}

static int fill_tensors(amkd_tensors *tensors, const amkd_model *model)
{
    tensors->metadata = json_object();
    tensors->tensors =
        amkd_alloc(AMKD_MAX_PARAMETERS * model->graph.nlayers, sizeof(*tensors->tensors));
    if (!tensors->tensors || !tensors->metadata || set_metadata(tensors->metadata, model))
        return -1;
    return for_parameters(model, save_one, tensors);
}

int amkd_model_save(const amkd_model *model, const char *path)
{
    amkd_tensors tensors = {0};
    int result = fill_tensors(&tensors, model) || amkd_tensors_write(&tensors, path);
    amkd_tensors_clear(&tensors);
    return result ? -1 : 0;
}
