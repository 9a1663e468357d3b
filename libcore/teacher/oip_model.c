/* What a model says of itself by the Open Inference Protocol. */
#include "base/error.h"
#include "base/memory.h"
#include "teacher/oip.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DIMS = 8 };

static const char *text_of(const json_t *tensor, const char *key)
{
    const char *text = json_string_value(json_object_get(tensor, key));
    return text ? text : "";
}

static int read_shape(int64_t dims[MAX_DIMS], size_t *ndim, const json_t *tensor)
{
    const json_t *shape = json_object_get(tensor, "shape");
    size_t i;
    json_t *item;
    *ndim = json_array_size(shape);
    if (*ndim == 0 || *ndim > MAX_DIMS)
        return amkd_fail("has no shape of 1 to %d dimensions in its metadata", MAX_DIMS);
    json_array_foreach (shape, i, item) {
        if (!json_is_integer(item))
            return amkd_fail("has a shape with something else than whole numbers");
        dims[i] = json_integer_value(item) < 0 ? -1 : json_integer_value(item);
    }
    return 0;
}

static int check_type(const char *datatype, const char *wanted)
{
    if (!wanted || strcmp(datatype, strcmp(wanted, "uint8") == 0 ? "UINT8" : "FP32") == 0)
        return 0;
    return amkd_fail("takes '%s', not the '%s' of --input", datatype, wanted);
}

static int read_input(amkd_oip_model *model, const json_t *metadata,
                      const amkd_teacher_options *options)
{
    const json_t *inputs = json_object_get(metadata, "inputs");
    const json_t *input = json_array_get(inputs, 0);
    int64_t dims[MAX_DIMS];
    size_t ndim;
    if (json_array_size(inputs) != 1)
        return amkd_fail("its metadata name %zu inputs, expected one",
                         json_array_size(inputs));
    if (!*text_of(input, "name"))
        return amkd_fail("its metadata name no input");
    model->input = amkd_strdup(text_of(input, "name"));
    if (!model->input)
        return -1;
    if (read_shape(dims, &ndim, input) ||
        amkd_tensor_fit(&model->tensor, dims, ndim, options->shape,
                        options->http.layout) ||
        amkd_tensor_set_type(&model->tensor, text_of(input, "datatype")) ||
        check_type(text_of(input, "datatype"), options->dtype))
        return amkd_fail_in("input '%s'", model->input);
    memcpy(model->datatype, text_of(input, "datatype"),
           strlen(text_of(input, "datatype")) + 1);
    return 0;
}

/* Whether a tensor may hold probabilities of this many classes, 0 for any number. */
static int may_answer(const json_t *output, size_t nclasses)
{
    const char *datatype = text_of(output, "datatype");
    int64_t dims[MAX_DIMS];
    size_t ndim;
    if (strcmp(datatype, "FP32") != 0 && strcmp(datatype, "FP64") != 0)
        return 0;
    if (read_shape(dims, &ndim, output) || ndim > 2)
        return 0;
    int64_t last = dims[ndim - 1];
    return last == -1 || (last > 1 && (!nclasses || last == (int64_t)nclasses));
}

static int read_output(amkd_oip_model *model, const json_t *metadata,
                       const amkd_teacher_options *options)
{
    const json_t *outputs = json_object_get(metadata, "outputs");
    const char *wanted = options->http.answer, *found = wanted;
    char names[200] = "";
    size_t i, nfound = 0, used = 0;
    json_t *output;
    json_array_foreach (outputs, i, output) {
        const char *name = text_of(output, "name");
        if (wanted ? strcmp(name, wanted) == 0 : may_answer(output, options->nclasses)) {
            found = name;
            if (used < sizeof names)
                used += (size_t)snprintf(names + used, sizeof names - used, "%s'%s'",
                                         nfound ? ", " : "", name);
            nfound++;
        }
    }
    if (json_array_size(outputs) == 0 && !wanted)
        return 0;
    if (nfound == 0 && json_array_size(outputs))
        return wanted
                   ? amkd_fail("has no output '%s'", wanted)
                   : amkd_fail("has no output of FP32 or FP64 with a row of classes an "
                               "image");
    if (nfound > 1)
        return amkd_fail(
            "has %zu outputs that may hold the answers, %s: choose by --answer", nfound,
            names);
    model->output = amkd_strdup(found);
    return model->output ? 0 : -1;
}

int amkd_oip_read_model(amkd_oip_model *model, const json_t *metadata,
                        const amkd_teacher_options *options)
{
    *model = (amkd_oip_model){0};
    if (read_input(model, metadata, options) || read_output(model, metadata, options)) {
        amkd_oip_clear(model);
        return -1;
    }
    return 0;
}

int amkd_oip_has_extension(const json_t *server, const char *name)
{
    size_t i;
    json_t *extension;
    json_array_foreach (json_object_get(server, "extensions"), i, extension)
        if (json_is_string(extension) && strcmp(json_string_value(extension), name) == 0)
            return 1;
    return 0;
}

void amkd_oip_read_config(amkd_oip_model *model, const json_t *config)
{
    json_int_t most = json_integer_value(json_object_get(config, "max_batch_size"));
    if (model->tensor.has_batch && most > 0 &&
        (!model->tensor.nmax || (size_t)most < model->tensor.nmax))
        model->tensor.nmax = (size_t)most;
}

void amkd_oip_clear(amkd_oip_model *model)
{
    free(model->input);
    free(model->output);
    *model = (amkd_oip_model){0};
}
