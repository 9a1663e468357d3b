/* A model as an ONNX file. */
#include "emit/onnx.h"
#include "base/error.h"
#include "base/memory.h"
#include "export/export.h"
#include "export/export_internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_NBYTES = AMKD_MODULE_NBYTES + 1 };

/* Names of values: "images", "/MODULE" of what a layer makes, "/MODULE/PART" of what it
 * makes on the way; and those without a slash in front, as "images/cast", which are no
 * layer's. */
typedef char value_name[NAME_NBYTES];

typedef struct builder {
    const amkd_model *model; /* whose network is exported */
    const amkd_export_plan *plan;
    amkd_onnx onnx;
    value_name *names; /* [nlayers + 1] of values */
} builder;

/* A node of the last value and a tensor of a number for each channel. */
static void add_channels(builder *b, const char *operator, const char * name,
                         const char *tensor, const float *numbers)
{
    const size_t dims[] = {1, b->model->graph.in.channels, 1, 1};
    char *value = b->names[0];
    amkd_onnx_floats(&b->onnx, tensor, dims, 4, numbers);
    amkd_onnx_begin(&b->onnx, operator, name);
    amkd_onnx_input(&b->onnx, value);
    amkd_onnx_input(&b->onnx, tensor);
    snprintf(value, NAME_NBYTES, "%s", name);
    amkd_onnx_end(&b->onnx, value);
}

static int all_are(const float *numbers, size_t n, float number)
{
    for (size_t i = 0; i < n; i++)
        if (numbers[i] != number)
            return 0;
    return 1;
}

/* (images / 255 - mean) / std, of which what does nothing is left out. */
static void add_normalization(builder *b)
{
    static const float most = 255;
    const amkd_model *model = b->model;
    const size_t nchannels = model->graph.in.channels;
    strcpy(b->names[0], "images");
    if (b->plan->uint8) {
        amkd_onnx_begin(&b->onnx, "Cast", "images/cast");
        amkd_onnx_input(&b->onnx, "images");
        amkd_onnx_number(&b->onnx, "to", AMKD_ONNX_FLOAT);
        amkd_onnx_end(&b->onnx, "images/cast");
        amkd_onnx_floats(&b->onnx, "images/most", NULL, 0, &most);
        amkd_onnx_node(&b->onnx, "Div", "images/scaled", "images/cast", "images/most",
                       "images/scaled");
        strcpy(b->names[0], "images/scaled");
    }
    if (!all_are(model->mean, nchannels, 0))
        add_channels(b, "Sub", "images/centered", "mean", model->mean);
    if (!all_are(model->std, nchannels, 1))
        add_channels(b, "Div", "images/normalized", "std", model->std);
}

static void add_layer(builder *b, size_t l)
{
    const amkd_layer *layer = &b->model->graph.layers[l];
    amkd_place place = {
        .parameters = b->model->parameters, .output = b->names[l + 1], .number = l};
    if (!layer->kind->onnx) {
        memmove(b->names[l + 1], b->names[layer->inputs[0]], NAME_NBYTES);
        return;
    }
    for (size_t i = 0; i < layer->ninputs; i++)
        place.inputs[i] = b->names[layer->inputs[i]];
    if (b->plan->logits && layer->flat && l + 1 == b->model->graph.nlayers)
        strcpy(b->names[l + 1], "logits");
    else
        snprintf(b->names[l + 1], NAME_NBYTES, "/%s", layer->module);
    layer->kind->onnx(layer, &place, &b->onnx);
}

/* The value divided by the model's temperature, where that does anything. */
static const char *add_temperature(builder *b, const char *value)
{
    static const char output[] = "logits/tempered";
    if (b->model->temperature == 1)
        return value;
    amkd_onnx_floats(&b->onnx, "temperature", NULL, 0, &b->model->temperature);
    amkd_onnx_node(&b->onnx, "Div", output, value, "temperature", output);
    return output;
}

/* What the last layer made, as features, and their softmax. */
static const char *add_end(builder *b)
{
    const amkd_graph *graph = &b->model->graph;
    const char *output = b->plan->logits ? "logits" : "probabilities";
    const char *value = b->names[graph->nlayers];
    if (!graph->layers[graph->nlayers - 1].flat) {
        const char *flat = b->plan->logits ? output : "logits/flat";
        amkd_onnx_node(&b->onnx, "Flatten", "logits/flat", value, NULL, flat);
        value = flat;
    }
    if (b->plan->logits)
        return output;
    value = add_temperature(b, value);
    amkd_onnx_begin(&b->onnx, "Softmax", "probabilities/softmax");
    amkd_onnx_input(&b->onnx, value);
    amkd_onnx_number(&b->onnx, "axis", 1);
    amkd_onnx_end(&b->onnx, output);
    return output;
}

static int write_file(amkd_export_counts *counts, const builder *b, const char *output,
                      const char *const *properties)
{
    const amkd_graph *graph = &b->model->graph;
    const amkd_shape in = graph->in;
    const amkd_onnx_frame frame = {
        .name = b->plan->name,
        .in = {"images", b->plan->uint8, {in.channels, in.height, in.width}, 3},
        .out = {output, 0, {graph->nclasses}, 1},
        .properties = properties,
    };
    amkd_output *file;
    if (amkd_output_open(&file, b->plan->output))
        return -1;
    if (amkd_output_refuse_terminal(file, "an ONNX model") ||
        amkd_onnx_write(&counts->nbytes, &b->onnx, &frame, file)) {
        amkd_output_discard(file);
        return -1;
    }
    return amkd_output_commit(file);
}

/* A JSON value in its shortest form, "" for NULL; NULL where memory is short. */
static char *text_of(const json_t *value)
{
    char *text = value ? json_dumps(value, JSON_COMPACT) : amkd_strdup("");
    if (!text)
        amkd_fail("no memory for JSON");
    return text;
}

static int write_model(amkd_export_counts *counts, const builder *b,
                       const amkd_model *model, const char *output)
{
    char *names = text_of(model->class_names), *provenance = text_of(model->provenance);
    const char *properties[8] = {"arch", model->graph.text};
    size_t n = 2;
    int rc = names && provenance ? 0 : -1;
    if (!rc && model->class_names) {
        properties[n++] = "class_names";
        properties[n++] = names;
    }
    if (!rc && model->provenance) {
        properties[n++] = "provenance";
        properties[n++] = provenance;
    }
    if (!rc)
        rc = write_file(counts, b, output, properties);
    free(names);
    free(provenance);
    return rc;
}

int amkd_export_onnx(amkd_export_counts *counts, const amkd_model *model,
                     const amkd_export_plan *plan)
{
    builder b = {.plan = plan};
    amkd_model *folded;
    if (amkd_export_fold(&folded, &b.model, model, plan))
        return -1;
    b.names = amkd_alloc(b.model->graph.nlayers + 1, sizeof *b.names);
    int rc = b.names ? 0 : -1;
    if (!rc) {
        add_normalization(&b);
        for (size_t l = 0; l < b.model->graph.nlayers; l++)
            add_layer(&b, l);
        rc = write_model(counts, &b, model, add_end(&b));
        counts->nweights = b.model->graph.nparameters;
    }
    amkd_onnx_clear(&b.onnx);
    free(b.names);
    amkd_model_free(folded);
    return rc;
}
