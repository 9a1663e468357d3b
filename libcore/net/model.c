/* A model in memory, and as a safetensors file: model.h has the names that stand there.
 */
#include "net/model.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "net/safetensors.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STREAM_WEIGHTS = 0x77656967 }; /* the random stream of initial weights */

static int new_model(amkd_model **out)
{
    *out = amkd_alloc(1, sizeof(**out));
    if (!*out)
        return -1;
    for (size_t c = 0; c < AMKD_MAX_CHANNELS; c++)
        (*out)->std[c] = 1;
    return 0;
}

int amkd_model_check(const amkd_arch *arch)
{
    if (arch->in.channels > AMKD_MAX_CHANNELS)
        return amkd_fail("inputs of %zu channels, at most %d are supported",
                         arch->in.channels, AMKD_MAX_CHANNELS);
    return 0;
}

static void draw_weights(amkd_model *model, uint64_t seed)
{
    for (size_t l = 0; l < model->arch.nlayers; l++) {
        const amkd_layer *layer = &model->arch.layers[l];
        if (!layer->nweights)
            continue;
        size_t fan_in = layer->nweights / layer->out.channels;
        double bound = 1 / sqrt((double)fan_in);
        size_t end = layer->biases + layer->out.channels;
        for (size_t p = layer->weights; p < end; p++) {
            double uniform = amkd_random_uniform(seed, STREAM_WEIGHTS, p);
            model->parameters[p] = (float)((2 * uniform - 1) * bound);
        }
    }
}

int amkd_model_init(amkd_model **out, const amkd_arch *arch, uint64_t seed)
{
    if (amkd_model_check(arch) || new_model(out))
        return -1;
    amkd_model *model = *out;
    model->parameters = amkd_alloc(arch->nparameters, sizeof(float));
    if (!model->parameters || amkd_arch_copy(&model->arch, arch)) {
        amkd_model_free(model);
        *out = NULL;
        return -1;
    }
    draw_weights(model, seed);
    return 0;
}

void amkd_model_free(amkd_model *model)
{
    if (!model)
        return;
    amkd_arch_clear(&model->arch);
    free(model->parameters);
    json_decref(model->class_names);
    json_decref(model->provenance);
    free(model);
}

/* Describes the weight and bias of the layer at index l as they stand in a file, their
 * data in parameters. */
