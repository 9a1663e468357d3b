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

int amkd_oip_shape(int64_t dims[AMKD_INPUT_TENSOR_DIMS], size_t *ndim,
                   const json_t *tensor)
{
    const json_t *shape = json_object_get(tensor, "shape");
    size_t i;
    json_t *item;
    *ndim = json_array_size(shape);
    if (*ndim == 0 || *ndim > AMKD_INPUT_TENSOR_DIMS)
        return amkd_fail("has no shape of 1 to %d dimensions in its metadata",
                         AMKD_INPUT_TENSOR_DIMS);
    json_array_foreach (shape, i, item) {
        if (!json_is_integer(item))
            return amkd_fail("has a shape with something else than whole numbers");
        dims[i] = json_integer_value(item) < 0 ? -1 : json_integer_value(item);
    }
    return 0;
}

/* The input that the metadata describe; an empty object where they describe none. */
static json_t *find_input(const json_t *metadata)
{
    json_t *inputs = json_object_get(metadata, "inputs");
    const size_t n = json_array_size(inputs);
    if (n > 1)
        amkd_fail("its metadata name %zu inputs, expected one", n);
    return n > 1 ? NULL : n ? json_incref(json_array_get(inputs, 0)) : json_object();
}

static int read_name(amkd_oip_model *model, const json_t *input, const char *told)
{
    const char *name = amkd_oip_text(input, "name");
    if (*name && told && strcmp(name, told) != 0)
        return amkd_fail("takes its images by '%s', not by the '%s' of --input-name",
                         name, told);
    if (!*name && !told)
        return amkd_fail("its metadata name no input: --input-name must, and --input and "
                         "--input-shape tell what it takes if that is not float32 of "
                         "[n,height,width,channels]");
    model->input = amkd_strdup(*name ? name : told);
    return model->input ? 0 : -1;
}

static int fit_shape(amkd_oip_model *model, const json_t *input,
                     const amkd_teacher_options *options)
{
    const char *told = options->http.input_shape, *layout = options->http.layout;
    int64_t dims[AMKD_INPUT_TENSOR_DIMS];
    size_t ndim = 0;
    if (!told && json_object_size(input) == 0) {
        amkd_input_tensor_default(&model->tensor, options->shape, layout);
        return 0;
    }
    if (json_array_size(json_object_get(input, "shape")) &&
        amkd_oip_shape(dims, &ndim, input))
        return -1;
    return amkd_input_tensor_fit_told(&model->tensor, dims, ndim, told, options->shape,
                                      layout);
}

static int set_type(amkd_oip_model *model, const json_t *input, const char *dtype)
{
    const char *datatype = amkd_oip_text(input, "datatype");
    const char *wanted = amkd_input_tensor_datatype(dtype);
    if (!*datatype && (wanted || json_object_size(input) == 0))
        datatype = wanted ? wanted : "FP32";
    if (!*datatype)
        return amkd_fail("has no datatype in its metadata: --input must tell it");
    if (amkd_input_tensor_set_type(&model->tensor, datatype))
        return -1;
    if (wanted && strcmp(datatype, wanted) != 0)
        return amkd_fail("takes '%s', not the '%s' of --input", datatype, dtype);
    memcpy(model->datatype, datatype, strlen(datatype) + 1);
    return 0;
}

/* What the metadata leave open the options tell. */
static int read_input(amkd_oip_model *model, const json_t *metadata,
                      const amkd_teacher_options *options)
{
    json_t *input = find_input(metadata);
    int rc = input ? read_name(model, input, options->http.input_name) : -1;
    if (rc == 0 &&
        (fit_shape(model, input, options) || set_type(model, input, options->dtype)))
        rc = amkd_fail_in("input '%s'", model->input);
    json_decref(input);
    return rc;
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
