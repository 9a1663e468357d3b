/* The sum of branches (a residual block: He et al., arXiv 1512.03385). */
#include "base/error.h"
#include "layers/kinds.h"
#include "ops/join.h"
#include <math.h>

static int shape(amkd_layer *layer, const amkd_shape *inputs, const char *where)
{
    layer->out = inputs[0];
    for (size_t i = 1; i < layer->ninputs; i++)
        if (inputs[i].channels != inputs->channels ||
            inputs[i].height != inputs->height || inputs[i].width != inputs->width)
            return amkd_fail("%s: its branches end in %zux%zux%zu and %zux%zux%zu "
                             "(channels, height, width)",
                             where, inputs->channels, inputs->height, inputs->width,
                             inputs[i].channels, inputs[i].height, inputs[i].width);
    return 0;
}

static void forward64(const amkd_layer *layer, const amkd_batch64 *b)
{
    const size_t n = b->n * amkd_shape_size(layer->out);
    for (size_t v = 0; v < n; v++) {
        b->out[v] = 0;
        for (size_t i = 0; i < layer->ninputs; i++)
            b->out[v] += b->in[i][v];
    }
}

static void backward64(const amkd_layer *layer, const amkd_batch64 *b)
{
    const size_t n = b->n * amkd_shape_size(layer->out);
    for (size_t i = 0; i < layer->ninputs; i++)
        for (size_t v = 0; v < n; v++)
            b->d_in[i][v] += b->d_out[v];
}

static double bound(const amkd_layer *layer, const float *parameters,
                    const double *bounds)
{
    double sum = 0;
    (void)parameters;
    for (size_t i = 0; i < layer->ninputs; i++)
        sum += bounds[i];
    return sum;
}

static int open(amkd_op **out, amkd_device *device, const amkd_layer *layer,
                const amkd_op_options *options)
{
    const amkd_op_shape shape = amkd_layer_op_shape(layer, options);
    return amkd_sum_new(out, device, &shape, layer->ninputs);
}

static void onnx(const amkd_layer *layer, const amkd_place *at, amkd_onnx *graph)
{
    amkd_onnx_begin(graph, layer->ninputs == 2 ? "Add" : "Sum", layer->module);
    for (size_t i = 0; i < layer->ninputs; i++)
        amkd_onnx_input(graph, at->inputs[i]);
    amkd_onnx_end(graph, at->output);
}

/* The first sum is of two inputs, the others add to it. */
static void c99(const amkd_layer *layer, const amkd_place *at, amkd_c99 *program)
{
    amkd_c99_use(program, "add");
    for (size_t i = 1; i < layer->ninputs; i++)
        amkd_c99_call(program, "add(%s, %s, %s, %zu);", at->output,
                      i == 1 ? at->inputs[0] : at->output, at->inputs[i],
                      amkd_shape_size(layer->out));
}

static const amkd_example examples[] = {
    {"conv 3 k3 p1 | relu | residual( conv 3 k3 p1 | bn ) | tanh | fc 3", {2, 7, 5}},
    {"conv 4 k1 | residual( ; maxpool 3 s1 p1 ; tanh | conv 4 k1 ) | residual( relu ) | "
     "fc 2",
     {1, 3, 4}},
    {"conv 4 k1 | residual( conv 4 k3 p1 | relu | conv 4 k3 p1 ) | tanh | residual( conv "
     "4 "
     "k1 ; conv 4 k3 p1 ) | relu | fc 3",
     {2, 7, 5}},
    {0},
};

const amkd_kind amkd_kind_residual = {
    .name = "residual",
    .grammar = "residual( BRANCH [; BRANCH]... )",
    .examples = examples,
    .traits = AMKD_JOINS | AMKD_JOINS_INPUT | AMKD_TAKES_ACT | AMKD_SUMS | AMKD_IN_PLACE,
    .facts = {.passes_on = 1},
    .shape = shape,
    .forward64 = forward64,
    .backward64 = backward64,
    .bound = bound,
    .open = open,
    .onnx = onnx,
    .c99 = c99,
};