static void describe_layer(amkd_tensor tensors[2], const amkd_arch *arch, size_t l,
                           float *parameters)
{
    const amkd_layer *layer = &arch->layers[l];
    tensors[0] = (amkd_tensor){
        .ndim = layer->type == AMKD_CONV ? 4 : 2,
        .shape = {layer->out.channels, layer->in.channels, layer->kernel, layer->kernel},
        .data = parameters + layer->weights};
    tensors[1] = (amkd_tensor){
        .ndim = 1, .shape = {layer->out.channels}, .data = parameters + layer->biases};
    snprintf(tensors[0].name, sizeof(tensors[0].name), "%zu.weight", l);
    snprintf(tensors[1].name, sizeof(tensors[1].name), "%zu.bias", l);
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
        amkd_arch_parse(&model->arch, text, in, json_array_size(model->class_names)) ||
        amkd_model_check(&model->arch) ||
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

/* Copies the values of the tensor that expected describes to where expected->data is. */
static int load_tensor(const amkd_tensor *expected, const amkd_tensors *tensors)
{
    const amkd_tensor *tensor = amkd_tensors_find(tensors, expected->name);
    if (!tensor)
        return amkd_fail("tensor '%s' is missing", expected->name);
    if (!tensor->data)
        return amkd_fail("tensor '%s': its dtype is %s, expected F32, F16, BF16 or F64",
                         expected->name, tensor->dtype);
    size_t n = 1;
    int same = tensor->ndim == expected->ndim;
    for (size_t d = 0; d < expected->ndim && same; d++) {
        same = tensor->shape[d] == expected->shape[d];
        n *= expected->shape[d];
    }
    if (!same)
        return amkd_fail("tensor '%s': its shape is not that of the architecture",
                         expected->name);
    if (check_finite(tensor, n))
        return -1;
    memcpy(expected->data, tensor->data, n * sizeof(float));
    return 0;
}

/* Whether a tensor is named as a module's: by its number. */
static int is_of_module(const amkd_tensor *tensor)
{
    size_t ndigits = strspn(tensor->name, "0123456789");
    return ndigits && (tensor->name[ndigits] == '.' || !tensor->name[ndigits]);
}

static int is_parameter(const amkd_model *model, const amkd_tensor *tensor)
{
    const amkd_arch *arch = &model->arch;
    for (size_t l = 0; l < arch->nlayers; l++) {
        amkd_tensor expected[2];
        if (!arch->layers[l].nweights)
            continue;
        describe_layer(expected, arch, l, model->parameters);
        if (!strcmp(tensor->name, expected[0].name) ||
            !strcmp(tensor->name, expected[1].name))
            return 1;
    }
    return 0;
}

/* Ignores the tensors that are not the architecture's, where that is safe. */
static int ignore_others(amkd_model *model, const amkd_tensors *tensors)
{
    for (size_t t = 0; t < tensors->n; t++) {
        const amkd_tensor *tensor = &tensors->tensors[t];
        if (is_parameter(model, tensor) || (!tensor->data && !tensor->ndim))
            continue;
        if (is_of_module(tensor))
            return amkd_fail("tensor '%s': the architecture '%s' has no such parameter",
                             tensor->name, model->arch.text);
        if (!model->nignored++)
            memcpy(model->ignored, tensor->name, sizeof model->ignored);
    }
    return 0;
}

static int load_parameters(amkd_model *model, const amkd_tensors *tensors)
{
    const amkd_arch *arch = &model->arch;
    model->parameters = amkd_alloc(arch->nparameters, sizeof(float));
    if (!model->parameters)
        return -1;
    for (size_t l = 0; l < arch->nlayers; l++) {
        amkd_tensor expected[2];
        if (!arch->layers[l].nweights)
            continue;
        describe_layer(expected, arch, l, model->parameters);
        if (load_tensor(&expected[0], tensors) || load_tensor(&expected[1], tensors))
            return -1;
    }
    return ignore_others(model, tensors);
}

int amkd_model_load(amkd_model **out, const char *path)
{
    amkd_tensors tensors;
    *out = NULL;
    if (amkd_tensors_read(&tensors, path))
        return -1;
    int result = new_model(out);
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
    amkd_shape in = model->arch.in;
    if (set_text(metadata, "amkd.arch", amkd_strdup(model->arch.text)) ||
        set_text(metadata, "amkd.input",
                 amkd_format("%zux%zux%zu", in.channels, in.height, in.width)) ||
        set_numbers(metadata, "amkd.mean", model->mean, in.channels) ||
        set_numbers(metadata, "amkd.std", model->std, in.channels) ||
        set_array(metadata, "amkd.classes", model->class_names) ||
        set_array(metadata, "amkd.provenance", model->provenance))
        return -1;
    return 0;
}

static int fill_tensors(amkd_tensors *tensors, const amkd_model *model)
{
    tensors->metadata = json_object();
    tensors->tensors = amkd_alloc(2 * model->arch.nlayers, sizeof(*tensors->tensors));
    if (!tensors->tensors || !tensors->metadata || set_metadata(tensors->metadata, model))
        return -1;
    for (size_t l = 0; l < model->arch.nlayers; l++) {
        const amkd_layer *layer = &model->arch.layers[l];
        amkd_tensor *pair = &tensors->tensors[tensors->n];
        if (!layer->nweights)
            continue;
        describe_layer(pair, &model->arch, l, model->parameters);
        if (check_finite(&pair[0], layer->nweights) ||
            check_finite(&pair[1], layer->out.channels))
            return -1;
        tensors->n += 2;
    }
    return 0;
}

int amkd_model_save(const amkd_model *model, const char *path)
{
    amkd_tensors tensors = {0};
    int result = fill_tensors(&tensors, model) || amkd_tensors_write(&tensors, path);
    amkd_tensors_clear(&tensors);
    return result ? -1 : 0;
}

int amkd_model_expect(const amkd_model *model, amkd_shape images, size_t nclasses)
{
    const amkd_shape in = model->arch.in;
    if (in.channels != images.channels || in.height != images.height ||
        in.width != images.width)
        return amkd_fail(
            "the network takes %zux%zux%zu images (channels, height, width), "
            "these are %zux%zux%zu",
            in.channels, in.height, in.width, images.channels, images.height,
            images.width);
    if (model->arch.nclasses != nclasses)
        return amkd_fail("the network has %zu classes, the data have %zu",
                         model->arch.nclasses, nclasses);
    return 0;
}
