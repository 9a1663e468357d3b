/* A model in memory, and as a safetensors file: model.h has the names that stand there.
 */
#include "net/model.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/version.h"
#include "net/safetensors.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STREAM_WEIGHTS = 0x77656967 }; /* the random stream of initial weights */

int amkd_model_new(amkd_model **out)
{
    *out = amkd_alloc(1, sizeof(**out));
    if (!*out)
        return -1;
    for (size_t c = 0; c < AMKD_MAX_CHANNELS; c++)
        (*out)->std[c] = 1;
    (*out)->temperature = 1;
    return 0;
}

int amkd_model_check(const amkd_graph *graph)
{
    if (graph->in.channels > AMKD_MAX_CHANNELS)
        return amkd_fail("inputs of %zu channels, at most %d are supported",
                         graph->in.channels, AMKD_MAX_CHANNELS);
    return 0;
}

size_t amkd_model_nscales(const amkd_model *model)
{
    enum { ALWAYS = 4 };
    return model->graph.in.channels > ALWAYS ? model->graph.in.channels : ALWAYS;
}

static void draw(float *values, const amkd_parameter *parameter, uint64_t seed)
{
    for (size_t i = 0; i < parameter->n; i++) {
        const size_t p = parameter->offset + i;
        double value = (double)parameter->first;
        if (parameter->deviation > 0)
            value += parameter->deviation * amkd_random_normal(seed, STREAM_WEIGHTS, p);
        else if (parameter->spread > 0)
            value += (2 * amkd_random_uniform(seed, STREAM_WEIGHTS, p) - 1) *
                     parameter->spread;
        values[p] = (float)value;
    }
}

static void draw_weights(amkd_model *model, uint64_t seed)
{
    for (size_t l = 0; l < model->graph.nlayers; l++)
        for (size_t p = 0; p < model->graph.layers[l].nparameters; p++)
            draw(model->parameters, &model->graph.layers[l].parameters[p], seed);
}

int amkd_model_init(amkd_model **out, const amkd_graph *graph, uint64_t seed)
{
    if (amkd_model_check(graph) || amkd_model_new(out))
        return -1;
    amkd_model *model = *out;
    model->parameters = amkd_alloc(graph->nparameters, sizeof(float));
    if (!model->parameters || amkd_graph_copy(&model->graph, graph)) {
        amkd_model_free(model);
        *out = NULL;
        return -1;
    }
    draw_weights(model, seed);
    return 0;
}

char *amkd_model_remark(const amkd_model *model)
{
    amkd_bytes text = {0};
    if (model->nignored)
        amkd_bytes_format(&text,
                          "; tensors that are no layer's are ignored: %zu, one is '%s'",
                          model->nignored, model->ignored);
    if (model->usual_scales)
        amkd_bytes_format(&text, "; mean and deviation are those usual for the network");
    if (model->temperature != 1)
        amkd_bytes_format(&text, "; probabilities are taken at temperature %.6g",
                          (double)model->temperature);
    amkd_bytes_add(&text, "", 1);
    char *remark =
        text.n > 1 && !text.failed ? amkd_strdup(text.data + strlen("; ")) : NULL;
    amkd_bytes_clear(&text);
    return remark;
}

int amkd_model_add_run(amkd_model *model, const char *tool, json_t *command,
                       const char *device, json_t *inputs)
{
    json_t *run =
        json_pack("{s:s, s:s, s:O, s:s, s:O}", "tool", tool, "version", AMKD_VERSION,
                  "command", command, "device", device, "inputs", inputs);
    if (!model->provenance)
        model->provenance = json_array();
    return json_array_append_new(model->provenance, run) ? amkd_fail("out of memory") : 0;
}

void amkd_model_free(amkd_model *model)
{
    if (!model)
        return;
    amkd_graph_clear(&model->graph);
    free(model->parameters);
    json_decref(model->class_names);
    json_decref(model->provenance);
    free(model);
}

int amkd_model_expect(const amkd_model *model, amkd_shape images, size_t nclasses)
{
    const amkd_shape in = model->graph.in;
    if (in.channels != images.channels || in.height != images.height ||
        in.width != images.width)
        return amkd_fail(
            "the network takes %zux%zux%zu images (channels, height, width), "
            "these are %zux%zux%zu",
            in.channels, in.height, in.width, images.channels, images.height,
            images.width);
    if (model->graph.nclasses != nclasses)
        return amkd_fail("the network has %zu classes, the data have %zu",
                         model->graph.nclasses, nclasses);
    return 0;
}
