/* |x| <= b goes in: |sum w x + bias| <= sum |w| b + |bias| comes out, layer by layer. */
#include "net/bound.h"
#include "base/memory.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>

/* What an image's pixels, 0 to 1, are at most once they are normalized. */
static double bound_input(const amkd_model *model)
{
    double bound = 0;
    for (size_t c = 0; c < model->graph.in.channels; c++) {
        const double mean = (double)model->mean[c], std = (double)model->std[c];
        bound = fmax(bound, fmax(fabs(mean), fabs(1 - mean)) / std);
    }
    return bound;
}

int amkd_model_may_overflow(const amkd_model *model)
{
    static const double most = (double)FLT_MAX / 4; /* far above what rounding adds */
    const amkd_graph *graph = &model->graph;
    double *bounds = amkd_alloc(graph->nlayers + 1, sizeof *bounds); /* of the values */
    double highest = bounds ? bounds[0] = bound_input(model) : INFINITY;
    for (size_t l = 0; highest < most && l < graph->nlayers; l++) {
        const amkd_layer *layer = &graph->layers[l];
        double inputs[AMKD_MAX_INPUTS];
        for (size_t i = 0; i < layer->ninputs; i++)
            inputs[i] = bounds[layer->inputs[i]];
        bounds[l + 1] = layer->kind->bound
                            ? layer->kind->bound(layer, model->parameters, inputs)
                            : inputs[0];
        highest = bounds[l + 1];
    }
    free(bounds);
    return !(highest < most);
}
