/* The list of the kinds of layers. */
#include "layers/kinds.h"
#include "layers/layer.h"
#include <stdio.h>
#include <string.h>

static const amkd_kind *const kinds[] = {
    &amkd_kind_conv,    &amkd_kind_fc,      &amkd_kind_bn,        &amkd_kind_maxpool,
    &amkd_kind_avgpool, &amkd_kind_flatten, &amkd_kind_dropout,   &amkd_kind_residual,
    &amkd_kind_concat,  &amkd_kind_scale,   &amkd_kind_subsample,
};
enum { NKINDS = sizeof kinds / sizeof *kinds };

const amkd_kind *amkd_kind_number(size_t n)
{
    return n < NKINDS ? kinds[n] : amkd_kind_act(n - NKINDS);
}

const amkd_kind *amkd_kind_find(const char *name, size_t length)
{
    const amkd_kind *kind;
    for (size_t k = 0; (kind = amkd_kind_number(k)); k++)
        if (strlen(kind->name) == length && !memcmp(kind->name, name, length))
            return kind;
    return NULL;
}

size_t amkd_shape_size(amkd_shape shape)
{
    return shape.channels * shape.height * shape.width;
}

void amkd_layer_print(char *text, size_t nbytes, const amkd_layer *layer)
{
    const int length = snprintf(text, nbytes, "%s", layer->kind->name);
    if (layer->kind->print)
        layer->kind->print(text + length, nbytes - (size_t)length, layer);
}

amkd_op_shape amkd_layer_op_shape(const amkd_layer *layer, const amkd_op_options *options)
{
    return (amkd_op_shape){
        .in_channels = layer->in.channels,
        .in_height = layer->in.height,
        .in_width = layer->in.width,
        .out_channels = layer->out.channels,
        .out_height = layer->out.height,
        .out_width = layer->out.width,
        .kernel_height = 1,
        .kernel_width = 1,
        .stride = 1,
        .dilation = 1,
        .groups = 1,
        .sum = options->sum,
        .act = options->act,
        .previous_act = options->previous_act,
        .ntrained = options->ntrained,
        .nslices = options->nslices,
        .max_blocks = options->max_blocks,
    };
}

double amkd_layer_nmacs(const amkd_layer *layer)
{
    return layer->kind->nmacs ? layer->kind->nmacs(layer) : 0;
}

const amkd_parameter *amkd_layer_parameter(const amkd_layer *layer, const char *name)
{
    for (size_t p = 0; p < layer->nparameters; p++)
        if (!strcmp(layer->parameters[p].name, name))
            return &layer->parameters[p];
    return NULL;
}

const char *amkd_layer_part(char name[AMKD_PART_NBYTES], const char *module,
                            const char *part)
{
    snprintf(name, AMKD_PART_NBYTES, "/%s/%s", module, part);
    return name;
}

void amkd_layer_onnx_tensors(const amkd_layer *layer, const amkd_place *at,
                             amkd_onnx *onnx)
{
    for (size_t p = 0; p < layer->nparameters; p++) {
        const amkd_parameter *parameter = &layer->parameters[p];
        char name[AMKD_MODULE_NBYTES + 32];
        snprintf(name, sizeof name, "%s.%s", layer->module, parameter->name);
        amkd_onnx_floats(onnx, name, parameter->dims, parameter->ndim,
                         at->parameters + parameter->offset);
        amkd_onnx_input(onnx, name);
    }
}
