/* |x| <= b goes in: |sum w x + bias| <= sum |w| b + |bias| comes out, layer by layer. */
#include "net/bound.h"
#include <float.h>
#include <math.h>

/* What an image's pixels, 0 to 1, are at most once they are normalized. */
static double bound_input(const amkd_model *model)
{
    double bound = 0;
    for (size_t c = 0; c < model->arch.in.channels; c++) {
        const double mean = (double)model->mean[c], std = (double)model->std[c];
        bound = fmax(bound, fmax(fabs(mean), fabs(1 - mean)) / std);
    }
    return bound;
}

/* Infinite where a parameter is or is not a number. */
static double bound_linear(const amkd_model *model, const amkd_layer *layer, double bound)
{
    const size_t noutputs = layer->out.channels, ninputs = layer->nweights / noutputs;
    const float *weights = model->parameters + layer->weights;
    double largest = 0;
    for (size_t o = 0; o < noutputs; o++) {
        double sum = fabs((double)model->parameters[layer->biases + o]);
        for (size_t i = 0; i < ninputs; i++)
            sum += fabs((double)weights[o * ninputs + i]) * bound;
        if (!(sum < INFINITY))
            return INFINITY;
        largest = fmax(largest, sum);
    }
    return largest;
}

int amkd_model_may_overflow(const amkd_model *model)
{
    static const double most = (double)FLT_MAX / 4; /* far above what rounding adds */
    double bound = bound_input(model);
    for (size_t l = 0; bound < most && l < model->arch.nlayers; l++) {
        const amkd_layer *layer = &model->arch.layers[l];
        if (layer->type == AMKD_CONV || layer->type == AMKD_FC)
            bound = bound_linear(model, layer, bound);
        else if (layer->type == AMKD_AVGPOOL && /* which sums before it divides */
                 !(bound * (double)(layer->kernel * layer->kernel) < most))
            return 1;
        else if (layer->type == AMKD_TANH)
            bound = fmin(bound, 1);
    }
    return !(bound < most);
}
