/* What a model says of itself by the Open Inference Protocol. */
#include "base/error.h"
#include "base/memory.h"
#include "teacher/oip_metadata.h"
#include <stdlib.h>
#include <string.h>

const char *amkd_oip_text(const json_t *tensor, const char *key)
{
    const char *text = json_string_value(json_object_get(tensor, key));
    return text ? text : "";
}

int amkd_oip_shape(int64_t dims[AMKD_OIP_DIMS], size_t *ndim, const json_t *tensor)
{
    const json_t *shape = json_object_get(tensor, "shape");
    size_t i;
    json_t *item;
    *ndim = json_array_size(shape);
    if (*ndim == 0 || *ndim > AMKD_OIP_DIMS)
        return amkd_fail("has no shape of 1 to %d dimensions in its metadata",
                         AMKD_OIP_DIMS);
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
    int64_t dims[AMKD_OIP_DIMS];
    size_t ndim;
    if (json_array_size(inputs) != 1)
        return amkd_fail("its metadata name %zu inputs, expected one",
                         json_array_size(inputs));
    if (!*amkd_oip_text(input, "name"))
        return amkd_fail("its metadata name no input");
    model->input = amkd_strdup(amkd_oip_text(input, "name"));
    if (!model->input)
        return -1;
    if (amkd_oip_shape(dims, &ndim, input) ||
        amkd_tensor_fit(&model->tensor, dims, ndim, options->shape,
                        options->http.layout) ||
        amkd_tensor_set_type(&model->tensor, amkd_oip_text(input, "datatype")) ||
        check_type(amkd_oip_text(input, "datatype"), options->dtype))
        return amkd_fail_in("input '%s'", model->input);
    memcpy(model->datatype, amkd_oip_text(input, "datatype"),
           strlen(amkd_oip_text(input, "datatype")) + 1);
    return 0;
}

int amkd_oip_read_model(amkd_oip_model *model, const json_t *metadata,
                        const amkd_teacher_options *options)
{
    *model = (amkd_oip_model){0};
    if (read_input(model, metadata, options) ||
        amkd_oip_choose_output(model, metadata, options)) {
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
    json_decref(model->class_names);
    *model = (amkd_oip_model){0};
}
