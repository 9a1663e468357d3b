/* A model as a safetensors file: model.h has the names that stand there. */
#include "base/error.h"
#include "base/memory.h"
#include "graph/named.h"
#include "net/model.h"
#include "net/model_weights.h"
#include "net/published.h"
#include "net/safetensors.h"
#include "net/stem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *metadata_text(const json_t *metadata, const char *key)
{
    const char *text = json_string_value(json_object_get(metadata, key));
    if (!text)
        amkd_fail("no \"%s\" in its metadata, as amkd-train's models have; of weights of "
                  "another program ',arch=NETWORK' behind the path says it",
                  key);
    return text;
}

static int load_input(amkd_shape *in, const json_t *metadata)
{
    const char *text = metadata_text(metadata, "amkd.input");
    if (!text)
        return -1;
    return amkd_shape_parse(in, text) ? amkd_fail_in("amkd.input") : 0;
}

/* "0.5,0.25": a finite number for each of n channels. */
static int load_numbers(float *numbers, size_t n, const json_t *metadata, const char *key)
{
    const char *text = metadata_text(metadata, key);
    if (!text)
        return -1;
    if (amkd_numbers_parse(numbers, n, text, ','))
        return amkd_fail("%s is '%.80s', expected %zu finite numbers", key, text, n);
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

/* A file without one has 1. */
static int load_temperature(amkd_model *model, const json_t *metadata)
{
    static const char key[] = "amkd.temperature";
    if (!json_object_get(metadata, key))
        return 0;
    if (load_numbers(&model->temperature, 1, metadata, key))
        return -1;
    if (model->temperature <= 0)
        return amkd_fail("%s is %g, expected more than 0", key,
                         (double)model->temperature);
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
        load_temperature(model, metadata) ||
        load_array(&model->provenance, metadata, "amkd.provenance"))
        return -1;
    for (size_t c = 0; c < in.channels; c++)
        if (model->std[c] <= 0)
            return amkd_fail("amkd.std of channel %zu is %g, expected more than 0", c,
                             (double)model->std[c]);
    return 0;
}

static int is_own(const amkd_tensors *tensors)
{
    return json_object_get(tensors->metadata, "amkd.arch") != NULL;
}

static int load_own(amkd_model *model, const amkd_tensors *tensors)
{
    amkd_taking taking = {0};
    if (load_metadata(model, tensors->metadata))
        return -1;
    model->parameters = amkd_alloc(model->graph.nparameters, sizeof(float));
    return model->parameters ? amkd_model_take(model, tensors, &taking) : -1;
}

static int load(amkd_model *model, amkd_tensors *tensors, const amkd_published *published)
{
    if (!published->arch)
        return load_own(model, tensors);
    if (is_own(tensors))
        return amkd_fail("the file says its network itself: ',arch=' is for weights of "
                         "other programs");
    return amkd_published_load(model, tensors, published);
}

static const char *shown(const char *file)
{
    return strcmp(file, "-") ? file : "stdin";
}

int amkd_model_load(amkd_model **out, const char *path)
{
    amkd_tensors tensors = {0};
    amkd_published published;
    *out = NULL;
    if (amkd_published_parse(&published, path))
        return -1;
    int rc = amkd_tensors_read(&tensors, published.file) || amkd_model_new(out) ? -1 : 0;
    if (!rc && load(*out, &tensors, &published)) {
        amkd_model_free(*out);
        *out = NULL;
        rc = amkd_fail_in("'%s'", shown(published.file));
    }
    amkd_tensors_clear(&tensors);
    amkd_published_clear(&published);
    return rc;
}

int amkd_model_peek(amkd_shape *in, size_t *nclasses, const char *path)
{
    amkd_tensors tensors;
    amkd_model *own = NULL;
    *in = (amkd_shape){0};
    *nclasses = 0;
    if (amkd_tensors_read(&tensors, path))
        return -1;
    int rc = 0;
    if (is_own(&tensors)) {
        rc = amkd_model_new(&own);
        if (!rc && load_metadata(own, tensors.metadata))
            rc = amkd_fail_in("'%s'", shown(path));
        if (!rc) {
            *in = own->graph.in;
            *nclasses = own->graph.nclasses;
        }
    }
    amkd_model_free(own);
    amkd_tensors_clear(&tensors);
    return rc;
}

/* Whether two networks are the same up to their last layers, which are of one kind. */
static int differ_in_classes_alone(const amkd_graph *a, const amkd_graph *b)
{
    const char *x = strrchr(a->text, '|'), *y = strrchr(b->text, '|');
    const amkd_layer *last = &a->layers[a->nlayers - 1];
    const amkd_layer *other = &b->layers[b->nlayers - 1];
    const size_t n = x ? (size_t)(x - a->text) : 0, m = y ? (size_t)(y - b->text) : 0;
    return n == m && !memcmp(a->text, b->text, n) && last->kind == other->kind &&
           !strcmp(last->module, other->module);
}

/* The error of a file that holds another network than is asked for: the first layer in
 * which they differ, since the texts of large ones have thousands of characters. */
