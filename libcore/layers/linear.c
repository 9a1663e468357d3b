/* What convolutions and fully connected layers share. */
#include "layers/linear.h"
#include "base/error.h"
#include "layers/words.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

int amkd_linear_place(amkd_layer *layer, const amkd_linear *linear, const char *where)
{
    size_t fan_in;
    amkd_parameter *weight = &layer->parameters[0], *bias = &layer->parameters[1];
    *weight = (amkd_parameter){.name = "weight", .ndim = linear->ndim};
    memcpy(weight->dims, linear->dims, sizeof weight->dims);
    const size_t kernel = linear->ndim > 2 ? linear->dims[2] : 1;
    if (amkd_floats(&fan_in, linear->dims[1], kernel, kernel, where) ||
        amkd_floats(&weight->n, linear->dims[0], fan_in, 1, where))
        return -1;
    layer->nparameters = linear->bias ? 2 : 1;
    const double spread = 1 / sqrt((double)fan_in);
    *bias = (amkd_parameter){.name = "bias",
                             .ndim = 1,
                             .dims = {linear->dims[0]},
                             .n = linear->dims[0],
                             .spread = spread};
    if (linear->bias)
        weight->spread = spread;
    else
        weight->deviation = sqrt(2 / (double)linear->fan_out);
    return 0;
}

double amkd_linear_nmacs(const amkd_layer *layer)
{
    /* Each weight is used once per pixel of its output channel. */
    return (double)layer->parameters[0].n * (double)layer->out.height *
           (double)layer->out.width;
}

/* Infinite where a parameter is or is not a number. */
double amkd_linear_bound(const amkd_layer *layer, const float *parameters,
                         const double *bounds)
{
    const size_t noutputs = layer->out.channels;
    const size_t ninputs = layer->parameters[0].n / noutputs;
    const float *weights = parameters + layer->parameters[0].offset;
    const float *biases =
        layer->nparameters > 1 ? parameters + layer->parameters[1].offset : NULL;
    double largest = 0;
    for (size_t o = 0; o < noutputs; o++) {
        double sum = biases ? fabs((double)biases[o]) : 0;
        for (size_t i = 0; i < ninputs; i++)
            sum += fabs((double)weights[o * ninputs + i]) * bounds[0];
        if (!(sum < INFINITY))
            return INFINITY;
        largest = fmax(largest, sum);
    }
    return largest;
}

amkd_op_shape amkd_linear_op_shape(const amkd_layer *layer,
                                   const amkd_op_options *options)
{
    amkd_op_shape shape = amkd_layer_op_shape(layer, options);
    shape.bias = layer->nparameters > 1;
    shape.weights = layer->parameters[0].offset;
    shape.biases = shape.bias ? layer->parameters[1].offset : 0;
    return shape;
}

void amkd_linear_c99(char *text, const amkd_layer *layer, const amkd_place *at,
                     amkd_c99 *program)
{
    const amkd_parameter *weight = &layer->parameters[0], *bias = &layer->parameters[1];
    char scales[40], biases[40] = "NULL";
    amkd_c99_weights(program, at->number, at->parameters + weight->offset,
                     weight->dims[0], weight->n);
    amkd_c99_scales(scales, sizeof scales, program, at->number);
    if (layer->nparameters > 1) {
        amkd_c99_floats(program, "biases", at->number, at->parameters + bias->offset,
                        bias->n);
        snprintf(biases, sizeof biases, "biases_%zu", at->number);
    }
    snprintf(text, AMKD_ARRAYS_NBYTES, "weights_%zu, %s, %s", at->number, scales, biases);
}