static int fail_other(const amkd_graph *held, const amkd_graph *asked)
{
    const size_t n = held->nlayers < asked->nlayers ? held->nlayers : asked->nlayers;
    for (size_t l = 0; l < n; l++) {
        const amkd_layer *a = &held->layers[l], *b = &asked->layers[l];
        char text[AMKD_LAYER_NBYTES], other[AMKD_LAYER_NBYTES];
        amkd_layer_print(text, sizeof text, a);
        amkd_layer_print(other, sizeof other, b);
        if (strcmp(text, other) || strcmp(a->module, b->module))
            return amkd_fail("holds another network: its layer %zu is '%s: %s', but '%s: "
                             "%s' is asked for",
                             l + 1, a->module, text, b->module, other);
    }
    return held->nlayers == asked->nlayers
               ? amkd_fail("holds another network: the same layers, joined in other ways")
               : amkd_fail("holds another network: it has %zu layers, but %zu are asked "
                           "for",
                           held->nlayers, asked->nlayers);
}

/* The file's own network must be that of the graph, and its mean and deviation, class
 * names and origin become the model's. */
static int take_own(amkd_model *model, const json_t *metadata, int *has_scales)
{
    amkd_model *own;
    if (amkd_model_new(&own))
        return -1;
    int rc = load_metadata(own, metadata);
    if (!rc && !differ_in_classes_alone(&model->graph, &own->graph))
        rc = fail_other(&own->graph, &model->graph);
    if (!rc && own->graph.in.channels == model->graph.in.channels) {
        memcpy(model->mean, own->mean, sizeof model->mean);
        memcpy(model->std, own->std, sizeof model->std);
        *has_scales = 1;
    }
    if (!rc && own->graph.nclasses == model->graph.nclasses)
        model->class_names = json_incref(own->class_names);
    if (!rc)
        model->provenance = json_incref(own->provenance);
    amkd_model_free(own);
    return rc;
}

/* The mean and deviation that are usual for a named network. */
static void take_usual(amkd_model *model, const char *arch, int *has_scales)
{
    amkd_named_usual usual;
    if (!amkd_named_usual_of(&usual, arch) || usual.std[0] <= 0 ||
        model->graph.in.channels != 3)
        return;
    memcpy(model->mean, usual.mean, sizeof usual.mean);
    memcpy(model->std, usual.std, sizeof usual.std);
    *has_scales = model->usual_scales = 1;
}

int amkd_model_begin(amkd_model *model, const char *path, const char *arch,
                     amkd_beginning *out)
{
    amkd_tensors tensors;
    amkd_taking taking = {.fresh_head = 1};
    *out = (amkd_beginning){0};
    if (amkd_tensors_read(&tensors, path))
        return -1;
    taking.strict = !is_own(&tensors);
    int rc = 0;
    if (is_own(&tensors))
        rc = take_own(model, tensors.metadata, &out->has_scales);
    else
        take_usual(model, arch, &out->has_scales);
    if (rc || amkd_model_take(model, &tensors, &taking)) {
        amkd_stem_hint(&tensors, arch, &model->graph, 1);
        rc = amkd_fail_in("'%s'", shown(path));
    }
    out->fresh_head = taking.fresh_head;
    amkd_tensors_clear(&tensors);
    return rc;
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
        (model->temperature != 1 &&
         set_numbers(metadata, "amkd.temperature", &model->temperature, 1)) ||
        set_array(metadata, "amkd.classes", model->class_names) ||
        set_array(metadata, "amkd.provenance", model->provenance))
        return -1;
    return 0;
}

static int save_one(void *context, const amkd_tensor *tensor)
{
    amkd_tensors *tensors = context;
    tensors->tensors[tensors->n++] = *tensor;
    return amkd_tensor_check_finite(tensor);
}

/* The whole numbers that PyTorch keeps beside the parameters, and nobody reads here. They
 * come first, since some readers want them at multiples of their size. */
static void fill_counters(amkd_tensors *tensors, const amkd_graph *graph)
{
    for (size_t l = 0; l < graph->nlayers; l++) {
        const amkd_layer *layer = &graph->layers[l];
        amkd_tensor *tensor = &tensors->tensors[tensors->n];
        if (!layer->kind->counter)
            continue;
        snprintf(tensor->name, sizeof tensor->name, "%s.%s", layer->module,
                 layer->kind->counter);
        strcpy(tensor->dtype, "I64");
        tensors->n++;
    }
}

static int fill_tensors(amkd_tensors *tensors, const amkd_model *model)
{
    tensors->metadata = json_object();
    tensors->tensors = amkd_alloc((AMKD_MAX_PARAMETERS + 1) * model->graph.nlayers,
                                  sizeof(*tensors->tensors));
    if (!tensors->tensors || !tensors->metadata || set_metadata(tensors->metadata, model))
        return -1;
    fill_counters(tensors, &model->graph);
    return amkd_model_for_parameters(model, save_one, tensors);
}

int amkd_model_save(const amkd_model *model, const char *path)
{
    amkd_tensors tensors = {0};
    int result = fill_tensors(&tensors, model) || amkd_tensors_write(&tensors, path);
    amkd_tensors_clear(&tensors);
    return result ? -1 : 0;
}
